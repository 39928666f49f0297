//! Everything that can go wrong with an image, in the words of the person who imports it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::digest::Digest;

/// A part of an image, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum What {
    /// The `oci-layout` file.
    LayoutHeader,
    /// An `index.json` or an image index inside it.
    Index,
    /// The manifest of an image.
    Manifest,
    /// The configuration of an image.
    Config,
    /// A layer; counted from 1 at the bottom.
    Layer(usize),
    /// A whole image.
    Image,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LayoutHeader => f.write_str("oci-layout file"),
            Self::Index => f.write_str("image index"),
            Self::Manifest => f.write_str("manifest"),
            Self::Config => f.write_str("image configuration"),
            Self::Layer(number) => write!(f, "layer {number}"),
            Self::Image => f.write_str("image"),
        }
    }
}

/// Why an image was refused, or not found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// An image path is not of the form `/db/schema/repository/name:tag`.
    #[error("'{text}' is not an image path: {reason}; write /db/schema/repository/name:tag")]
    InvalidPath {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A digest is not `sha256:` and 64 lower-case hexadecimal digits.
    #[error("'{text}' is not a digest; Floe reads sha256: followed by 64 lower-case hex digits")]
    InvalidDigest {
        /// What was written.
        text: String,
    },
    /// A directory to import from is not an OCI image layout.
    #[error("{} is not an OCI image layout: {reason}", path.display())]
    NotALayout {
        /// The directory.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// A directory to be opened as a store holds something else.
    #[error("{} cannot hold the image store: {reason}", path.display())]
    NotAStore {
        /// The directory.
        path: PathBuf,
        /// What is in the way.
        reason: String,
    },
    /// A JSON document of an image cannot be understood.
    #[error("the {what} cannot be read: {reason}")]
    Unreadable {
        /// Which document.
        what: What,
        /// What is wrong with it.
        reason: String,
    },
    /// An image has no variant for this machine.
    #[error("the image runs on {found}, but this machine is {wanted}; build it for {wanted}")]
    WrongPlatform {
        /// The platform of this machine, such as `linux/amd64`.
        wanted: String,
        /// The platforms of the image.
        found: String,
    },
    /// A layout holds several images, and none of them carries the wanted tag.
    #[error(
        "the layout holds several images ({tags}); copy the one you want into a layout of its \
         own, or import it under its tag"
    )]
    SeveralImages {
        /// Their tags.
        tags: String,
    },
    /// A part of an image has a type that Floe does not know.
    #[error("the {what} has the media type '{media_type}', which is not supported{hint}")]
    UnknownMediaType {
        /// Which part.
        what: What,
        /// Its media type.
        media_type: String,
        /// What to do, starting with `; `, or nothing.
        hint: &'static str,
    },
    /// A layer is compressed with zstd.
    #[error(
        "the {what} is compressed with zstd, which is not supported; copy the image with gzip \
         layers (skopeo copy --dest-compress-format gzip)"
    )]
    ZstdLayer {
        /// Which layer.
        what: What,
    },
    /// A blob that an image names is not there.
    #[error("the {what} is missing: there is no ordinary file {}", path.display())]
    MissingBlob {
        /// Which part.
        what: What,
        /// Where it should be.
        path: PathBuf,
    },
    /// A blob is longer or shorter than declared.
    #[error("the {what} should have {expected} bytes, but has {found}; copy the image again")]
    SizeMismatch {
        /// Which part.
        what: What,
        /// The declared size in bytes.
        expected: u64,
        /// The size found in bytes; for a blob that is too long, where reading stopped.
        found: u64,
    },
    /// The content of a blob is not what its digest says.
    #[error(
        "the {what} should have the digest {expected}, but its content has {found}; the file is \
         damaged or was tampered with, copy the image again"
    )]
    DigestMismatch {
        /// Which part.
        what: What,
        /// The declared digest.
        expected: Digest,
        /// The digest of the content.
        found: Digest,
    },
    /// An image exceeds a bound of [`Limits`](crate::Limits).
    #[error("the {what} is too large: more than {limit} {unit}")]
    TooLarge {
        /// Which part.
        what: What,
        /// The bound.
        limit: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// An entry of a layer points outside the root directory of its image.
    #[error("the {what} is refused: its entry '{entry}' {reason}")]
    LayerEscapes {
        /// Which layer.
        what: What,
        /// The name of the entry.
        entry: String,
        /// How it points outside.
        reason: &'static str,
    },
    /// A layer is not a tar archive, or holds something that cannot be unpacked.
    #[error("the {what} cannot be unpacked: {reason}")]
    BadLayer {
        /// Which layer.
        what: What,
        /// What is wrong.
        reason: String,
    },
    /// No image has this path.
    #[error("there is no image {path}{}", closest.as_ref().map_or_else(
        || "; import it first".to_owned(), |known| format!("; did you mean {known}?")))]
    UnknownPath {
        /// The path.
        path: String,
        /// The most similar path in the store.
        closest: Option<String>,
    },
    /// No image has this digest.
    #[error("there is no image with the digest {digest}; import it first")]
    UnknownDigest {
        /// The digest.
        digest: Digest,
    },
    /// A layout cannot be written as described.
    #[error("the image layout cannot be written: {reason}")]
    InvalidLayoutSpec {
        /// What is wrong with the description.
        reason: String,
    },
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl ImageError {
    /// The stable code of this error; `docs/errors/` has a page for it.
    ///
    /// ```
    /// use floe_image::ImagePath;
    /// assert_eq!(ImagePath::parse("echo").unwrap_err().code(), "FLOE-IMAGE-0001");
    /// ```
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidPath { .. } => "FLOE-IMAGE-0001",
            Self::InvalidDigest { .. } => "FLOE-IMAGE-0002",
            Self::NotALayout { .. } => "FLOE-IMAGE-0003",
            Self::NotAStore { .. } => "FLOE-IMAGE-0004",
            Self::Unreadable { .. } => "FLOE-IMAGE-0005",
            Self::WrongPlatform { .. } => "FLOE-IMAGE-0006",
            Self::SeveralImages { .. } => "FLOE-IMAGE-0007",
            Self::UnknownMediaType { .. } => "FLOE-IMAGE-0008",
            Self::ZstdLayer { .. } => "FLOE-IMAGE-0009",
            Self::MissingBlob { .. } => "FLOE-IMAGE-0010",
            Self::SizeMismatch { .. } => "FLOE-IMAGE-0011",
            Self::DigestMismatch { .. } => "FLOE-IMAGE-0012",
            Self::TooLarge { .. } => "FLOE-IMAGE-0013",
            Self::LayerEscapes { .. } => "FLOE-IMAGE-0014",
            Self::BadLayer { .. } => "FLOE-IMAGE-0015",
            Self::UnknownPath { .. } => "FLOE-IMAGE-0016",
            Self::UnknownDigest { .. } => "FLOE-IMAGE-0017",
            Self::InvalidLayoutSpec { .. } => "FLOE-IMAGE-0018",
            Self::Io { .. } => "FLOE-IMAGE-0019",
        }
    }

    /// For `map_err`: what was tried with which path.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}
