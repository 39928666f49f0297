//! Which image of a layout is meant: the one for this machine.

use std::fs;
use std::path::Path;

use oci_spec::image::{
    ANNOTATION_REF_NAME, Arch, Descriptor, ImageIndex, MediaType, OciLayout, OciLayoutBuilder, Os,
};

use super::{Blobs, LAYOUT_VERSION};
use crate::error::{ImageError, What};
use crate::json;
use crate::limits::{MAX_INDEX_DEPTH, MAX_JSON_BYTES, MAX_LISTED};
use crate::path::ImagePath;

/// Media types of Docker's image manifest, version 2, schema 2: the same content under older
/// names.
const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// The descriptor of the manifest to import from a layout directory.
pub(super) fn manifest(layout: &Path, path: &ImagePath) -> Result<Descriptor, ImageError> {
    check_header(layout)?;
    let bytes = read_file(layout, What::Index, "index.json")?;
    let index: ImageIndex = json::read(What::Index, &bytes)?;
    let mut walk = Walk {
        blobs: Blobs::new(layout),
        found: Vec::new(),
        left: MAX_LISTED,
    };
    walk.list(index.manifests(), MAX_INDEX_DEPTH)?;
    choose(walk.found, path)
}

/// Proves that a directory is an image layout of the version we know.
pub(super) fn check_header(layout: &Path) -> Result<(), ImageError> {
    let bytes = read_file(layout, What::LayoutHeader, "oci-layout")?;
    let header: OciLayout = json::read(What::LayoutHeader, &bytes)?;
    if header.image_layout_version() != LAYOUT_VERSION {
        let version = header.image_layout_version();
        let reason = format!("its version is '{version}', and Floe reads {LAYOUT_VERSION}");
        return Err(ImageError::NotALayout {
            path: layout.to_owned(),
            reason,
        });
    }
    Ok(())
}

/// The content of the `oci-layout` file.
pub(crate) fn header() -> Result<Vec<u8>, ImageError> {
    let built = OciLayoutBuilder::default()
        .image_layout_version(LAYOUT_VERSION)
        .build();
    let header = built.map_err(|error| ImageError::Unreadable {
        what: What::LayoutHeader,
        reason: error.to_string(),
    })?;
    json::write(What::LayoutHeader, &header)
}

/// The architecture of this machine under the name that images use.
pub(crate) fn native_arch() -> Arch {
    Arch::default()
}

fn read_file(layout: &Path, what: What, name: &str) -> Result<Vec<u8>, ImageError> {
    let path = layout.join(name);
    match fs::metadata(&path) {
        Ok(meta) if meta.is_file() && meta.len() <= MAX_JSON_BYTES => {}
        Ok(meta) if meta.is_file() => {
            return Err(ImageError::TooLarge {
                what,
                limit: MAX_JSON_BYTES,
                unit: "bytes",
            });
        }
        Ok(_) => return Err(not_a_layout(layout, name)),
        Err(error) if is_absent(&error) => return Err(not_a_layout(layout, name)),
        Err(error) => return Err(ImageError::io("inspect", &path)(error)),
    }
    fs::read(&path).map_err(ImageError::io("read", &path))
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}

fn not_a_layout(layout: &Path, name: &str) -> ImageError {
    let reason = match fs::metadata(layout) {
        Err(_) => "there is no such directory".to_owned(),
        Ok(meta) if meta.is_file() => {
            "it is a file; unpack the archive and import the directory".to_owned()
        }
        Ok(_) => format!("it has no ordinary file '{name}'"),
    };
    ImageError::NotALayout {
        path: layout.to_owned(),
        reason,
    }
}

/// A walk over an index and the indexes inside it.
struct Walk {
    blobs: Blobs,
    found: Vec<Descriptor>,
    /// How many more descriptors may be looked at.
    left: u64,
}

