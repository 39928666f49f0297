//! Layers over layers, and layers that want to get out.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::layouts::{E, LAYER_GZIP, Place, arch, gzip, layer, path};
use floe_image::{Digest, ImageError, ImageStore, Limits};
use tar::EntryType;

fn unpack(place: &Place, layers: &[Vec<u8>]) -> Result<PathBuf, ImageError> {
    place.layout().image(layers);
    let image = place.store.import(&place.layout().dir, &path(), 1).unwrap();
    place.store.unpack(&image.digest)
}

/// Every path below a directory, sorted, directories with a slash at the end.
fn listing(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut ahead = vec![root.to_owned()];
    while let Some(dir) = ahead.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let name = entry
                .path()
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            if entry.file_type().unwrap().is_dir() {
                found.push(format!("{name}/"));
                ahead.push(entry.path());
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    found
}

/// Unpacks layers that must be refused, and makes sure that nothing was written outside.
fn refused(layers: &[Vec<u8>]) -> ImageError {
    let place = Place::new();
    let outside = place.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("victim"), "unharmed").unwrap();
    let error = unpack(&place, layers).unwrap_err();
    assert_eq!(listing(&outside), ["victim"]);
    assert_eq!(fs::read(outside.join("victim")).unwrap(), b"unharmed");
    let unpacked = listing(&place.store_dir().join("unpacked"));
    assert_eq!(unpacked, ["lock"], "nothing half-done is visible");
    error
}

#[test]
fn upper_layers_replace_and_add() {
    let place = Place::new();
    let lower = layer(&[
        E::Dir("etc"),
        E::File("etc/config", "old"),
        E::File("kept", "kept"),
        E::File("file-to-dir", ""),
        E::File("dir-to-file/inside", ""),
        E::Symlink("link-to-file", "kept"),
    ]);
    let upper = layer(&[
        E::File("./etc/config", "new"),
        E::File("file-to-dir/inside", "x"),
        E::File("dir-to-file", ""),
        E::File("link-to-file", "mine"),
    ]);
    // A file only makes way for a directory that is an entry itself.
    let error = unpack(&place, &[lower.clone(), upper]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("'file-to-dir' is not a directory"),
        "{error}"
    );

    let upper = layer(&[
        E::File("./etc/config", "new"),
        E::Dir("file-to-dir"),
        E::File("file-to-dir/inside", "x"),
        E::File("dir-to-file", ""),
        E::File("link-to-file", "mine"),
    ]);
    let root = unpack(&place, &[lower, upper]).unwrap();
    let expected = [
        "dir-to-file",
        "etc/",
        "etc/config",
        "file-to-dir/",
        "file-to-dir/inside",
        "kept",
        "link-to-file",
    ];
    assert_eq!(listing(&root), expected);
    assert_eq!(fs::read(root.join("etc/config")).unwrap(), b"new");
    assert_eq!(
        fs::read(root.join("kept")).unwrap(),
        b"kept",
        "not written through the link"
    );
}

#[test]
fn whiteouts_remove_what_lower_layers_have_put_there() {
    let place = Place::new();
    let lower = layer(&[
        E::File("a/gone", ""),
        E::File("a/kept", ""),
        E::File("b/x/deep", ""),
    ]);
    let upper = layer(&[
        E::File("a/.wh.gone", ""),
        E::File(".wh.b", ""),
        E::File(".wh.never", ""),
    ]);
    let root = unpack(&place, &[lower, upper]).unwrap();
    assert_eq!(listing(&root), ["a/", "a/kept"]);
}

#[test]
fn an_opaque_directory_hides_all_below_but_what_its_own_layer_put_there() {
    let lower = layer(&[
        E::File("d/old", ""),
        E::File("d/sub/old", ""),
        E::File("e", ""),
    ]);
    let marker = E::File("d/.wh..wh..opq", "");
    let (new, deep) = (E::File("d/new", ""), E::File("d/sub/new", ""));
    // The order inside a layer does not matter.
    for upper in [
        [marker.clone(), new.clone(), deep.clone()],
        [new, deep, marker],
    ] {
        let place = Place::new();
        let root = unpack(&place, &[lower.clone(), layer(&upper)]).unwrap();
        assert_eq!(listing(&root), ["d/", "d/new", "d/sub/", "d/sub/new", "e"]);
    }
}

#[test]
fn a_whiteout_does_not_hide_what_its_own_layer_has_written() {
    let place = Place::new();
    let lower = layer(&[E::File("a/old", "")]);
    let upper = layer(&[E::Dir("a"), E::File("a/new", ""), E::File(".wh.a", "")]);
    let root = unpack(&place, &[lower, upper]).unwrap();
    assert_eq!(listing(&root), ["a/", "a/new"]);
}

