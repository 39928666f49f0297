//! Proves that a call fits its function, before anything is sent.

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use floe_batch::SqlType;

use super::shared::{Shared, count};
use crate::error::CallError;
use crate::headers::Context;

impl Shared {
    pub(super) fn check_arguments(&self, args: &RecordBatch) -> Result<(), CallError> {
        let fit = args.num_columns() == self.spec.args.len()
            && args
                .columns()
                .iter()
                .zip(&self.spec.args)
                .all(|(column, (_, ty))| fits(column.data_type(), ty));
        if fit {
            return Ok(());
        }
        let found: Vec<_> = args
            .columns()
            .iter()
            .map(|column| column.data_type().to_string())
            .collect();
        Err(self.arguments(format!("({})", found.join(", "))))
    }

    pub(super) fn check_context(&self, context: &Context) -> Result<(), CallError> {
        match context.missing() {
            Some(name) => Err(CallError::NoContext {
                function: self.spec.name.clone(),
                name: name.to_owned(),
            }),
            None => Ok(()),
        }
    }

    pub(super) fn check_row_count(&self, rows: usize) -> Result<(), CallError> {
        match self.spec.max_batch_rows {
            Some(limit) if count(rows) > u64::from(limit.get()) => Err(CallError::TooManyRows {
                function: self.spec.name.clone(),
                rows,
                limit: limit.get(),
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Arrow refused to filter or merge columns whose types were checked before.
    pub(super) fn arrow(&self, error: ArrowError) -> CallError {
        self.arguments(format!("columns that Arrow cannot handle ({error})"))
    }

    pub(super) fn arguments(&self, found: String) -> CallError {
        CallError::Arguments {
            function: self.spec.name.clone(),
            expected: self.spec.signature(),
            found,
        }
    }
}

/// Whether a column of this Arrow type carries values of the SQL type and nothing else.
fn fits(column: &DataType, ty: &SqlType) -> bool {
    match (ty.arrow_type(), column) {
        (_, DataType::Null) => true,
        (DataType::Utf8, DataType::LargeUtf8 | DataType::Utf8View) => true,
        (DataType::Binary, DataType::LargeBinary | DataType::BinaryView) => true,
        (DataType::Time64(_), DataType::Time32(_) | DataType::Time64(_)) => true,
        // A moment in any zone, in a unit that has no more digits; or one with its offset.
        (DataType::Timestamp(unit, zone), DataType::Timestamp(given, given_zone)) => {
            *given <= unit && zone.is_some() == given_zone.is_some()
        }
        (DataType::Struct(_), DataType::Timestamp(_, zone)) => zone.is_some(),
        (DataType::Float64, DataType::Float32) => true,
        (DataType::Decimal128(..), column) if column.is_integer() => true,
        // Fewer digits before and behind the point than declared.
        (DataType::Decimal128(p, s), DataType::Decimal128(precision, scale)) => {
            *scale <= s && i16::from(*precision) - i16::from(*scale) <= i16::from(p) - i16::from(s)
        }
        (exact, column) => exact == *column,
    }
}
