//! Which columns files have.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::reader::infer_json_schema;
use futures::{StreamExt, TryStreamExt, stream};

use super::chunks::Chunks;
use super::text::{whole_lines, without_mark, words};
use super::{BatchFile, InputFormat, Reader, StreamError};
use crate::ingest::sink::QUESTIONS;

/// How much of a file is looked at.
const SAMPLE: u64 = 1 << 20;

/// How many rows of a file are looked at.
const SAMPLE_ROWS: usize = 1000;

impl Reader {
    /// The columns that the first rows of files have; `None` when there are no rows to tell them
    /// by.
    ///
    /// Whole numbers and others make a column of numbers, anything else that differs makes one of
    /// texts.
    pub(in crate::ingest) async fn infer(
        &self,
        files: &[BatchFile],
    ) -> Result<Option<SchemaRef>, StreamError> {
        let looks = stream::iter(files.to_vec()).map(|file| async move {
            let columns = self.columns_of(&file).await;
            Ok::<_, StreamError>((file, columns))
        });
        let mut looks = looks.buffered(QUESTIONS);
        let mut known: Vec<FieldRef> = Vec::new();
        while let Some((file, columns)) = looks.try_next().await? {
            let columns = match columns {
                Ok(Some(columns)) => columns,
                Ok(None) => continue,
                Err(StreamError::Unreadable { .. }) if self.options.ignore_corrupt => continue,
                Err(error) => return Err(error),
            };
            let is_typed = self.options.format == InputFormat::Parquet;
            known = merge(&known, &columns, is_typed)
                .map_err(|reason| file.unreadable(self.options.format, reason))?;
        }
        if known.is_empty() {
            return Ok(None);
        }
        let fields = known.iter().map(|field| self.settled(field));
        Ok(Some(self.hinted(fields.collect())))
    }

    async fn columns_of(&self, file: &BatchFile) -> Result<Option<Vec<FieldRef>>, StreamError> {
        if self.options.format == InputFormat::Parquet {
            let schema = Arc::clone(self.parquet(file).await?.schema());
            return Ok(Some(schema.fields().to_vec()));
        }
        let mut chunks = Chunks::new(&self.source, file, SAMPLE);
        let Some(sample) = chunks.next().await? else {
            return Ok(None);
        };
        let text = whole_lines(without_mark((*sample).as_ref()), chunks.is_at_end());
        let inferred = match self.options.format {
            InputFormat::Json => infer_json_schema(text, Some(SAMPLE_ROWS)),
            _ => self.csv_format().infer_schema(text, Some(SAMPLE_ROWS)),
        };
        let failed = |error: ArrowError| file.unreadable(self.options.format, words(&error));
        let (schema, rows) = inferred.map_err(failed)?;
        Ok((rows > 0).then(|| schema.fields().to_vec()))
    }

    /// A column as it is kept: of what nothing is known is text, and so is everything when types
    /// are not inferred.
    fn settled(&self, field: &Field) -> FieldRef {
        let ty = settled_type(field.data_type(), self.options.infer_types);
        Arc::new(Field::new(field.name(), ty, true))
    }

    fn hinted(&self, mut fields: Vec<FieldRef>) -> SchemaRef {
        let hints = self.options.hints.iter().flat_map(|hints| hints.fields());
        for hint in hints {
            match fields.iter_mut().find(|field| field.name() == hint.name()) {
                Some(field) => *field = Arc::clone(hint),
                None => fields.push(Arc::clone(hint)),
            }
        }
        Arc::new(Schema::new(fields))
    }
}

fn settled_type(ty: &DataType, infer_types: bool) -> DataType {
    let item = |field: &Field| {
        let ty = settled_type(field.data_type(), infer_types);
        Arc::new(Field::new(field.name(), ty, true))
    };
    match ty {
        DataType::Null => DataType::Utf8,
        DataType::List(field) => DataType::List(item(field)),
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| item(field)).collect())
        }
        _ if infer_types => ty.clone(),
        _ => DataType::Utf8,
    }
}

/// The columns of both, in the order in which they were seen first. Types that files themselves
/// tell are never made up.
fn merge(known: &[FieldRef], new: &[FieldRef], is_typed: bool) -> Result<Vec<FieldRef>, String> {
    let mut merged = known.to_vec();
    for field in new {
        match merged.iter_mut().find(|known| known.name() == field.name()) {
            None => merged.push(Arc::clone(field)),
            Some(known) => {
                let ty = merge_types(known.data_type(), field.data_type(), is_typed)
                    .map_err(|reason| format!("column `{}` is {reason}", field.name()))?;
                *known = Arc::new(Field::new(field.name(), ty, true));
            }
        }
    }
    Ok(merged)
}

fn merge_types(known: &DataType, new: &DataType, is_typed: bool) -> Result<DataType, String> {
    if super::adapt::fits(new, known) {
        return Ok(known.clone());
    }
    if super::adapt::fits(known, new) {
        return Ok(new.clone());
    }
    match (known, new) {
        (DataType::Int64, DataType::Float64) | (DataType::Float64, DataType::Int64)
            if !is_typed =>
        {
            Ok(DataType::Float64)
        }
        (DataType::Struct(known), DataType::Struct(new)) => {
            Ok(DataType::Struct(Fields::from(merge(known, new, is_typed)?)))
        }
        (DataType::List(known), DataType::List(new)) => {
            let item = merge_types(known.data_type(), new.data_type(), is_typed)?;
            Ok(DataType::List(Arc::new(Field::new_list_field(item, true))))
        }
        (known, new) if is_typed || known.is_nested() || new.is_nested() => {
            Err(format!("{new} here and {known} in a file before"))
        }
        _ => Ok(DataType::Utf8),
    }
}
