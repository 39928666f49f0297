//! Service functions called over loopback, each service in a process of its own: rows a second by
//! wall clock, and the CPU time of either side.
//!
//! `cargo xtask bench-peers` starts the same service written in Python beside Floe's own and prints
//! the table of all. `cargo bench --bench service_calls` measures Floe alone; `-- --quick` (or
//! `FLOE_BENCH_QUICK=1`) only shows that everything runs.

#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use floe_benches::calls::{Outcome, Reading, heads, line};
use floe_benches::machine;
use floe_benches::peers::{self, Peer};
use floe_benches::processes::{Processes, cores, load};
use floe_benches::turns::{Turns, process_time, wall_time};
use floe_function::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use floe_function::arrow::array::{Int64Array, StringBuilder};
use floe_function::arrow::datatypes::Decimal128Type;
use floe_function::axum::Router;
use floe_function::axum::routing::post;
use floe_function::axum::serve::{ListenerExt, serve};
use floe_function::floe_batch::{NumberType, SqlType, TextLength};
use floe_function::server::{self, Answers, RawBatch, ServeError};
use floe_function::{Client, ClientOptions, FixedTarget, Function, FunctionSpec};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

type Failed = Box<dyn Error + Send + Sync>;

/// Rows of a batch.
const BATCH_ROWS: [usize; 5] = [1, 15, 100, 1_000, 10_000];
/// Batches in flight.
const IN_FLIGHT: [usize; 4] = [1, 4, 16, 32];
/// The argument with which the program is Floe's server.
const SERVE: &str = "--serve";
const NUMBER: SqlType = SqlType::Number(NumberType::INTEGER);
const VARCHAR: SqlType = SqlType::Varchar(TextLength::UNLIMITED);

/// Twenty cells of four services: a full run takes about four minutes.
const FULL: Turns = Turns {
    rounds: 5,
    turn: Duration::from_millis(500),
};
const QUICK: Turns = Turns {
    rounds: 3,
    turn: Duration::from_millis(5),
};

/// What the columns of the table say.
const LEGEND: &str = "\
    M rows/s: by wall clock, the median of the rounds\n\
    wall time: that of a row over that of the first service, the median of the rounds' ratios\n\
    CPU: user and system time, all rounds together; server CPU: over that of the first service\n";

fn main() -> Result<(), Failed> {
    // One thread on either side: the core that it has to itself is the measure.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    if std::env::args().any(|argument| argument == SERVE) {
        return answer(&runtime);
    }
    let quick = machine::turns() == Turns::QUICK;
    let turns = if quick { QUICK } else { FULL };
    let peers = peers::among(std::env::args())?;
    let places = Places::choose()?;
    let floe = FloeServer::start()?;
    let services = services(&floe, &peers)?;
    places.pin(&services)?;
    print_head(turns, places, peers.is_empty());
    runtime.block_on(async {
        for service in &services {
            service.check(&awkward()?).await?;
        }
        for rows in BATCH_ROWS {
            let args = arguments((0..rows).map(|row| format!("text {row}")))?;
            for service in &services {
                service.check(&args).await?;
            }
            for in_flight in IN_FLIGHT {
                measure(&services, &args, in_flight, turns).await?;
            }
            println!();
        }
        Ok::<_, Failed>(())
    })?;
    print_foot(&services);
    Ok(())
}

fn print_head(turns: Turns, places: Places, alone: bool) {
    let Turns { rounds, turn } = turns;
    println!(
        "service_calls: JOIN_TEXT(N NUMBER, TEXT VARCHAR) RETURNS VARCHAR is TEXT || ':' || N\n\
         called by floe-function over loopback; {rounds} rounds, turns of {turn:?} or more"
    );
    match places.cores {
        Some([servers, client]) => println!(
            "each service on core {servers}, with one worker process; the client on core {client}, \
             with one thread"
        ),
        None => println!("services and client share one core"),
    }
    println!(
        "floe-function {}, axum {}, hyper {}; {}; {}; load {} when it began",
        machine::version("floe-function"),
        machine::version("axum"),
        machine::version("hyper"),
        machine::compiler(),
        machine::processor(),
        load(),
    );
    if alone {
        println!("Floe alone: `cargo xtask bench-peers` measures services in Python beside it");
    }
    println!("{LEGEND}");
    print!("{}", heads());
}

