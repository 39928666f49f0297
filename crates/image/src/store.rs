//! The store: an OCI image layout in one directory, with tags, a lock, and unpacked images.

mod blobs;
mod choose;
mod import;
mod index;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use oci_spec::image::{ImageConfiguration, ImageManifest};

use crate::config::ImageConfig;
use crate::digest::Digest;
use crate::error::{ImageError, What};
use crate::json;
use crate::layer;
use crate::limits::Limits;
use crate::path::ImagePath;

pub(crate) use blobs::{Blobs, remove_tree, replace, sync_dir};
pub(crate) use choose::{header, native_arch};

/// The version that `oci-layout` must name, by the OCI image specification.
pub(crate) const LAYOUT_VERSION: &str = "1.0.0";

/// What a store consists of; anything else in its directory belongs to somebody else.
const OWN_NAMES: [&str; 8] = [
    "blobs",
    "index.json",
    "index.new",
    "lock",
    "oci-layout",
    "oci-layout.new",
    "tmp",
    "unpacked",
];

/// A content-addressed store of images in one directory.
///
/// Several stores may be open on the same directory, in one process or several: changes are
/// serialised by a lock file, and readers see a change whole or not at all.
///
/// ```
/// use floe_image::ImageStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dir = tempfile::tempdir()?;
/// let store = ImageStore::open(dir.path().join("images"))?;
/// assert!(store.list()?.is_empty());
/// assert!(dir.path().join("images/oci-layout").is_file());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ImageStore {
    dir: PathBuf,
    blobs: Blobs,
    limits: Limits,
}

/// An image of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Image {
    /// Where it was found; for an image found by digest, where it was last imported to.
    pub path: ImagePath,
    /// The digest of its manifest, which names every byte of it.
    pub digest: Digest,
    /// How to run it.
    pub config: ImageConfig,
    /// The user it wants to run as, `user[:group]` by name or number.
    pub user: Option<String>,
}

/// One line of [`ImageStore::list`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageRecord {
    /// Where the image is found.
    pub path: ImagePath,
    /// The digest of its manifest.
    pub digest: Digest,
    /// The bytes of all its blobs as stored.
    pub size: u64,
    /// When it was imported under this path, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

impl ImageStore {
    /// Opens the store in `dir`, and makes one if there is none.
    ///
    /// # Errors
    ///
    /// [`ImageError::NotAStore`] when the directory holds anything else, [`ImageError::Io`] when
    /// it cannot be made.
    ///
    /// ```
    /// use floe_image::ImageStore;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let dir = tempfile::tempdir()?;
    /// std::fs::write(dir.path().join("thesis.tex"), "")?;
    /// let error = ImageStore::open(dir.path()).unwrap_err();
    /// assert_eq!(error.code(), "FLOE-IMAGE-0004");
    /// # Ok(())
    /// # }
    /// ```
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, ImageError> {
        Self::open_with(dir, Limits::default())
    }

