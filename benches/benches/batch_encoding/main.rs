//! Service-function batches: bodies to columns or rows, and back.
//!
//! `cargo bench -p floe-benches` prints the tables; `-- --quick` (or
//! `FLOE_BENCH_QUICK=1`) only shows that everything runs. Run as a test, it is
//! always quick.

#![forbid(unsafe_code)]

use std::error::Error;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Decimal128Type, Float64Type};
use floe_batch::rows::{RequestWriter, ResponseWriter, read_request, read_response};
use floe_batch::{decode_request, decode_response, encode_request, encode_response};
use floe_benches::machine;
use floe_benches::shapes::{self, Shape};
use floe_benches::table::{Subject, render};
use floe_benches::turns::{Contender, Turns, thread_time};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

type Failed = Box<dyn Error>;

/// Rows of every body.
const ROWS: usize = 10_000;

fn main() -> Result<(), Failed> {
    machine::keep_freed_memory()?;
    let turns = machine::turns();
    print_head(turns);
    requests("mixed3", &shapes::mixed3(ROWS), mixed3_rows, turns)?;
    requests("text1k", &shapes::text1k(ROWS), text_rows, turns)?;
    requests("feat10", &shapes::feat10(ROWS), feat10_rows, turns)?;
    responses(&shapes::short(ROWS), turns)
}

fn print_head(turns: Turns) {
    let Turns { rounds, turn } = turns;
    println!(
        "batch_encoding: {rounds} rounds, turns of {turn:?} or more, thread CPU time, medians"
    );
    println!(
        "floe-batch {}, arrow {}, serde_json {}; {}",
        machine::version("floe-batch"),
        machine::version("arrow"),
        machine::version("serde_json"),
        machine::compiler(),
    );
    let tunables = std::env::var("GLIBC_TUNABLES").unwrap_or_default();
    println!(
        "allocator: the system's ({tunables}); {}",
        machine::processor()
    );
    println!("time: that of the contender over that of the first, median of the rounds' ratios\n");
}

// === Requests ===

/// The body as serde derives it.
#[derive(Serialize, Deserialize)]
struct Body<R> {
    data: Vec<R>,
}

/// What serde_json reads and writes: rows with their number.
type Mixed3 = (u64, i64, Option<String>, String);
type Text = (u64, String);
type Feat10 = (u64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64);

/// A row with its number apart from its arguments.
trait Row: Serialize + DeserializeOwned {
    type Arguments: Serialize + DeserializeOwned;

    fn arguments(&self) -> Self::Arguments;
}

impl Row for Mixed3 {
    type Arguments = (i64, Option<String>, String);

    fn arguments(&self) -> Self::Arguments {
        let (_, number, text, time) = self.clone();
        (number, text, time)
    }
}

impl Row for Text {
    type Arguments = (String,);

    fn arguments(&self) -> Self::Arguments {
        (self.1.clone(),)
    }
}

impl Row for Feat10 {
    type Arguments = [f64; 10];

    fn arguments(&self) -> [f64; 10] {
        let (_, a, b, c, d, e, f, g, h, i, j) = *self;
        [a, b, c, d, e, f, g, h, i, j]
    }
}

fn mixed3_rows(columns: &[ArrayRef]) -> Vec<Mixed3> {
    let numbers = columns[0].as_primitive::<Decimal128Type>().values();
    let texts = columns[1].as_string::<i32>();
    let times = columns[2].as_string::<i32>();
    let row = |at: usize| {
        let text = texts.is_valid(at).then(|| texts.value(at).to_owned());
        (
            at as u64,
            numbers[at] as i64,
            text,
            times.value(at).to_owned(),
        )
    };
    (0..ROWS).map(row).collect()
}

fn text_rows(columns: &[ArrayRef]) -> Vec<Text> {
    let texts = columns[0].as_string::<i32>();
    (0..ROWS)
        .map(|at| (at as u64, texts.value(at).to_owned()))
        .collect()
}

fn feat10_rows(columns: &[ArrayRef]) -> Vec<Feat10> {
    let column = |index: usize| columns[index].as_primitive::<Float64Type>().values();
    let c: [&[f64]; 10] = std::array::from_fn(|index| &column(index)[..]);
    let row = |r: usize| {
        (
            r as u64, c[0][r], c[1][r], c[2][r], c[3][r], c[4][r], c[5][r], c[6][r], c[7][r],
            c[8][r], c[9][r],
        )
    };
    (0..ROWS).map(row).collect()
}

fn requests<R: Row>(
    name: &str,
    shape: &Shape,
    rows: fn(&[ArrayRef]) -> Vec<R>,
    turns: Turns,
) -> Result<(), Failed> {
    let mut body = Vec::new();
    encode_request(&shape.columns, 0..ROWS, &mut body)?;
    let rows = rows(&shape.columns);
    let arguments: Vec<R::Arguments> = rows.iter().map(Row::arguments).collect();
    if name == "text1k" {
        body = shapes::escape_some(std::str::from_utf8(&body)?).into_bytes();
    }
    check_requests(shape, &body, &arguments)?;
    decode_requests::<R>(&format!("decode {name}"), shape, &body, turns);
    encode_requests(&format!("encode {name}"), shape, rows, &arguments, turns)
}

/// Contenders that read different values would be no comparison.
fn check_requests<A: Serialize + DeserializeOwned>(
    shape: &Shape,
    body: &[u8],
    arguments: &[A],
) -> Result<(), Failed> {
    let columns = decode_request(body, &shape.types)?;
    for (column, expected) in columns.iter().zip(&shape.columns) {
        assert_eq!(column.as_ref(), expected.as_ref());
    }
    let read = read_request::<A>(body)?;
    for ((_, read), expected) in read.iter().zip(arguments) {
        assert_eq!(
            serde_json::to_string(read)?,
            serde_json::to_string(expected)?
        );
    }
    Ok(())
}

