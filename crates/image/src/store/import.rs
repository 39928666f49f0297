//! Importing an image layout: everything proved first, then visible at once.

use std::path::Path;

use oci_spec::image::{Descriptor, ImageConfiguration, ImageManifest, MediaType, Os};

use super::{Blobs, Image, ImageStore, choose, index, remove_tree};
use crate::config::ImageConfig;
use crate::digest::Digest;
use crate::error::{ImageError, What};
use crate::json;
use crate::layer::Compression;
use crate::limits::Limits;
use crate::path::ImagePath;

/// Docker's name for an image configuration.
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";

impl ImageStore {
    /// Copies the image of an OCI image layout directory into the store, under `path`.
    ///
    /// Of several variants, the one for Linux on this machine's architecture is taken; of several
    /// images, the one that carries the tag of `path`. The size and digest of every blob are
    /// proved while it is copied. The image becomes visible at the very end, at once; an import
    /// that fails or is killed leaves the store as it was. Importing the same image again
    /// changes nothing. An image that `path` meant before is still found by its digest.
    ///
    /// # Errors
    ///
    /// [`ImageError::NotALayout`] for a directory that is none, [`ImageError::WrongPlatform`],
    /// [`ImageError::SeveralImages`], [`ImageError::UnknownMediaType`], [`ImageError::ZstdLayer`]
    /// for images this machine cannot run, [`ImageError::MissingBlob`],
    /// [`ImageError::SizeMismatch`], [`ImageError::DigestMismatch`] for damaged ones,
    /// [`ImageError::TooLarge`] beyond [`Limits`], [`ImageError::Io`].
    ///
    /// ```
    /// use floe_image::{ImagePath, ImageStore};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let dir = tempfile::tempdir()?;
    /// let store = ImageStore::open(dir.path().join("images"))?;
    /// let path = ImagePath::parse("/db/schema/repo/echo:v1")?;
    /// let error = store.import(&dir.path().join("nothing"), &path, 0).unwrap_err();
    /// assert_eq!(error.code(), "FLOE-IMAGE-0003");
    /// # Ok(())
    /// # }
    /// ```
    pub fn import(
        &self,
        layout: &Path,
        path: &ImagePath,
        now_ms: u64,
    ) -> Result<Image, ImageError> {
        let descriptor = choose::manifest(layout, path)?;
        let source = Blobs::new(layout);
        let read = source.read(What::Manifest, &descriptor)?;
        let manifest: ImageManifest = json::read(What::Manifest, &read)?;
        check_manifest(&manifest, &self.limits)?;
        let config = source.read(What::Config, manifest.config())?;
        let config: ImageConfiguration = json::read(What::Config, &config)?;
        check_config(&config, &manifest)?;

        let _lock = self.lock("lock")?;
        // Whatever lies there was left by an import that was killed: we hold the lock.
        let scratch = self.dir.join("tmp/import");
        remove_tree(&scratch)?;
        let blobs = parts(&manifest).chain([(What::Manifest, &descriptor)]);
        for (what, blob) in blobs {
            if let Err(error) = self.blobs.copy_from(&source, what, blob, &scratch) {
                // The original error matters more than a leftover, which the next import removes.
                let _ = remove_tree(&scratch);
                return Err(error);
            }
        }
        let mut index = self.index()?;
        index::retag(&mut index, path, &plain(&descriptor), now_ms);
        self.write_index(&index)?;

        let digest = Digest::parse(descriptor.digest().as_ref())?;
        let user = ImageConfig::user(&config);
        Ok(Image {
            path: path.clone(),
            digest,
            config: ImageConfig::from_oci(&config),
            user,
        })
    }
}

/// What of a descriptor belongs into the store: neither annotations of another layout nor
/// embedded data.
fn plain(descriptor: &Descriptor) -> Descriptor {
    let (media_type, digest) = (descriptor.media_type().clone(), descriptor.digest().clone());
    Descriptor::new(media_type, descriptor.size(), digest)
}

fn parts(manifest: &ImageManifest) -> impl Iterator<Item = (What, &Descriptor)> {
    let layers = manifest.layers().iter().enumerate();
    let layers = layers.map(|(at, layer)| (What::Layer(at + 1), layer));
    [(What::Config, manifest.config())]
        .into_iter()
        .chain(layers)
}

fn check_manifest(manifest: &ImageManifest, limits: &Limits) -> Result<(), ImageError> {
    if manifest.schema_version() != 2 {
        let reason = format!("its schema version is {}, not 2", manifest.schema_version());
        return Err(ImageError::Unreadable {
            what: What::Manifest,
            reason,
        });
    }
    let config = manifest.config().media_type();
    let is_docker = matches!(config, MediaType::Other(name) if name == DOCKER_CONFIG);
    if !is_docker && *config != MediaType::ImageConfig {
        return Err(ImageError::UnknownMediaType {
            what: What::Config,
            media_type: config.to_string(),
            hint: "; this is not a container image",
        });
    }
    if manifest.layers().len() > limits.layers {
        let limit = limits.layers as u64;
        return Err(ImageError::TooLarge {
            what: What::Image,
            limit,
            unit: "layers",
        });
    }
    for (at, layer) in manifest.layers().iter().enumerate() {
        Compression::of(What::Layer(at + 1), layer)?;
    }
    let total = parts(manifest)
        .map(|(_, blob)| blob.size())
        .fold(0, u64::saturating_add);
    if total > limits.image_bytes {
        let limit = limits.image_bytes;
        return Err(ImageError::TooLarge {
            what: What::Image,
            limit,
            unit: "bytes",
        });
    }
    Ok(())
}

fn check_config(config: &ImageConfiguration, manifest: &ImageManifest) -> Result<(), ImageError> {
    if *config.os() != Os::Linux || *config.architecture() != choose::native_arch() {
        let found = format!("{}/{}", config.os(), config.architecture());
        return Err(choose::wrong_platform(&found));
    }
    let (layers, diffs) = (manifest.layers().len(), config.rootfs().diff_ids());
    if diffs.len() != layers {
        let reason = format!(
            "it describes {} layers, but the image has {layers}",
            diffs.len()
        );
        return Err(ImageError::Unreadable {
            what: What::Config,
            reason,
        });
    }
    diffs
        .iter()
        .try_for_each(|diff| Digest::parse(diff).map(|_| ()))
}
