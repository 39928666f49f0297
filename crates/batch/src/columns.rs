//! Bodies to and from Arrow columns.

mod fast;
mod gap;
mod read;
mod write;

use std::ops::Range;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::take;

use crate::envelope::{self, RowNumbers, walk};
use crate::error::{BatchError, Res};
use crate::isa::Level;
use crate::scan::Scanner;
use crate::sql_type::SqlType;
use read::Column;
use write::Cells;

/// Appends the request for some rows of `columns` to `out`: row numbers from 0,
/// then one value per column, each written as its Arrow type says.
///
/// Carried are the types of [`SqlType::arrow_type`] and what casts to them
/// without loss: integers, `Float32`, other units of time, other layouts of text and bytes, and
/// `Null`. Text is written as strings; an [`Encoder`] can write it as JSON.
/// Without columns (a function without arguments) the rows are bare numbers.
///
/// # Errors
///
/// [`BatchError`] when a column has another type, has fewer rows, or holds a
/// date outside the years 0001 to 9999. `out` is then as it was.
///
/// ```
/// use std::sync::Arc;
/// use floe_batch::arrow::array::{ArrayRef, Float64Array, StringArray};
/// use floe_batch::encode_request;
///
/// let columns: [ArrayRef; 2] = [
///     Arc::new(StringArray::from(vec![Some("Alex"), None, Some("Steve")])),
///     Arc::new(Float64Array::from(vec![0.5, 1.0, f64::NAN])),
/// ];
/// let mut out = Vec::new();
/// encode_request(&columns, 1..3, &mut out)?;
/// assert_eq!(out, br#"{"data":[[0,null,1.0],[1,"Steve","NaN"]]}"#);
/// # Ok::<(), floe_batch::BatchError>(())
/// ```
pub fn encode_request(
    columns: &[ArrayRef],
    rows: Range<usize>,
    out: &mut Vec<u8>,
) -> Result<(), BatchError> {
    let columns = columns.iter().map(AsRef::as_ref);
    let cells = columns
        .enumerate()
        .map(|(index, column)| Cells::new(index, column, None, &rows));
    encode(&cells.collect::<Result<Vec<_>, _>>()?, rows, out)
}

/// Appends the response that answers row 0, 1, 2 … with the values of `values`
/// to `out`, written as their Arrow type says.
///
/// # Errors
///
/// As [`encode_request`]. `out` is then as it was.
///
/// ```
/// use floe_batch::arrow::array::BooleanArray;
/// use floe_batch::encode_response;
///
/// let mut out = Vec::new();
/// encode_response(&BooleanArray::from(vec![Some(true), None]), &mut out)?;
/// assert_eq!(out, br#"{"data":[[0,true],[1,null]]}"#);
/// # Ok::<(), floe_batch::BatchError>(())
/// ```
pub fn encode_response(values: &dyn Array, out: &mut Vec<u8>) -> Result<(), BatchError> {
    let rows = 0..values.len();
    encode(&[Cells::new(0, values, None, &rows)?], rows, out)
}

/// Writes columns as values of declared types: text that is declared `VARIANT`, `OBJECT` or `ARRAY`
/// is written as the JSON that it is.
///
/// ```
/// use std::sync::Arc;
/// use floe_batch::arrow::array::{ArrayRef, StringArray};
/// use floe_batch::{Encoder, SqlType};
///
/// let types = [SqlType::parse("VARCHAR")?, SqlType::Variant];
/// let text: ArrayRef = Arc::new(StringArray::from(vec![r#"{"a": 1}"#]));
/// let mut out = Vec::new();
/// Encoder::new(&types).request(&[Arc::clone(&text), text], 0..1, &mut out)?;
/// assert_eq!(out, br#"{"data":[[0,"{\"a\": 1}",{"a": 1}]]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Encoder<'t> {
    types: &'t [SqlType],
    trust_json: bool,
}

