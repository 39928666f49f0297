//! What the containers of one instance share.

use crate::{Context, MemoryQuantity, Resources};

/// A volume that containers of one instance share.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Volume {
    /// Name, unique among the volumes.
    pub name: String,
    /// What the volume is made of.
    pub source: VolumeSource,
    /// Size; always given for memory and block volumes.
    pub size: Option<MemoryQuantity>,
    /// The user that owns the files.
    pub uid: Option<u32>,
    /// The group that owns the files.
    pub gid: Option<u32>,
    /// Settings of a block volume.
    pub block: Option<BlockConfig>,
    /// Settings of a stage volume; always given for the source `stage`.
    pub stage: Option<StageConfig>,
}

/// What a volume is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VolumeSource {
    /// A directory on the node's disk that lives as long as the instance.
    Local,
    /// Memory of the node.
    Memory,
    /// A block device that outlives the instance.
    Block,
    /// A stage; with the older form `"@stage/folder"` this is the text from `@` on.
    Stage {
        /// The stage, when the source itself names it.
        path: Option<String>,
    },
}

/// Settings of a block volume; none where nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BlockConfig {
    /// The snapshot that the volume starts from.
    pub from_snapshot: Option<String>,
    /// Operations a second.
    pub iops: Option<u32>,
    /// MiB a second.
    pub throughput: Option<u32>,
    /// How the volume is encrypted.
    pub encryption: Option<Encryption>,
    /// Whether a snapshot is taken when the volume goes.
    pub snapshot_on_delete: Option<bool>,
    /// How long that snapshot is kept.
    pub snapshot_delete_after: Option<Retention>,
}

impl BlockConfig {
    /// Operations a second on most clouds when none are written.
    pub const DEFAULT_IOPS: u32 = 3000;
    /// MiB a second on most clouds when none are written.
    pub const DEFAULT_THROUGHPUT: u32 = 125;

    /// Whether a snapshot is taken when the volume goes: as written, or else for services only.
    ///
    /// ```
    /// use floe_spec::{BlockConfig, Context};
    ///
    /// assert!(BlockConfig::default().snapshots_on_delete(Context::Service));
    /// assert!(!BlockConfig::default().snapshots_on_delete(Context::Job));
    /// ```
    #[must_use]
    pub fn snapshots_on_delete(&self, context: Context) -> bool {
        self.snapshot_on_delete
            .unwrap_or(context == Context::Service)
    }
}

/// How a block volume is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encryption {
    /// At rest, by the storage (`SNOWFLAKE_SSE`).
    #[default]
    Sse,
    /// On the way to the storage, too (`SNOWFLAKE_FULL`).
    Full,
}

/// How long a snapshot is kept: hours or days.
///
/// ```
/// use floe_spec::Retention;
///
/// assert_eq!(Retention::parse("7d").map(|time| time.hours()), Some(168));
/// assert_eq!(Retention::parse("12h").map(|time| time.to_string()).as_deref(), Some("12h"));
/// assert_eq!(Retention::parse("0d"), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Retention {
    count: u32,
    days: bool,
}

impl Retention {
    /// How long a snapshot is kept when nothing is written: seven days.
    pub const DEFAULT: Retention = Retention {
        count: 7,
        days: true,
    };

    /// Reads `12h` or `7d`; none for anything else.
    ///
    /// ```
    /// assert_eq!(floe_spec::Retention::parse("7 days"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (digits, days) = match text.strip_suffix('d') {
            Some(digits) => (digits, true),
            None => (text.strip_suffix('h')?, false),
        };
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        let count = digits.parse().ok().filter(|_| plain)?;
        Some(Retention { count, days })
    }

    /// The same in hours.
    ///
    /// ```
    /// assert_eq!(floe_spec::Retention::DEFAULT.hours(), 168);
    /// ```
    #[must_use]
    pub fn hours(self) -> u64 {
        u64::from(self.count) * if self.days { 24 } else { 1 }
    }
}

impl std::fmt::Display for Retention {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.count, if self.days { 'd' } else { 'h' })
    }
}

/// Settings of a stage volume.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageConfig {
    /// The stage, or a folder in it, as written: `@stage/folder`.
    pub name: String,
    /// How long listings are kept, as written; none when nothing is cached.
    pub metadata_cache: Option<CacheTime>,
    /// What the container that mounts the stage asks for and may use; only what is written.
    pub resources: Resources,
}

impl StageConfig {
    /// Name of the container that mounts the stage beside the others.
    ///
    /// ```
    /// assert_eq!(
    ///     floe_spec::StageConfig::sidecar_name("models"),
    ///     "stage-mount-v2-sidecar-models",
    /// );
    /// ```
    #[must_use]
    pub fn sidecar_name(volume: &str) -> String {
        format!("stage-mount-v2-sidecar-{volume}")
    }
}

/// How long listings of a stage are kept, such as `1h30m45s`.
///
/// ```
/// use floe_spec::CacheTime;
///
/// let time = CacheTime::parse("1h30m").expect("hours and minutes");
/// assert_eq!((time.seconds(), time.to_string()), (5400, "1h30m".to_owned()));
/// assert_eq!(CacheTime::parse("30m1h"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheTime {
    text: String,
    seconds: u64,
}

impl CacheTime {
    /// Reads hours, minutes and seconds in this order; none for anything else.
    ///
    /// ```
    /// assert_eq!(floe_spec::CacheTime::parse("90s").map(|time| time.seconds()), Some(90));
    /// assert_eq!(floe_spec::CacheTime::parse(""), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let mut seconds = 0_u64;
        for (unit, factor) in [('h', 3600), ('m', 60), ('s', 1)] {
            if let Some((digits, behind)) = rest.split_once(unit) {
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                let count: u32 = digits.parse().ok()?;
                seconds = seconds.checked_add(u64::from(count) * factor)?;
                rest = behind;
            }
        }
        (rest.is_empty() && !text.is_empty()).then(|| CacheTime {
            text: text.to_owned(),
            seconds,
        })
    }

    /// The same in seconds.
    ///
    /// ```
    /// assert_eq!(floe_spec::CacheTime::parse("1m").unwrap().seconds(), 60);
    /// ```
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.seconds
    }
}

impl std::fmt::Display for CacheTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
