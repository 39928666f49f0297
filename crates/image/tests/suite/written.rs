//! Layouts that are written here, read back by the store.

use std::fs;

use floe_image::ImageConfig;
use floe_image::layout::{LayerFile, LayoutSpec};

use crate::layouts::{Place, path};

#[test]
fn a_layout_that_is_written_here_says_what_it_was_told() {
    let place = Place::new();
    let program = place.dir.path().join("program");
    fs::write(&program, "#!/bin/sh\n").unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let config = ImageConfig {
        entrypoint: vec!["/usr/bin/program".into()],
        cmd: vec!["serve".into(), "--all".into()],
        env: vec![pair("Z", "1"), pair("A", "2=3")],
        working_dir: Some("/usr".into()),
        labels: vec![pair("a", "1"), pair("b", "2"), pair("c", "3")],
    };
    let long = format!("opt/{}/{}", "long".repeat(30), "name".repeat(30));
    let files = vec![
        LayerFile::new("usr/bin/program", &program, 0o755),
        LayerFile::new(&long, &program, 0o600),
    ];
    let spec = LayoutSpec {
        files,
        config: config.clone(),
        created_ms: 1_000_000_000_000,
    };
    let mut digests = Vec::new();
    for name in ["one", "two", "two"] {
        digests.push(floe_image::layout::write(&place.dir.path().join(name), &spec).unwrap());
    }
    assert!(
        digests.windows(2).all(|pair| pair[0] == pair[1]),
        "the same input, the same image"
    );
    let image = place
        .store
        .import(&place.dir.path().join("one"), &path(), 1)
        .unwrap();
    assert_eq!(
        (image.digest.clone(), image.config),
        (digests[0].clone(), config)
    );
    let root = place.store.unpack(&image.digest).unwrap();
    assert_eq!(
        fs::read(root.join("usr/bin/program")).unwrap(),
        b"#!/bin/sh\n"
    );
    assert_eq!(fs::read(root.join(long)).unwrap(), b"#!/bin/sh\n");
}

#[test]
fn a_layout_with_impossible_paths_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("program");
    fs::write(&program, "").unwrap();
    for paths in [
        vec![""],
        vec!["/"],
        vec!["../up"],
        vec!["a//b"],
        vec!["a/./b"],
        vec!["a/.wh.b"],
        vec!["a", "/a"],
        vec!["a", "a/b"],
    ] {
        let files = paths
            .iter()
            .map(|path| LayerFile::new(path, &program, 0o644))
            .collect();
        let spec = LayoutSpec {
            files,
            ..LayoutSpec::default()
        };
        let error = floe_image::layout::write(&dir.path().join("layout"), &spec).unwrap_err();
        assert_eq!(error.code(), "FLOE-IMAGE-0018", "{paths:?}");
    }
    let spec = LayoutSpec::default();
    let error = floe_image::layout::write(dir.path(), &spec).unwrap_err();
    assert_eq!(
        error.code(),
        "FLOE-IMAGE-0018",
        "the directory holds something else"
    );
}
