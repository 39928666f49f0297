//! The program, called as SQL calls it.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail their test by panicking"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use floe_function::arrow::array::{ArrayRef, AsArray as _, Float64Array, RecordBatch, StringArray};
use floe_function::arrow::datatypes::Float64Type;
use floe_function::floe_batch::SqlType;
use floe_function::{Client, FixedTarget, Function, FunctionSpec};
use rustix::process::{Pid, Signal, kill_process};

/// Kills a child that a failed test leaves behind.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _over = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn program(rates: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_floe-sample-rates"));
    command
        .env_clear()
        .envs([("SERVER_PORT", "0"), ("RATES", rates)])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The program and the address under which it is reached.
fn start() -> (Guard, String) {
    let mut child = Guard(program("EUR=1 USD=2 GBP=0.5").spawn().unwrap());
    let mut line = String::new();
    let output = child.0.stdout.as_mut().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    let port = line.trim_end().strip_prefix("listening on 0.0.0.0:");
    let address = format!("127.0.0.1:{}", port.unwrap());
    (child, address)
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: rates\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn amounts() -> RecordBatch {
    let amounts = [
        Some(10.0),
        Some(10.0),
        Some(10.0),
        Some(1.5),
        None,
        Some(1.0),
    ];
    let amounts: ArrayRef = Arc::new(Float64Array::from(amounts.to_vec()));
    let currencies = [
        Some("USD"),
        Some("GBP"),
        Some("XXX"),
        Some("EUR"),
        Some("USD"),
        None,
    ];
    let currencies: ArrayRef = Arc::new(StringArray::from(currencies.to_vec()));
    RecordBatch::try_from_iter([("AMOUNT", amounts), ("CURRENCY", currencies)]).unwrap()
}

#[tokio::test]
async fn it_is_ready_converts_and_ends_well_on_sigterm() {
    let (mut child, address) = start();
    let health = get(&address, "/healthcheck");
    assert!(
        health.starts_with("HTTP/1.1 200 OK") && health.ends_with("ready"),
        "{health}"
    );

    let ty = |text| SqlType::parse(text).unwrap();
    let args = [("AMOUNT", ty("FLOAT")), ("CURRENCY", ty("VARCHAR"))];
    let spec = FunctionSpec::new("TO_EURO", args, ty("FLOAT"), "/to-euro");
    let targets = Arc::new(FixedTarget::new(address.clone()));
    let function = Function::new(spec, targets, Client::new(Default::default())).unwrap();
    let expected = [Some(5.0), Some(20.0), None, Some(1.5), None, None];
    for _ in 0..2 {
        let euros = function.call("q", 0, &amounts()).await.unwrap();
        let euros: Vec<_> = euros.as_primitive::<Float64Type>().iter().collect();
        assert_eq!(euros, expected);
    }
    // The same batch id with other rows: the book is in place.
    let error = function
        .call("q", 0, &amounts().slice(0, 1))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("409: `FLOE-FUNCTION-0027"),
        "{error}"
    );
    // Its connections are closed, for a graceful end waits for them.
    drop(function);

    let id = Pid::from_raw(i32::try_from(child.0.id()).unwrap()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    assert!(child.0.wait().unwrap().success());
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn rates_that_mean_nothing_end_the_program_with_what_is_expected() {
    for rates in ["USD", "EUR=1 USD=much"] {
        let Output { status, stderr, .. } = program(rates).output().unwrap();
        let message = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1));
        assert!(message.contains("RATES is like EUR=1"), "{message}");
    }
}
