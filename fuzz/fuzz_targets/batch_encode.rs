//! Any columns as a batch: what cannot be written is refused and leaves no trace; what is written
//! is JSON with the right rows, and says what is in the columns, by the judgement of serde_json and
//! the standard library; it is the same on every instruction set, for every way to ask for the same
//! rows, and when it is written row by row; and it is read as the same columns.
//!
//! The bytes of the input decide on types, values, NULLs and slices, see `batch_encode/columns.rs`.

#![no_main]

#[path = "batch_encode/bytes.rs"]
mod bytes;
#[path = "batch_encode/columns.rs"]
mod columns;

use std::ops::Range;

use arrow::array::{Array, ArrayRef};
use floe_batch::levels::{self, Level};
use floe_batch::rows::{RequestWriter, ResponseWriter, read_response};
use floe_batch::{
    BatchError, Encoder, SqlType, decode_response, decode_response_in_any_order, encode_request,
    encode_response,
};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::value::RawValue;

use bytes::Bytes;
use columns::{Cell, Column, Kind};

/// What stands in the buffer already.
const BEFORE: &[u8] = b"{not mine";

/// The body as serde_json takes it apart.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow)]
    data: Vec<Vec<&'a RawValue>>,
}

fuzz_target!(|input: &[u8]| {
    let Some(mut bytes) = Bytes::new(input) else {
        return;
    };
    let count = bytes.below(4) + 1;
    let rows = match bytes.byte() {
        byte @ 0..224 => usize::from(byte % 7),
        // More than a block of the writer, at times more than two.
        byte => usize::from(byte) - 125,
    };
    let columns: Vec<Column> = (0..count).map(|_| Column::new(&mut bytes, rows)).collect();
    let batch = Batch::new(&columns);
    let sound = batch.refused(rows);
    batch.written(sound);
    let start = bytes.below(sound + 1);
    let end = start + bytes.below(sound - start + 1);
    batch.part(start..end);
    for column in &columns {
        answered(column, sound);
    }
});

/// Columns, as the encoder takes them.
struct Batch<'a> {
    columns: &'a [Column],
    arrays: Vec<ArrayRef>,
    types: Vec<SqlType>,
}

impl<'a> Batch<'a> {
    fn new(columns: &'a [Column]) -> Self {
        Self {
            columns,
            arrays: columns.iter().map(|column| column.array.clone()).collect(),
            types: columns.iter().map(|column| column.ty).collect(),
        }
    }

