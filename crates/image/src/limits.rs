//! How large an image may be.

/// Bounds on what an image may ask of this machine.
///
/// The defaults leave room for every image in ordinary use and keep a hostile one from filling
/// memory or disk.
///
/// ```
/// use floe_image::Limits;
///
/// let small = Limits { image_bytes: 1 << 20, ..Limits::default() };
/// assert!(small.image_bytes < Limits::default().image_bytes);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of all blobs of one image together, as stored.
    pub image_bytes: u64,
    /// The most bytes that the layers of one image may unpack to.
    pub unpacked_bytes: u64,
    /// The most files, directories and links in the layers of one image.
    pub entries: u64,
    /// The most layers of one image.
    pub layers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            image_bytes: 64 << 30,
            unpacked_bytes: 128 << 30,
            entries: 2_000_000,
            // Docker stops at 127 and some builders at 255.
            layers: 512,
        }
    }
}

/// The most bytes of a manifest, an index or a configuration: what registries must accept at
/// least by the OCI distribution specification ("Pushing Manifests").
pub(crate) const MAX_JSON_BYTES: u64 = 4 << 20;

/// The most bytes of the store's own index: some 100,000 tags.
pub(crate) const MAX_INDEX_BYTES: u64 = 64 << 20;

/// The most bytes of header data (long names, extended headers) of one tar entry, and of
/// padding at the end of an archive.
pub(crate) const MAX_TAR_HEADER_BYTES: u64 = 1 << 20;

/// How many image indexes may lie inside one another.
pub(crate) const MAX_INDEX_DEPTH: usize = 3;

/// How many images and indexes are looked at to find the one to import.
pub(crate) const MAX_LISTED: u64 = 10_000;

/// How many symbolic links one path may lead through, as in Linux itself.
pub(crate) const MAX_LINKS: u32 = 40;

/// The longest path in a layer, as in Linux itself.
pub(crate) const MAX_ENTRY_PATH_BYTES: usize = 4096;

/// The bytes copied in one go.
pub(crate) const BUFFER_BYTES: usize = 64 << 10;
