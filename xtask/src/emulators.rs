//! Emulators of clouds for tests: installed at exact versions, started on free ports of the
//! loopback interface, and ended with the tests.
//!
//! Each is a row of [`table::EMULATORS`]; what is installed is in `xtask/emulators`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Result;
use crate::service::{self, Service};

mod program;
mod table;

use program::Program;
use table::EMULATORS;

/// The variable that makes it a failure when an emulator is not there.
const REQUIRED: &str = "FLOE_REQUIRE_PEERS";
/// The variable that tells tests a Python with the clients of the clouds' makers.
const VENDOR: &str = "FLOE_VENDOR_PYTHON";
/// What tests are told instead of a URL where an emulator may be missing, even when it is
/// required.
const EXCUSED: &str = "none";
/// How long an emulator may take over one answer.
const ANSWER: Duration = Duration::from_secs(5);

/// The most that is read of the first line of an answer.
const MAX_STATUS_LINE: u64 = 1_000;

/// An emulator, and how to start it.
struct Emulator {
    name: &'static str,
    program: Program,
    /// In these and in the variables `{0}` is its first port, `{1}` its second, and
    /// `{FLOE_SOME_URL}` the address of one that was started before it.
    arguments: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
    /// The variables that tell tests its URLs, one for each port.
    urls: &'static [&'static str],
    /// What is asked of the last port until one of the statuses comes back.
    question: &'static str,
    statuses: &'static [&'static str],
    /// What has to be made in another before this one starts: a request.
    before: Option<(&'static str, &'static str)>,
}

/// The emulators that run; they end when this is dropped.
#[derive(Default)]
pub(crate) struct Running {
    services: Vec<Service>,
    /// What tests are told, by variable.
    told: BTreeMap<&'static str, String>,
    missing: Vec<Missing>,
}

/// An emulator that is not there.
struct Missing {
    name: &'static str,
    reason: String,
    /// Whether it can not be installed, so that its absence is nobody's fault.
    is_excused: bool,
}

impl Running {
    /// Starts all, but for those whose URL the caller gives; those that cannot be had are kept in
    /// mind.
    pub(crate) fn start() -> Self {
        let mut running = Self::default();
        for emulator in &EMULATORS {
            let given = |variable: &&str| std::env::var_os(variable).is_some();
            if emulator.urls.iter().all(given) {
                continue;
            }
            if let Err(error) = running.add(emulator) {
                running.miss(emulator, error.to_string());
            }
        }
        if std::env::var_os(VENDOR).is_none() {
            match program::vendor_python() {
                Ok(python) => {
                    running.told.insert(VENDOR, python.display().to_string());
                }
                Err(error) => running.missing.push(Missing {
                    name: "the clients of the clouds' makers",
                    reason: error.to_string(),
                    is_excused: false,
                }),
            }
        }
        running
    }

    fn add(&mut self, emulator: &Emulator) -> Result<()> {
        let mut command = service::watched(&emulator.program.command()?);
        let mut addresses = Vec::new();
        for _ in emulator.urls {
            addresses.push(service::free_address()?);
        }
        command.args(emulator.program.first_arguments()?);
        for argument in emulator.arguments {
            command.arg(self.filled(argument, &addresses)?);
        }
        for (name, value) in emulator.variables {
            command.env(name, self.filled(value, &addresses)?);
        }
        command.stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((method, request)) = emulator.before {
            let (address, path) = self.at(request)?;
            let status = ask(address, method, &path)?;
            // 409: there already, from a run whose emulator the caller keeps.
            if !matches!(status.as_str(), "200" | "409") {
                return Err(format!("{method} {request} is answered with {status}").into());
            }
        }
        let last = *addresses.last().ok_or("it has no port")?;
        let service = Service::start(emulator.name, last, command, |address| {
            let status = ask(address, "GET", emulator.question)?;
            if emulator.statuses.contains(&status.as_str()) {
                return Ok(());
            }
            Err(format!("it says `{status}`").into())
        })?;
        for (variable, address) in emulator.urls.iter().zip(&addresses) {
            self.told.insert(variable, format!("http://{address}"));
        }
        self.services.push(service);
        Ok(())
    }

    fn miss(&mut self, emulator: &Emulator, reason: String) {
        // What needs one that is excused is excused as well.
        let is_excused = emulator.program.is_excused()
            || emulator
                .needs()
                .any(|url| self.told.get(url).is_some_and(|address| address == EXCUSED));
        if is_excused {
            for variable in emulator.urls {
                self.told.insert(variable, EXCUSED.to_owned());
            }
        }
        self.missing.push(Missing {
            name: emulator.name,
            reason,
            is_excused,
        });
    }