impl<'t> Encoder<'t> {
    /// An encoder for columns of these types.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// floe_batch::Encoder::new(&[]).request(&[], 0..2, &mut out)?;
    /// assert_eq!(out, br#"{"data":[[0],[1]]}"#);
    /// # Ok::<(), floe_batch::BatchError>(())
    /// ```
    pub fn new(types: &'t [SqlType]) -> Self {
        Self {
            types,
            trust_json: false,
        }
    }

    /// Writes JSON without checking that it is JSON: for columns that were read by this crate, or
    /// written by a JSON writer.
    ///
    /// A text that is not one JSON value makes a body that is broken, or that has other rows than
    /// the columns: a text `1],[7,2` would answer row 7.
    ///
    /// ```
    /// use floe_batch::arrow::array::StringArray;
    /// use floe_batch::{Encoder, SqlType};
    ///
    /// let (types, text) = ([SqlType::Variant], StringArray::from(vec!["[1, 2"]));
    /// let mut out = Vec::new();
    /// let checked = Encoder::new(&types).response(&text, &mut out).unwrap_err();
    /// assert_eq!(checked.code(), "FLOE-BATCH-0047");
    /// Encoder::new(&types).trust_json().response(&text, &mut out)?;
    /// assert_eq!(out, br#"{"data":[[0,[1, 2]]}"#);
    /// # Ok::<(), floe_batch::BatchError>(())
    /// ```
    #[must_use]
    pub fn trust_json(self) -> Self {
        Self {
            trust_json: true,
            ..self
        }
    }

    /// Appends the request for some rows of `columns` to `out`, as [`encode_request`] does.
    ///
    /// # Errors
    ///
    /// As [`encode_request`]; and when the columns are not as many as the types, a column is not of
    /// its type, or a text is declared as JSON and is none.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use floe_batch::arrow::array::{ArrayRef, Int64Array};
    /// use floe_batch::{Encoder, SqlType};
    ///
    /// let column: ArrayRef = Arc::new(Int64Array::from(vec![7]));
    /// let mut out = Vec::new();
    /// let error = Encoder::new(&[SqlType::Date]).request(&[column], 0..1, &mut out).unwrap_err();
    /// assert_eq!(error.to_string(), "column 0 is Int64, declared is DATE; cast it");
    /// ```
    pub fn request(
        &self,
        columns: &[ArrayRef],
        rows: Range<usize>,
        out: &mut Vec<u8>,
    ) -> Result<(), BatchError> {
        self.request_at(Level::best(), columns, rows, out)
    }

    pub(crate) fn request_at(
        &self,
        level: Level,
        columns: &[ArrayRef],
        rows: Range<usize>,
        out: &mut Vec<u8>,
    ) -> Result<(), BatchError> {
        if columns.len() != self.types.len() {
            return Err(BatchError::ColumnsMissing {
                columns: columns.len(),
                types: self.types.len(),
            });
        }
        let columns = columns.iter().map(AsRef::as_ref).zip(self.types);
        let cells = columns
            .enumerate()
            .map(|(index, (column, ty))| self.cells(index, column, *ty, &rows));
        encode_at(level, &cells.collect::<Result<Vec<_>, _>>()?, rows, out)
    }

    /// Appends the response that answers row 0, 1, 2 … with `values`, which are of the only type.
    ///
    /// # Errors
    ///
    /// As [`Encoder::request`].
    ///
    /// ```
    /// use floe_batch::arrow::array::StringArray;
    /// use floe_batch::{Encoder, SqlType};
    ///
    /// let mut out = Vec::new();
    /// let text = StringArray::from(vec![Some("[1]"), None]);
    /// Encoder::new(&[SqlType::Array]).response(&text, &mut out)?;
    /// assert_eq!(out, br#"{"data":[[0,[1]],[1,null]]}"#);
    /// # Ok::<(), floe_batch::BatchError>(())
    /// ```
    pub fn response(&self, values: &dyn Array, out: &mut Vec<u8>) -> Result<(), BatchError> {
        let [ty] = self.types else {
            return Err(BatchError::ColumnsMissing {
                columns: 1,
                types: self.types.len(),
            });
        };
        let rows = 0..values.len();
        encode(&[self.cells(0, values, *ty, &rows)?], rows, out)
    }