#[test]
fn compressed_layers_are_unpacked_and_proved_by_their_content() {
    let place = Place::new();
    let layout = place.layout();
    let plain = layer(&[E::File("f", "content")]);
    let blob = layout.blob(LAYER_GZIP, &gzip(&plain));
    let manifest = layout.manifest(vec![blob], vec![Digest::of(&plain).to_string()], &arch());
    layout.index(&[manifest]);
    let image = place.store.import(&layout.dir, &path(), 1).unwrap();
    let root = place.store.unpack(&image.digest).unwrap();
    assert_eq!(fs::read(root.join("f")).unwrap(), b"content");

    // The configuration names other content than the layer has.
    let blob = layout.blob(LAYER_GZIP, &gzip(&plain));
    let wrong = Digest::of(b"other").to_string();
    let manifest = layout.manifest(vec![blob], vec![wrong], &arch());
    layout.index(&[manifest]);
    let image = place.store.import(&layout.dir, &path(), 1).unwrap();
    assert_eq!(
        place.store.unpack(&image.digest).unwrap_err().code(),
        "FLOE-IMAGE-0012"
    );
}

#[test]
fn modes_and_times_are_kept_but_not_the_right_to_be_somebody_else() {
    let place = Place::new();
    let entries = [
        E::Mode("suid", 0o6755),
        E::Mode("closed", 0o000),
        E::Dir("sticky"),
    ];
    let root = unpack(&place, &[layer(&entries)]).unwrap();
    let mode = |name| fs::metadata(root.join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("suid"), mode("closed")), (0o755, 0o400));
    let modified = fs::metadata(root.join("suid")).unwrap().modified().unwrap();
    assert_eq!(
        modified,
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
    );
}

#[test]
fn hard_links_share_their_content() {
    let place = Place::new();
    let lower = layer(&[E::File("bin/one", "x")]);
    let root = unpack(&place, &[lower, layer(&[E::Link("two", "bin/one")])]).unwrap();
    let inode = |name| fs::metadata(root.join(name)).unwrap().ino();
    assert_eq!(inode("two"), inode("bin/one"));
}

#[test]
fn links_inside_the_image_are_followed_inside_the_image() {
    let place = Place::new();
    let lower = layer(&[
        E::Dir("usr/bin"),
        E::Symlink("bin", "usr/bin"),
        E::Symlink("abs", "/usr/bin"),
        E::Symlink("usr/up", "../usr/bin"),
    ]);
    let upper = layer(&[
        E::File("bin/a", ""),
        E::File("abs/b", ""),
        E::File("usr/up/c", ""),
    ]);
    let root = unpack(&place, &[lower, upper]).unwrap();
    for name in ["a", "b", "c"] {
        assert!(root.join("usr/bin").join(name).is_file(), "{name}");
    }
}

#[test]
fn a_link_that_leads_outside_is_kept_but_never_written_through() {
    let place = Place::new();
    let outside = place.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let target = outside.to_str().unwrap();
    let lower = layer(&[
        E::Symlink("out", target),
        E::Symlink("file", &format!("{target}/f")),
    ]);
    let upper = layer(&[E::File("out/evil", "evil"), E::File("file", "mine")]);
    let root = unpack(&place, &[lower, upper]).unwrap();
    assert!(listing(&outside).is_empty());
    // Inside the image, the absolute link starts at its root.
    let inside = root.join(target.strip_prefix('/').unwrap());
    assert_eq!(fs::read(inside.join("evil")).unwrap(), b"evil");
    assert_eq!(fs::read(root.join("file")).unwrap(), b"mine");
}

#[test]
fn names_that_lead_out_are_refused() {
    for name in [
        "../../outside/evil",
        "a/../../evil",
        "/etc/evil",
        "..",
        "a/..",
    ] {
        let error = refused(&[layer(&[E::File(name, "evil")])]);
        assert_eq!(error.code(), "FLOE-IMAGE-0014", "{name}: {error}");
        assert!(
            error.to_string().contains(&format!("its entry '{name}'")),
            "{error}"
        );
    }
}

