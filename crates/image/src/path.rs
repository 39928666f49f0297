//! Image paths as specifications write them.

use std::fmt;

use crate::error::ImageError;

/// The tag of a path that names none.
const DEFAULT_TAG: &str = "latest";

/// The longest tag, by the OCI distribution specification.
const MAX_TAG_BYTES: usize = 128;

/// The longest path, the bound most registries have for a repository name.
const MAX_PATH_BYTES: usize = 255;

/// Where an image lives: `/db/schema/repository/name:tag`.
///
/// Database, schema, repository and image name are folded to lower case, as the object names
/// they stand for are in paths; the tag keeps its case, and is `latest` when missing. A registry
/// host in front is accepted and dropped, because one store serves one account.
///
/// ```
/// use floe_image::ImagePath;
///
/// let path = ImagePath::parse("/Tutorial_DB/data_schema/tutorial_repository/echo")?;
/// assert_eq!(path.to_string(), "/tutorial_db/data_schema/tutorial_repository/echo:latest");
///
/// let host = "org-acct.registry.snowflakecomputing.com";
/// let full = format!("{host}/tutorial_db/data_schema/tutorial_repository/echo");
/// let full = ImagePath::parse(&full)?;
/// assert_eq!(full, path);
/// # Ok::<(), floe_image::ImageError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImagePath {
    text: String,
    name_end: usize,
}

impl ImagePath {
    /// Checks and folds a path.
    ///
    /// # Errors
    ///
    /// [`ImageError::InvalidPath`] with what is wrong.
    ///
    /// ```
    /// use floe_image::ImagePath;
    /// let error = ImagePath::parse("repo/echo:v1").unwrap_err();
    /// assert!(error.to_string().contains("write /db/schema/repository/name:tag"));
    /// ```
    pub fn parse(text: &str) -> Result<Self, ImageError> {
        let absolute = match text.strip_prefix('/') {
            Some(rest) => rest,
            None => without_host(text).ok_or_else(|| {
                invalid(
                    text,
                    "it starts neither with / nor with the host of a registry",
                )
            })?,
        };
        check(text, absolute)
    }

    /// Checks and folds a path that may be relative, such as `repository/name:tag`, to a database
    /// and schema.
    ///
    /// # Errors
    ///
    /// [`ImageError::InvalidPath`] with what is wrong.
    ///
    /// ```
    /// use floe_image::ImagePath;
    /// let path = ImagePath::parse_in("my_repo/job:v1", "TUTORIAL_DB", "DATA_SCHEMA")?;
    /// assert_eq!(path.to_string(), "/tutorial_db/data_schema/my_repo/job:v1");
    /// # Ok::<(), floe_image::ImageError>(())
    /// ```
    pub fn parse_in(text: &str, database: &str, schema: &str) -> Result<Self, ImageError> {
        if text.starts_with('/') || without_host(text).is_some() {
            return Self::parse(text);
        }
        check(text, &format!("{database}/{schema}/{text}"))
    }

    /// The whole path with its tag.
    ///
    /// ```
    /// let path = floe_image::ImagePath::parse("/d/s/r/echo:v1")?;
    /// assert_eq!(path.as_str(), "/d/s/r/echo:v1");
    /// # Ok::<(), floe_image::ImageError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path without its tag.
    ///
    /// ```
    /// let path = floe_image::ImagePath::parse("/d/s/r/echo:v1")?;
    /// assert_eq!(path.name(), "/d/s/r/echo");
    /// # Ok::<(), floe_image::ImageError>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.get(..self.name_end).unwrap_or_default()
    }

    /// The tag.
    ///
    /// ```
    /// let path = floe_image::ImagePath::parse("/d/s/r/echo")?;
    /// assert_eq!(path.tag(), "latest");
    /// # Ok::<(), floe_image::ImageError>(())
    /// ```
    #[must_use]
    pub fn tag(&self) -> &str {
        self.text.get(self.name_end + 1..).unwrap_or_default()
    }
}

impl fmt::Display for ImagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// What follows the registry host, if the text starts with one. A first part is a host by the
/// rule of Docker's reference grammar: it has a dot or a port, or is `localhost`.
fn without_host(text: &str) -> Option<&str> {
    let (first, rest) = text.split_once('/')?;
    let is_host = first.contains(['.', ':']) || first == "localhost";
    is_host.then_some(rest)
}

fn check(written: &str, absolute: &str) -> Result<ImagePath, ImageError> {
    if written.len() > 2 * MAX_PATH_BYTES {
        return Err(invalid(
            written,
            &format!("it is longer than {MAX_PATH_BYTES} bytes"),
        ));
    }
    if absolute.contains('@') {
        return Err(invalid(
            written,
            "it names a digest, but a specification names a tag",
        ));
    }
    let (name, tag) = match absolute.rsplit_once(':') {
        Some((name, tag)) => (name, tag),
        None => (absolute, DEFAULT_TAG),
    };
    if !is_tag(tag) {
        return Err(invalid(written, &format!("'{tag}' is not a tag")));
    }
    let name = name.to_ascii_lowercase();
    let parts: Vec<&str> = name.split('/').collect();
    let (objects, image) = parts.split_at(parts.len().min(3));
    if image.is_empty() {
        let reason = format!("it has {} parts, and four are needed", parts.len());
        return Err(invalid(written, &reason));
    }
    if let Some(part) = objects.iter().find(|part| !is_object(part)) {
        return Err(invalid(
            written,
            &format!("'{part}' is not the name of an object"),
        ));
    }
    if let Some(part) = image.iter().find(|part| !is_image_name(part)) {
        return Err(invalid(
            written,
            &format!("'{part}' is not the name of an image"),
        ));
    }
    if name.len() >= MAX_PATH_BYTES {
        return Err(invalid(
            written,
            &format!("it is longer than {MAX_PATH_BYTES} bytes"),
        ));
    }
    Ok(ImagePath {
        text: format!("/{name}:{tag}"),
        name_end: name.len() + 1,
    })
}

/// An unquoted SQL identifier in lower case.
fn is_object(part: &str) -> bool {
    part.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && part
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'$'))
}

/// A component of a repository name by the OCI distribution specification:
/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
fn is_image_name(part: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = part.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    if !ends
        .iter()
        .all(|byte| byte.is_some_and(|byte| is_word(*byte)))
    {
        return false;
    }
    let between = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    between
        .into_iter()
        .all(|run| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|byte| byte == b'-'))
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`, by the OCI distribution specification.
fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= MAX_TAG_BYTES
        && tag.bytes().next().is_some_and(is_word)
        && tag
            .bytes()
            .all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

fn invalid(text: &str, reason: &str) -> ImageError {
    ImageError::InvalidPath {
        text: text.to_owned(),
        reason: reason.to_owned(),
    }
}
