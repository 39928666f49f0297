//! arrow-json in the form that takes rows as lists.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Fields, Schema};
use arrow::error::ArrowError;
use arrow_json::writer::{Encoder, EncoderFactory, EncoderOptions, JsonArray, NullableEncoder};
use arrow_json::{ReaderBuilder, StructMode, WriterBuilder};
use floe_batch::SqlType;
use floe_benches::shapes::Shape;

/// The key of a field's metadata that says that its text is JSON.
const RAW: &str = "raw";

/// A list of rows with a number and columns of these types; whole numbers in 64 bits, which is
/// cheaper than the decimals that floe-batch makes of them.
pub(crate) fn body_field(types: &[SqlType]) -> FieldRef {
    let mut fields = vec![Field::new("row", DataType::Int64, false)];
    for (index, ty) in types.iter().enumerate() {
        fields.push(Field::new(format!("c{index}"), arrow_type(ty), true));
    }
    let row = Field::new("item", DataType::Struct(Fields::from(fields)), false);
    Arc::new(Field::new("rows", DataType::List(Arc::new(row)), false))
}

fn arrow_type(ty: &SqlType) -> DataType {
    match ty.arrow_type() {
        DataType::Decimal128(..) => DataType::Int64,
        other => other,
    }
}

/// The rows of a compact body. JSON values cannot be kept as text by it.
pub(crate) fn decode(body: &[u8], rows: &FieldRef) -> Result<RecordBatch, ArrowError> {
    let rows_only = body
        .strip_prefix(b"{\"data\":".as_slice())
        .and_then(|body| body.strip_suffix(b"}".as_slice()))
        .unwrap_or_default();
    let mut decoder = ReaderBuilder::new_with_field(Arc::clone(rows))
        .with_struct_mode(StructMode::ListOnly)
        .with_batch_size(1)
        .build_decoder()?;
    decoder.decode(rows_only)?;
    let batch = decoder.flush()?;
    batch.ok_or_else(|| ArrowError::JsonError("there is no value".to_owned()))
}

/// The columns of the rows, without the number.
pub(crate) fn columns(batch: &RecordBatch) -> Vec<ArrayRef> {
    let rows = batch.column(0).as_list::<i32>().values();
    rows.as_struct().columns().iter().skip(1).cloned().collect()
}

/// The columns of the shape behind a column of row numbers.
pub(crate) fn numbered(shape: &Shape) -> Result<RecordBatch, ArrowError> {
    let rows = shape.columns.first().map_or(0, |column| column.len());
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows as i64));
    let mut fields = vec![Field::new("row", DataType::Int64, false)];
    let mut columns = vec![numbers];
    for (index, (column, ty)) in shape.columns.iter().zip(&shape.types).enumerate() {
        let column: ArrayRef = match column.as_primitive_opt::<Decimal128Type>() {
            // The shapes have small whole numbers only.
            Some(numbers) => {
                Arc::new(numbers.unary::<_, arrow::datatypes::Int64Type>(|n| n as i64))
            }
            None => Arc::clone(column),
        };
        let mut field = Field::new(format!("c{index}"), column.data_type().clone(), true);
        if *ty == SqlType::Variant {
            field = field.with_metadata([(RAW.to_owned(), String::new())].into());
        }
        fields.push(field);
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

pub(crate) fn encode(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
    out.extend_from_slice(b"{\"data\":");
    let mut writer = WriterBuilder::new()
        .with_explicit_nulls(true)
        .with_struct_mode(StructMode::ListOnly)
        .with_encoder_factory(Arc::new(RawText))
        .build::<_, JsonArray>(&mut *out);
    writer.write(batch)?;
    writer.finish()?;
    out.push(b'}');
    Ok(())
}

/// Writes the text of fields that say so as the JSON that it is.
#[derive(Debug)]
struct RawText;

impl EncoderFactory for RawText {
    fn make_default_encoder<'a>(
        &self,
        field: &'a FieldRef,
        array: &'a dyn Array,
        _options: &'a EncoderOptions,
    ) -> Result<Option<NullableEncoder<'a>>, ArrowError> {
        if !field.metadata().contains_key(RAW) {
            return Ok(None);
        }
        let encoder = RawEncoder(array.as_string());
        let nulls = array.nulls().cloned();
        Ok(Some(NullableEncoder::new(Box::new(encoder), nulls)))
    }
}

struct RawEncoder<'a>(&'a StringArray);

impl Encoder for RawEncoder<'_> {
    fn encode(&mut self, index: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.value(index).as_bytes());
    }
}
