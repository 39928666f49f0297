//! Importing images: good ones, and every way in which one can be bad.

use std::fs;

use crate::layouts::{CONFIG, E, INDEX, LAYER, Layout, MANIFEST, Place, arch, layer, path};
use floe_image::{Digest, ImageError, ImagePath, ImageStore, Limits};
use serde_json::{Value, json};

/// Imports the layout and expects a refusal that leaves nothing behind.
fn refused(place: &Place) -> ImageError {
    let error = place
        .store
        .import(&place.layout().dir, &path(), 1)
        .unwrap_err();
    place.assert_untouched();
    error
}

fn hello() -> Vec<u8> {
    layer(&[E::File("hello", "world")])
}

/// An image with one layer whose descriptor is changed.
fn with_layer(place: &Place, change: impl FnOnce(&Layout, &mut Value)) {
    let layout = place.layout();
    let mut described = layout.blob(LAYER, &hello());
    change(&layout, &mut described);
    let diffs = vec![Digest::of(&hello()).to_string()];
    let manifest = layout.manifest(vec![described], diffs, &arch());
    layout.index(&[manifest]);
}

#[test]
fn an_image_is_found_by_path_and_by_digest() {
    let place = Place::new();
    place.layout().image(&[hello()]);
    let image = place.store.import(&place.layout().dir, &path(), 7).unwrap();
    assert_eq!(place.store.resolve(&path()).unwrap(), image);
    assert_eq!(place.store.by_digest(&image.digest).unwrap(), image);
    assert_eq!(image.config.entrypoint, ["/bin/echo"]);
    let env = [("A", "1"), ("B", "x=y"), ("C", "")];
    assert_eq!(
        image.config.env,
        env.map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
    let records = place.store.list().unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(
        (&records[0].path, &records[0].digest, records[0].created_ms),
        (&path(), &image.digest, 7)
    );
    assert!(records[0].size > hello().len() as u64);
}

#[test]
fn the_store_is_an_image_layout_with_its_tags_in_the_usual_annotation() {
    let place = Place::new();
    place.layout().image(&[hello()]);
    let image = place.store.import(&place.layout().dir, &path(), 7).unwrap();
    let index = fs::read(place.store_dir().join("index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    let entry = &index["manifests"][0];
    assert_eq!(
        entry["annotations"]["org.opencontainers.image.ref.name"],
        path().as_str()
    );
    assert_eq!(entry["digest"], image.digest.as_str());
    // So a store can be imported from, too.
    let other = ImageStore::open(place.dir.path().join("other")).unwrap();
    assert_eq!(other.import(&place.store_dir(), &path(), 8).unwrap(), image);
}

#[test]
fn importing_the_same_image_again_changes_nothing() {
    let place = Place::new();
    place.layout().image(&[hello()]);
    let first = place.store.import(&place.layout().dir, &path(), 1).unwrap();
    let before = fs::read(place.store_dir().join("index.json")).unwrap();
    assert_eq!(
        place.store.import(&place.layout().dir, &path(), 2).unwrap(),
        first
    );
    assert_eq!(
        fs::read(place.store_dir().join("index.json")).unwrap(),
        before
    );
}

#[test]
fn a_tag_moves_on_and_the_old_image_is_still_found_by_its_digest() {
    let place = Place::new();
    let mut images = Vec::new();
    for content in ["one", "two"] {
        place.layout().image(&[layer(&[E::File("f", content)])]);
        images.push(place.store.import(&place.layout().dir, &path(), 1).unwrap());
    }
    assert_eq!(place.store.resolve(&path()).unwrap(), images[1]);
    assert_eq!(place.store.by_digest(&images[0].digest).unwrap(), images[0]);
    assert_eq!(place.store.list().unwrap().len(), 1);
    let root = place.store.unpack(&images[0].digest).unwrap();
    assert_eq!(fs::read(root.join("f")).unwrap(), b"one");
    // And back: the first image has its tag again, and is listed once.
    place.layout().image(&[layer(&[E::File("f", "one")])]);
    place.store.import(&place.layout().dir, &path(), 2).unwrap();
    assert_eq!(place.store.resolve(&path()).unwrap(), images[0]);
    assert_eq!(place.store.by_digest(&images[1].digest).unwrap(), images[1]);
}

#[test]
fn an_unknown_path_comes_with_the_most_similar_one() {
    let place = Place::new();
    place.layout().image(&[hello()]);
    place.store.import(&place.layout().dir, &path(), 1).unwrap();
    let asked = ImagePath::parse("/db/schema/repo/ehco:v1").unwrap();
    let error = place.store.resolve(&asked).unwrap_err();
    assert_eq!(error.code(), "FLOE-IMAGE-0016");
    let expected =
        "there is no image /db/schema/repo/ehco:v1; did you mean /db/schema/repo/echo:v1?";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn directories_and_files_that_are_no_layout_are_refused() {
    let place = Place::new();
    let dir = place.dir.path();
    fs::write(dir.join("image.tar"), "tar").unwrap();
    fs::create_dir(dir.join("empty")).unwrap();
    fs::create_dir(dir.join("half")).unwrap();
    fs::write(
        dir.join("half/oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .unwrap();
    fs::create_dir(dir.join("newer")).unwrap();
    fs::write(
        dir.join("newer/oci-layout"),
        r#"{"imageLayoutVersion":"2.0.0"}"#,
    )
    .unwrap();
    for (name, reason) in [
        ("missing", "there is no such directory"),
        ("image.tar", "it is a file; unpack the archive"),
        ("empty", "no ordinary file 'oci-layout'"),
        ("half", "no ordinary file 'index.json'"),
        ("newer", "its version is '2.0.0'"),
    ] {
        let error = place.store.import(&dir.join(name), &path(), 1).unwrap_err();
        assert_eq!(error.code(), "FLOE-IMAGE-0003", "{name}: {error}");
        assert!(error.to_string().contains(reason), "{name}: {error}");
    }
    place.assert_untouched();
}

#[test]
fn a_truncated_blob_is_refused() {
    let place = Place::new();
    with_layer(&place, |layout, blob| {
        let bytes = hello();
        fs::write(layout.path(blob["digest"].as_str().unwrap()), &bytes[..100]).unwrap();
    });
    let error = refused(&place);
    assert_eq!(error.code(), "FLOE-IMAGE-0011");
    assert!(error.to_string().contains("layer 1 should have"), "{error}");
}

#[test]
fn a_blob_with_other_content_is_refused() {
    let place = Place::new();
    with_layer(&place, |layout, blob| {
        let mut bytes = hello();
        bytes[600] ^= 1;
        fs::write(layout.path(blob["digest"].as_str().unwrap()), &bytes).unwrap();
    });
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0012");
}

#[test]
fn a_missing_blob_is_refused() {
    let place = Place::new();
    with_layer(&place, |layout, blob| {
        fs::remove_file(layout.path(blob["digest"].as_str().unwrap())).unwrap();
    });
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0010");
}

#[test]
fn a_blob_that_is_a_link_to_a_device_is_refused() {
    let place = Place::new();
    with_layer(&place, |layout, blob| {
        let path = layout.path(blob["digest"].as_str().unwrap());
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    });
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0010");
}

#[test]
fn a_digest_that_is_a_path_is_refused() {
    for digest in [
        "sha256:../../../../etc/passwd",
        "sha256:AB",
        "sha512:0",
        "nonsense",
    ] {
        let place = Place::new();
        with_layer(&place, |_, blob| blob["digest"] = json!(digest));
        let code = refused(&place).code();
        assert!(
            matches!(code, "FLOE-IMAGE-0005" | "FLOE-IMAGE-0002"),
            "{digest}: {code}"
        );
    }
}

#[test]
fn a_huge_declared_size_is_refused() {
    for size in [u64::MAX, 1 << 40] {
        let place = Place::new();
        with_layer(&place, |_, blob| blob["size"] = json!(size));
        assert_eq!(refused(&place).code(), "FLOE-IMAGE-0013");
    }
    let place = Place::new();
    with_layer(&place, |_, blob| blob["size"] = json!(1 << 30));
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0011");
}

#[test]
fn a_huge_manifest_is_refused_without_reading_it() {
    let place = Place::new();
    let mut manifest = place.layout().image(&[hello()]);
    manifest["size"] = json!(5 << 20);
    place.layout().index(&[manifest]);
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0013");
}

#[test]
fn bounds_of_ones_own_are_kept() {
    let place = Place::new();
    place
        .layout()
        .image(&[hello(), layer(&[E::File("b", "b")])]);
    for limits in [
        Limits {
            layers: 1,
            ..Limits::default()
        },
        Limits {
            image_bytes: 1_000,
            ..Limits::default()
        },
    ] {
        let store = ImageStore::open_with(place.store_dir(), limits).unwrap();
        let error = store.import(&place.layout().dir, &path(), 1).unwrap_err();
        assert_eq!(error.code(), "FLOE-IMAGE-0013");
    }
    place.assert_untouched();
}

#[test]
fn types_that_cannot_be_unpacked_are_refused() {
    for (media_type, code, says) in [
        (
            "application/vnd.oci.image.layer.v1.tar+zstd",
            "FLOE-IMAGE-0009",
            "gzip",
        ),
        (
            "application/vnd.oci.image.layer.nondistributable.v1.tar",
            "FLOE-IMAGE-0008",
            "without",
        ),
        (
            "application/vnd.wasm.content.layer.v1+wasm",
            "FLOE-IMAGE-0008",
            "tar archives",
        ),
    ] {
        let place = Place::new();
        with_layer(&place, |_, blob| blob["mediaType"] = json!(media_type));
        let error = refused(&place);
        assert_eq!(error.code(), code, "{media_type}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn artifacts_that_are_no_images_are_refused() {
    let place = Place::new();
    let layout = place.layout();
    let config = layout.json("application/vnd.oci.empty.v1+json", &json!({}));
    let manifest = json!({ "schemaVersion": 2, "config": config, "layers": [] });
    let manifest = layout.json(MANIFEST, &manifest);
    layout.index(&[manifest]);
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0008");
    let text = layout.blob("text/plain", b"hello");
    layout.index(&[text]);
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0008");
}

#[test]
fn json_that_is_none_is_refused() {
    let place = Place::new();
    let layout = place.layout();
    let broken = layout.blob(MANIFEST, b"{\"schemaVersion\": 2,");
    layout.index(&[broken]);
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0005");
    let config = layout.blob(CONFIG, b"[]");
    let manifest = json!({ "schemaVersion": 2, "config": config, "layers": [] });
    let manifest = layout.json(MANIFEST, &manifest);
    layout.index(&[manifest]);
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0005");
    fs::write(layout.dir.join("index.json"), "nothing").unwrap();
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0005");
}

#[test]
fn a_configuration_that_speaks_of_other_layers_is_refused() {
    let place = Place::new();
    let layout = place.layout();
    let blob = layout.blob(LAYER, &hello());
    let manifest = layout.manifest(vec![blob], vec![], &arch());
    layout.index(&[manifest]);
    let error = refused(&place);
    assert!(
        error
            .to_string()
            .contains("describes 0 layers, but the image has 1"),
        "{error}"
    );
}

fn for_platform(manifest: &Value, os: &str, arch: &str) -> Value {
    let mut manifest = manifest.clone();
    manifest["platform"] = json!({ "os": os, "architecture": arch });
    manifest
}

#[test]
fn the_variant_for_this_machine_is_taken_from_a_nested_index() {
    let place = Place::new();
    let layout = place.layout();
    let other = layout.manifest(vec![], vec![], "s390x");
    let native = layout.manifest(vec![], vec![], &arch());
    let variants = [
        for_platform(&other, "linux", "s390x"),
        for_platform(&native, "linux", &arch()),
        for_platform(&other, "unknown", "unknown"),
    ];
    let inner = json!({ "schemaVersion": 2, "manifests": variants });
    let inner = layout.json(INDEX, &inner);
    layout.index(&[inner]);
    let image = place.store.import(&layout.dir, &path(), 1).unwrap();
    assert_eq!(image.digest.as_str(), native["digest"]);
}

#[test]
fn an_image_for_other_machines_only_is_refused_naming_them() {
    let place = Place::new();
    let layout = place.layout();
    let other = layout.manifest(vec![], vec![], "s390x");
    layout.index(&[for_platform(&other, "linux", "s390x")]);
    let error = refused(&place);
    assert_eq!(error.code(), "FLOE-IMAGE-0006");
    assert!(error.to_string().contains("runs on linux/s390x"), "{error}");
    // The same when only its configuration says so.
    layout.index(&[other]);
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0006");
}

#[test]
fn indexes_inside_indexes_without_end_are_refused() {
    let place = Place::new();
    let layout = place.layout();
    let mut inner = layout.image(&[hello()]);
    for _ in 0..4 {
        inner = layout.json(INDEX, &json!({ "schemaVersion": 2, "manifests": [inner] }));
    }
    layout.index(&[inner]);
    assert_eq!(refused(&place).code(), "FLOE-IMAGE-0013");
}

#[test]
fn of_several_images_the_one_with_the_tag_is_taken() {
    let place = Place::new();
    let layout = place.layout();
    let tagged = |content: &str, tag: &str| {
        let mut manifest = layout.image(&[layer(&[E::File("f", content)])]);
        manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
        manifest
    };
    let (one, two) = (tagged("one", "v1"), tagged("two", "v2"));
    layout.index(&[one.clone(), two]);
    let image = place.store.import(&layout.dir, &path(), 1).unwrap();
    assert_eq!(image.digest.as_str(), one["digest"]);
    let other = ImagePath::parse("/db/schema/repo/echo:v3").unwrap();
    let error = place.store.import(&layout.dir, &other, 1).unwrap_err();
    assert_eq!(error.code(), "FLOE-IMAGE-0007");
    assert!(error.to_string().contains("(v1, v2)"), "{error}");
}

#[test]
fn a_store_that_cannot_be_made_is_reported_with_its_place() {
    // The kernel lets nobody make directories here, root included.
    let error = ImageStore::open("/proc/self/floe").unwrap_err();
    assert_eq!(error.code(), "FLOE-IMAGE-0019");
    assert!(error.to_string().contains("/proc/self/floe"), "{error}");
}

#[test]
fn a_directory_with_other_files_does_not_become_a_store() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("letter.txt"), "dear").unwrap();
    let error = ImageStore::open(dir.path()).unwrap_err();
    assert_eq!(error.code(), "FLOE-IMAGE-0004");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing was made"
    );
}

#[test]
fn a_blob_that_is_damaged_in_the_store_is_noticed() {
    let place = Place::new();
    place.layout().image(&[hello()]);
    let image = place.store.import(&place.layout().dir, &path(), 1).unwrap();
    let in_store = |digest: &str| place.store_dir().join("blobs/sha256").join(&digest[7..]);
    let layer_blob = in_store(Digest::of(&hello()).as_str());
    let mut bytes = hello();
    bytes[600] ^= 1;
    fs::write(layer_blob, bytes).unwrap();
    assert_eq!(
        place.store.unpack(&image.digest).unwrap_err().code(),
        "FLOE-IMAGE-0012"
    );
    fs::write(in_store(image.digest.as_str()), "{}").unwrap();
    assert_eq!(
        place.store.resolve(&path()).unwrap_err().code(),
        "FLOE-IMAGE-0012"
    );
}