    /// Opens the store in `dir` with bounds of one's own on what an image may ask for.
    ///
    /// # Errors
    ///
    /// As [`ImageStore::open`].
    ///
    /// ```
    /// use floe_image::{ImageStore, Limits};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let dir = tempfile::tempdir()?;
    /// let limits = Limits { image_bytes: 1 << 20, ..Limits::default() };
    /// assert!(ImageStore::open_with(dir.path(), limits).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn open_with(dir: impl AsRef<Path>, limits: Limits) -> Result<Self, ImageError> {
        let dir = dir.as_ref();
        fs::create_dir_all(dir).map_err(ImageError::io("make the directory", dir))?;
        let dir = fs::canonicalize(dir).map_err(ImageError::io("find", dir))?;
        refuse_strangers(&dir)?;
        let store = Self {
            blobs: Blobs::new(&dir),
            dir,
            limits,
        };
        let _lock = store.lock("lock")?;
        store.prepare()?;
        Ok(store)
    }

    /// All tags, sorted by path.
    ///
    /// # Errors
    ///
    /// [`ImageError::Unreadable`] or [`ImageError::Io`] when the store is damaged.
    ///
    /// ```
    /// use floe_image::ImageStore;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let dir = tempfile::tempdir()?;
    /// assert_eq!(ImageStore::open(dir.path())?.list()?, []);
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> Result<Vec<ImageRecord>, ImageError> {
        let mut records = Vec::new();
        for tag in index::tags(&self.index()?) {
            let manifest = self.manifest(&tag.digest)?;
            let blobs = manifest.layers().iter().chain([manifest.config()]);
            let size = blobs
                .map(|blob| blob.size())
                .fold(tag.size, u64::saturating_add);
            let (path, digest, created_ms) = (tag.path, tag.digest, tag.created_ms);
            records.push(ImageRecord {
                path,
                digest,
                size,
                created_ms,
            });
        }
        records.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(records)
    }

    /// The image that a path means today.
    ///
    /// A service pins [`Image::digest`] and asks [`ImageStore::by_digest`] from then on, so that
    /// a later import under the same path changes nothing for it.
    ///
    /// # Errors
    ///
    /// [`ImageError::UnknownPath`], with the most similar path of the store.
    ///
    /// ```
    /// use floe_image::{ImagePath, ImageStore};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let dir = tempfile::tempdir()?;
    /// let store = ImageStore::open(dir.path())?;
    /// let error = store.resolve(&ImagePath::parse("/db/schema/repo/echo")?).unwrap_err();
    /// assert!(error.to_string().contains("/db/schema/repo/echo:latest"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn resolve(&self, path: &ImagePath) -> Result<Image, ImageError> {
        let tags = index::tags(&self.index()?);
        match tags.iter().find(|tag| tag.path == *path) {
            Some(tag) => self.image(path.clone(), tag.digest.clone()),
            None => {
                let known = tags.iter().map(|tag| tag.path.as_str());
                let closest = index::closest(path.as_str(), known).map(str::to_owned);
                Err(ImageError::UnknownPath {
                    path: path.to_string(),
                    closest,
                })
            }
        }
    }

    /// The image with this digest, whatever tags have become of it.
    ///
    /// # Errors
    ///
    /// [`ImageError::UnknownDigest`]; [`ImageError::DigestMismatch`] and its like when the store
    /// is damaged.
    ///
    /// ```
    /// use floe_image::{Digest, ImageStore};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let dir = tempfile::tempdir()?;
    /// let error = ImageStore::open(dir.path())?.by_digest(&Digest::of(b"?")).unwrap_err();
    /// assert_eq!(error.code(), "FLOE-IMAGE-0017");
    /// # Ok(())
    /// # }
    /// ```
    pub fn by_digest(&self, digest: &Digest) -> Result<Image, ImageError> {
        let path = index::path_of(&self.index()?, digest);
        let unknown = || ImageError::UnknownDigest {
            digest: digest.clone(),
        };
        self.image(path.ok_or_else(unknown)?, digest.clone())
    }

    /// The root directory of an image. It is unpacked once; later calls answer the same path.
    ///
    /// Files belong to the caller and keep their permissions and times, without set-user-id and
    /// set-group-id bits. The directory appears whole or not at all, and is shared by everyone
    /// who asks: treat it as read-only.
    ///
    /// # Errors
    ///
    /// [`ImageError::LayerEscapes`] and [`ImageError::BadLayer`] for layers that are refused,
    /// [`ImageError::TooLarge`], and [`ImageError::DigestMismatch`] for damaged ones.
    ///
    /// ```
    /// use floe_image::{Digest, ImageStore};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let dir = tempfile::tempdir()?;
    /// assert!(ImageStore::open(dir.path())?.unpack(&Digest::of(b"?")).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn unpack(&self, digest: &Digest) -> Result<PathBuf, ImageError> {
        let root = self.dir.join("unpacked").join(digest.hex());
        if root.is_dir() {
            return Ok(root);
        }
        self.by_digest(digest)?;
        let _lock = self.lock("unpacked/lock")?;
        // Whoever had the lock before may have done the work.
        if root.is_dir() {
            return Ok(root);
        }
        let manifest = self.manifest(digest)?;
        let config = self.config(&manifest)?;
        let scratch = self.dir.join("tmp/unpack");
        remove_tree(&scratch)?;
        let mut unpacker = layer::Unpacker::new(&scratch, &self.limits)?;
        let diffs = config.rootfs().diff_ids();
        for (at, (layer, diff)) in manifest.layers().iter().zip(diffs).enumerate() {
            let what = What::Layer(at + 1);
            let blob = self.blobs.open(what, layer)?;
            unpacker.apply(what, blob, layer, &Digest::parse(diff)?)?;
        }
        unpacker.finish()?;
        fs::rename(&scratch, &root).map_err(ImageError::io("move into place", &root))?;
        sync_dir(&self.dir.join("unpacked"))?;
        Ok(root)
    }

    fn image(&self, path: ImagePath, digest: Digest) -> Result<Image, ImageError> {
        let config = self.config(&self.manifest(&digest)?)?;
        let user = ImageConfig::user(&config);
        Ok(Image {
            path,
            digest,
            config: ImageConfig::from_oci(&config),
            user,
        })
    }

    fn manifest(&self, digest: &Digest) -> Result<ImageManifest, ImageError> {
        json::read(
            What::Manifest,
            &self.blobs.read_by_digest(What::Manifest, digest)?,
        )
    }

    fn config(&self, manifest: &ImageManifest) -> Result<ImageConfiguration, ImageError> {
        json::read(
            What::Config,
            &self.blobs.read(What::Config, manifest.config())?,
        )
    }

    /// Waits until nobody else holds the lock; it ends with the returned file, or the process.
    fn lock(&self, name: &str) -> Result<File, ImageError> {
        let path = self.dir.join(name);
        let opened = File::options().create(true).append(true).open(&path);
        let file = opened.map_err(ImageError::io("open", &path))?;
        file.lock().map_err(ImageError::io("lock", &path))?;
        Ok(file)
    }

    /// Makes what is missing, under the lock.
    fn prepare(&self) -> Result<(), ImageError> {
        for name in ["blobs/sha256", "tmp", "unpacked"] {
            let path = self.dir.join(name);
            fs::create_dir_all(&path).map_err(ImageError::io("make the directory", &path))?;
        }
        let header = self.dir.join("oci-layout");
        if header.exists() {
            choose::check_header(&self.dir)?;
        } else {
            replace(&header, &choose::header()?)?;
        }
        if !self.dir.join("index.json").exists() {
            self.write_index(&index::empty())?;
        }
        Ok(())
    }
}

/// A store makes itself at home only where nothing else is.
fn refuse_strangers(dir: &Path) -> Result<(), ImageError> {
    if dir.join("oci-layout").exists() {
        return Ok(());
    }
    for entry in fs::read_dir(dir).map_err(ImageError::io("list", dir))? {
        let name = entry.map_err(ImageError::io("list", dir))?.file_name();
        if !OWN_NAMES.iter().any(|own| name == *own) {
            let reason = format!(
                "it is not empty and not an image store (it holds '{}'); choose an empty directory",
                name.to_string_lossy()
            );
            return Err(ImageError::NotAStore {
                path: dir.to_owned(),
                reason,
            });
        }
    }
    Ok(())
}
