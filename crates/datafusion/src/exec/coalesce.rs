//! Puts small batches together, without ever waiting for more.

use std::pin::Pin;
use std::task::{Context, Poll};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use futures::{Stream, StreamExt};

/// The most batches that are put together, so that many empty ones are passed on too.
const MAX_COALESCED: usize = 64;

/// Joins batches that are ready at once until they have as many rows as `target` says; as soon as
/// the input has to be waited for, what is there is passed on.
pub(super) struct Coalesce<F> {
    input: SendableRecordBatchStream,
    target: F,
    held: Vec<RecordBatch>,
    rows: usize,
    done: bool,
}

impl<F: Fn() -> usize> Coalesce<F> {
    pub(super) fn new(input: SendableRecordBatchStream, target: F) -> Self {
        Self {
            input,
            target,
            held: Vec::new(),
            rows: 0,
            done: false,
        }
    }

    fn is_full(&self) -> bool {
        self.rows >= (self.target)() || self.held.len() >= MAX_COALESCED
    }

    fn flush(&mut self) -> Option<Result<RecordBatch>> {
        self.rows = 0;
        let held = std::mem::take(&mut self.held);
        match held.as_slice() {
            [] => None,
            [one] => Some(Ok(one.clone())),
            many => Some(concat_batches(&self.input.schema(), many).map_err(DataFusionError::from)),
        }
    }
}

impl<F: Fn() -> usize + Unpin> Stream for Coalesce<F> {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.done && !self.is_full() {
            match self.input.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(batch))) => {
                    self.rows += batch.num_rows();
                    self.held.push(batch);
                }
                Poll::Ready(Some(Err(error))) => {
                    self.done = true;
                    self.held.clear();
                    return Poll::Ready(Some(Err(error)));
                }
                Poll::Ready(None) => self.done = true,
                Poll::Pending if self.held.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(self.flush())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Int64Array};
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
    use futures::stream;

    use super::*;

    fn batch(rows: i64) -> RecordBatch {
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
        RecordBatch::try_from_iter([("n", column)]).unwrap()
    }

    fn coalesce<S>(input: S, target: usize) -> Coalesce<impl Fn() -> usize>
    where
        S: Stream<Item = Result<RecordBatch>> + Send + 'static,
    {
        let schema = batch(0).schema();
        Coalesce::new(
            Box::pin(RecordBatchStreamAdapter::new(schema, input)),
            move || target,
        )
    }

    async fn sizes(input: Vec<i64>, target: usize) -> Vec<usize> {
        let input = stream::iter(input.into_iter().map(|rows| Ok(batch(rows))));
        coalesce(input, target)
            .map(|batch| batch.unwrap().num_rows())
            .collect()
            .await
    }

    #[tokio::test]
    async fn small_batches_that_are_ready_come_together_and_large_ones_pass() {
        assert_eq!(sizes(vec![3, 3, 3, 3, 3], 6).await, [6, 6, 3]);
        assert_eq!(sizes(vec![10, 1, 10], 6).await, [10, 11]);
        assert_eq!(sizes(vec![], 6).await, [0; 0]);
    }

    #[tokio::test]
    async fn endless_empty_batches_are_passed_on_from_time_to_time() {
        assert_eq!(sizes(vec![0; 130], 6).await, [0, 0, 0]);
    }

    #[tokio::test]
    async fn what_is_there_is_not_held_back_when_the_input_pauses() {
        let input = stream::iter([Ok(batch(2))]).chain(stream::pending());
        let mut stream = coalesce(input, 1000);
        assert_eq!(stream.next().await.unwrap().unwrap().num_rows(), 2);
    }

    #[tokio::test]
    async fn an_error_of_the_input_ends_the_stream() {
        let input = stream::iter([
            Ok(batch(2)),
            Err(DataFusionError::Execution("disk".to_owned())),
            Ok(batch(2)),
        ]);
        let mut stream = coalesce(input, 1000);
        assert!(stream.next().await.unwrap().is_err());
        assert!(stream.next().await.is_none());
    }
}
