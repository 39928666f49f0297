//! `cargo xtask bench-peers`: batches answered by Floe and by the same service written in Python.
//!
//! The services are in `benches/peers`. They get a virtual environment of their own in `.tools/`,
//! listen on free ports of the loopback interface, and end with this command, however it ends.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::python::Environment;
use crate::service::{self, Service};
use crate::{Result, run};

/// The folder of the services, seen from the root.
const FOLDER: &str = "benches/peers";
/// What they need, in that folder.
const REQUIREMENTS: &str = "requirements.txt";
/// Their virtual environment, seen from the root.
const ENVIRONMENT: &str = ".tools/peers";
/// The benchmark, as arguments of cargo. `-p floe-benches` would ask for other features of what
/// DataFusion stands on, and build all of it again.
const BENCHMARK: [&str; 3] = ["bench", "--bench", "service_calls"];

/// How long it may take over one answer.
const ANSWER: Duration = Duration::from_secs(5);
/// What it is asked, and what it must say.
const QUESTION: &str = r#"{"data":[[0,7,"seven"]]}"#;
const EXPECTED: &str = r#"{"data":[[0,"seven:7"]]}"#;

/// A way to serve Python.
struct Peer {
    /// Its name in the table.
    name: &'static str,
    /// The program and its arguments but for the address.
    command: &'static [&'static str],
    /// The option that takes the port, and what stands before the port there.
    port: (&'static str, &'static str),
}

/// The reasons for the options are in the README of the folder.
const PEERS: [Peer; 2] = [
    Peer {
        name: "Flask, json",
        command: &[
            "gunicorn",
            "flask_service:app",
            "--workers=1",
            "--worker-class=gthread",
            "--threads=8",
            "--keep-alive=60",
            "--graceful-timeout=1",
            "--no-control-socket",
            "--log-level=warning",
        ],
        port: ("--bind", "127.0.0.1:"),
    },
    Peer {
        name: "FastAPI, orjson",
        command: &[
            "uvicorn",
            "fastapi_service:app",
            "--workers=1",
            "--loop=uvloop",
            "--http=httptools",
            "--timeout-keep-alive=60",
            "--timeout-graceful-shutdown=1",
            "--no-access-log",
            "--log-level=warning",
        ],
        port: ("--port", ""),
    },
];

/// `cargo xtask bench-peers [--quick]`.
///
/// # Errors
///
/// When the environment can not be made, a service does not answer, or the benchmark fails.
pub(crate) fn run(args: &[String]) -> Result<()> {
    measure(quick(args)?).map(drop)
}

fn quick(args: &[String]) -> Result<bool> {
    match args {
        [] => Ok(false),
        [option] if option == "--quick" => Ok(true),
        _ => Err("the one option is --quick, which only shows that everything runs".into()),
    }
}

/// Runs the benchmark and returns what it printed, with the versions above it.
///
/// # Errors
///
/// As [`run()`].
pub(crate) fn measure(quick: bool) -> Result<String> {
    let (environment, versions) = prepare()?;
    // Built before the services are started, which then wait for nothing.
    let mut build = run::cargo(&BENCHMARK);
    build.arg("--no-run");
    run::check(build)?;
    let mut services = Vec::new();
    for peer in &PEERS {
        services.push(start(&environment, peer)?);
    }
    let mut benchmark = run::cargo(&BENCHMARK);
    benchmark.arg("--");
    for service in &services {
        benchmark.args(["--peer", &argument(service)]);
    }
    if quick {
        benchmark.arg("--quick");
    }
    let mut printed = versions;
    run::check_and_read(benchmark, |line| {
        printed.push('\n');
        printed.push_str(line);
    })?;
    Ok(printed)
}

/// Makes the environment, and names the versions in it.
fn prepare() -> Result<(Environment, String)> {
    let requirements = run::root().join(FOLDER).join(REQUIREMENTS);
    let environment = Environment::prepare(ENVIRONMENT, &requirements)?;
    let mut python = environment.program("python");
    python.arg("--version");
    let wanted = std::fs::read_to_string(requirements)?;
    let versions = versions(run::output(python)?.trim(), &wanted);
    println!("{versions}");
    Ok((environment, versions))
}

/// What stands above the table: the requirements are exact, so they are the versions.
fn versions(python: &str, requirements: &str) -> String {
    let pins = requirements
        .lines()
        .filter_map(|line| line.split_once("=="));
    let pins = pins.map(|(name, version)| format!("{name} {version}"));
    let all: Vec<String> = std::iter::once(python.to_owned()).chain(pins).collect();
    all.join(", ")
}

/// Starts the service and waits until it answers.
fn start(environment: &Environment, peer: &Peer) -> Result<Service> {
    let address = service::free_address()?;
    let (program, options) = peer.command.split_first().unwrap_or((&"", &[]));
    let (option, before) = peer.port;
    let mut command = service::watched(&environment.path(program));
    command
        .args(options)
        .args([option, &format!("{before}{}", address.port())])
        .current_dir(run::root().join(FOLDER))
        // No `__pycache__` beside the sources.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Service::start(peer.name, address, command, ask)
}

/// As the benchmark reads it: name, address, and the process above all of the service.
fn argument(service: &Service) -> String {
    format!("{}={}={}", service.name, service.address, service.process())
}

/// Sends one row and proves the answer.
fn ask(address: SocketAddr) -> Result<()> {
    let mut connection = TcpStream::connect_timeout(&address, ANSWER)?;
    connection.set_read_timeout(Some(ANSWER))?;
    let length = QUESTION.len();
    write!(
        connection,
        "POST /join HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{QUESTION}"
    )?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    match answer.split_once("\r\n\r\n") {
        Some((_, EXPECTED)) => Ok(()),
        _ => Err(format!("it says `{answer}`").into()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn the_one_option_is_quick() {
        let args = |args: &[&str]| quick(&args.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert!(!args(&[]).unwrap());
        assert!(args(&["--quick"]).unwrap());
        assert!(args(&["--quick", "--quick"]).is_err());
        assert!(args(&["--slow"]).is_err());
    }

    #[test]
    fn the_versions_are_those_of_the_requirements() {
        let text = "# a comment\nFlask==3.1.3\norjson==3.13.0\n";
        assert_eq!(
            versions("Python 3.11.7", text),
            "Python 3.11.7, Flask 3.1.3, orjson 3.13.0"
        );
    }

    #[test]
    fn every_requirement_is_exact() {
        let file = run::root().join(FOLDER).join(REQUIREMENTS);
        assert!(crate::python::is_exact(
            &std::fs::read_to_string(file).unwrap()
        ));
    }

    #[test]
    fn another_answer_is_shown() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut question = [0; 64];
            connection.read_exact(&mut question).unwrap();
            connection
                .write_all(b"HTTP/1.1 404 Not Found\r\n\r\n")
                .unwrap();
        });
        let error = ask(address).unwrap_err().to_string();
        server.join().unwrap();
        assert!(error.contains("404") || error.contains("reset"), "{error}");
    }
}
