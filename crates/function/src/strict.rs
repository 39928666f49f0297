//! Rows of STRICT functions that are not sent: one with a NULL argument yields NULL.

use arrow::array::{Array as _, ArrayRef, BooleanArray, RecordBatch, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::{filter_record_batch, take};
use arrow::error::ArrowError;

/// Which rows of a call are sent.
pub(crate) struct Held {
    /// For every row of the call its number among the sent rows; null when it is held back.
    /// `None` when all rows are sent.
    numbers: Option<UInt64Array>,
}

impl Held {
    /// Takes the rows to be sent out of `args`.
    pub(crate) fn back(
        strict: bool,
        args: &RecordBatch,
    ) -> Result<(Self, RecordBatch), ArrowError> {
        let complete = args
            .columns()
            .iter()
            .map(|column| column.logical_nulls())
            .fold(None, |nulls, more| {
                NullBuffer::union(nulls.as_ref(), more.as_ref())
            });
        let complete = match complete {
            Some(complete) if strict && complete.null_count() > 0 => complete,
            Some(_) | None => return Ok((Self { numbers: None }, args.clone())),
        };
        let mut next = 0..;
        let numbers = complete
            .iter()
            .map(|send| if send { next.next() } else { None })
            .collect();
        let keep = BooleanArray::new(complete.into_inner(), None);
        let sent = filter_record_batch(args, &keep)?;
        Ok((
            Self {
                numbers: Some(numbers),
            },
            sent,
        ))
    }

    /// How many rows are held back.
    pub(crate) fn count(&self) -> usize {
        self.numbers
            .as_ref()
            .map_or(0, |numbers| numbers.null_count())
    }

    /// Puts the answers of the sent rows where their rows were, and NULL between them.
    pub(crate) fn merge(&self, answers: ArrayRef) -> Result<ArrayRef, ArrowError> {
        match &self.numbers {
            Some(numbers) => take(&answers, numbers, None),
            None => Ok(answers),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    fn args() -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3), Some(4)]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec![
            Some("a"),
            Some("b"),
            None,
            Some("d"),
        ]));
        RecordBatch::try_from_iter([("N", numbers), ("T", texts)]).unwrap()
    }

    #[test]
    fn a_strict_function_holds_rows_with_a_null_back_and_merges_null_in_their_places() {
        let (held, sent) = Held::back(true, &args()).unwrap();
        assert_eq!((held.count(), sent.num_rows()), (2, 2));
        let merged = held
            .merge(Arc::new(StringArray::from(vec!["one", "four"])))
            .unwrap();
        let expected = StringArray::from(vec![Some("one"), None, None, Some("four")]);
        assert_eq!(merged.as_ref(), &expected as &dyn arrow::array::Array);
    }

    #[test]
    fn a_function_called_on_null_input_sends_every_row() {
        let (held, sent) = Held::back(false, &args()).unwrap();
        assert_eq!((held.count(), sent.num_rows()), (0, 4));
    }

    #[test]
    fn a_strict_function_without_nulls_sends_every_row() {
        let (held, sent) = Held::back(true, &args().slice(0, 1)).unwrap();
        assert_eq!((held.count(), sent.num_rows()), (0, 1));
    }
}
