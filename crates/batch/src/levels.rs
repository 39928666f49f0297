//! The codec on a chosen instruction set, for benchmarks: everybody else gets the best there is.

use arrow::array::ArrayRef;

use crate::columns::{self, Encoder};
use crate::envelope::RowNumbers;
use crate::error::BatchError;
pub use crate::isa::Level;
use crate::sql_type::SqlType;

/// [`decode_request`](crate::decode_request) on a level that works here.
pub fn decode_request(
    level: Level,
    body: &[u8],
    signature: &[SqlType],
) -> Result<Vec<ArrayRef>, BatchError> {
    assert!(level.works_here(), "the processor does not have {level:?}");
    columns::decode_at(level, body, RowNumbers::Counted, signature).map_err(|error| *error)
}

/// [`Encoder::request`] of all rows on a level that works here.
pub fn encode_request(
    level: Level,
    encoder: Encoder<'_>,
    columns: &[ArrayRef],
    out: &mut Vec<u8>,
) -> Result<(), BatchError> {
    assert!(level.works_here(), "the processor does not have {level:?}");
    let rows = 0..columns.first().map_or(0, |column| column.len());
    encoder.request_at(level, columns, rows, out)
}
