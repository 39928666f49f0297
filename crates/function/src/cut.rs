//! Cuts rows into batches of bounded size.

use std::ops::Range;

use arrow::array::{Array, AsArray as _, RecordBatch};
use arrow::datatypes::DataType;

/// The most bytes of argument values in a batch of more than one row: 4 MiB. Counted before JSON
/// escapes what needs escaping and bytes become pairs of digits.
pub(crate) const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// A generous estimate for a value that is not text: a NUMBER has up to 40 characters, a timestamp
/// with quotes 37.
const FIXED_WIDTH: usize = 40;

/// Quotes and comma around a text.
const TEXT_FRAME: usize = 3;

/// Brackets, row number and comma around a row.
const ROW_FRAME: usize = 12;

/// The row ranges of `args`, each with at most `max_rows` rows and [`MAX_BATCH_BYTES`] bytes.
pub(crate) fn cuts(args: &RecordBatch, max_rows: usize) -> impl Iterator<Item = Range<usize>> {
    let widths: Vec<_> = args
        .columns()
        .iter()
        .map(|column| Width::of(column.as_ref()))
        .collect();
    let rows = args.num_rows();
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= rows {
            return None;
        }
        let most = start.saturating_add(max_rows.max(1)).min(rows);
        let mut bytes = 0_usize;
        let mut end = start;
        while end < most {
            let row = ROW_FRAME + widths.iter().map(|width| width.of_row(end)).sum::<usize>();
            bytes = bytes.saturating_add(row);
            // A single row that is larger goes alone: it cannot be cut.
            if bytes > MAX_BATCH_BYTES && end > start {
                break;
            }
            end += 1;
        }
        let range = start..end;
        start = end;
        Some(range)
    })
}

/// How many bytes the values of one column take.
enum Width<'a> {
    Offsets(&'a [i32]),
    LongOffsets(&'a [i64]),
    /// The low 32 bits of a view are the length of its text.
    Views(&'a [u128]),
    Fixed,
}

impl<'a> Width<'a> {
    fn of(column: &'a dyn Array) -> Self {
        match column.data_type() {
            DataType::Utf8 => Self::Offsets(column.as_string::<i32>().value_offsets()),
            DataType::LargeUtf8 => Self::LongOffsets(column.as_string::<i64>().value_offsets()),
            DataType::Utf8View => Self::Views(column.as_string_view().views()),
            DataType::Binary => Self::Offsets(column.as_binary::<i32>().value_offsets()),
            DataType::LargeBinary => Self::LongOffsets(column.as_binary::<i64>().value_offsets()),
            DataType::BinaryView => Self::Views(column.as_binary_view().views()),
            // Every other type a batch can carry is of fixed size.
            _ => Self::Fixed,
        }
    }

    fn of_row(&self, row: usize) -> usize {
        let text = match self {
            Self::Offsets(offsets) => {
                between(offsets, row).map(|(a, b)| i64::from(b) - i64::from(a))
            }
            Self::LongOffsets(offsets) => between(offsets, row).map(|(a, b)| b - a),
            Self::Views(views) => views.get(row).map(|view| (view & 0xffff_ffff) as i64),
            Self::Fixed => return FIXED_WIDTH,
        };
        TEXT_FRAME
            + text
                .and_then(|bytes| usize::try_from(bytes).ok())
                .unwrap_or(0)
    }
}

fn between<T: Copy>(offsets: &[T], row: usize) -> Option<(T, T)> {
    Some((*offsets.get(row)?, *offsets.get(row + 1)?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, LargeStringArray, StringArray, StringViewArray};

    use super::*;

    fn check(columns: Vec<ArrayRef>, max_rows: usize, expected: &[Range<usize>]) {
        let named = columns
            .into_iter()
            .enumerate()
            .map(|(n, column)| (format!("C{n}"), column));
        let batch = RecordBatch::try_from_iter(named).unwrap();
        assert_eq!(cuts(&batch, max_rows).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn rows_are_cut_at_the_row_limit() {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..25));
        check(vec![Arc::clone(&numbers)], 10, &[0..10, 10..20, 20..25]);
        check(
            vec![Arc::clone(&numbers)],
            25,
            std::slice::from_ref(&(0..25)),
        );
        check(
            vec![numbers],
            0,
            &(0..25).map(|n| n..n + 1).collect::<Vec<_>>(),
        );
    }

    #[test]
    fn zero_rows_give_no_batch() {
        check(
            vec![Arc::new(StringArray::from(Vec::<&str>::new()))],
            10,
            &[],
        );
    }

    #[test]
    fn rows_are_cut_at_the_byte_limit_for_every_kind_of_text() {
        let mebibyte = "x".repeat(1024 * 1024);
        let texts = vec![Some(mebibyte.as_str()); 7];
        for column in [
            Arc::new(StringArray::from(texts.clone())) as ArrayRef,
            Arc::new(LargeStringArray::from(texts.clone())),
            Arc::new(StringViewArray::from(texts)),
        ] {
            check(vec![column], 1000, &[0..3, 3..6, 6..7]);
        }
    }

    #[test]
    fn a_row_larger_than_the_limit_goes_alone() {
        let huge = "x".repeat(MAX_BATCH_BYTES + 1);
        let column = StringArray::from(vec!["a", "b", &huge, "c"]);
        check(vec![Arc::new(column)], 1000, &[0..2, 2..3, 3..4]);
    }

    #[test]
    fn a_slice_is_measured_by_its_own_rows() {
        let huge = "x".repeat(MAX_BATCH_BYTES);
        let column = StringArray::from(vec![huge.as_str(), "a", "b"]).slice(1, 2);
        check(vec![Arc::new(column)], 1000, std::slice::from_ref(&(0..2)));
    }
}
