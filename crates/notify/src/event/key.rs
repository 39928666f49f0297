//! Names of objects: bytes, as the store has them.

use std::borrow::Cow;
use std::fmt;

use super::error::EventError;

/// Longest name in bytes. S3 and Cloud Storage allow 1,024 bytes of UTF-8 ("Naming Amazon S3
/// objects", "About Cloud Storage objects"); Azure allows 1,024 characters ("Naming and
/// Referencing Containers, Blobs, and Metadata"), which are at most four bytes each.
pub const MAX_KEY_BYTES: usize = 4096;

/// Sixteen digits of percent sequences.
const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// The name of an object or a directory in its bucket: opaque bytes, never empty, at most
/// [`MAX_KEY_BYTES`], never normalised.
///
/// `Display` is for people: bytes that are no UTF-8 are shown as `\xFF`, control characters and
/// backslashes as escapes.
///
/// ```
/// use floe_notify::ObjectKey;
///
/// let key = ObjectKey::new(b"orders/a\xFF.json".as_slice())?;
/// assert_eq!(key.as_str(), None);
/// assert_eq!(key.to_string(), r"orders/a\xFF.json");
/// assert!(ObjectKey::new(b"".as_slice()).is_err());
/// # Ok::<(), floe_notify::EventError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey<'a>(Cow<'a, [u8]>);

