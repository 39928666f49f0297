//! Services that somebody else started, to be measured beside Floe's own.

use std::net::SocketAddr;
use std::str::FromStr;

/// A service that answers on this machine.
///
/// ```
/// use floe_benches::peers::Peer;
///
/// let peer: Peer = "Flask=127.0.0.1:8000=4711".parse()?;
/// assert_eq!((peer.name.as_str(), peer.address.port(), peer.process), ("Flask", 8000, 4711));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name in the table.
    pub name: String,
    /// Where it listens: on the loopback interface, since nothing leaves the machine.
    pub address: SocketAddr,
    /// The process whose CPU time counts, with all its children.
    pub process: u32,
}

impl FromStr for Peer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not like NAME=127.0.0.1:PORT=PID");
        let mut parts = text.splitn(3, '=');
        let mut part = || parts.next().ok_or_else(wrong);
        let peer = Self {
            name: part()?.to_owned(),
            address: part()?.parse().map_err(|_| wrong())?,
            process: part()?.parse().map_err(|_| wrong())?,
        };
        if peer.address.ip().is_loopback() {
            Ok(peer)
        } else {
            Err(wrong())
        }
    }
}

/// Finds the peers among the arguments of the program, each behind a `--peer`. Cargo adds arguments
/// of its own, so others are passed over.
///
/// # Errors
///
/// When a peer is not written as [`Peer`] is read.
///
/// ```
/// let arguments = ["--bench", "--peer", "Flask=127.0.0.1:8000=4711", "--quick"];
/// let peers = floe_benches::peers::among(arguments.map(str::to_owned))?;
/// assert_eq!(peers[0].name, "Flask");
/// # Ok::<(), String>(())
/// ```
pub fn among(arguments: impl IntoIterator<Item = String>) -> Result<Vec<Peer>, String> {
    let mut arguments = arguments.into_iter();
    let mut peers = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "--peer" {
            let peer = arguments.next().ok_or("--peer needs a service behind it")?;
            peers.push(peer.parse()?);
        }
    }
    Ok(peers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_is_not_written_right_is_refused_with_what_is_right() {
        for text in [
            "",
            "Flask",
            "Flask=127.0.0.1:8000",
            "Flask=8000=1",
            "Flask=127.0.0.1:8000=x",
            // The benchmark sends nothing to other machines.
            "Flask=198.51.100.7:8000=1",
        ] {
            let error = text.parse::<Peer>().unwrap_err();
            assert!(error.contains("NAME=127.0.0.1:PORT=PID"), "{error}");
        }
    }

    #[test]
    fn a_peer_that_is_not_said_is_missed() {
        let error = among(["--peer".to_owned()]).unwrap_err();
        assert_eq!(error, "--peer needs a service behind it");
        assert_eq!(among(["--bench".to_owned()]), Ok(Vec::new()));
    }
}
