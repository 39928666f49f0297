//! Service-function batches: bodies to columns or rows, and back, beside what others offer.
//!
//! `cargo bench -p floe-benches --bench batch_encoding` prints the tables; `-- --quick` (or
//! `FLOE_BENCH_QUICK=1`) only shows that everything runs. Run as a test, it is always quick.

#![forbid(unsafe_code)]

mod decode;
mod encode;
mod peers;
mod rows;
mod small;

use std::error::Error;

use floe_benches::machine;
use floe_benches::shapes;
use floe_benches::table::{Subject, render};
use floe_benches::turns::{Contender, Turns, thread_time};

type Failed = Box<dyn Error>;

/// Rows of a body: enough that no branch predictor learns them by heart, and ten times as many.
const ROWS: [usize; 2] = [10_000, 100_000];
/// Those of the long texts, of which ten thousand are ten megabytes.
const TEXTS: [usize; 2] = [1_000, 10_000];

fn main() -> Result<(), Failed> {
    machine::keep_freed_memory()?;
    let turns = machine::turns();
    let few = |rows: [usize; 2]| {
        if turns == Turns::QUICK {
            vec![100]
        } else {
            rows.to_vec()
        }
    };
    print_head(turns);
    for count in few(ROWS) {
        table::<rows::Mixed3>("mixed3", &shapes::mixed3(count), turns)?;
    }
    for count in few(TEXTS) {
        table::<rows::Text>("text1k", &shapes::text1k(count), turns)?;
    }
    for count in few(ROWS) {
        table::<rows::Feat10>("feat10", &shapes::feat10(count), turns)?;
    }
    for count in few(ROWS) {
        table::<rows::Variant>("variant", &shapes::variant(count), turns)?;
    }
    for count in few(ROWS) {
        table::<rows::Text>("response", &shapes::short(count), turns)?;
    }
    small::tables(turns)
}

fn table<R: rows::Row>(name: &str, shape: &shapes::Shape, turns: Turns) -> Result<(), Failed> {
    let rows = R::of(&shape.columns);
    let mut body = Vec::new();
    rows::encoder(shape).request(&shape.columns, 0..rows.len(), &mut body)?;
    if name == "text1k" {
        body = shapes::escape_some(std::str::from_utf8(&body)?).into_bytes();
    }
    decode::table::<R>(&format!("decode {name}"), shape, &rows, &body, turns)?;
    encode::table(&format!("encode {name}"), shape, rows, turns)
}

fn print_head(turns: Turns) {
    let Turns { rounds, turn } = turns;
    println!(
        "batch_encoding: {rounds} rounds, turns of {turn:?} or more, thread CPU time, medians"
    );
    let peers = [
        "floe-batch",
        "arrow",
        "arrow-json",
        "serde_json",
        "sonic-rs",
        "jiter",
    ];
    let writers = ["itoa", "zmij", "json-escape-simd"];
    for package in peers.into_iter().chain(writers) {
        print!("{package} {}, ", machine::version(package));
    }
    println!("{}", machine::compiler());
    let tunables = std::env::var("GLIBC_TUNABLES").unwrap_or_default();
    println!(
        "allocator: the system's ({tunables}); {}; floe-batch uses {:?}",
        machine::processor(),
        floe_batch::levels::Level::best(),
    );
    println!("no target-cpu flag: sonic-rs and json-escape-simd use what x86-64 has for sure");
    println!("time: that of the contender over that of the first, median of the rounds' ratios\n");
}

/// The floor: the body copied into a buffer that is there already.
fn memcpy(body: &[u8]) -> Contender<'_> {
    let mut copy = vec![0; body.len()];
    Contender::new("memcpy of the body", move || {
        copy.copy_from_slice(body);
        std::hint::black_box(&copy).len()
    })
}

fn report(title: &str, bytes: usize, rows: usize, turns: Turns, contenders: &mut [Contender<'_>]) {
    let outcomes = turns.run(contenders, &thread_time);
    println!("{}", render(Subject { title, bytes, rows }, &outcomes));
}
