//! The wire format of service functions: a batch of rows as JSON, to and from
//! typed rows or Arrow columns.
//!
//! A SQL engine that calls a service function posts `{"data":[[0,"a"],[1,"b"]]}`,
//! one array a row with the row's number first; the service answers
//! `{"data":[[0,value],[1,value]]}`. This crate reads and writes both bodies in
//! one pass, led by the declared SQL types, without building a JSON tree.
//!
//! Who needs what:
//!
//! - An **engine** calls `encode_request` and `decode_response` (feature
//!   `arrow`). The decoder proves the answer: every row number once, in order,
//!   in range, two elements a row, each value of the declared type. What it
//!   accepts is right; what it refuses comes back as a coded [`BatchError`]
//!   with the byte offset, the row and what was expected.
//! - The **author of a service** calls [`rows::read_request`] and
//!   [`rows::ResponseWriter`], or `decode_request` and `encode_response`
//!   for columns.
//!
//! The rules of the format, the table of conversions and every limit in
//! numbers are in `design.md` beside this crate's manifest.
//!
//! ```
//! use floe_batch::rows::{ResponseWriter, read_request};
//!
//! let body = br#"{"data":[[0,"Alex",3],[1,"Steve",4]]}"#;
//! let mut answer = Vec::new();
//! let mut writer = ResponseWriter::new(&mut answer);
//! for (number, (name, times)) in read_request::<(String, usize)>(body)? {
//!     writer.row(number, &name.repeat(times))?;
//! }
//! writer.finish();
//! assert_eq!(answer, br#"{"data":[[0,"AlexAlexAlex"],[1,"SteveSteveSteveSteve"]]}"#);
//! # Ok::<(), floe_batch::BatchError>(())
//! ```
//!
//! The crate is pure: bytes in, values out; no sockets, clock or randomness.

#![deny(unsafe_code)]

#[cfg(feature = "arrow")]
mod date;
mod envelope;
mod error;
#[cfg(feature = "arrow")]
mod isa;
#[cfg(all(feature = "arrow", target_arch = "x86_64"))]
mod nested;
mod number;
mod scan;
mod sql_type;
#[cfg(feature = "arrow")]
mod temporal;
mod text;
mod value;

#[cfg(feature = "arrow")]
mod columns;
#[cfg(feature = "arrow")]
#[doc(hidden)]
pub mod levels;
pub mod rows;

#[cfg(feature = "arrow")]
pub use arrow;

#[cfg(feature = "arrow")]
pub use columns::{
    Encoder, decode_request, decode_response, decode_response_in_any_order, encode_request,
    encode_response,
};
pub use envelope::MAX_BODY_BYTES;
pub use error::{BatchError, Found, JsonKind, Place};
pub use number::MAX_NUMBER_BYTES;
pub use scan::{MAX_DEPTH, check_json};
pub use sql_type::{BinaryLength, FractionDigits, NumberType, SqlType, TextLength, TypeError};