#[test]
fn links_and_whiteouts_that_lead_out_are_refused() {
    let up = "../../../../../../outside";
    let through = [E::Symlink("up", up), E::File("up/victim", "evil")];
    assert_eq!(refused(&[layer(&through)]).code(), "FLOE-IMAGE-0014");
    let remove = [E::Symlink("up", up), E::File("up/.wh.victim", "")];
    assert_eq!(refused(&[layer(&remove)]).code(), "FLOE-IMAGE-0014");
    let opaque = [E::Symlink("up", up), E::File("up/.wh..wh..opq", "")];
    assert_eq!(refused(&[layer(&opaque)]).code(), "FLOE-IMAGE-0014");
    for target in ["../../outside/victim", "/outside/victim"] {
        let error = refused(&[layer(&[E::Link("mine", target)])]);
        assert_eq!(error.code(), "FLOE-IMAGE-0014", "{target}");
    }
    for name in [".wh..", ".wh...", ".wh."] {
        let error = refused(&[layer(&[E::File(name, "")])]);
        assert_eq!(error.code(), "FLOE-IMAGE-0014", "{name}");
    }
}

#[test]
fn a_hard_link_to_a_link_to_the_outside_shares_the_link_only() {
    let place = Place::new();
    let victim = place.dir.path().join("victim");
    fs::write(&victim, "unharmed").unwrap();
    let target = victim.to_str().unwrap();
    let entries = [
        E::Symlink("s", target),
        E::Link("h", "s"),
        E::File("h", "evil"),
    ];
    let root = unpack(&place, &[layer(&entries)]).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"unharmed");
    assert_eq!(fs::read(root.join("h")).unwrap(), b"evil");
}

#[test]
fn links_in_circles_are_refused() {
    let entries = [
        E::Symlink("a", "b"),
        E::Symlink("b", "a"),
        E::File("a/x", ""),
    ];
    let error = refused(&[layer(&entries)]);
    assert!(error.to_string().contains("too many links"), "{error}");
}

#[test]
fn devices_pipes_and_broken_links_are_refused() {
    for kind in [
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::new(b'?'),
    ] {
        assert_eq!(
            refused(&[layer(&[E::Kind("dev", kind)])]).code(),
            "FLOE-IMAGE-0015"
        );
    }
    for link in [
        E::Link("a", "nothing"),
        E::Link("a", "no/thing"),
        E::Symlink("a", ""),
    ] {
        assert_eq!(refused(&[layer(&[link])]).code(), "FLOE-IMAGE-0015");
    }
}

#[test]
fn layers_that_are_no_archives_are_refused() {
    let mut torn = layer(&[E::File("f", "content")]);
    torn.truncate(700);
    for bytes in [b"not a tar archive".repeat(100), torn] {
        assert_eq!(refused(&[bytes]).code(), "FLOE-IMAGE-0015");
    }
}

#[test]
fn a_name_that_claims_to_be_endless_is_refused_without_filling_memory() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(EntryType::GNULongName);
    header.set_size(8 << 20);
    header.set_path("././@LongLink").unwrap();
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.resize(bytes.len() + (8 << 20), b'a');
    bytes.extend(layer(&[E::File("f", "")]));
    let error = refused(&[bytes]);
    assert!(
        error.to_string().contains("exceeds 1048576 bytes"),
        "{error}"
    );
}

#[test]
fn bombs_are_stopped_at_the_bounds() {
    let place = Place::new();
    place
        .layout()
        .image(&[layer(&[E::File("a", &"x".repeat(5_000)), E::File("b", "")])]);
    let image = place.store.import(&place.layout().dir, &path(), 1).unwrap();
    for limits in [
        Limits {
            unpacked_bytes: 4_999,
            ..Limits::default()
        },
        Limits {
            entries: 1,
            ..Limits::default()
        },
    ] {
        let store = ImageStore::open_with(place.store_dir(), limits).unwrap();
        assert_eq!(
            store.unpack(&image.digest).unwrap_err().code(),
            "FLOE-IMAGE-0013"
        );
    }
    assert!(place.store.unpack(&image.digest).is_ok());
}

#[test]
fn an_image_is_unpacked_once() {
    let place = Place::new();
    let root = unpack(&place, &[layer(&[E::File("f", "")])]).unwrap();
    let inode = fs::metadata(&root).unwrap().ino();
    let again = unpack(&place, &[layer(&[E::File("f", "")])]).unwrap();
    assert_eq!((fs::metadata(&again).unwrap().ino(), again), (inode, root));
}

#[test]
fn what_a_killed_unpacking_left_behind_does_not_matter() {
    let place = Place::new();
    fs::create_dir_all(place.store_dir().join("tmp/unpack/half")).unwrap();
    let root = unpack(&place, &[layer(&[E::File("f", "")])]).unwrap();
    assert_eq!(listing(&root), ["f"]);
}
