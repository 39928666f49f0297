//! CSV and JSON.

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, new_null_array};
use datafusion::arrow::csv;
use datafusion::arrow::csv::reader::Format;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::json;
use datafusion::arrow::json::reader::infer_json_schema;
use futures::StreamExt;
use futures::stream;

use super::chunks::{Chunks, Piece};
use super::{BatchFile, InputFormat, ROWS, Reader, Rows, StreamError, Wanted, with_rows};

/// The bytes that are asked for at a time.
const PIECE: u64 = 4 << 20;

/// How many rows of a JSON file are looked at for columns that are new.
const LOOKED_AT: usize = 100;

/// What some programs begin a text with.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl Reader {
    pub(super) async fn open_csv(
        &self,
        wanted: &Wanted,
        file: &BatchFile,
    ) -> Result<Rows, StreamError> {
        let mut chunks = Chunks::new(&self.source, file, PIECE);
        let Some(first) = chunks.next().await? else {
            return Ok(stream::empty().boxed());
        };
        let text = without_mark((*first).as_ref());
        let names = self
            .csv_names(text)
            .map_err(|error| located(file.unreadable(InputFormat::Csv, ""), &error))?;
        let (columns, header) = (wanted.all.fields(), self.options.header);
        // Where the column of the stream is in the file.
        let place = |name: &str, number: usize| match header {
            true => names.iter().position(|known| known == name),
            false => Some(number).filter(|number| *number < names.len()),
        };
        let numbered = columns.iter().enumerate();
        let places: Vec<Option<usize>> = numbered
            .map(|(number, field)| place(field.name(), number))
            .collect();
        let fields = names.iter().enumerate().map(|(at, name)| {
            let column = places.iter().position(|place| *place == Some(at));
            let ty = column.and_then(|column| columns.get(column));
            let ty = ty.map_or(DataType::Utf8, |field| field.data_type().clone());
            Field::new(name, ty, true)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        if header {
            self.count_new(&wanted.all, names.iter().map(String::as_str));
        } else {
            let more = names.iter().skip(columns.len());
            self.count_new(&wanted.all, more.map(String::as_str));
        }
        let places: Vec<Option<usize>> = wanted
            .places
            .iter()
            .map(|column| places.get(*column).copied().flatten())
            .collect();
        let read: Vec<usize> = places.iter().copied().flatten().collect();
        let decoder = csv::ReaderBuilder::new(schema)
            .with_header(header)
            .with_delimiter(self.options.delimiter)
            .with_batch_size(ROWS)
            .with_projection(read)
            .build_decoder();
        let found = places.iter().map(Option::is_some).collect();
        let decoder = Decoder::Csv(Box::new(decoder));
        Ok(self.rows(wanted, file, chunks, first, decoder, found))
    }

    /// The names of the columns, or as many numbered ones as the first row has.
    pub(super) fn csv_names(&self, text: &[u8]) -> Result<Vec<String>, ArrowError> {
        let (schema, _) = self.csv_format().infer_schema(text, Some(0))?;
        let names = schema.fields().iter().map(|field| field.name().clone());
        Ok(names.collect())
    }

    pub(super) fn csv_format(&self) -> Format {
        Format::default()
            .with_header(self.options.header)
            .with_delimiter(self.options.delimiter)
    }

    pub(super) async fn open_json(
        &self,
        wanted: &Wanted,
        file: &BatchFile,
    ) -> Result<Rows, StreamError> {
        let mut chunks = Chunks::new(&self.source, file, PIECE);
        let Some(first) = chunks.next().await? else {
            return Ok(stream::empty().boxed());
        };
        let text = whole_lines(without_mark((*first).as_ref()), chunks.is_at_end());
        // What cannot be read is told of when it is read.
        if let Ok((schema, _)) = infer_json_schema(text, Some(LOOKED_AT)) {
            let names = schema.fields().iter().map(|field| field.name().as_str());
            self.count_new(&wanted.all, names);
        }
        let decoder = json_decoder(&read_columns(wanted), ROWS)
            .map_err(|error| located(file.unreadable(InputFormat::Json, ""), &error))?;
        let found = vec![true; wanted.places.len()];
        let decoder = Decoder::Json(Box::new(decoder));
        Ok(self.rows(wanted, file, chunks, first, decoder, found))
    }

    fn rows(
        &self,
        wanted: &Wanted,
        file: &BatchFile,
        chunks: Chunks,
        first: Piece,
        decoder: Decoder,
        found: Vec<bool>,
    ) -> Rows {
        let at = mark_of((*first).as_ref());
        let of = Of {
            reader: self.clone(),
            wanted: wanted.clone(),
            file: file.clone(),
            found,
        };
        let decoding = Decoding {
            of,
            chunks,
            piece: Some((first, at)),
            decoder,
        };
        let rows = stream::try_unfold(decoding, |mut decoding| async {
            let rows = decoding.next().await?;
            Ok(rows.map(|rows| (rows, decoding)))
        });
        rows.boxed()
    }

    /// The line that cannot be read, and what is wrong with it, when each line is read by itself.
    async fn bad_json_line(&self, wanted: &Wanted, file: &BatchFile) -> Option<(u64, ArrowError)> {
        let mut decoder = json_decoder(&read_columns(wanted), 1).ok()?;
        let mut is_bad = |line: &[u8]| {
            let read = decoder.decode(line).and_then(|_| decoder.flush());
            read.err()
        };
        let mut chunks = Chunks::new(&self.source, file, PIECE);
        let (mut number, mut line) = (0, Vec::new());
        while let Some(piece) = chunks.next().await.ok()? {
            for part in (*piece).as_ref().split_inclusive(|byte| *byte == b'\n') {
                line.extend_from_slice(part);
                if !part.ends_with(b"\n") {
                    continue;
                }
                number += 1;
                if let Some(error) = is_bad(without_mark(&line)) {
                    return Some((number, error));
                }
                line.clear();
            }
        }
        is_bad(&line).map(|error| (number + 1, error))
    }
}

/// The wanted columns, but at least one, so that rows are counted.
fn read_columns(wanted: &Wanted) -> SchemaRef {
    match wanted.places.is_empty() {
        true => Arc::clone(&wanted.all),
        false => Arc::clone(&wanted.schema),
    }
}

fn json_decoder(schema: &SchemaRef, rows: usize) -> Result<json::reader::Decoder, ArrowError> {
    json::ReaderBuilder::new(Arc::clone(schema))
        .with_batch_size(rows)
        // Numbers and booleans in a column of texts are their text.
        .with_coerce_primitive(true)
        .build_decoder()
}

/// Reads one file.
struct Decoding {
    of: Of,
    chunks: Chunks,
    piece: Option<(Piece, usize)>,
    decoder: Decoder,
}

/// What is read.
struct Of {
    reader: Reader,
    wanted: Wanted,
    file: BatchFile,
    /// Whether the file has the wanted column; it is NULL otherwise.
    found: Vec<bool>,
}

enum Decoder {
    Csv(Box<csv::reader::Decoder>),
    Json(Box<json::reader::Decoder>),
}

impl Decoder {
    fn decode(&mut self, text: &[u8]) -> Result<usize, ArrowError> {
        match self {
            Self::Csv(decoder) => decoder.decode(text),
            Self::Json(decoder) => decoder.decode(text),
        }
    }

    fn flush(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        match self {
            Self::Csv(decoder) => decoder.flush(),
            Self::Json(decoder) => decoder.flush(),
        }
    }
}

impl Decoding {
    async fn next(&mut self) -> Result<Option<RecordBatch>, StreamError> {
        loop {
            if self.piece.is_none() {
                self.piece = self.chunks.next().await?.map(|piece| (piece, 0));
            }
            let step = match &mut self.piece {
                Some((piece, at)) => {
                    let rest = (**piece).as_ref().get(*at..).unwrap_or_default();
                    let length = rest.len();
                    self.decoder.decode(rest).map(|used| {
                        *at += used;
                        used == length
                    })
                }
                // The end of the text ends a row, too.
                None => self.decoder.decode(&[]).map(|_| false),
            };
            let is_used_up = match step {
                Ok(is_used_up) => is_used_up,
                Err(error) => return Err(self.of.failed(error).await),
            };
            if is_used_up {
                self.piece = None;
                continue;
            }
            match self.decoder.flush() {
                Ok(Some(rows)) => return self.of.shaped(&rows).map(Some),
                Ok(None) if self.piece.is_none() => return Ok(None),
                Ok(None) => {}
                Err(error) => return Err(self.of.failed(error).await),
            }
        }
    }
}

impl Of {
    fn shaped(&self, rows: &RecordBatch) -> Result<RecordBatch, StreamError> {
        let mut read = rows.columns().iter();
        let fields = self.wanted.schema.fields().iter().zip(&self.found);
        let columns = fields.map(|(field, found)| match found {
            true => read.next().cloned(),
            false => Some(new_null_array(field.data_type(), rows.num_rows())),
        });
        let columns = columns.collect::<Option<Vec<_>>>().unwrap_or_default();
        let shaped = with_rows(&self.wanted.schema, columns, rows.num_rows());
        shaped.map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &ArrowError) -> StreamError {
        located(self.file.unreadable(self.reader.options.format, ""), error)
    }

    async fn failed(&self, error: ArrowError) -> StreamError {
        let mut unreadable = self.unreadable(&error);
        if self.reader.options.format == InputFormat::Json
            && let Some((number, error)) = self.reader.bad_json_line(&self.wanted, &self.file).await
            && let StreamError::Unreadable { line, reason, .. } = &mut unreadable
        {
            (*line, *reason) = (Some(number), words(&error));
        }
        unreadable
    }
}

/// The words of an error, and the line that it names.
fn located(mut unreadable: StreamError, error: &ArrowError) -> StreamError {
    if let StreamError::Unreadable { line, reason, .. } = &mut unreadable {
        *reason = words(error);
        let number = reason.split("line ").nth(1);
        let number = number.and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
        *line = number.and_then(|number| number.parse().ok());
    }
    unreadable
}

/// The words without the name of the part of Arrow, and without the whole row, which may be long
/// and may be secret.
pub(super) fn words(error: &ArrowError) -> String {
    let text = error.to_string();
    let text = ["Parser error: ", "Csv error: ", "Json error: "]
        .iter()
        .find_map(|start| text.strip_prefix(start))
        .unwrap_or(&text);
    text.split(". Row data:").next().unwrap_or(text).to_owned()
}

/// How many bytes the mark at the beginning of a text has.
fn mark_of(text: &[u8]) -> usize {
    match text.starts_with(BYTE_ORDER_MARK) {
        true => BYTE_ORDER_MARK.len(),
        false => 0,
    }
}

pub(super) fn without_mark(text: &[u8]) -> &[u8] {
    text.get(mark_of(text)..).unwrap_or_default()
}

/// The text without a last line that may go on behind it.
pub(super) fn whole_lines(text: &[u8], is_end: bool) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte == b'\n');
    match end {
        Some(end) if !is_end => text.get(..=end).unwrap_or_default(),
        _ => text,
    }
}
