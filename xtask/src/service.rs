//! Programs that are started, answer on a port of the loopback interface, and end with this
//! command, however it ends.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{Result, run};

/// How often a service is asked whether it answers: programs start while cargo builds, …
const TRIES: u32 = 600;
/// … and how long after each time: in all a minute.
const PAUSE: Duration = Duration::from_millis(100);

/// Starts the words behind it, and ends them when its standard input does: that is closed when this
/// command ends in any way. Ctrl-C reaches all of them at once, and must not end the shell first. A
/// shell says of what it waits for how it ended, which is no news here.
const WATCH: &str = r#"
    trap "" INT
    "$@" & service=$!
    read -r _
    kill "$service"
    wait "$service" 2>/dev/null
"#;

/// A service that was started; it ends when this is dropped.
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    watch: Child,
}

/// A port that nobody listens on; freed again at once, for the service to take.
///
/// # Errors
///
/// When the machine has none left.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// The command that starts a program and watches over it; arguments may be added.
pub(crate) fn watched(program: &Path) -> Command {
    let mut command = run::program("sh", &["-c", WATCH, "sh"]);
    command.arg(program).stdin(Stdio::piped());
    command
}

impl Service {
    /// Starts what [`watched`] made, and waits until `ask` has its answer.
    ///
    /// # Errors
    ///
    /// When it can not be started, or does not answer in time.
    pub(crate) fn start(
        name: &'static str,
        address: SocketAddr,
        mut command: Command,
        ask: impl Fn(SocketAddr) -> Result<()>,
    ) -> Result<Self> {
        let service = Self {
            name,
            address,
            watch: command.spawn()?,
        };
        let mut why = String::new();
        for _ in 0..TRIES {
            match ask(address) {
                Ok(()) => return Ok(service),
                Err(error) => why = error.to_string(),
            }
            std::thread::sleep(PAUSE);
        }
        Err(format!("{name} does not answer on {address}: {why}").into())
    }

    /// The process above all of the service.
    pub(crate) fn process(&self) -> u32 {
        self.watch.id()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        // All have been told to take no more than a second for what is under way.
        for _ in 0..TRIES {
            if matches!(self.watch.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        eprintln!("{} does not end: process {}", self.name, self.watch.id());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_ends_with_its_handle() {
        let mut command = watched(Path::new("sleep"));
        command.arg("600");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let service = Service::start("sleep", address, command, |_| Ok(())).unwrap();
        let id = service.process();
        assert!(Path::new(&format!("/proc/{id}")).exists());
        drop(service);
        // It was waited for, so its number is free.
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }
}
