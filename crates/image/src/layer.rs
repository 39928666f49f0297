//! Layers: tar archives laid over one another, kept inside one directory.
//!
//! The rules are those of the [OCI image specification, "Image Layer Filesystem Changeset"].
//! Nothing is ever written through a symbolic link by the operating system: every parent
//! directory is resolved here, inside the root, before it is used.
//!
//! [OCI image specification, "Image Layer Filesystem Changeset"]:
//!     https://github.com/opencontainers/image-spec/blob/main/layer.md

mod entry;
mod tree;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use oci_spec::image::{Descriptor, MediaType};

use crate::digest::{Digest, Hashing};
use crate::error::{ImageError, What};
use crate::limits::{BUFFER_BYTES, Limits, MAX_TAR_HEADER_BYTES};
use tree::Tree;

/// Docker's names for layers.
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
const DOCKER_LAYER_GZIP: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// How a layer is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
}

impl Compression {
    /// # Errors
    ///
    /// For layers that cannot be unpacked.
    pub(crate) fn of(what: What, layer: &Descriptor) -> Result<Self, ImageError> {
        let unknown = |hint| {
            let media_type = layer.media_type().to_string();
            Err(ImageError::UnknownMediaType {
                what,
                media_type,
                hint,
            })
        };
        match layer.media_type() {
            MediaType::ImageLayer => Ok(Self::None),
            MediaType::ImageLayerGzip => Ok(Self::Gzip),
            MediaType::Other(name) if name == DOCKER_LAYER => Ok(Self::None),
            MediaType::Other(name) if name == DOCKER_LAYER_GZIP => Ok(Self::Gzip),
            MediaType::ImageLayerZstd => Err(ImageError::ZstdLayer { what }),
            MediaType::ImageLayerNonDistributable
            | MediaType::ImageLayerNonDistributableGzip
            | MediaType::ImageLayerNonDistributableZstd => {
                unknown("; such layers are not part of the image, build it without them")
            }
            _ => unknown("; layers are tar archives, plain or compressed with gzip"),
        }
    }
}

/// Lays the layers of one image over one another, from the bottom up.
pub(crate) struct Unpacker {
    tree: Tree,
    limits: Limits,
    bytes_left: u64,
    entries_left: u64,
}

impl Unpacker {
    /// Starts with an empty root directory, which is made here.
    pub(crate) fn new(root: &Path, limits: &Limits) -> Result<Self, ImageError> {
        Ok(Self {
            tree: Tree::create(root)?,
            bytes_left: limits.unpacked_bytes,
            entries_left: limits.entries,
            limits: limits.clone(),
        })
    }

    /// Lays one layer over what is there, and proves its two digests: of the blob, and of the
    /// archive inside.
    pub(crate) fn apply(
        &mut self,
        what: What,
        blob: File,
        layer: &Descriptor,
        diff: &Digest,
    ) -> Result<(), ImageError> {
        let mut stored = BufReader::with_capacity(BUFFER_BYTES, Hashing::new(blob));
        let applied = match Compression::of(what, layer)? {
            Compression::None => self.archive(what, &mut stored),
            Compression::Gzip => self.archive(what, &mut MultiGzDecoder::new(&mut stored)),
        };
        let drained = io::copy(&mut stored, &mut io::sink());
        drained.map_err(|error| bad(what, &error.to_string()))?;
        let (_, _, found) = stored.into_inner().finish();
        // A damaged blob is the better explanation of whatever went wrong inside.
        prove(what, &Digest::parse(layer.digest().as_ref())?, found)?;
        prove(what, diff, applied?)
    }

    /// Makes everything durable.
    pub(crate) fn finish(self) -> Result<(), ImageError> {
        self.tree.sync()
    }

    /// Lays one archive over what is there; answers its digest.
    fn archive(&mut self, what: What, archive: &mut dyn Read) -> Result<Digest, ImageError> {
        let mut archive = Hashing::new(archive);
        let allowance = Cell::new(0);
        let mut fused = Fused {
            inner: &mut archive,
            left: &allowance,
        };
        self.entries(what, &mut fused, &allowance)?;
        allowance.set(MAX_TAR_HEADER_BYTES);
        let padding = io::copy(&mut fused, &mut io::sink());
        padding.map_err(|error| bad(what, &error.to_string()))?;
        Ok(archive.finish().2)
    }

    fn entries(
        &mut self,
        what: What,
        archive: &mut Fused<'_, '_>,
        allowance: &Cell<u64>,
    ) -> Result<(), ImageError> {
        let not_tar = |error: io::Error| bad(what, &error.to_string());
        let mut archive = tar::Archive::new(archive);
        let mut entries = archive.entries().map_err(not_tar)?;
        // What this layer itself has written, which its own whiteouts do not hide.
        let mut written: BTreeSet<PathBuf> = BTreeSet::new();
        loop {
            allowance.set(MAX_TAR_HEADER_BYTES);
            let Some(entry) = entries.next() else {
                return Ok(());
            };
            let mut entry = entry.map_err(not_tar)?;
            allowance.set(u64::MAX);
            let (limit, unit) = (self.limits.entries, "entries");
            let left = self.entries_left.checked_sub(1);
            self.entries_left = left.ok_or(ImageError::TooLarge {
                what: What::Image,
                limit,
                unit,
            })?;
            self.apply_entry(what, &mut entry, &mut written)?;
            // Content that nobody asked for is read here, within the same bound.
            self.copy(what, &mut entry, &mut io::sink(), Path::new("nowhere"))?;
        }
    }

    /// Copies the content of an entry, within the bound for the whole image.
    fn copy(
        &mut self,
        what: What,
        from: &mut dyn Read,
        to: &mut dyn io::Write,
        place: &Path,
    ) -> Result<(), ImageError> {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let read = from
                .read(&mut buffer)
                .map_err(|error| bad(what, &error.to_string()))?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
                return Ok(());
            };
            let (limit, unit) = (self.limits.unpacked_bytes, "bytes when unpacked");
            let left = self.bytes_left.checked_sub(bytes.len() as u64);
            self.bytes_left = left.ok_or(ImageError::TooLarge {
                what: What::Image,
                limit,
                unit,
            })?;
            to.write_all(bytes)
                .map_err(ImageError::io("write", place))?;
        }
    }
}

/// A reader that may be read only so far; the header of a hostile entry would otherwise be read
/// into memory whole, however long it claims to be.
struct Fused<'r, 'a> {
    inner: &'a mut Hashing<&'r mut dyn Read>,
    left: &'a Cell<u64>,
}

impl Read for Fused<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 && !buffer.is_empty() {
            let message = format!("a header or the padding exceeds {MAX_TAR_HEADER_BYTES} bytes");
            return Err(io::Error::other(message));
        }
        let most = usize::try_from(self.left.get())
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = self
            .inner
            .read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left.set(self.left.get().saturating_sub(read as u64));
        Ok(read)
    }
}

fn prove(what: What, expected: &Digest, found: Digest) -> Result<(), ImageError> {
    if found == *expected {
        return Ok(());
    }
    Err(ImageError::DigestMismatch {
        what,
        expected: expected.clone(),
        found,
    })
}

fn bad(what: What, reason: &str) -> ImageError {
    ImageError::BadLayer {
        what,
        reason: reason.to_owned(),
    }
}
