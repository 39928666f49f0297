//! What only a look inside can show: writing to a disk that is full.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use oci_spec::image::{Descriptor, MediaType};

use super::blobs::{Blobs, Proof, copy_proved};
use crate::digest::Digest;
use crate::error::What;

fn described(bytes: &[u8]) -> Descriptor {
    let digest: oci_spec::image::Digest = Digest::of(bytes).as_str().parse().unwrap();
    Descriptor::new(MediaType::ImageLayer, bytes.len() as u64, digest)
}

#[test]
fn a_full_disk_is_reported_with_the_file_that_could_not_be_written() {
    let bytes = vec![7; 1 << 20];
    let proof = Proof::of(What::Layer(1), &described(&bytes)).unwrap();
    let mut full = File::options().write(true).open("/dev/full").unwrap();
    let places = (Path::new("/layout/blob"), Path::new("/store/tmp/import"));
    let error = copy_proved(&mut &bytes[..], &mut full, &proof, places).unwrap_err();
    assert_eq!(error.code(), "FLOE-IMAGE-0019");
    let message = error.to_string();
    assert!(
        message.starts_with("cannot write /store/tmp/import: No space left"),
        "{message}"
    );
}

#[test]
fn a_scratch_file_that_cannot_be_written_leaves_no_blob() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("from"), dir.path().join("to"));
    for layout in [&from, &to] {
        std::fs::create_dir_all(layout.join("blobs/sha256")).unwrap();
    }
    let (source, store) = (Blobs::new(&from), Blobs::new(&to));
    let digest = Digest::of(b"content");
    File::create(source.path(&digest))
        .unwrap()
        .write_all(b"content")
        .unwrap();
    let blob = described(b"content");
    let error = store
        .copy_from(&source, What::Config, &blob, Path::new("/dev/full"))
        .unwrap_err();
    assert_eq!(error.code(), "FLOE-IMAGE-0019");
    assert!(!store.has(&digest));
}

#[test]
fn a_blob_longer_than_declared_is_not_read_to_its_end() {
    let proof = Proof::of(What::Layer(1), &described(b"short")).unwrap();
    let mut endless = std::io::repeat(0);
    let places = (Path::new("a"), Path::new("b"));
    let error = copy_proved(&mut endless, &mut std::io::sink(), &proof, places).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the layer 1 should have 5 bytes, but has 6; copy the image again"
    );
}
