//! Batches as typed Rust rows, without Arrow: for the authors of services, and
//! for engines that call with rows.
//!
//! A row's arguments are any [`Deserialize`] tuple or struct, in the order of
//! the function's arguments; `(T,)` for one, `()` for none. Texts can be
//! borrowed from the body (`&str` when they are never written with escapes,
//! `Cow<str>` when they may be). Numbers, `NaN` and infinities follow the same
//! rules as columns.
//!
//! ```
//! use floe_batch::rows::{ResponseWriter, read_request};
//!
//! let mut answer = Vec::new();
//! let mut writer = ResponseWriter::new(&mut answer);
//! for (number, (a, b)) in read_request::<(i64, i64)>(br#"{"data":[[0,2,3],[1,4,5]]}"#)? {
//!     writer.row(number, &(a * b))?;
//! }
//! writer.finish();
//! assert_eq!(answer, br#"{"data":[[0,6],[1,20]]}"#);
//! # Ok::<(), floe_batch::BatchError>(())
//! ```

mod de;
mod ser;

use serde::{Deserialize, Serialize};

use crate::envelope::{self, RowNumbers, walk};
use crate::error::BatchError;
use crate::value;

/// Reads a request: the number of each row as it was sent, and its arguments.
///
/// Row numbers are not checked here: the service answers with the numbers it
/// was asked with, and the engine that asked proves them.
///
/// # Errors
///
/// [`BatchError`] with offset and row when the body is not a batch, or when a
/// row's arguments are not a `T`.
///
/// ```
/// use floe_batch::rows::read_request;
///
/// let rows = read_request::<(&str, Option<f64>)>(br#"{"data":[[0,"a",1.5],[1,"b",null]]}"#)?;
/// assert_eq!(rows, [(0, ("a", Some(1.5))), (1, ("b", None))]);
///
/// let error = read_request::<(&str,)>(br#"{"data":[[0,"a",1.5]]}"#).unwrap_err();
/// assert_eq!(error.code(), "FLOE-BATCH-0026");
/// # Ok::<(), floe_batch::BatchError>(())
/// ```
pub fn read_request<'de, T: Deserialize<'de>>(
    body: &'de [u8],
) -> Result<Vec<(u64, T)>, BatchError> {
    let mut rows = Vec::new();
    let mut scratch = Vec::new();
    let read = walk(body, RowNumbers::Any, |scan, number| {
        rows.push((number, de::arguments(scan, &mut scratch)?));
        Ok(number.saturating_add(1))
    });
    read.map(|_| rows).map_err(|error| *error)
}

/// Reads the response to a batch of `rows` rows and proves it as
/// `decode_response` does: every row number once, in order, in range, two
/// elements a row; the value of row *n* is element *n* of the result.
///
/// # Errors
///
/// [`BatchError`] with offset, row and expectation for the first violation.
///
/// ```
/// use floe_batch::rows::read_response;
///
/// let values = read_response::<Option<String>>(br#"{"data":[[0,"a"],[1,null]]}"#, 2)?;
/// assert_eq!(values, [Some("a".to_owned()), None]);
///
/// let error = read_response::<String>(br#"{"data":[[0,"a"]]}"#, 2).unwrap_err();
/// assert_eq!(error.code(), "FLOE-BATCH-0020");
/// # Ok::<(), floe_batch::BatchError>(())
/// ```
pub fn read_response<'de, T: Deserialize<'de>>(
    body: &'de [u8],
    rows: usize,
) -> Result<Vec<T>, BatchError> {
    let mut values = Vec::new();
    let mut scratch = Vec::new();
    let read = walk(body, RowNumbers::Exactly(rows as u64), |scan, row| {
        envelope::next_cell(scan, 2, 1)?;
        values.push(de::value(scan, &mut scratch)?);
        envelope::no_cells_left(scan, 2)?;
        Ok(row + 1)
    });
    read.map(|_| values).map_err(|error| *error)
}

/// Reads a response whose rows may come in any order, and puts them in order; otherwise as
/// [`read_response`].
///
/// # Errors
///
/// [`BatchError`] with offset, row and expectation when a row is missing, comes twice, was never
/// sent, or is not a `T`.
///
/// ```
/// use floe_batch::rows::read_response_in_any_order;
///
/// let values = read_response_in_any_order::<&str>(br#"{"data":[[1,"b"],[0,"a"]]}"#, 2)?;
/// assert_eq!(values, ["a", "b"]);
///
/// let twice = read_response_in_any_order::<&str>(br#"{"data":[[1,"b"],[1,"a"]]}"#, 2);
/// assert_eq!(twice.unwrap_err().code(), "FLOE-BATCH-0021");
/// # Ok::<(), floe_batch::BatchError>(())
/// ```
pub fn read_response_in_any_order<'de, T: Deserialize<'de>>(
    body: &'de [u8],
    rows: usize,
) -> Result<Vec<T>, BatchError> {
    let mut values = Vec::new();
    let mut scratch = Vec::new();
    let read = walk(body, RowNumbers::InAnyOrder(rows as u64), |scan, row| {
        envelope::next_cell(scan, 2, 1)?;
        values.push((row, de::value(scan, &mut scratch)?));
        envelope::no_cells_left(scan, 2)?;
        Ok(row + 1)
    });
    read.map_err(|error| *error)?;
    values.sort_by_key(|(row, _)| *row);
    Ok(values.into_iter().map(|(_, value)| value).collect())
}

