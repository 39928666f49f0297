//! The echo service of the tutorial: a container service whose whole work is to answer
//! `I said Hello` to `Hello`.
//!
//! It is a complete example of a service that a SQL function can call: it reads its settings from
//! the environment, speaks the wire format of service functions over `POST /echo`, answers a
//! readiness probe on `GET /healthcheck`, and ends well on SIGTERM: it accepts no more connections,
//! answers what it has begun, and exits. For those who want to see how a caller copes with a broken
//! service it can also break in several ways ([`Fault`]).
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `SERVER_HOST` | `0.0.0.0` | the IP address to listen on |
//! | `SERVER_PORT` | `8000` | the port to listen on; 0 picks a free one |
//! | `CHARACTER_NAME` | `I` | who says it |
//! | `ECHO_VERSION` | `v1` | the version in the first log line; the answers do not depend on it |
//! | `ECHO_DELAY_MS` | `0` | how long the work on one batch takes |
//! | `ECHO_FAULT` | | one of the names of [`Fault`] |
//!
//! ```
//! use floe_sample_echo::{Log, Options, Server};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let environment = |name: &str| match name {
//!     "SERVER_HOST" => Some("127.0.0.1".to_owned()),
//!     "SERVER_PORT" => Some("0".to_owned()),
//!     _ => None,
//! };
//! let options = Options::from_env(&environment).unwrap();
//! let server = Server::bind(options, Log::memory()).await.unwrap();
//! let address = server.address();
//! tokio::spawn(server.run(std::future::pending::<&str>()));
//!
//! let body = r#"{"data":[[0,"Hello friend"],[1,null]]}"#;
//! let request = format!(
//!     "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
//!     body.len(),
//! );
//! let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
//! stream.write_all(request.as_bytes()).await.unwrap();
//! let mut answer = String::new();
//! stream.read_to_string(&mut answer).await.unwrap();
//! assert!(answer.starts_with("HTTP/1.1 200 OK"));
//! assert!(answer.ends_with(r#"{"data":[[0,"I said Hello friend"],[1,null]]}"#));
//! # });
//! ```

#![forbid(unsafe_code)]

mod answer;
mod error;
mod log;
mod options;
mod server;

use std::process::ExitCode;

pub use error::EchoError;
pub use log::{Line, Log};
pub use options::{Fault, Options, UnknownFault};
pub use server::{Server, serve};

/// The program: settings from the environment, log on stdout, errors on stderr.
///
/// Returns when the service was told to stop, or could not start.
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     floe_sample_echo::run()
/// }
/// ```
pub fn run() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", error.code());
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), EchoError> {
    let options = Options::from_env(&|name| std::env::var(name).ok())?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| EchoError::Runtime { source })?
        .block_on(serve(options))
}