impl Walk {
    fn list(&mut self, listed: &[Descriptor], depth: usize) -> Result<(), ImageError> {
        for descriptor in listed {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| too_large("images"))?;
            match descriptor.media_type() {
                MediaType::ImageManifest => self.found.push(descriptor.clone()),
                MediaType::Other(docker) if docker == DOCKER_MANIFEST => {
                    self.found.push(descriptor.clone());
                }
                MediaType::ImageIndex => self.descend(descriptor, depth)?,
                MediaType::Other(docker) if docker == DOCKER_INDEX => {
                    self.descend(descriptor, depth)?;
                }
                other => {
                    return Err(ImageError::UnknownMediaType {
                        what: What::Index,
                        media_type: other.to_string(),
                        hint: " here; an image index lists manifests and indexes",
                    });
                }
            }
        }
        Ok(())
    }

    fn descend(&mut self, index: &Descriptor, depth: usize) -> Result<(), ImageError> {
        let depth = depth
            .checked_sub(1)
            .ok_or_else(|| too_large("indexes inside one another"))?;
        let inner: ImageIndex = json::read(What::Index, &self.blobs.read(What::Index, index)?)?;
        let before = self.found.len();
        self.list(inner.manifests(), depth)?;
        // A tag on an index is a tag on each of its variants.
        let Some(tag) = ref_name(index) else {
            return Ok(());
        };
        for variant in self.found.iter_mut().skip(before) {
            let mut annotations = variant.annotations().clone().unwrap_or_default();
            annotations.insert(ANNOTATION_REF_NAME.to_owned(), tag.to_owned());
            variant.set_annotations(Some(annotations));
        }
        Ok(())
    }
}

fn too_large(unit: &'static str) -> ImageError {
    let limit = if unit == "images" {
        MAX_LISTED
    } else {
        MAX_INDEX_DEPTH as u64
    };
    ImageError::TooLarge {
        what: What::Index,
        limit,
        unit,
    }
}

fn choose(listed: Vec<Descriptor>, path: &ImagePath) -> Result<Descriptor, ImageError> {
    let all = platforms(&listed);
    let fitting: Vec<Descriptor> = listed.into_iter().filter(fits_this_machine).collect();
    let is_tagged = |descriptor: &&Descriptor| {
        let tag = ref_name(descriptor);
        tag == Some(path.tag()) || tag == Some(path.as_str())
    };
    let tagged: Vec<&Descriptor> = fitting.iter().filter(is_tagged).collect();
    let all_fitting: Vec<&Descriptor> = fitting.iter().collect();
    match (all_fitting.first(), tagged.first()) {
        (None, _) => Err(wrong_platform(&all)),
        (Some(only), _) if are_same(&all_fitting) => Ok((*only).clone()),
        (_, Some(tagged_one)) if are_same(&tagged) => Ok((*tagged_one).clone()),
        _ => {
            let tags = fitting
                .iter()
                .map(|d| ref_name(d).unwrap_or("one without a tag"));
            Err(ImageError::SeveralImages {
                tags: tags.collect::<Vec<_>>().join(", "),
            })
        }
    }
}

/// Whether these descriptors are all of one image: it may be listed once for each of its tags.
fn are_same(descriptors: &[&Descriptor]) -> bool {
    descriptors.windows(2).all(|pair| match pair {
        [left, right] => left.digest() == right.digest(),
        _ => true,
    })
}

/// A manifest without a platform may fit; its configuration decides.
fn fits_this_machine(descriptor: &Descriptor) -> bool {
    descriptor.platform().as_ref().is_none_or(|platform| {
        *platform.os() == Os::Linux && *platform.architecture() == native_arch()
    })
}

fn ref_name(descriptor: &Descriptor) -> Option<&str> {
    descriptor
        .annotations()
        .as_ref()?
        .get(ANNOTATION_REF_NAME)
        .map(String::as_str)
}

fn platforms(listed: &[Descriptor]) -> String {
    let platforms = listed
        .iter()
        .filter_map(|descriptor| descriptor.platform().as_ref());
    // Builders list attestations as manifests of an unknown platform.
    let real = platforms.filter(|platform| platform.os().to_string() != "unknown");
    let named = real.map(|platform| format!("{}/{}", platform.os(), platform.architecture()));
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        "no platform at all".to_owned()
    } else {
        named.join(", ")
    }
}

pub(super) fn wrong_platform(found: &str) -> ImageError {
    let wanted = format!("linux/{}", native_arch());
    ImageError::WrongPlatform {
        wanted,
        found: found.to_owned(),
    }
}
