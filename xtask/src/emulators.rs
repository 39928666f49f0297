//! Emulators of clouds for tests: installed at exact versions, started on free ports of the
//! loopback interface, and ended with the tests.
//!
//! Each is a row of [`EMULATORS`]; the requirements are in `xtask/emulators`.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::python::Environment;
use crate::service::{self, Service};
use crate::{Result, run};

/// The folder of the requirements, seen from the root.
const FOLDER: &str = "xtask/emulators";
/// The folder of the virtual environments, seen from the root.
const TOOLS: &str = ".tools/emulators";
/// The variable that makes it a failure when an emulator is not there.
const REQUIRED: &str = "FLOE_REQUIRE_PEERS";
/// How long an emulator may take over one answer.
const ANSWER: Duration = Duration::from_secs(5);

/// An emulator, and how to start it.
struct Emulator {
    name: &'static str,
    /// What is installed: the name of the requirements and of the environment.
    package: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
    port: Port,
    /// The variable that tells tests its URL.
    url: &'static str,
}

/// How an emulator is told its port.
enum Port {
    Argument(&'static str),
    Variable(&'static str),
}

/// All that listen on the loopback interface alone: ministack has to be told to.
const EMULATORS: [Emulator; 3] = [
    Emulator {
        name: "ministack",
        package: "ministack",
        program: "ministack",
        arguments: &[],
        variables: &[
            ("BIND_HOST", "127.0.0.1"),
            ("SERVICES", "s3,sns,sqs,sts,iam"),
        ],
        port: Port::Variable("GATEWAY_PORT"),
        url: "FLOE_MINISTACK_URL",
    },
    Emulator {
        name: "ministack with permissions",
        package: "ministack",
        program: "ministack",
        arguments: &[],
        variables: &[
            ("AUTH", "true"),
            ("BIND_HOST", "127.0.0.1"),
            ("SERVICES", "s3,sns,sqs,sts,iam"),
        ],
        port: Port::Variable("GATEWAY_PORT"),
        url: "FLOE_MINISTACK_AUTH_URL",
    },
    Emulator {
        name: "moto",
        package: "moto",
        program: "moto_server",
        arguments: &["-H", "127.0.0.1"],
        variables: &[],
        port: Port::Argument("-p"),
        url: "FLOE_MOTO_URL",
    },
];

/// The emulators that run; they end when this is dropped.
#[derive(Default)]
pub(crate) struct Running {
    services: Vec<(&'static str, Service)>,
    /// Names and reasons.
    missing: Vec<(&'static str, String)>,
}

impl Running {
    /// Starts all, but for those whose URL the caller gives; those that cannot be had are kept in
    /// mind.
    pub(crate) fn start() -> Self {
        let mut running = Self::default();
        for emulator in &EMULATORS {
            if std::env::var_os(emulator.url).is_some() {
                continue;
            }
            match emulator.start() {
                Ok(service) => running.services.push((emulator.url, service)),
                Err(error) => running.missing.push((emulator.name, error.to_string())),
            }
        }
        running
    }

    /// Tells a command where they are.
    pub(crate) fn tell(&self, command: &mut Command) {
        for (variable, service) in &self.services {
            command.env(variable, format!("http://{}", service.address));
        }
    }

    /// What was not tested against, one line each; empty when all were there.
    pub(crate) fn missing(&self) -> String {
        let lines = self.missing.iter();
        let lines = lines.map(|(name, reason)| format!("not tested against {name}: {reason}\n"));
        lines.collect()
    }

    /// # Errors
    ///
    /// When one is missing and all are required.
    pub(crate) fn check(&self) -> Result<()> {
        let required = std::env::var(REQUIRED).is_ok_and(|value| value == "1");
        if required && !self.missing.is_empty() {
            return Err(format!("{REQUIRED} is set: {}", self.missing().trim_end()).into());
        }
        Ok(())
    }
}

impl Emulator {
    fn start(&self) -> Result<Service> {
        let requirements = run::root()
            .join(FOLDER)
            .join(format!("{}.txt", self.package));
        let folder = format!("{TOOLS}/{}", self.package);
        let environment = Environment::prepare(&folder, &requirements)?;
        let address = service::free_address()?;
        let port = address.port().to_string();
        let mut command = service::watched(&environment.path(self.program));
        command
            .args(self.arguments)
            .envs(self.variables.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        match self.port {
            Port::Argument(option) => command.args([option, &port]),
            Port::Variable(name) => command.env(name, &port),
        };
        Service::start(self.name, address, command, ask)
    }
}

/// Lists the buckets: there are none, or the caller is not known, but somebody answers.
fn ask(address: SocketAddr) -> Result<()> {
    let mut connection = TcpStream::connect_timeout(&address, ANSWER)?;
    connection.set_read_timeout(Some(ANSWER))?;
    write!(
        connection,
        "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    match status {
        Some("200" | "403") => Ok(()),
        _ => Err(format!("it says `{}`", answer.lines().next().unwrap_or_default()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_exact() {
        for emulator in &EMULATORS {
            let file = run::root()
                .join(FOLDER)
                .join(format!("{}.txt", emulator.package));
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(crate::python::is_exact(&text), "{}", file.display());
            assert!(
                text.contains(&format!("{}==", emulator.package)),
                "{}",
                file.display()
            );
        }
    }

    #[test]
    fn what_is_missing_is_told_by_name() {
        let running = Running {
            services: Vec::new(),
            missing: vec![("moto", "no python3".to_owned())],
        };
        assert_eq!(running.missing(), "not tested against moto: no python3\n");
        assert_eq!(Running::default().missing(), "");
    }
}