fn decode_requests<R: Row>(title: &str, shape: &Shape, body: &[u8], turns: Turns) {
    let mut contenders = [
        Contender::new("floe-batch, Arrow columns", || {
            decode_request(body, &shape.types).map_or(0, |columns| columns.len())
        }),
        Contender::new("floe-batch, typed rows", || {
            read_request::<R::Arguments>(body).map_or(0, |rows| rows.len())
        }),
        Contender::new("serde_json, typed rows", || {
            serde_json::from_slice::<Body<R>>(body).map_or(0, |body| body.data.len())
        }),
        Contender::new("serde_json, Value", || {
            serde_json::from_slice::<Value>(body).map_or(0, |_| 1)
        }),
        memcpy(body),
    ];
    report(title, body.len(), turns, &mut contenders);
}

fn encode_requests<R: Row>(
    title: &str,
    shape: &Shape,
    rows: Vec<R>,
    arguments: &[R::Arguments],
    turns: Turns,
) -> Result<(), Failed> {
    let mut body = Vec::new();
    encode_request(&shape.columns, 0..ROWS, &mut body)?;
    let rows = Body { data: rows };
    let value = serde_json::to_value(&rows)?;
    let [mut columns_out, mut rows_out, mut serde_out, mut value_out] = [const { Vec::new() }; 4];
    let mut contenders = [
        Contender::new("floe-batch, Arrow columns", || {
            columns_out.clear();
            encode_request(&shape.columns, 0..ROWS, &mut columns_out).map_or(0, |()| 1)
        }),
        Contender::new("floe-batch, typed rows", || {
            rows_out.clear();
            let mut writer = RequestWriter::new(&mut rows_out);
            let written = arguments
                .iter()
                .filter(|row| writer.row(*row).is_ok())
                .count();
            writer.finish();
            written
        }),
        Contender::new("serde_json, typed rows", || {
            serde_out.clear();
            serde_json::to_writer(&mut serde_out, &rows).map_or(0, |()| 1)
        }),
        Contender::new("serde_json, Value", || {
            value_out.clear();
            serde_json::to_writer(&mut value_out, &value).map_or(0, |()| 1)
        }),
        memcpy(&body),
    ];
    report(title, body.len(), turns, &mut contenders);
    drop(contenders);
    // The same bytes, or the comparison is none.
    assert_eq!(columns_out, rows_out);
    assert_eq!(columns_out.len(), serde_out.len());
    Ok(())
}

// === Responses ===

fn responses(shape: &Shape, turns: Turns) -> Result<(), Failed> {
    let (column, ty) = (&shape.columns[0], &shape.types[0]);
    let mut body = Vec::new();
    encode_response(column, &mut body)?;
    let rows = Body {
        data: text_rows(&shape.columns),
    };
    assert_eq!(decode_response(&body, ROWS, ty)?.as_ref(), column.as_ref());
    assert_eq!(serde_json::to_vec(&rows)?, body);
    let mut contenders = [
        Contender::new("floe-batch, Arrow column", || {
            decode_response(&body, ROWS, ty).map_or(0, |column| column.len())
        }),
        Contender::new("floe-batch, typed rows", || {
            read_response::<String>(&body, ROWS).map_or(0, |rows| rows.len())
        }),
        Contender::new("serde_json, typed rows", || {
            serde_json::from_slice::<Body<Text>>(&body).map_or(0, |body| body.data.len())
        }),
        Contender::new("serde_json, Value", || {
            serde_json::from_slice::<Value>(&body).map_or(0, |_| 1)
        }),
        memcpy(&body),
    ];
    report("decode response", body.len(), turns, &mut contenders);
    let value = serde_json::to_value(&rows)?;
    let [mut column_out, mut rows_out, mut serde_out, mut value_out] = [const { Vec::new() }; 4];
    let mut contenders = [
        Contender::new("floe-batch, Arrow column", || {
            column_out.clear();
            encode_response(column, &mut column_out).map_or(0, |()| 1)
        }),
        Contender::new("floe-batch, typed rows", || {
            rows_out.clear();
            let mut writer = ResponseWriter::new(&mut rows_out);
            let row = |(number, text): &&Text| writer.row(*number, text).is_ok();
            let written = rows.data.iter().filter(row).count();
            writer.finish();
            written
        }),
        Contender::new("serde_json, typed rows", || {
            serde_out.clear();
            serde_json::to_writer(&mut serde_out, &rows).map_or(0, |()| 1)
        }),
        Contender::new("serde_json, Value", || {
            value_out.clear();
            serde_json::to_writer(&mut value_out, &value).map_or(0, |()| 1)
        }),
        memcpy(&body),
    ];
    report("encode response", body.len(), turns, &mut contenders);
    Ok(())
}

// === Both ===

/// The floor: the body copied into a buffer that is there already.
fn memcpy(body: &[u8]) -> Contender<'_> {
    let mut copy = vec![0; body.len()];
    Contender::new("memcpy of the body", move || {
        copy.copy_from_slice(body);
        std::hint::black_box(&copy).len()
    })
}

fn report(title: &str, bytes: usize, turns: Turns, contenders: &mut [Contender<'_>]) {
    let outcomes = turns.run(contenders, &thread_time);
    println!(
        "{}",
        render(
            Subject {
                title,
                bytes,
                rows: ROWS
            },
            &outcomes
        )
    );
}
