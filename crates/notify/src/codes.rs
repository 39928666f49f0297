//! The codes of what is refused or doubtful in names, options, policies and configurations; each
//! has a page in `docs/errors`.

/// A path is of no storage that is known.
pub const UNKNOWN_STORAGE: &str = "FLOE-NOTIFY-0020";
/// A path leads into Azure Data Lake Storage Gen1.
pub const DATA_LAKE_GEN1: &str = "FLOE-NOTIFY-0021";
/// A path lacks its bucket, container or account, or gives one that cannot be.
pub const BAD_LOCATION: &str = "FLOE-NOTIFY-0022";
/// A resource suffix or prefix is empty.
pub const EMPTY_NAME: &str = "FLOE-NOTIFY-0023";
/// A resource name has characters that its cloud does not take there.
pub const NAME_CHARACTERS: &str = "FLOE-NOTIFY-0024";
/// A resource name is too long or too short for its cloud.
pub const NAME_LENGTH: &str = "FLOE-NOTIFY-0025";
/// A tag of the user has a key that the system sets itself.
pub const RESERVED_TAG: &str = "FLOE-NOTIFY-0026";
/// A tag that its cloud does not take.
pub const BAD_TAG: &str = "FLOE-NOTIFY-0027";
/// A text is not the ARN, queue URL or stream id that it should be.
pub const BAD_IDENTIFIER: &str = "FLOE-NOTIFY-0028";
/// The cloud denied an action.
pub const MISSING_PERMISSION: &str = "FLOE-NOTIFY-0029";
/// Azure: Event Grid is not registered as a resource provider of the subscription.
pub const EVENT_GRID_NOT_REGISTERED: &str = "FLOE-NOTIFY-0030";
/// Azure: no authorization for event subscriptions.
pub const EVENT_GRID_FORBIDDEN: &str = "FLOE-NOTIFY-0031";
/// Two entries of a bucket's notification configuration overlap.
pub const OVERLAPPING_ENTRIES: &str = "FLOE-NOTIFY-0032";
/// A bucket has as many notification entries as it may.
pub const TOO_MANY_ENTRIES: &str = "FLOE-NOTIFY-0033";
/// A bucket's notification configuration cannot be read.
pub const BAD_CONFIGURATION: &str = "FLOE-NOTIFY-0034";
/// An entry of somebody else has the id that ours would have.
pub const FOREIGN_ENTRY: &str = "FLOE-NOTIFY-0035";
/// GCS: the bucket has as many notification configurations for this event as it may.
pub const TOO_MANY_FOR_EVENT: &str = "FLOE-NOTIFY-0036";
/// GCS: the topic already serves another prefix.
pub const OTHER_PREFIX: &str = "FLOE-NOTIFY-0037";
/// The setting of an event subscription or a notification is out of range.
pub const BAD_SUBSCRIPTION: &str = "FLOE-NOTIFY-0038";
/// A documented policy does something else than its words say.
pub const POLICY_QUIRK: &str = "FLOE-NOTIFY-0039";
/// There is no such option.
pub const UNKNOWN_OPTION: &str = "FLOE-NOTIFY-0040";
/// The value of an option cannot be read.
pub const BAD_VALUE: &str = "FLOE-NOTIFY-0041";
/// An option is given twice.
pub const GIVEN_TWICE: &str = "FLOE-NOTIFY-0042";
/// Options that exclude one another.
pub const EXCLUDING_OPTIONS: &str = "FLOE-NOTIFY-0043";
/// An option that needs another one beside it.
pub const INCOMPLETE_OPTIONS: &str = "FLOE-NOTIFY-0044";
/// An option of notifications without notifications.
pub const NEEDS_NOTIFICATIONS: &str = "FLOE-NOTIFY-0045";
/// The value of an option is out of range.
pub const OUT_OF_RANGE: &str = "FLOE-NOTIFY-0046";
/// A required option is missing.
pub const MISSING_OPTION: &str = "FLOE-NOTIFY-0047";
/// An option cannot change after the first start.
pub const FROZEN_OPTION: &str = "FLOE-NOTIFY-0048";
/// An option has no effect, or a doubtful one.
pub const DOUBTFUL_OPTION: &str = "FLOE-NOTIFY-0049";
/// Routes from one queue to several cannot be used.
pub const BAD_ROUTES: &str = "FLOE-NOTIFY-0070";
