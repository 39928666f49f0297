//! Service functions called from SQL over loopback, service and engine in one process: rows a
//! second by wall clock, and CPU time of both sides together.
//!
//! `cargo bench -p floe-benches --bench sql_calls` prints the table; `-- --quick` (or
//! `FLOE_BENCH_QUICK=1`) only shows that everything runs. Run as a test, it is always quick.

#![forbid(unsafe_code)]

use std::error::Error;
use std::num::NonZeroU32;
use std::sync::Arc;

use floe_benches::machine;
use floe_benches::turns::{Turns, median, process_time, wall_time};
use floe_datafusion::datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use floe_datafusion::datafusion::datasource::MemTable;
use floe_datafusion::{QueryInfo, ServiceFunctions, Volatility, query, session};
use floe_function::axum::{Router, serve};
use floe_function::floe_batch::SqlType;
use floe_function::{Client, ClientOptions, FixedTarget, Function, FunctionSpec, server};

type Failed = Box<dyn Error>;

/// Rows of a batch that the service is sent.
const BATCH_ROWS: [u32; 5] = [1, 15, 100, 1_000, 10_000];
/// Requests in flight.
const IN_FLIGHT: [usize; 4] = [1, 4, 16, 32];
/// Rows of one of the table's own batches.
const TABLE_BATCH: usize = 8_192;

fn main() -> Result<(), Failed> {
    machine::keep_freed_memory()?;
    let quick = machine::turns() == Turns::QUICK;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    println!(
        "sql_calls: SELECT count(f(n, text)) over loopback; service and engine in one process"
    );
    println!(
        "floe-datafusion {}, datafusion {}; {}; {}\n",
        machine::version("floe-datafusion"),
        machine::version("datafusion"),
        machine::compiler(),
        machine::processor(),
    );
    println!(
        "{:>10} {:>9} {:>12} {:>22}",
        "rows/batch", "in flight", "M rows/s", "CPU s per M rows, both"
    );
    runtime.block_on(async {
        let address = start_service().await?;
        for rows in BATCH_ROWS {
            for in_flight in IN_FLIGHT {
                line(&address, rows, in_flight, quick).await?;
            }
        }
        Ok(())
    })
}

/// A service that answers a number and a text with the text and the number behind it.
async fn start_service() -> Result<String, Failed> {
    let answer = server::handler(|(number, text): (i64, String)| format!("{text}:{number}"));
    let app = Router::new().route("/join", answer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    tokio::spawn(async move { serve(listener, app).await });
    Ok(address)
}

async fn line(address: &str, batch: u32, in_flight: usize, quick: bool) -> Result<(), Failed> {
    // About a second of work each; small batches cost a request for a few rows.
    let total: usize = match (quick, batch) {
        (true, _) => 200,
        (false, 1) => 20_000,
        (false, 15) => 200_000,
        (false, _) => 1_000_000,
    };
    let repeats = if quick { 1 } else { 5 };
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for _ in 0..repeats {
        let (wall, cpu) = (wall_time(), process_time());
        run(address, batch, in_flight, total).await?;
        let (wall, cpu) = (wall_time() - wall, process_time() - cpu);
        rates.push(total as f64 / wall.as_secs_f64() / 1e6);
        costs.push(cpu.as_secs_f64() * 1e6 / total as f64);
    }
    println!(
        "{batch:>10} {in_flight:>9} {:>12.3} {:>22.2}",
        median(rates.into_iter()),
        median(costs.into_iter()),
    );
    Ok(())
}

async fn run(address: &str, batch: u32, in_flight: usize, rows: usize) -> Result<(), Failed> {
    let number = SqlType::parse("NUMBER")?;
    let text = SqlType::parse("VARCHAR")?;
    let mut spec = FunctionSpec::new("F", [("N", number), ("TEXT", text)], text, "/join");
    spec.max_batch_rows = NonZeroU32::new(batch);
    let target = Arc::new(FixedTarget::new(address));
    let function = Function::new(spec, target, Client::new(ClientOptions::default()))?;
    let mut functions = ServiceFunctions::new();
    functions.insert("F", function, Volatility::Volatile);
    let mut info = QueryInfo::new("01b02bdf-0001-7b58-0003-27d60056b5a6", 0);
    info.concurrency = in_flight;
    let context = session(&functions, info);
    let batches = (0..rows.div_ceil(TABLE_BATCH)).map(|at| {
        let from = at * TABLE_BATCH;
        table_batch(from, rows.min(from + TABLE_BATCH))
    });
    let batches = batches.collect::<Result<Vec<_>, _>>()?;
    let schema = batches.first().ok_or("there are no rows")?.schema();
    context.register_table("t", Arc::new(MemTable::try_new(schema, vec![batches])?))?;
    let answers = query(&context, "SELECT count(f(n, text)) FROM t").await?;
    let answers = answers.collect().await?;
    let count = answers.first().map(|batch| Arc::clone(batch.column(0)));
    let count = count.and_then(|count| Some(count.as_any().downcast_ref::<Int64Array>()?.value(0)));
    match count {
        Some(count) if usize::try_from(count) == Ok(rows) => Ok(()),
        other => Err(format!("{rows} rows were sent, {other:?} came back").into()),
    }
}

fn table_batch(from: usize, to: usize) -> Result<RecordBatch, Failed> {
    let numbers: ArrayRef = Arc::new((from..to).map(|n| n as i64).collect::<Int64Array>());
    let texts = (from..to).map(|n| format!("text {n}"));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    Ok(RecordBatch::try_from_iter([
        ("n", numbers),
        ("text", texts),
    ])?)
}
