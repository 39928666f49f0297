//! The program: environment, signals, exit codes.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail their test by panicking"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

fn program(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_floe-sample-echo"));
    command
        .env_clear()
        .envs([("SERVER_HOST", "127.0.0.1"), ("SERVER_PORT", "0")]);
    command
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Kills a child that a failed test leaves behind.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _over = self.0.kill();
        let _reaped = self.0.wait();
    }
}

fn check(signal: Signal, name: &str) {
    let mut child = Guard(
        program(&[("ECHO_DELAY_MS", "200"), ("ECHO_VERSION", "v7")])
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(child.0.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let listening = lines.next().unwrap();
    let address = listening
        .strip_prefix("echo v7 listening on ")
        .unwrap()
        .to_owned();

    let mut stream = TcpStream::connect(&address).unwrap();
    let head = "POST /echo HTTP/1.1\r\nHost: echo\r\nConnection: close\r\nContent-Length: 22";
    let request = format!("{head}\r\n\r\n{{\"data\":[[0,\"Hello\"]]}}");
    stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(lines.next().unwrap(), "batch start id=- rows=1");
    let id = Pid::from_raw(i32::try_from(child.0.id()).unwrap()).unwrap();
    kill_process(id, signal).unwrap();
    assert_eq!(
        lines.next().unwrap(),
        format!("{name} received, in flight: 1")
    );
    assert_eq!(lines.next().unwrap(), "batch done id=- rows=1");

    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.ends_with("{\"data\":[[0,\"I said Hello\"]]}"),
        "{answer}"
    );
    assert_eq!(lines.next().unwrap(), "stopped");
    assert_eq!(lines.next(), None);
    assert!(child.0.wait().unwrap().success());
}

#[test]
fn sigterm_finishes_the_batch_in_flight_and_ends_the_program_well() {
    check(Signal::TERM, "SIGTERM");
}

#[test]
fn sigint_does_the_same() {
    check(Signal::INT, "SIGINT");
}

#[test]
fn a_wrong_variable_ends_the_program_with_its_code_on_stderr() {
    let output = program(&[("ECHO_FAULT", "typo")]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.starts_with("FLOE-ECHO-0001: ECHO_FAULT is `typo`: expected rubbish, "),
        "{message}"
    );
    assert!(output.stdout.is_empty());
}
