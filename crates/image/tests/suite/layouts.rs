//! Image layouts made by hand, so that every part of them can be wrong.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use floe_image::{Digest, ImagePath, ImageStore};
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
pub(crate) const LAYER_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A directory with a layout and a store in it.
pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: ImageStore,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = ImageStore::open(dir.path().join("store")).unwrap();
        Self { dir, store }
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout::at(&self.dir.path().join("layout"))
    }

    pub(crate) fn store_dir(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    /// Nothing of a refused import may be left: no tag, no scratch file.
    pub(crate) fn assert_untouched(&self) {
        assert!(self.store.list().unwrap().is_empty());
        let left: Vec<_> = fs::read_dir(self.store_dir().join("tmp"))
            .unwrap()
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

pub(crate) fn path() -> ImagePath {
    ImagePath::parse("/db/schema/repo/echo:v1").unwrap()
}

/// An image layout in the making.
pub(crate) struct Layout {
    pub(crate) dir: PathBuf,
}

impl Layout {
    pub(crate) fn at(dir: &Path) -> Self {
        fs::create_dir_all(dir.join("blobs/sha256")).unwrap();
        fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        Self {
            dir: dir.to_owned(),
        }
    }

    /// Puts a blob where it belongs and describes it.
    pub(crate) fn blob(&self, media_type: &str, bytes: &[u8]) -> Value {
        let digest = Digest::of(bytes);
        fs::write(self.path(digest.as_str()), bytes).unwrap();
        json!({ "mediaType": media_type, "digest": digest.as_str(), "size": bytes.len() })
    }

    pub(crate) fn json(&self, media_type: &str, document: &Value) -> Value {
        self.blob(media_type, document.to_string().as_bytes())
    }

    pub(crate) fn path(&self, digest: &str) -> PathBuf {
        self.dir
            .join("blobs/sha256")
            .join(digest.strip_prefix("sha256:").unwrap())
    }

    /// Writes the index with these manifests.
    pub(crate) fn index(&self, manifests: &[Value]) {
        let index = json!({ "schemaVersion": 2, "manifests": manifests });
        fs::write(self.dir.join("index.json"), index.to_string()).unwrap();
    }

    /// A whole image of these plain layers; answers its manifest's descriptor.
    pub(crate) fn image(&self, layers: &[Vec<u8>]) -> Value {
        let described = layers.iter().map(|layer| self.blob(LAYER, layer)).collect();
        let diffs = layers
            .iter()
            .map(|layer| Digest::of(layer).to_string())
            .collect();
        let manifest = self.manifest(described, diffs, &arch());
        self.index(std::slice::from_ref(&manifest));
        manifest
    }

    pub(crate) fn manifest(&self, layers: Vec<Value>, diffs: Vec<String>, arch: &str) -> Value {
        let config = json!({
            "architecture": arch,
            "os": "linux",
            "config": { "Entrypoint": ["/bin/echo"], "Env": ["A=1", "B=x=y", "C"] },
            "rootfs": { "type": "layers", "diff_ids": diffs },
        });
        let config = self.json(CONFIG, &config);
        let manifest = json!({ "schemaVersion": 2, "config": config, "layers": layers });
        self.json(MANIFEST, &manifest)
    }
}

/// This machine's architecture under the name that images use.
pub(crate) fn arch() -> String {
    match std::env::consts::ARCH {
        "x86_64" => "amd64".to_owned(),
        "aarch64" => "arm64".to_owned(),
        other => other.to_owned(),
    }
}

/// One entry of a layer.
#[derive(Clone)]
pub(crate) enum E<'a> {
    File(&'a str, &'a str),
    Mode(&'a str, u32),
    Dir(&'a str),
    Symlink(&'a str, &'a str),
    Link(&'a str, &'a str),
    Kind(&'a str, EntryType),
}

/// A layer of these entries; names are written as they are, however wrong.
pub(crate) fn layer(entries: &[E<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for entry in entries {
        let (name, kind, mode, content, target) = match *entry {
            E::File(name, content) => (name, EntryType::Regular, 0o644, content, ""),
            E::Mode(name, mode) => (name, EntryType::Regular, mode, "", ""),
            E::Dir(name) => (name, EntryType::Directory, 0o755, "", ""),
            E::Symlink(name, target) => (name, EntryType::Symlink, 0o777, "", target),
            E::Link(name, target) => (name, EntryType::Link, 0o644, "", target),
            E::Kind(name, kind) => (name, kind, 0o644, "", ""),
        };
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        header.set_mtime(1_000_000_000);
        let old = header.as_old_mut();
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        old.linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_cksum();
        builder.append(&header, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