/// A batch that was sent again counts once and cost twice, so it is said.
fn print_foot(services: &[Service]) {
    let totals = services.iter().map(|service| service.function.totals());
    let (batches, again) = totals.fold((0, 0), |(batches, again), totals| {
        (batches + totals.batches, again + totals.retries)
    });
    println!("{batches} batches; {again} of them were sent again");
}

// === The client ===

/// A service that takes turns with the others.
struct Service {
    name: String,
    function: Function,
    processes: Processes,
}

/// Floe's own forms, the best one first, then the peers.
fn services(floe: &FloeServer, peers: &[Peer]) -> Result<Vec<Service>, Failed> {
    let own = [
        ("Floe, Arrow columns", "/columns"),
        ("Floe, typed rows", "/rows"),
    ];
    let mut services = Vec::new();
    for (name, path) in own {
        services.push(Service::new(name, &floe.address, path, floe.process.id())?);
    }
    for peer in peers {
        let address = peer.address.to_string();
        services.push(Service::new(&peer.name, &address, "/join", peer.process)?);
    }
    Ok(services)
}

impl Service {
    fn new(name: &str, address: &str, path: &str, process: u32) -> Result<Self, Failed> {
        let args = [("N", NUMBER), ("TEXT", VARCHAR)];
        let spec = FunctionSpec::new("JOIN_TEXT", args, VARCHAR, path);
        let target = Arc::new(FixedTarget::new(address));
        Ok(Self {
            name: name.to_owned(),
            function: Function::new(spec, target, Client::new(ClientOptions::default()))?,
            processes: Processes::of(process)?,
        })
    }

    /// A service that answers something else would be no comparison.
    async fn check(&self, args: &RecordBatch) -> Result<(), Failed> {
        let answers = self.function.call("check", 0, args).await?;
        let answers = answers.as_string::<i32>().iter();
        let texts = args.column(1).as_string::<i32>().iter();
        for (row, (answer, text)) in answers.zip(texts).enumerate() {
            let expected = format!("{}:{}", text.unwrap_or_default(), number(row));
            if answer != Some(&expected) {
                let name = &self.name;
                return Err(format!("{name}: row {row} is {answer:?}, not {expected:?}").into());
            }
        }
        Ok(())
    }

    /// Keeps `in_flight` batches under way until the time of the turn is over.
    async fn turn(
        &self,
        args: &RecordBatch,
        in_flight: usize,
        time: Duration,
    ) -> Result<Reading, Failed> {
        let (server, client, wall) = (self.processes.cpu_time()?, process_time(), wall_time());
        let mut callers = JoinSet::new();
        for caller in 0..in_flight {
            let (function, args) = (self.function.clone(), args.clone());
            callers.spawn(async move {
                let mut rows = 0;
                for batch in (caller as u64..).step_by(in_flight) {
                    rows += function.call("turn", batch, &args).await?.len();
                    if wall_time() - wall >= time {
                        break;
                    }
                }
                Ok::<_, Failed>(rows)
            });
        }
        let mut rows = 0;
        while let Some(called) = callers.join_next().await {
            rows += called??;
        }
        Ok(Reading {
            rows,
            wall: wall_time() - wall,
            client: process_time() - client,
            server: self.processes.cpu_time()? - server,
        })
    }
}

/// Lets all services take their turns; who begins changes from round to round.
async fn measure(
    services: &[Service],
    args: &RecordBatch,
    in_flight: usize,
    turns: Turns,
) -> Result<(), Failed> {
    for service in services {
        // Opens the connections.
        service.turn(args, in_flight, turns.turn / 10).await?;
    }
    let mut readings = vec![Vec::with_capacity(turns.rounds); services.len()];
    for round in 0..turns.rounds {
        for turn in 0..services.len() {
            let who = (round + turn) % services.len();
            let reading = services[who].turn(args, in_flight, turns.turn).await?;
            readings[who].push(reading);
        }
    }
    for (service, own) in services.iter().zip(&readings) {
        let outcome = Outcome::of(own, &readings[0]);
        print!(
            "{}",
            line(args.num_rows(), in_flight, &service.name, &outcome)
        );
    }
    Ok(())
}

