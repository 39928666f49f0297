//! Version tokens: what tells one content of a path from another, in one spelling.

use std::borrow::Cow;

use floe_notify::Version;

/// What tells two contents of one path apart. It is chosen at the first start and stays, because
/// another rule would make every known file look new.
///
/// The choice is what *both* ways of discovery tell. A sighting that does not tell it has to be
/// completed by asking the store about the file.
///
/// ```
/// use floe_ingest::{EntityTags, VersionRule};
/// let tags = EntityTags { etag: Some("W/\"0X8d4\""), ..EntityTags::default() };
/// assert_eq!(VersionRule::EntityTag.token(&tags).as_deref(), Some("0x8D4"));
/// assert_eq!(VersionRule::Generation.token(&tags), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VersionRule {
    /// `allowOverwrites=false`: a path is one file, whatever its content.
    KeyAlone,
    /// The version id of a bucket that keeps versions, where the listing tells versions, too; the
    /// entity tag of objects that have no version.
    VersionId,
    /// The entity tag: Azure, and S3 where the listing tells no versions.
    EntityTag,
    /// The generation: Cloud Storage.
    Generation,
    /// Inode, time of modification and length: a local directory.
    Stat,
}

impl VersionRule {
    /// All rules.
    pub const ALL: [Self; 5] = [
        Self::KeyAlone,
        Self::VersionId,
        Self::EntityTag,
        Self::Generation,
        Self::Stat,
    ];

    /// Returns the name that ledgers keep.
    ///
    /// ```
    /// assert_eq!(floe_ingest::VersionRule::EntityTag.as_str(), "entity-tag");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KeyAlone => "key-alone",
            Self::VersionId => "version-id",
            Self::EntityTag => "entity-tag",
            Self::Generation => "generation",
            Self::Stat => "stat",
        }
    }

    /// Takes back a name that a ledger kept.
    ///
    /// ```
    /// use floe_ingest::VersionRule;
    /// assert_eq!(VersionRule::from_name("stat"), Some(VersionRule::Stat));
    /// assert_eq!(VersionRule::from_name(""), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }

    /// Returns the token of a sighting in its one spelling; `None` when it does not tell it, and
    /// when the path alone counts.
    ///
    /// ```
    /// use floe_ingest::{EntityTags, VersionRule};
    /// let stat = EntityTags { stat: Some((42, 1_000, 7)), ..EntityTags::default() };
    /// assert_eq!(VersionRule::Stat.token(&stat).as_deref(), Some("42-1000-7"));
    /// ```
    #[must_use]
    pub fn token<'a>(self, tags: &EntityTags<'a>) -> Option<Cow<'a, str>> {
        let token = match self {
            Self::KeyAlone => None,
            Self::VersionId => {
                // An object from before the bucket kept versions has the version "null".
                let version = tags.version.map(str::trim);
                match version.filter(|version| !version.is_empty() && *version != "null") {
                    Some(version) => Some(Cow::Borrowed(version)),
                    None => tags.etag.map(entity_tag),
                }
            }
            Self::EntityTag => tags.etag.map(entity_tag),
            Self::Generation => generation(tags).map(|number| Cow::Owned(number.to_string())),
            Self::Stat => tags
                .stat
                .map(|(inode, modified, size)| Cow::Owned(format!("{inode}-{modified}-{size}"))),
        };
        token.filter(|token| !token.is_empty())
    }
}

/// What a sighting tells of the content, as it spells it.
///
/// ```
/// use floe_ingest::{EntityTags, VersionRule};
/// let listed = EntityTags { version: Some("1709"), ..EntityTags::default() };
/// let told = EntityTags { generation: Some(1709), ..EntityTags::default() };
/// let rule = VersionRule::Generation;
/// assert_eq!(rule.token(&listed), rule.token(&told));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EntityTags<'a> {
    /// The entity tag, with or without quotes.
    pub etag: Option<&'a str>,
    /// The version of the object as text.
    pub version: Option<&'a str>,
    /// The generation.
    pub generation: Option<u64>,
    /// Inode, milliseconds of the last modification since the Unix epoch, bytes.
    pub stat: Option<(u64, u64, u64)>,
}

impl<'a> EntityTags<'a> {
    /// Takes what an event tells.
    ///
    /// ```
    /// use floe_ingest::EntityTags;
    /// use floe_notify::Version;
    /// let version = Version::Azure { etag: Some("0x8D4".into()) };
    /// assert_eq!(EntityTags::of_event(&version).etag, Some("0x8D4"));
    /// ```
    #[must_use]
    pub fn of_event(version: &'a Version<'_>) -> Self {
        let none = Self::default();
        match version {
            Version::S3 { version_id, etag } => Self {
                etag: etag.as_deref(),
                version: version_id.as_deref(),
                ..none
            },
            Version::Azure { etag } => Self {
                etag: etag.as_deref(),
                ..none
            },
            Version::Gcs { generation, .. } => Self {
                generation: *generation,
                ..none
            },
            Version::Local {
                inode: Some(inode),
                modified: Some(modified),
                size: Some(size),
            } => Self {
                stat: Some((*inode, *modified, *size)),
                ..none
            },
            _ => none,
        }
    }
}

/// The generation, told as a number or as the text of one.
fn generation(tags: &EntityTags<'_>) -> Option<u64> {
    let text = || tags.version?.trim().parse().ok();
    tags.generation.or_else(text)
}

/// An entity tag without its quotes and without the mark of a weak one. The digits of Azure's
/// numbers are capital letters.
fn entity_tag(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let text = text
        .strip_prefix("W/")
        .or_else(|| text.strip_prefix("w/"))
        .unwrap_or(text);
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let text = inner.unwrap_or(text);
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    match digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        Some(digits) => Cow::Owned(format!("0x{}", digits.to_ascii_uppercase())),
        None => Cow::Borrowed(text),
    }
}
