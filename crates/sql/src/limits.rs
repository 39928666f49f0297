//! How much of a script is read.

/// Bytes of one script.
///
/// The service's own limit for the text of a request is about 1 MB; sixteen
/// times that holds a file of many statements and still bounds the memory.
///
/// ```
/// assert_eq!(floe_sql::MAX_SCRIPT_BYTES, 16 * 1024 * 1024);
/// ```
pub const MAX_SCRIPT_BYTES: usize = 16 * 1024 * 1024;

/// Statements of one script, empty ones not counted.
///
/// ```
/// assert!(floe_sql::MAX_STATEMENTS >= 1_000);
/// ```
pub const MAX_STATEMENTS: usize = 10_000;

/// How deep types may be nested, as in `ARRAY(ARRAY(NUMBER))`.
///
/// ```
/// assert!(floe_sql::MAX_NESTING >= 8);
/// ```
pub const MAX_NESTING: usize = 16;

/// Characters of one identifier (Snowflake documentation, "Identifier requirements").
///
/// ```
/// assert_eq!(floe_sql::MAX_IDENT_CHARS, 255);
/// ```
pub const MAX_IDENT_CHARS: usize = 255;