/// The argument N of a row: of one to six digits, the first one negative.
fn number(row: usize) -> i64 {
    row as i64 * 37 - 5
}

fn arguments(texts: impl Iterator<Item = String>) -> Result<RecordBatch, Failed> {
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    let numbers: Int64Array = (0..texts.len()).map(number).collect();
    let numbers: ArrayRef = Arc::new(numbers);
    Ok(RecordBatch::try_from_iter([
        ("N", numbers),
        ("TEXT", texts),
    ])?)
}

/// Rows with what is hard to carry: escapes, text beyond ASCII, nothing at all.
fn awkward() -> Result<RecordBatch, Failed> {
    const TEXTS: [&str; 7] = [
        "plain",
        "",
        "\"quoted\" and \\",
        "two\nlines\tand a \u{1}",
        "Grüße, 日本語",
        "𝄞 🎼",
        "],[1,2",
    ];
    arguments(
        TEXTS
            .iter()
            .cycle()
            .take(1_000)
            .map(|&text| text.to_owned()),
    )
}

/// Which cores the servers and the client have, where there are two.
#[derive(Clone, Copy)]
struct Places {
    cores: Option<[usize; 2]>,
}

impl Places {
    /// Takes the client's core for this program, before it has children that would come along.
    fn choose() -> Result<Self, Failed> {
        let [servers, client, ..] = cores()?[..] else {
            return Ok(Self { cores: None });
        };
        Processes::of(std::process::id())?.pin(client)?;
        Ok(Self {
            cores: Some([servers, client]),
        })
    }

    fn pin(self, services: &[Service]) -> Result<(), Failed> {
        if let Some([servers, _]) = self.cores {
            for service in services {
                service.processes.pin(servers)?;
            }
        }
        Ok(())
    }
}

// === Floe's server ===

/// This program once more, as the server; it ends with the handle.
struct FloeServer {
    process: Child,
    address: String,
}

impl FloeServer {
    fn start() -> Result<Self, Failed> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(SERVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut address)?;
        }
        match address.trim() {
            "" => Err("Floe's server did not say where it listens".into()),
            address => Ok(Self {
                address: address.to_owned(),
                process,
            }),
        }
    }
}

impl Drop for FloeServer {
    fn drop(&mut self) {
        // It ends when its standard input does, also when this program was killed.
        drop(self.process.stdin.take());
        // Nobody is left to be told that it had ended before.
        let _ = self.process.wait();
    }
}

/// Says where it listens, and answers until its standard input ends.
fn answer(runtime: &Runtime) -> Result<(), Failed> {
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    runtime.block_on(async {
        let join_row = |(number, text): (i64, String)| format!("{text}:{number}");
        let app = Router::new()
            .route("/columns", post(join_columns))
            .route("/rows", server::handler(join_row));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let listener = listener.tap_io(|connection| {
            // uvicorn and gunicorn do the same; without it answers would only be slower.
            let _ = connection.set_nodelay(true);
        });
        serve(listener, app).await?;
        Ok(())
    })
}

async fn join_columns(raw: RawBatch) -> Result<Answers, ServeError> {
    let columns = raw.columns(&[NUMBER, VARCHAR])?;
    let [numbers, texts] = columns.columns() else {
        return Err(ServeError::failed("two columns were asked for"));
    };
    let (numbers, texts) = (
        numbers.as_primitive::<Decimal128Type>(),
        texts.as_string::<i32>(),
    );
    // A colon and at most 20 digits for each row.
    let bytes = texts.value_data().len() + 21 * texts.len();
    let mut answers = StringBuilder::with_capacity(texts.len(), bytes);
    let mut digits = itoa::Buffer::new();
    for (text, number) in texts.iter().zip(numbers) {
        let (Some(text), Some(number)) = (text, number) else {
            answers.append_null();
            continue;
        };
        // Parts are joined in place: a text for each row would be an allocation for each.
        for part in [text, ":"] {
            std::fmt::Write::write_str(&mut answers, part).map_err(ServeError::failed)?;
        }
        answers.append_value(digits.format(number));
    }
    columns.answer(&answers.finish())
}
