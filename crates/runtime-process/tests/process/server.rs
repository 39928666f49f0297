//! A small HTTP server that containers of tests run: this test program, started with
//! [`ASKED`] in its environment.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// The environment variable with the port to serve on.
pub(crate) const ASKED: &str = "FLOE_TEST_SERVE";

/// The environment variable with a file whose presence makes `/ready` answer 503.
pub(crate) const UNREADY_FILE: &str = "FLOE_TEST_UNREADY";

/// The arguments that make this program do nothing but serve.
pub(crate) const ARGUMENTS: [&str; 3] = ["server::serve_when_asked", "--exact", "--nocapture"];

#[test]
fn serve_when_asked() {
    let Ok(port) = std::env::var(ASKED) else {
        return;
    };
    let host = std::env::var("SERVER_HOST").unwrap_or_else(|_| "0.0.0.0".to_owned());
    let listener = TcpListener::bind(format!("{host}:{port}")).unwrap();
    println!("serving on {host}:{port}");
    for stream in listener.incoming() {
        std::thread::spawn(move || answer(stream.unwrap()));
    }
}

fn answer(mut stream: TcpStream) {
    let mut line = String::new();
    let peer = stream.peer_addr().unwrap().ip();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    reader.read_line(&mut line).unwrap_or_default();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or_default() <= 2 {
            break;
        }
    }
    let unready = std::env::var(UNREADY_FILE).is_ok_and(|file| std::fs::exists(file).unwrap());
    let (status, body) = match line.split(' ').nth(1).unwrap_or_default() {
        "/ready" if unready => ("503 Service Unavailable", String::new()),
        // Not 200: the documentation asks for exactly that status.
        "/almost" => ("204 No Content", String::new()),
        "/ready" => ("200 OK", "ready".to_owned()),
        "/env" => (
            "200 OK",
            std::env::vars()
                .map(|(k, v)| format!("{k}={v}\n"))
                .collect(),
        ),
        "/peer" => ("200 OK", peer.to_string()),
        "/where" => (
            "200 OK",
            std::env::current_dir().unwrap().display().to_string(),
        ),
        "/argv0" => ("200 OK", std::env::args().next().unwrap()),
        "/files" => ("200 OK", open_files()),
        _ => ("404 Not Found", String::new()),
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    // Whoever asked may have gone; that is no reason to fail.
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

fn open_files() -> String {
    let files = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let links = files.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    links.map(|link| format!("{}\n", link.display())).collect()
}

/// Asks a server; returns the body of an answer with status 200.
pub(crate) fn get(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(10)).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: test\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.starts_with("HTTP/1.1 200 ").then(|| body.to_owned())
}
