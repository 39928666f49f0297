//! The codes of all findings of this crate; each has a page in `docs/errors`.

/// The text is longer than [`crate::limits::MAX_SPEC_BYTES`].
pub const TEXT_TOO_LARGE: &str = "FLOE-SPEC-0001";
/// The text is neither YAML nor JSON.
pub const SYNTAX: &str = "FLOE-SPEC-0002";
/// Nesting, values or aliases exceed a limit.
pub const TOO_COMPLEX: &str = "FLOE-SPEC-0003";
/// The text holds more than one YAML document.
pub const SEVERAL_DOCUMENTS: &str = "FLOE-SPEC-0004";
/// A key stands twice in one map.
pub const DUPLICATE_KEY: &str = "FLOE-SPEC-0005";
/// A YAML merge key (`<<`) is used.
pub const MERGE_KEY: &str = "FLOE-SPEC-0006";
/// The text holds nothing.
pub const EMPTY: &str = "FLOE-SPEC-0007";
/// A value has another shape than its field needs.
pub const WRONG_TYPE: &str = "FLOE-SPEC-0008";
/// A field that must be given is missing.
pub const MISSING_FIELD: &str = "FLOE-SPEC-0009";
/// A key is not known at its place.
pub const UNKNOWN_KEY: &str = "FLOE-SPEC-0010";
/// The plural and the singular form of one list are both given.
pub const BOTH_FORMS: &str = "FLOE-SPEC-0011";
/// A name breaks the rules for names.
pub const BAD_NAME: &str = "FLOE-SPEC-0012";
/// A name is used twice.
pub const DUPLICATE_NAME: &str = "FLOE-SPEC-0013";
/// A port is not a number from 1 to 65535.
pub const BAD_PORT: &str = "FLOE-SPEC-0014";
/// An endpoint needs exactly one of `port` and `portRange`.
pub const PORT_OR_RANGE: &str = "FLOE-SPEC-0015";
/// A `portRange` needs `protocol: TCP` and must not be public.
pub const RANGE_NEEDS_TCP: &str = "FLOE-SPEC-0016";
/// A public endpoint needs `protocol: HTTP`.
pub const PUBLIC_NEEDS_HTTP: &str = "FLOE-SPEC-0017";
/// A value is none of the words that its field knows.
pub const UNKNOWN_VALUE: &str = "FLOE-SPEC-0018";
/// A quantity of processor, memory or accelerators cannot be read.
pub const BAD_QUANTITY: &str = "FLOE-SPEC-0019";
/// A memory quantity has no unit, or one that memory does not take.
pub const MEMORY_UNIT: &str = "FLOE-SPEC-0020";
/// Accelerators are requested without the same limit.
pub const GPU_MISMATCH: &str = "FLOE-SPEC-0021";
/// A request is greater than its limit (warning).
pub const REQUEST_OVER_LIMIT: &str = "FLOE-SPEC-0022";
/// A mount names a volume that does not exist.
pub const UNKNOWN_VOLUME: &str = "FLOE-SPEC-0023";
/// A mount path is not an absolute directory path, or is used twice.
pub const BAD_MOUNT_PATH: &str = "FLOE-SPEC-0024";
/// A memory or block volume has no size.
pub const SIZE_MISSING: &str = "FLOE-SPEC-0025";
/// The size of a block volume is not a whole number of `Gi` in range.
pub const BLOCK_SIZE: &str = "FLOE-SPEC-0026";
/// There are more items than a service may have.
pub const TOO_MANY: &str = "FLOE-SPEC-0027";
/// A service role names an endpoint that does not exist.
pub const UNKNOWN_ENDPOINT: &str = "FLOE-SPEC-0028";
/// A field that only the system writes is given (warning).
pub const OUTPUT_ONLY: &str = "FLOE-SPEC-0029";
/// A field of the preview time is given, which does nothing any more (warning).
pub const LEGACY: &str = "FLOE-SPEC-0030";
/// An environment variable is written as YAML null (warning).
pub const NULL_ENV: &str = "FLOE-SPEC-0031";
/// A text cannot be handed to a process or a browser (NUL, `=` in a variable's name), or is empty.
pub const BAD_TEXT: &str = "FLOE-SPEC-0032";
/// An image reference is empty or holds white space.
pub const BAD_IMAGE: &str = "FLOE-SPEC-0033";
/// The path of a probe cannot be requested over HTTP.
pub const BAD_PROBE_PATH: &str = "FLOE-SPEC-0034";
/// A field does not apply to job services.
pub const NOT_FOR_JOBS: &str = "FLOE-SPEC-0035";
/// A key is empty, too long, or not a plain word.
pub const BAD_KEY: &str = "FLOE-SPEC-0036";
/// A whole number is missing, malformed or out of range.
pub const BAD_NUMBER: &str = "FLOE-SPEC-0037";
/// A field is given where it has no effect (warning).
pub const NO_EFFECT: &str = "FLOE-SPEC-0038";
/// A value is understood although it is not written as documented (warning).
pub const LOOSE_SPELLING: &str = "FLOE-SPEC-0039";
/// A secret is named neither or both by its name and a reference.
pub const SECRET_SOURCE: &str = "FLOE-SPEC-0041";
/// A secret appears nowhere (warning), or both in a variable and in a directory.
pub const SECRET_TARGET: &str = "FLOE-SPEC-0042";
/// A secret's `secretKeyRef` is missing or has no effect (warning).
pub const SECRET_KEY: &str = "FLOE-SPEC-0043";
/// The configuration of a session token is empty, or contradicts itself.
pub const SESSION_TOKEN: &str = "FLOE-SPEC-0044";
/// The directory of a session token or secret is not absolute or normalised, or reserved or taken.
pub const BAD_DIRECTORY: &str = "FLOE-SPEC-0045";
/// A file mode is not a quoted octal number that is allowed.
pub const BAD_PERMISSION: &str = "FLOE-SPEC-0046";
/// CORS settings stand at an endpoint that is not public.
pub const CORS_NEEDS_PUBLIC: &str = "FLOE-SPEC-0047";
/// An origin is not a scheme and host.
pub const BAD_ORIGIN: &str = "FLOE-SPEC-0048";
/// The settings of a volume belong to another source.
pub const WRONG_SOURCE: &str = "FLOE-SPEC-0049";
/// The speed of a block volume is out of range for its size.
pub const BLOCK_SPEED: &str = "FLOE-SPEC-0050";
/// A duration cannot be read.
pub const BAD_DURATION: &str = "FLOE-SPEC-0051";
/// A stage is not written as `@stage`.
pub const BAD_STAGE: &str = "FLOE-SPEC-0052";
/// A condition needs exactly one of `targetScaling` and `stepScaling`.
pub const TARGET_OR_STEPS: &str = "FLOE-SPEC-0053";
/// A policy to suspend has steps.
pub const STEPS_IN_SUSPEND: &str = "FLOE-SPEC-0054";
/// A scaling step holds for no value, or a value is not a number that fits.
pub const BAD_STEP: &str = "FLOE-SPEC-0055";
/// A condition names a container that does not exist.
pub const UNKNOWN_CONTAINER: &str = "FLOE-SPEC-0056";
/// An image path has upper-case letters (warning).
pub const IMAGE_CASE: &str = "FLOE-SPEC-0057";
/// The older form of a field is used (warning).
pub const DEPRECATED: &str = "FLOE-SPEC-0058";
/// There are more findings than are told.
pub const TOO_MANY_FINDINGS: &str = "FLOE-SPEC-0059";
/// Tabs indent a line.
pub const TABS: &str = "FLOE-SPEC-0060";