/// Writes a response row by row into the caller's buffer.
///
/// ```
/// use floe_batch::rows::ResponseWriter;
///
/// let mut out = Vec::new();
/// let mut writer = ResponseWriter::new(&mut out);
/// writer.row(0, "cat")?;
/// writer.row(1, &f64::NAN)?;
/// writer.row(2, &None::<i64>)?;
/// writer.finish();
/// assert_eq!(out, br#"{"data":[[0,"cat"],[1,"NaN"],[2,null]]}"#);
/// # Ok::<(), floe_batch::BatchError>(())
/// ```
#[derive(Debug)]
#[must_use = "the body ends when `finish` is called"]
pub struct ResponseWriter<'a>(Rows<'a>);

impl<'a> ResponseWriter<'a> {
    /// Begins a response at the end of `out`.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// floe_batch::rows::ResponseWriter::new(&mut out).finish();
    /// assert_eq!(out, br#"{"data":[]}"#);
    /// ```
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self(Rows::begin(out))
    }

    /// Writes the value of row `number`.
    ///
    /// # Errors
    ///
    /// [`BatchError::ValueNotWritable`] when `value` has no JSON form (a map
    /// whose keys are not strings or numbers, an error of its own
    /// `Serialize`). The row is then not written, and others may follow.
    ///
    /// ```
    /// use floe_batch::rows::ResponseWriter;
    ///
    /// let mut out = Vec::new();
    /// let mut writer = ResponseWriter::new(&mut out);
    /// writer.row(0, &["nested", "values"])?;
    /// writer.finish();
    /// assert_eq!(out, br#"{"data":[[0,["nested","values"]]]}"#);
    /// # Ok::<(), floe_batch::BatchError>(())
    /// ```
    pub fn row<T: Serialize + ?Sized>(&mut self, number: u64, value: &T) -> Result<(), BatchError> {
        self.0.row(number, |out| {
            out.push(b',');
            ser::value(value, out)
        })
    }

    /// Ends the body.
    ///
    /// ```
    /// use floe_batch::rows::ResponseWriter;
    ///
    /// let mut out = Vec::new();
    /// let mut writer = ResponseWriter::new(&mut out);
    /// writer.row(0, &true)?;
    /// writer.finish();
    /// assert_eq!(out, br#"{"data":[[0,true]]}"#);
    /// # Ok::<(), floe_batch::BatchError>(())
    /// ```
    pub fn finish(self) {
        self.0.finish();
    }
}

/// Writes a request row by row into the caller's buffer; rows are numbered
/// from 0.
///
/// ```
/// use floe_batch::rows::RequestWriter;
///
/// let mut out = Vec::new();
/// let mut writer = RequestWriter::new(&mut out);
/// writer.row(&("Alex", 3))?;
/// writer.row(&("Steve", 4))?;
/// writer.finish();
/// assert_eq!(out, br#"{"data":[[0,"Alex",3],[1,"Steve",4]]}"#);
/// # Ok::<(), floe_batch::BatchError>(())
/// ```
#[derive(Debug)]
#[must_use = "the body ends when `finish` is called"]
pub struct RequestWriter<'a>(Rows<'a>);

impl<'a> RequestWriter<'a> {
    /// Begins a request at the end of `out`.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// floe_batch::rows::RequestWriter::new(&mut out).finish();
    /// assert_eq!(out, br#"{"data":[]}"#);
    /// ```
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Self(Rows::begin(out))
    }

    /// Writes the next row; `arguments` is a tuple or struct of the function's
    /// arguments in their order, `()` for none.
    ///
    /// # Errors
    ///
    /// [`BatchError::ValueNotWritable`] when `arguments` is not a tuple, struct
    /// or sequence, or a value in it has no JSON form. The row is then not
    /// written.
    ///
    /// ```
    /// use floe_batch::rows::RequestWriter;
    ///
    /// let mut out = Vec::new();
    /// let mut writer = RequestWriter::new(&mut out);
    /// assert_eq!(writer.row("not a row").unwrap_err().code(), "FLOE-BATCH-0043");
    /// writer.row(&("a row",))?;
    /// writer.finish();
    /// assert_eq!(out, br#"{"data":[[0,"a row"]]}"#);
    /// # Ok::<(), floe_batch::BatchError>(())
    /// ```
    pub fn row<T: Serialize + ?Sized>(&mut self, arguments: &T) -> Result<(), BatchError> {
        let number = self.0.written;
        self.0.row(number, |out| ser::arguments(arguments, out))
    }

    /// Ends the body.
    ///
    /// ```
    /// use floe_batch::rows::RequestWriter;
    ///
    /// let mut out = Vec::new();
    /// let mut writer = RequestWriter::new(&mut out);
    /// writer.row(&())?;
    /// writer.finish();
    /// assert_eq!(out, br#"{"data":[[0]]}"#);
    /// # Ok::<(), floe_batch::BatchError>(())
    /// ```
    pub fn finish(self) {
        self.0.finish();
    }
}

/// The envelope and the rows written so far.
#[derive(Debug)]
struct Rows<'a> {
    out: &'a mut Vec<u8>,
    written: u64,
}

impl<'a> Rows<'a> {
    fn begin(out: &'a mut Vec<u8>) -> Self {
        out.extend_from_slice(b"{\"data\":[");
        Self { out, written: 0 }
    }

    /// Writes a row around what `cells` writes; takes all of it back when that
    /// fails.
    fn row(
        &mut self,
        number: u64,
        cells: impl FnOnce(&mut Vec<u8>) -> Result<(), ser::NotWritable>,
    ) -> Result<(), BatchError> {
        let begin = self.out.len();
        self.out
            .extend_from_slice(if self.written == 0 { b"[" } else { b",[" });
        value::integer(number, self.out);
        if let Err(error) = cells(self.out) {
            self.out.truncate(begin);
            return Err(BatchError::ValueNotWritable {
                row: number,
                message: error.into_message(),
            });
        }
        self.out.push(b']');
        self.written += 1;
        Ok(())
    }

    fn finish(self) {
        self.out.extend_from_slice(b"]}");
    }
}