impl<'a> ObjectKey<'a> {
    /// Takes a name as the store has it.
    ///
    /// # Errors
    ///
    /// [`EventError::BadKey`] when it is empty or longer than [`MAX_KEY_BYTES`].
    ///
    /// ```
    /// let key = floe_notify::ObjectKey::new("orders/a.json".as_bytes())?;
    /// assert_eq!(key.as_bytes(), b"orders/a.json");
    /// # Ok::<(), floe_notify::EventError>(())
    /// ```
    pub fn new(bytes: impl Into<Cow<'a, [u8]>>) -> Result<Self, EventError> {
        let bytes = bytes.into();
        if bytes.is_empty() || bytes.len() > MAX_KEY_BYTES {
            return Err(EventError::BadKey { bytes: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// Decodes a name as records of S3 carry it: `+` is a space, `%2B` a plus.
    ///
    /// A `%` that two hexadecimal digits do not follow stands for itself, as in the parser of
    /// `application/x-www-form-urlencoded` of the URL standard. Text without `+` and `%` is
    /// borrowed.
    ///
    /// # Errors
    ///
    /// [`EventError::BadKey`] when the name is empty or longer than [`MAX_KEY_BYTES`].
    ///
    /// ```
    /// use floe_notify::ObjectKey;
    ///
    /// let key = ObjectKey::from_form_encoded("year%3D2026/red+flower%2B1.json")?;
    /// assert_eq!(key.as_str(), Some("year=2026/red flower+1.json"));
    /// assert_eq!(ObjectKey::from_form_encoded("100%")?.as_str(), Some("100%"));
    /// # Ok::<(), floe_notify::EventError>(())
    /// ```
    pub fn from_form_encoded(text: impl Into<Cow<'a, str>>) -> Result<Self, EventError> {
        Ok(Self::from_form(text.into())?.0)
    }

    /// The same, and whether every `%` began a sequence.
    pub(super) fn from_form(text: Cow<'a, str>) -> Result<(Self, bool), EventError> {
        let encoded = text.bytes().any(|byte| matches!(byte, b'+' | b'%'));
        if !encoded {
            return Ok((Self::new(bytes_of(text))?, true));
        }
        let (bytes, well_formed) = unescape(text.as_bytes(), b' ');
        Ok((Self::new(bytes)?, well_formed))
    }

    /// Takes a name that stands as it is.
    pub(super) fn from_text(text: Cow<'a, str>) -> Result<Self, EventError> {
        Self::new(bytes_of(text))
    }

    /// Decodes a name from the path of a URL, where `+` stands for itself.
    pub(super) fn from_path(text: &str) -> Result<ObjectKey<'static>, EventError> {
        ObjectKey::new(unescape(text.as_bytes(), b'+').0)
    }

    /// The same, and whether every `%` began a sequence.
    pub(super) fn from_uri(path: &str) -> Result<(ObjectKey<'static>, bool), EventError> {
        let (bytes, well_formed) = unescape(path.as_bytes(), b'+');
        Ok((ObjectKey::new(bytes)?, well_formed))
    }

    /// Encodes the name as S3 does in its records; the inverse of
    /// [`ObjectKey::from_form_encoded`].
    ///
    /// ```
    /// let key = floe_notify::ObjectKey::new("a b/c+d=ü".as_bytes())?;
    /// assert_eq!(key.form_encoded(), "a+b/c%2Bd%3D%C3%BC");
    /// # Ok::<(), floe_notify::EventError>(())
    /// ```
    #[must_use]
    pub fn form_encoded(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        for byte in self.0.iter().copied() {
            match byte {
                b' ' => text.push('+'),
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'*' => {
                    text.push(char::from(byte));
                }
                _ => push_percent(&mut text, byte),
            }
        }
        text
    }

    /// The name.
    ///
    /// ```
    /// let key = floe_notify::ObjectKey::new("a".as_bytes())?;
    /// assert_eq!(key.as_bytes(), b"a");
    /// # Ok::<(), floe_notify::EventError>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name as text, when it is UTF-8.
    ///
    /// ```
    /// let key = floe_notify::ObjectKey::new("ü.csv".as_bytes())?;
    /// assert_eq!(key.as_str(), Some("ü.csv"));
    /// # Ok::<(), floe_notify::EventError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether the name was taken from the message without a copy.
    ///
    /// ```
    /// use floe_notify::ObjectKey;
    ///
    /// assert!(ObjectKey::from_form_encoded("a/b")?.is_borrowed());
    /// assert!(!ObjectKey::from_form_encoded("a+b")?.is_borrowed());
    /// # Ok::<(), floe_notify::EventError>(())
    /// ```
    #[must_use]
    pub fn is_borrowed(&self) -> bool {
        matches!(self.0, Cow::Borrowed(_))
    }

    /// The same name, independent of the message.
    ///
    /// ```
    /// use floe_notify::ObjectKey;
    ///
    /// let message = String::from("a/b");
    /// let key: ObjectKey<'static> = ObjectKey::new(message.as_bytes())?.into_owned();
    /// drop(message);
    /// assert_eq!(key.as_bytes(), b"a/b");
    /// # Ok::<(), floe_notify::EventError>(())
    /// ```
    #[must_use]
    pub fn into_owned(self) -> ObjectKey<'static> {
        ObjectKey(Cow::Owned(self.0.into_owned()))
    }

    /// The name as text from which it can be had back: as it is when it is UTF-8, otherwise with
    /// `%` and every byte that belongs to no character as percent sequences; and which of both.
    pub(super) fn lossless(&self) -> (Cow<'_, str>, bool) {
        if let Ok(text) = std::str::from_utf8(&self.0) {
            return (Cow::Borrowed(text), true);
        }
        let mut text = String::with_capacity(self.0.len() + 8);
        for chunk in self.0.utf8_chunks() {
            text.push_str(&chunk.valid().replace('%', "%25"));
            for byte in chunk.invalid() {
                push_percent(&mut text, *byte);
            }
        }
        (Cow::Owned(text), false)
    }
}

impl fmt::Display for ObjectKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c == '\\' || c.is_control() {
                    write!(f, "{}", c.escape_default())?;
                } else {
                    f.write_char(c)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02X}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for ObjectKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectKey({self})")
    }
}

fn bytes_of(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

fn push_percent(text: &mut String, byte: u8) {
    text.push('%');
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from(
            HEX.get(usize::from(digit)).copied().unwrap_or(b'0'),
        ));
    }
}

/// Replaces `+` by `plus` first, then percent sequences; answers too whether each was one.
fn unescape(text: &[u8], plus: u8) -> (Vec<u8>, bool) {
    let mut bytes = Vec::with_capacity(text.len());
    let mut well_formed = true;
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'+' => bytes.push(plus),
            b'%' => match sequence(after) {
                Some((byte, after)) => {
                    bytes.push(byte);
                    rest = after;
                }
                None => {
                    bytes.push(b'%');
                    well_formed = false;
                }
            },
            byte => bytes.push(*byte),
        }
    }
    (bytes, well_formed)
}

/// The byte of two hexadecimal digits, and what comes after them.
fn sequence(text: &[u8]) -> Option<(u8, &[u8])> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let ([high, low], rest) = text.split_first_chunk::<2>()?;
    let byte = u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?;
    Some((byte, rest))
}