    fn cells<'a>(
        &self,
        index: usize,
        column: &'a dyn Array,
        ty: SqlType,
        rows: &Range<usize>,
    ) -> Result<Cells<'a>, BatchError> {
        let cells = Cells::new(index, column, Some(ty), rows)?;
        Ok(if self.trust_json {
            cells.trust()
        } else {
            cells
        })
    }
}

/// Reads the request of a service function with the arguments `signature`:
/// one column per argument.
///
/// The row numbers must be 0, 1, 2 …, as engines send them; so the answer made
/// with [`encode_response`] carries the same. A request that numbers its rows
/// otherwise can be read with [`rows::read_request`](crate::rows::read_request).
///
/// # Errors
///
/// [`BatchError`] with offset, row and expectation when the body is not such a
/// request.
///
/// ```
/// use floe_batch::arrow::{array::AsArray, datatypes::Decimal128Type};
/// use floe_batch::{SqlType, decode_request};
///
/// let signature = [SqlType::parse("VARCHAR")?, SqlType::parse("NUMBER(10,2)")?];
/// let columns = decode_request(br#"{"data":[[0,"a",1.5],[1,null,20]]}"#, &signature)?;
/// assert_eq!(columns[0].as_string::<i32>().value(0), "a");
/// assert_eq!(columns[1].as_primitive::<Decimal128Type>().values(), &[150, 2000]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode_request(body: &[u8], signature: &[SqlType]) -> Result<Vec<ArrayRef>, BatchError> {
    decode(body, RowNumbers::Counted, signature).map_err(|error| *error)
}

/// Reads the response to a batch of `rows` rows as one column of type `ty`,
/// and proves it: every row number from 0 to `rows` − 1 once and in order, two
/// elements a row, every value of the type.
///
/// An object without `data` is accepted as `{}` when no rows were sent. Keys
/// beside `data` are checked to be JSON and skipped.
///
/// # Errors
///
/// [`BatchError`] with offset, row and expectation for the first violation.
///
/// ```
/// use floe_batch::arrow::array::AsArray;
/// use floe_batch::{SqlType, decode_response};
///
/// let ty = SqlType::parse("VARCHAR")?;
/// let column = decode_response(br#"{"data": [[0, "cat"], [1, null]]}"#, 2, &ty)?;
/// assert_eq!(column.as_string::<i32>().iter().collect::<Vec<_>>(), [Some("cat"), None]);
///
/// let error = decode_response(br#"{"data": [[1, "dog"], [0, "cat"]]}"#, 2, &ty).unwrap_err();
/// assert_eq!(error.code(), "FLOE-BATCH-0022");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode_response(body: &[u8], rows: usize, ty: &SqlType) -> Result<ArrayRef, BatchError> {
    let numbers = RowNumbers::Exactly(rows as u64);
    let columns = decode(body, numbers, std::slice::from_ref(ty));
    let mut columns = columns.map_err(|error| *error)?;
    // `decode` makes one column per type.
    Ok(columns.remove(0))
}

/// Reads a response whose rows may come in any order, and puts them in order; otherwise as
/// [`decode_response`].
///
/// # Errors
///
/// [`BatchError`] with offset, row and expectation when a row is missing, comes twice, was never
/// sent, or is not of the type.
///
/// ```
/// use floe_batch::arrow::array::AsArray;
/// use floe_batch::{SqlType, decode_response_in_any_order};
///
/// let ty = SqlType::parse("VARCHAR")?;
/// let body = br#"{"data": [[1, "dog"], [0, "cat"]]}"#;
/// let column = decode_response_in_any_order(body, 2, &ty)?;
/// assert_eq!(column.as_string::<i32>().iter().collect::<Vec<_>>(), [Some("cat"), Some("dog")]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode_response_in_any_order(
    body: &[u8],
    rows: usize,
    ty: &SqlType,
) -> Result<ArrayRef, BatchError> {
    match decode_response(body, rows, ty) {
        Err(BatchError::RowOutOfOrder { .. } | BatchError::RowMissing { .. }) => {}
        read => return read,
    }
    let expected = RowNumbers::InAnyOrder(rows as u64);
    let mut numbers = Vec::new();
    let columns = read_with(body, expected, std::slice::from_ref(ty), |_, number, _| {
        // A number of more bits makes the body incomplete, and then the column is not made.
        numbers.push(number as u32);
        Ok(number + 1)
    });
    let mut columns = columns.map_err(|error| *error)?;
    let order = UInt32Array::from(inverted(&numbers));
    // Every row of `order` is one of the column's, so this cannot fail.
    take(&columns.remove(0), &order, None).map_err(|_| BatchError::RowMissing {
        place: Scanner::new(body).place(),
        row: 0,
    })
}