    fn encoder(&self) -> Encoder<'_> {
        Encoder::new(&self.types)
    }

    fn slices(&self, rows: Range<usize>) -> Vec<ArrayRef> {
        let slice = |array: &ArrayRef| array.slice(rows.start, rows.len());
        self.arrays.iter().map(slice).collect()
    }

    /// The request for some rows, which can be written.
    fn request(&self, rows: Range<usize>) -> Vec<u8> {
        let mut out = BEFORE.to_vec();
        let encoded = self.encoder().request(&self.arrays, rows, &mut out);
        encoded.expect("these rows can be written");
        out.split_off(BEFORE.len())
    }

    /// Writes all rows; the first that must be refused is refused. Returns how many come before it.
    fn refused(&self, rows: usize) -> usize {
        let wrong = (0..rows).find_map(|row| {
            let writable = |column: &Column| column.cells[row].is_writable();
            let column = self.columns.iter().position(|column| !writable(column))?;
            Some((row, column))
        });
        for level in Level::all_here() {
            let mut out = BEFORE.to_vec();
            let encoded = levels::encode_request(level, self.encoder(), &self.arrays, &mut out);
            match (wrong, encoded) {
                (None, encoded) => encoded.expect("every value can be written"),
                (Some((row, column)), Ok(())) => {
                    let cell = &self.columns[column].cells[row];
                    panic!("{level:?} wrote {cell:?}, which has no text");
                }
                (Some((row, column)), Err(error)) => {
                    assert_eq!(out, BEFORE, "{level:?}");
                    self.names(row, column, &error);
                }
            }
        }
        wrong.map_or(rows, |(row, _)| row)
    }

    fn names(&self, row: usize, column: usize, error: &BatchError) {
        let of_column = &self.columns[column];
        let (found, kind) = match error {
            BatchError::DateOutOfRange { row, .. } => (*row, matches!(of_column.kind, Kind::Date)),
            BatchError::TimeNotWritable { row } => {
                let kind = of_column.kind;
                let time = matches!(kind, Kind::Time(_) | Kind::Moment(..) | Kind::Zoned(_));
                (*row, time)
            }
            BatchError::JsonNotWritable {
                row,
                column: found,
                expected,
            } => (*row, *found == column && *expected == of_column.ty),
            error => panic!("{error}"),
        };
        assert!(
            kind && found == row as u64,
            "row {row}, column {column}: {error}"
        );
    }

    /// The first `rows` rows, which can be written.
    fn written(&self, rows: usize) {
        let body = self.request(0..rows);
        let parsed = parse(&body);
        assert_eq!(parsed.data.len(), rows);
        for (row, cells) in parsed.data.iter().enumerate() {
            assert_eq!(cells.len(), self.columns.len() + 1);
            assert_eq!(cells[0].get(), row.to_string());
            for (column, text) in self.columns.iter().zip(&cells[1..]) {
                same(&column.cells[row], text.get());
            }
        }
        for level in Level::all_here() {
            let (mut out, arrays) = (Vec::new(), self.slices(0..rows));
            levels::encode_request(level, self.encoder(), &arrays, &mut out).expect("as before");
            assert!(out == body, "{level:?}");
            let read = levels::decode_request(level, &body, &self.types).expect("it was written");
            for (column, array) in self.columns.iter().zip(&read) {
                read_right(column, rows, array);
            }
        }
        let mut out = Vec::new();
        let trusting = self.encoder().trust_json();
        trusting
            .request(&self.arrays, 0..rows, &mut out)
            .expect("as before");
        assert!(
            out == body,
            "JSON is written differently when it is trusted"
        );
        self.undeclared(rows, &body);
        self.row_by_row(rows, &body);
    }

    /// Without declared types JSON is text, and all else the same.
    fn undeclared(&self, rows: usize, body: &[u8]) {
        let mut out = Vec::new();
        encode_request(&self.arrays, 0..rows, &mut out).expect("every value has a text");
        if !self
            .columns
            .iter()
            .any(|column| matches!(column.kind, Kind::Json(_)))
        {
            assert!(out == body, "declared types change what is written");
            return;
        }
        for (row, cells) in parse(&out).data.iter().enumerate() {
            for (column, text) in self.columns.iter().zip(&cells[1..]) {
                match &column.cells[row] {
                    Cell::Json(json, _) => same(&Cell::Text(json.clone()), text.get()),
                    cell => same(cell, text.get()),
                }
            }
        }
    }

    fn row_by_row(&self, rows: usize, body: &[u8]) {
        if !self.columns.iter().all(Column::in_rows) {
            return;
        }
        let mut out = Vec::new();
        let mut writer = RequestWriter::new(&mut out);
        for row in 0..rows {
            let cells: Vec<_> = self
                .columns
                .iter()
                .map(|column| &column.cells[row])
                .collect();
            writer.row(&cells).expect("plain values");
        }
        writer.finish();
        assert!(out == body, "typed rows are written differently");
    }

    /// A part of the rows is written as the same rows of sliced columns.
    fn part(&self, rows: Range<usize>) {
        let body = self.request(rows.clone());
        let mut out = Vec::new();
        let (slices, len) = (self.slices(rows.clone()), rows.len());
        let encoded = self.encoder().request(&slices, 0..len, &mut out);
        encoded.expect("some of the same rows");
        assert!(
            out == body,
            "{rows:?} of the columns are not the rows of their slices"
        );
    }
}

/// The column as an answer.
fn answered(column: &Column, rows: usize) {
    let (array, types) = (column.array.slice(0, rows), [column.ty]);
    let mut body = BEFORE.to_vec();
    Encoder::new(&types)
        .response(&array, &mut body)
        .expect("as in the request");
    let body = body.split_off(BEFORE.len());
    let read = decode_response(&body, rows, &column.ty).expect("it was written");
    read_right(column, rows, &read);
    let any_order = decode_response_in_any_order(&body, rows, &column.ty);
    assert_eq!(
        any_order.expect("in order is any order").as_ref(),
        read.as_ref()
    );
    if !column.in_rows() {
        return;
    }
    let mut undeclared = Vec::new();
    encode_response(&array, &mut undeclared).expect("plain values");
    assert!(undeclared == body, "the declared type changes the answer");
    let mut out = Vec::new();
    let mut writer = ResponseWriter::new(&mut out);
    for (row, cell) in column.cells[..rows].iter().enumerate() {
        writer.row(row as u64, cell).expect("a plain value");
    }
    writer.finish();
    assert!(out == body, "typed rows are answered differently");
    typed(column, rows, &body);
}

