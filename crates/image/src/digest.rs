//! Content digests.

use std::fmt;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::error::ImageError;

/// The SHA-256 digest of a blob, written `sha256:` and 64 lower-case hexadecimal digits.
///
/// ```
/// use floe_image::Digest;
///
/// let digest = Digest::of(b"hello");
/// assert_eq!(Digest::parse(digest.as_str())?, digest);
/// assert!(Digest::parse("sha256:../../etc/passwd").is_err());
/// # Ok::<(), floe_image::ImageError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

impl Digest {
    /// Checks a digest as it is written.
    ///
    /// # Errors
    ///
    /// [`ImageError::InvalidDigest`] for other algorithms and other forms.
    ///
    /// ```
    /// use floe_image::Digest;
    /// let error = Digest::parse("md5:900150983cd24fb0d6963f7d28e17f72").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-IMAGE-0002");
    /// ```
    pub fn parse(text: &str) -> Result<Self, ImageError> {
        let hex = text.strip_prefix("sha256:").unwrap_or_default();
        let is_hex = hex
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex.len() != 64 || !is_hex {
            return Err(ImageError::InvalidDigest {
                text: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
    }

    /// The digest of these bytes.
    ///
    /// ```
    /// let empty = floe_image::Digest::of(b"");
    /// assert!(empty.as_str().starts_with("sha256:e3b0c44298fc1c14"));
    /// ```
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_hash(Sha256::new().chain_update(bytes))
    }

    /// The digest as it is written, with its `sha256:`.
    ///
    /// ```
    /// assert_eq!(floe_image::Digest::of(b"").as_str().len(), 71);
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 hexadecimal digits.
    ///
    /// ```
    /// assert_eq!(floe_image::Digest::of(b"").hex().len(), 64);
    /// ```
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.strip_prefix("sha256:").unwrap_or_default()
    }

    fn from_hash(hash: Sha256) -> Self {
        use fmt::Write as _;
        let mut text = String::from("sha256:");
        for byte in hash.finalize() {
            // Writing into a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A reader or writer that knows the length and digest of what went through it.
pub(crate) struct Hashing<T> {
    inner: T,
    hash: Sha256,
    bytes: u64,
}

impl<T> Hashing<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn finish(self) -> (T, u64, Digest) {
        (self.inner, self.bytes, Digest::from_hash(self.hash))
    }

    fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.add(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl<W: io::Write> io::Write for Hashing<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.add(buffer.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