/// Where each row stands: the walk has proved that every number below their count is there once.
fn inverted(numbers: &[u32]) -> Vec<u32> {
    let mut order = vec![0; numbers.len()];
    for (place, number) in (0..).zip(numbers) {
        if let Some(slot) = order.get_mut(*number as usize) {
            *slot = place;
        }
    }
    order
}

fn encode(cells: &[Cells<'_>], rows: Range<usize>, out: &mut Vec<u8>) -> Result<(), BatchError> {
    encode_at(Level::best(), cells, rows, out)
}

fn encode_at(
    level: Level,
    cells: &[Cells<'_>],
    rows: Range<usize>,
    out: &mut Vec<u8>,
) -> Result<(), BatchError> {
    let begin = out.len();
    let written = write::body(level, cells, rows, out);
    if written.is_err() {
        out.truncate(begin);
    }
    written
}

fn decode(body: &[u8], numbers: RowNumbers, types: &[SqlType]) -> Res<Vec<ArrayRef>> {
    decode_at(Level::best(), body, numbers, types)
}

pub(crate) fn decode_at(
    level: Level,
    body: &[u8],
    numbers: RowNumbers,
    types: &[SqlType],
) -> Res<Vec<ArrayRef>> {
    read_with(body, numbers, types, |scan, row, columns| {
        fast::rows(level, scan, row + 1, numbers.limit(), columns)
    })
}

/// Reads a row at a time; `more` is told the number of each, may read others behind it, and returns
/// the number of the row to go on with.
fn read_with(
    body: &[u8],
    numbers: RowNumbers,
    types: &[SqlType],
    mut more: impl FnMut(&mut Scanner<'_>, u64, &mut [Column]) -> Res<u64>,
) -> Res<Vec<ArrayRef>> {
    let mut columns: Vec<_> = types.iter().map(|ty| Column::new(*ty)).collect();
    let elements = columns.len() + 1;
    walk(body, numbers, |scan, row| {
        for (index, column) in columns.iter_mut().enumerate() {
            envelope::next_cell(scan, elements, index + 1)?;
            column.read(scan)?;
        }
        let next = more(scan, row, &mut columns)?;
        envelope::no_cells_left(scan, elements)?;
        Ok(next)
    })?;
    let columns: Option<Vec<_>> = columns.into_iter().map(Column::finish).collect();
    columns.ok_or_else(|| find_bad_text(body, numbers))
}

/// The strict reader alone, for comparison.
#[cfg(test)]
fn decode_strictly(body: &[u8], numbers: RowNumbers, types: &[SqlType]) -> Res<Vec<ArrayRef>> {
    read_with(body, numbers, types, |_, row, _| Ok(row + 1))
}

/// Finds the string that is not UTF-8 in a body that was read to its end: text
/// columns are validated as a whole, which does not say where. A column has
/// such text exactly when a string of the body has, for escapes only ever
/// write whole characters.
#[cold]
fn find_bad_text(body: &[u8], numbers: RowNumbers) -> Box<BatchError> {
    let found = walk(body, numbers, |scan, row| {
        envelope::pass_cells(scan)?;
        Ok(row + 1)
    });
    found
        .err()
        .unwrap_or_else(|| Scanner::new(body).not_utf8(0))
}
