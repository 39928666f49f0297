//! Columns as text: a JSON array of names and types.

use std::io::BufReader;
use std::iter::Peekable;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, UInt32Array,
};
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, UInt32Type};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json::{ArrayWriter, ReaderBuilder};

/// What the file says of each column. Those that are in a column of objects or lists follow it, one
/// deeper: Arrow's own way to write such types does not bring every name back.
fn entry_fields() -> Fields {
    Fields::from(vec![
        Field::new("depth", DataType::UInt32, false),
        Field::new("name", DataType::Utf8, false),
        Field::new("type", DataType::Utf8, false),
        Field::new("nullable", DataType::Boolean, false),
    ])
}

/// One column, as the file has it.
struct Entry {
    depth: u32,
    name: String,
    ty: String,
    nullable: bool,
}

const OBJECT: &str = "struct";
const LIST: &str = "list";

/// The deepest that a column lies: as deep as JSON is read.
const MAX_DEPTH: u32 = 128;

fn flatten(fields: &Fields, depth: u32, entries: &mut Vec<Entry>) -> Result<(), String> {
    for field in fields {
        let (ty, inner) = match field.data_type() {
            DataType::Struct(inner) => (OBJECT.to_owned(), inner.clone()),
            DataType::List(item) => (LIST.to_owned(), Fields::from(vec![Arc::clone(item)])),
            ty => (ty.to_string(), Fields::empty()),
        };
        let comes_back = || ty.parse::<DataType>().ok().as_ref() == Some(field.data_type());
        if depth > MAX_DEPTH || (inner.is_empty() && ty != OBJECT && !comes_back()) {
            return Err(format!(
                "the type {ty} of column `{}` cannot be written down; give the columns with \
                 schema => '…'",
                field.name()
            ));
        }
        entries.push(Entry {
            depth,
            name: field.name().clone(),
            ty,
            nullable: field.is_nullable(),
        });
        flatten(&inner, depth + 1, entries)?;
    }
    Ok(())
}

fn unflatten(
    entries: &mut Peekable<impl Iterator<Item = Entry>>,
    depth: u32,
) -> Result<Vec<Field>, String> {
    let mut fields = Vec::new();
    while let Some(entry) = entries.next_if(|entry| entry.depth == depth) {
        let mut inner = || match depth < MAX_DEPTH {
            true => unflatten(entries, depth + 1),
            false => Err("its columns lie too deep".to_owned()),
        };
        let ty = match entry.ty.as_str() {
            OBJECT => DataType::Struct(Fields::from(inner()?)),
            LIST => match <[Field; 1]>::try_from(inner()?) {
                Ok([item]) => DataType::List(Arc::new(item)),
                Err(_) => return Err(format!("list `{}` is not of one thing", entry.name)),
            },
            ty => ty.parse().map_err(|error: ArrowError| error.to_string())?,
        };
        fields.push(Field::new(entry.name, ty, entry.nullable));
    }
    Ok(fields)
}

pub(super) fn to_text(schema: &Schema) -> Result<Vec<u8>, String> {
    let mut entries = Vec::new();
    flatten(schema.fields(), 0, &mut entries)?;
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt32Array::from_iter_values(
            entries.iter().map(|entry| entry.depth),
        )),
        Arc::new(StringArray::from_iter_values(
            entries.iter().map(|entry| &entry.name),
        )),
        Arc::new(StringArray::from_iter_values(
            entries.iter().map(|entry| &entry.ty),
        )),
        Arc::new(
            entries
                .iter()
                .map(|entry| Some(entry.nullable))
                .collect::<BooleanArray>(),
        ),
    ];
    let text = |error: ArrowError| error.to_string();
    let rows =
        RecordBatch::try_new(Arc::new(Schema::new(entry_fields())), columns).map_err(text)?;
    let mut writer = ArrayWriter::new(Vec::new());
    writer.write(&rows).map_err(text)?;
    writer.finish().map_err(text)?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

pub(super) fn from_text(text: &[u8]) -> Result<SchemaRef, String> {
    let mut entries = entries(text)?.into_iter().peekable();
    let fields = unflatten(&mut entries, 0)?;
    match (fields.is_empty(), entries.peek()) {
        (false, None) => Ok(Arc::new(Schema::new(fields))),
        (true, None) => Err("it has no columns".to_owned()),
        (_, Some(entry)) => Err(format!("column `{}` is in no other", entry.name)),
    }
}

fn entries(text: &[u8]) -> Result<Vec<Entry>, String> {
    const NO_LIST: &str = "it is no list of columns";
    let item = Field::new_list_field(DataType::Struct(entry_fields()), false);
    let list = Field::new("columns", DataType::List(Arc::new(item)), false);
    let reader = ReaderBuilder::new_with_field(list).build(BufReader::new(text));
    let mut batches = reader.map_err(|error| error.to_string())?;
    let batch = match (batches.next(), batches.next()) {
        (Some(batch), None) => batch.map_err(|error| error.to_string())?,
        _ => return Err(NO_LIST.to_owned()),
    };
    let column = batch
        .columns()
        .first()
        .map(|column| column.as_list::<i32>());
    let items = match column {
        Some(list) if list.len() == 1 => list.value(0),
        _ => return Err(NO_LIST.to_owned()),
    };
    let [depths, names, types, nullable] = items.as_struct().columns() else {
        return Err(NO_LIST.to_owned());
    };
    let depths = depths.as_primitive::<UInt32Type>().iter();
    let (names, types) = (
        names.as_string::<i32>().iter(),
        types.as_string::<i32>().iter(),
    );
    let rows = depths
        .zip(names)
        .zip(types)
        .zip(nullable.as_boolean().iter());
    let entries = rows.map(|(((depth, name), ty), nullable)| {
        Some(Entry {
            depth: depth?,
            name: name?.to_owned(),
            ty: ty?.to_owned(),
            nullable: nullable?,
        })
    });
    let entries: Option<Vec<_>> = entries.collect();
    entries.ok_or_else(|| NO_LIST.to_owned())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::TimeUnit;

    use super::*;

    fn columns() -> Schema {
        let item = DataType::Struct(Fields::from(vec![Field::new(
            "x \"y\"",
            DataType::Int64,
            true,
        )]));
        Schema::new(vec![
            Field::new("a\n'b'", DataType::Utf8, true),
            Field::new(
                "l",
                DataType::List(Arc::new(Field::new_list_field(item, true))),
                true,
            ),
            Field::new(
                "t",
                DataType::Timestamp(TimeUnit::Millisecond, Some("+02:00".into())),
                true,
            ),
            Field::new("d", DataType::Decimal128(38, 10), true),
        ])
    }

    #[test]
    fn columns_come_back_as_they_were() {
        let text = to_text(&columns()).unwrap();
        assert_eq!(*from_text(&text).unwrap(), columns());
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_never_taken_for_columns() {
        let text = to_text(&columns()).unwrap();
        // Without the line break it is whole, too.
        for length in 0..text.len() - 1 {
            let cut = from_text(&text[..length]);
            assert!(cut.is_err(), "{length} of {}: {cut:?}", text.len());
        }
        for other in [
            "[]",
            "{}",
            "[1]",
            "[{\"depth\":0,\"name\":\"a\",\"type\":\"Money\",\"nullable\":true}]",
            "[{\"depth\":0,\"name\":\"a\",\"type\":\"list\",\"nullable\":true}]",
            "[{\"depth\":1,\"name\":\"a\",\"type\":\"Int64\",\"nullable\":true}]",
        ] {
            assert!(from_text(other.as_bytes()).is_err(), "{other}");
        }
    }
}