    /// The text with ports and addresses in it.
    fn filled(&self, text: &str, own: &[SocketAddr]) -> Result<String> {
        let mut filled = text.to_owned();
        for (index, address) in own.iter().enumerate() {
            filled = filled.replace(&format!("{{{index}}}"), &address.port().to_string());
        }
        while let Some((variable, _)) = variable_in(&filled) {
            let address = self.address(variable)?.to_string();
            filled = filled.replace(&format!("{{{variable}}}"), &address);
        }
        Ok(filled)
    }

    /// Where a request like `{FLOE_SOME_URL}/path` goes.
    fn at(&self, request: &str) -> Result<(SocketAddr, String)> {
        let (variable, path) = variable_in(request).ok_or("a request names no emulator")?;
        Ok((self.address(variable)?, path.to_owned()))
    }

    fn address(&self, variable: &str) -> Result<SocketAddr> {
        let given = std::env::var(variable).ok();
        let url = given.as_ref().or_else(|| self.told.get(variable));
        url.and_then(|url| url.strip_prefix("http://"))
            .and_then(|address| address.parse().ok())
            .ok_or_else(|| format!("{variable} is not there").into())
    }

    /// Tells a command where they are.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.envs(&self.told);
    }

    /// What was not tested against, one line each; empty when all were there.
    pub(crate) fn missing(&self) -> String {
        let lines = self.missing.iter();
        let lines = lines.map(|it| format!("not tested against {}: {}\n", it.name, it.reason));
        lines.collect()
    }

    /// # Errors
    ///
    /// When one is missing that could be had, and all are required.
    pub(crate) fn check(&self) -> Result<()> {
        let required = std::env::var(REQUIRED).is_ok_and(|value| value == "1");
        if required && self.missing.iter().any(|missing| !missing.is_excused) {
            return Err(format!("{REQUIRED} is set: {}", self.missing().trim_end()).into());
        }
        Ok(())
    }
}

impl Emulator {
    /// The URLs of others that it is started with.
    fn needs(&self) -> impl Iterator<Item = &str> {
        let texts = self.variables.iter().map(|(_, value)| *value);
        let texts = texts.chain(self.arguments.iter().copied());
        texts.filter_map(|text| variable_in(text).map(|(variable, _)| variable))
    }
}

/// The first `{FLOE_…}` of a text, and what follows it.
fn variable_in(text: &str) -> Option<(&str, &str)> {
    let (_, rest) = text.split_once("{FLOE_")?;
    let (name, after) = rest.split_once('}')?;
    let start = text.len() - rest.len() - "FLOE_".len();
    text.get(start..start + "FLOE_".len() + name.len())
        .map(|variable| (variable, after))
}

/// The status that a request without a body is answered with.
fn ask(address: SocketAddr, method: &str, path: &str) -> Result<String> {
    let mut connection = TcpStream::connect_timeout(&address, ANSWER)?;
    connection.set_read_timeout(Some(ANSWER))?;
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    )?;
    // Not all close the connection when they are asked to, so only the first line is read.
    let mut line = String::new();
    let mut answer = BufReader::new(connection).take(MAX_STATUS_LINE);
    answer.read_line(&mut line)?;
    let status = line.split(' ').nth(1).unwrap_or(&line);
    Ok(status.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_addresses_are_filled_in() {
        let mut running = Running::default();
        let first = "http://127.0.0.1:7".to_owned();
        running.told.insert("FLOE_FIRST_URL", first);
        let own = [
            "127.0.0.1:11".parse().unwrap(),
            "127.0.0.1:12".parse().unwrap(),
        ];
        let filled = running.filled("{FLOE_FIRST_URL} {0} {1}", &own).unwrap();
        assert_eq!(filled, "127.0.0.1:7 11 12");
        let (address, path) = running.at("{FLOE_FIRST_URL}/v1/x").unwrap();
        assert_eq!((address.port(), path.as_str()), (7, "/v1/x"));
        let error = running.filled("{FLOE_OTHER_URL}", &own).unwrap_err();
        assert_eq!(error.to_string(), "FLOE_OTHER_URL is not there");
    }

    #[test]
    fn what_is_missing_is_told_by_name() {
        let running = Running {
            missing: vec![Missing {
                name: "moto",
                reason: "no python3".to_owned(),
                is_excused: false,
            }],
            ..Running::default()
        };
        assert_eq!(running.missing(), "not tested against moto: no python3\n");
        assert_eq!(Running::default().missing(), "");
    }

    #[test]
    fn what_stands_on_an_excused_emulator_is_excused() {
        let mut running = Running::default();
        let jar = EMULATORS.iter().find(|it| it.program.is_excused()).unwrap();
        running.miss(jar, "no Cloud SDK".to_owned());
        let on_it = EMULATORS.iter().find(|it| it.needs().count() > 0).unwrap();
        running.miss(on_it, "it is not there".to_owned());
        assert!(running.missing.iter().all(|missing| missing.is_excused));
        assert_eq!(running.told.get(on_it.urls[0]).unwrap(), EXCUSED);
    }
}
