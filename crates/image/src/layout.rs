//! Writing a small OCI image layout out of a few files.
//!
//! For samples, tests, and everyone who has a program and wants an image of it without a
//! container engine. The result is the same to the byte for the same input.

mod archive;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use oci_spec::image::{
    Descriptor, ImageConfiguration, ImageIndex, ImageManifestBuilder, MediaType, Os, Platform,
    RootFs,
};
use serde::Serialize;

use crate::config::ImageConfig;
use crate::digest::Digest;
use crate::error::{ImageError, What};
use crate::json;
use crate::store::{Blobs, header, native_arch, replace};

/// What to put into an image.
#[derive(Debug, Clone, Default)]
pub struct LayoutSpec {
    /// The files, in any order; directories around them are made.
    pub files: Vec<LayerFile>,
    /// How to run the image.
    pub config: ImageConfig,
    /// When the image and its files were made, in milliseconds since the Unix epoch.
    pub created_ms: u64,
}

/// A file to put into an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerFile {
    /// Where it is in the image, such as `/usr/bin/echo`; the leading slash may be missing.
    pub path_in_image: String,
    /// The file to copy.
    pub source: PathBuf,
    /// Its permissions, such as `0o755`.
    pub mode: u32,
}

impl LayerFile {
    /// Names a file, where it goes, and its permissions.
    ///
    /// ```
    /// use floe_image::layout::LayerFile;
    /// let file = LayerFile::new("/bin/echo", "target/release/echo", 0o755);
    /// assert_eq!(file.path_in_image, "/bin/echo");
    /// ```
    #[must_use]
    pub fn new(path_in_image: &str, source: impl Into<PathBuf>, mode: u32) -> Self {
        Self {
            path_in_image: path_in_image.to_owned(),
            source: source.into(),
            mode,
        }
    }
}

/// Writes an image layout with one image of one layer, for this machine's architecture, into a
/// directory that is missing, empty, or an image layout already; answers the digest of the
/// image's manifest.
///
/// # Errors
///
/// [`ImageError::InvalidLayoutSpec`] for paths that are empty, doubled, or lead out of the image,
/// and for a directory that holds something else; [`ImageError::Io`].
///
/// ```
/// use floe_image::layout::{LayerFile, LayoutSpec, write};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let dir = tempfile::tempdir()?;
/// let program = dir.path().join("program");
/// std::fs::write(&program, "#!/bin/sh\n")?;
/// let files = vec![LayerFile::new("/bin/program", &program, 0o755)];
/// let spec = LayoutSpec { files, ..LayoutSpec::default() };
///
/// let digest = write(&dir.path().join("one"), &spec)?;
/// assert_eq!(write(&dir.path().join("two"), &spec)?, digest, "the same input, the same image");
/// # Ok(())
/// # }
/// ```
pub fn write(dir: &Path, spec: &LayoutSpec) -> Result<Digest, ImageError> {
    let files = archive::plan(&spec.files)?;
    refuse_strangers(dir)?;
    let blobs_dir = dir.join("blobs/sha256");
    fs::create_dir_all(&blobs_dir).map_err(ImageError::io("make the directory", &blobs_dir))?;
    let blobs = Blobs::new(dir);
    let layer = archive::write(&blobs, &blobs_dir, &files, spec.created_ms)?;
    let config = configuration(spec, &layer);
    let config = put(&blobs, What::Config, MediaType::ImageConfig, &config)?;
    let manifest = ImageManifestBuilder::default()
        .schema_version(2_u32)
        .media_type(MediaType::ImageManifest)
        .config(config)
        .layers(vec![layer])
        .build();
    let manifest = manifest.map_err(|error| ImageError::Unreadable {
        what: What::Manifest,
        reason: error.to_string(),
    })?;
    let mut manifest = put(&blobs, What::Manifest, MediaType::ImageManifest, &manifest)?;
    let digest = Digest::parse(manifest.digest().as_ref())?;

    let mut platform = Platform::default();
    platform.set_os(Os::Linux).set_architecture(native_arch());
    manifest.set_platform(Some(platform));
    let mut index = ImageIndex::default();
    index.set_media_type(Some(MediaType::ImageIndex));
    index.set_manifests(vec![manifest]);
    replace(&dir.join("index.json"), &json::write(What::Index, &index)?)?;
    replace(&dir.join("oci-layout"), &header()?)?;
    Ok(digest)
}

/// Nothing is written between files that are not an image layout.
fn refuse_strangers(dir: &Path) -> Result<(), ImageError> {
    if dir.join("oci-layout").is_file() {
        return Ok(());
    }
    let mut entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ImageError::io("list", dir)(error)),
    };
    match entries.next() {
        None => Ok(()),
        Some(_) => {
            let reason = format!("{} is not empty and no image layout", dir.display());
            Err(ImageError::InvalidLayoutSpec { reason })
        }
    }
}

fn configuration(spec: &LayoutSpec, layer: &Descriptor) -> ImageConfiguration {
    let mut rootfs = RootFs::default();
    rootfs
        .set_typ("layers".to_owned())
        .set_diff_ids(vec![layer.digest().to_string()]);
    let mut configuration = ImageConfiguration::default();
    configuration
        .set_created(Some(rfc3339(spec.created_ms)))
        .set_os(Os::Linux)
        .set_architecture(native_arch())
        .set_config(Some(spec.config.to_oci()))
        .set_rootfs(rootfs);
    configuration
}

fn put<T: Serialize>(
    blobs: &Blobs,
    what: What,
    media_type: MediaType,
    document: &T,
) -> Result<Descriptor, ImageError> {
    let bytes = json::write(what, document)?;
    let digest = Digest::of(&bytes);
    replace(&blobs.path(&digest), &bytes)?;
    descriptor(what, media_type, bytes.len() as u64, &digest)
}

fn descriptor(
    what: What,
    media_type: MediaType,
    size: u64,
    digest: &Digest,
) -> Result<Descriptor, ImageError> {
    let parsed: Result<oci_spec::image::Digest, _> = digest.as_str().parse();
    let digest = parsed.map_err(|error| ImageError::Unreadable {
        what,
        reason: error.to_string(),
    })?;
    Ok(Descriptor::new(media_type, size, digest))
}

/// A moment as RFC 3339 in UTC, to the millisecond. The calendar arithmetic is that of Howard
/// Hinnant's "chrono-Compatible Low-Level Date Algorithms" (`civil_from_days`), without years
/// before 1970.
fn rfc3339(unix_ms: u64) -> String {
    let (seconds, millis) = (unix_ms / 1000, unix_ms % 1000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Eras of 400 years, counted from 1 March 0000.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// The files of an image by their path without a leading slash.
type Files<'a> = BTreeMap<String, &'a LayerFile>;

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn moments_are_written_as_rfc_3339() {
        // The expected values are those of `date -u -d @… --iso-8601=seconds`.
        for (unix_ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(unix_ms), expected);
        }
    }
}