/// The answer as typed rows.
fn typed(column: &Column, rows: usize, body: &[u8]) {
    fn read<'de, T: Deserialize<'de>>(body: &'de [u8], rows: usize) -> Vec<Option<T>> {
        read_response(body, rows).expect("it was written")
    }
    let cells = &column.cells[..rows];
    // By their text, so that one NaN is another.
    let expected: Vec<_> = cells.iter().map(|cell| format!("{cell:?}")).collect();
    let found: Vec<_> = match column.kind {
        Kind::Text(_) => shown(read(body, rows), Cell::Text),
        Kind::Boolean => shown(read(body, rows), Cell::Boolean),
        Kind::Double => shown(read(body, rows), Cell::Double),
        Kind::Single => shown(read(body, rows), Cell::Single),
        Kind::Decimal(_) => shown(read(body, rows), |value| Cell::Decimal(value, 0)),
        Kind::Whole(_) => shown(read(body, rows), Cell::Whole),
        _ => shown(read::<String>(body, rows), Cell::Text),
    };
    assert_eq!(found, expected);
}

fn shown<T>(values: Vec<Option<T>>, cell: impl Fn(T) -> Cell) -> Vec<String> {
    let cells = values
        .into_iter()
        .map(|value| value.map_or(Cell::Null, &cell));
    cells.map(|cell| format!("{cell:?}")).collect()
}

/// The text says what is in the cell.
fn same(cell: &Cell, text: &str) {
    match cell {
        Cell::Null => assert_eq!(text, "null"),
        Cell::Text(expected) => {
            let found: String = serde_json::from_str(text).expect("a string");
            assert_eq!(&found, expected);
        }
        Cell::Json(expected, _) => assert_eq!(text, expected.trim()),
        Cell::Boolean(expected) => assert_eq!(text, expected.to_string()),
        Cell::Double(expected) => match special(*expected) {
            Some(special) => assert_eq!(text, special),
            None => {
                let found: f64 = text.parse().expect("a number");
                assert_eq!(found.to_bits(), expected.to_bits(), "{text}");
            }
        },
        Cell::Single(expected) => match special(f64::from(*expected)) {
            Some(special) => assert_eq!(text, special),
            None => {
                let found: f32 = text.parse().expect("a number");
                assert_eq!(found.to_bits(), expected.to_bits(), "{text}");
            }
        },
        Cell::Whole(expected) | Cell::Decimal(expected, 0) => {
            assert_eq!(text, expected.to_string());
        }
        Cell::Decimal(expected, scale) => {
            let (whole, fraction) = text.split_once('.').expect("a point");
            assert_eq!(fraction.len(), usize::from(*scale));
            let found: i128 = format!("{whole}{fraction}").parse().expect("digits");
            assert_eq!(found, *expected, "{text}");
        }
        Cell::Binary(expected) => {
            let digits: String = expected.iter().map(|byte| format!("{byte:02X}")).collect();
            assert_eq!(text, format!("\"{digits}\""));
        }
        // What they say is proved by reading them.
        Cell::Date(_) => assert_eq!(text.len(), "\"2024-11-29\"".len()),
        Cell::Time(..) => assert!(text.len() >= "\"20:12:47\"".len()),
        Cell::Moment { .. } => assert!(text.len() >= "\"2024-11-29 20:12:47.310\"".len()),
    }
}

/// The strings for doubles that are no JSON numbers.
fn special(value: f64) -> Option<&'static str> {
    match value {
        value if value.is_nan() => Some("\"NaN\""),
        f64::INFINITY => Some("\"inf\""),
        f64::NEG_INFINITY => Some("\"-inf\""),
        _ => None,
    }
}

/// The column came back as it was.
fn read_right(column: &Column, rows: usize, read: &ArrayRef) {
    assert_eq!(read.data_type(), &column.ty.arrow_type());
    assert_eq!(read.len(), rows);
    read.to_data().validate_full().expect("a sound column");
    if let Some(expected) = column.as_read(rows) {
        assert_eq!(read.as_ref(), expected.as_ref());
    }
}

/// Takes a body apart that must be JSON; a number beyond the doubles, which serde_json cannot
/// represent, is.
fn parse(body: &[u8]) -> Body<'_> {
    if let Err(error) = serde_json::from_slice::<serde_json::Value>(body) {
        let beyond = error.to_string().starts_with("number out of range");
        assert!(beyond, "{error}: {}", String::from_utf8_lossy(body));
    }
    serde_json::from_slice(body).expect("a batch")
}
