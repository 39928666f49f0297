//! The settings of the service.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::time::Duration;

use crate::EchoError;

/// The longest ECHO_DELAY_MS: one hour, the default of BATCH_TIMEOUT_SECS.
const MAX_DELAY_MS: u64 = 3_600_000;

/// What the service is told when it starts.
///
/// ```
/// use floe_sample_echo::Options;
///
/// let options = Options::default();
/// assert_eq!((options.host.to_string().as_str(), options.port), ("0.0.0.0", 8000));
/// assert_eq!(options.character_name, "I");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 picks a free one.
    pub port: u16,
    /// Who says it.
    pub character_name: String,
    /// The version in the first log line; the answers do not depend on it.
    pub version: String,
    /// How long the work on one batch takes.
    pub delay: Duration,
    /// How the service is broken, if it is.
    pub fault: Option<Fault>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            port: 8000,
            character_name: "I".to_owned(),
            version: "v1".to_owned(),
            delay: Duration::ZERO,
            fault: None,
        }
    }
}

impl Options {
    /// Reads the settings through `variable`, which answers the value of an environment variable.
    ///
    /// # Errors
    ///
    /// [`EchoError::Variable`] with name, value and what is allowed.
    ///
    /// ```
    /// use floe_sample_echo::{Fault, Options};
    ///
    /// let options = Options::from_env(&|name| match name {
    ///     "CHARACTER_NAME" => Some("Bob".to_owned()),
    ///     "ECHO_FAULT" => Some("short".to_owned()),
    ///     _ => None,
    /// })?;
    /// assert_eq!(options.character_name, "Bob");
    /// assert_eq!(options.fault, Some(Fault::Short));
    /// # Ok::<(), floe_sample_echo::EchoError>(())
    /// ```
    pub fn from_env(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, EchoError> {
        let default = Self::default();
        let delay = parsed(variable, "ECHO_DELAY_MS", "milliseconds from 0 to 3600000")?
            .map_or(Ok(default.delay), delay)?;
        let faults = "rubbish, short, duplicate, reorder, unhealthy, hang or error500";
        Ok(Self {
            host: parsed(
                variable,
                "SERVER_HOST",
                "an IP address such as 0.0.0.0 or 127.0.0.1",
            )?
            .unwrap_or(default.host),
            port: parsed(variable, "SERVER_PORT", "a port from 0 to 65535")?
                .unwrap_or(default.port),
            character_name: variable("CHARACTER_NAME").unwrap_or(default.character_name),
            version: variable("ECHO_VERSION").unwrap_or(default.version),
            delay,
            fault: parsed(variable, "ECHO_FAULT", faults)?,
        })
    }
}

/// How the service is broken, to see what a caller does with a broken service.
///
/// ```
/// use floe_sample_echo::Fault;
///
/// assert_eq!("error500".parse(), Ok(Fault::Error500));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// `rubbish`: answers 200 with a text that is not JSON.
    Rubbish,
    /// `short`: leaves the last row out.
    Short,
    /// `duplicate`: answers the last row twice.
    Duplicate,
    /// `reorder`: answers the rows in reverse; a batch of one row is not changed.
    Reorder,
    /// `unhealthy`: the healthcheck answers 503; batches are answered well.
    Unhealthy,
    /// `hang`: takes batches and never answers; then it does not end on SIGTERM either.
    Hang,
    /// `error500`: answers every batch with 500.
    Error500,
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        match text {
            "rubbish" => Ok(Self::Rubbish),
            "short" => Ok(Self::Short),
            "duplicate" => Ok(Self::Duplicate),
            "reorder" => Ok(Self::Reorder),
            "unhealthy" => Ok(Self::Unhealthy),
            "hang" => Ok(Self::Hang),
            "error500" => Ok(Self::Error500),
            _ => Err(UnknownFault),
        }
    }
}

/// The text names no [`Fault`].
///
/// ```
/// use floe_sample_echo::Fault;
///
/// assert!("typo".parse::<Fault>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such fault")]
pub struct UnknownFault;

fn parsed<T: FromStr>(
    variable: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
    expected: &'static str,
) -> Result<Option<T>, EchoError> {
    let Some(value) = variable(name) else {
        return Ok(None);
    };
    match value.trim().parse() {
        Ok(parsed) => Ok(Some(parsed)),
        Err(_) => Err(EchoError::Variable {
            name,
            value,
            expected,
        }),
    }
}

fn delay(ms: u64) -> Result<Duration, EchoError> {
    if ms > MAX_DELAY_MS {
        return Err(EchoError::Variable {
            name: "ECHO_DELAY_MS",
            value: ms.to_string(),
            expected: "milliseconds from 0 to 3600000",
        });
    }
    Ok(Duration::from_millis(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Options, String> {
        let variable = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Options::from_env(&variable).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        assert_eq!(from(&[]).unwrap(), Options::default());
    }

    #[test]
    fn every_variable_is_read() {
        let options = from(&[
            ("SERVER_HOST", "127.0.0.1"),
            ("SERVER_PORT", " 9000 "),
            ("CHARACTER_NAME", "Bob"),
            ("ECHO_VERSION", "v2"),
            ("ECHO_DELAY_MS", "250"),
            ("ECHO_FAULT", "hang"),
        ]);
        let expected = Options {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 9000,
            character_name: "Bob".to_owned(),
            version: "v2".to_owned(),
            delay: Duration::from_millis(250),
            fault: Some(Fault::Hang),
        };
        assert_eq!(options.unwrap(), expected);
    }

    #[test]
    fn a_value_that_means_nothing_is_refused_with_what_is_allowed() {
        for (name, value, part) in [
            ("SERVER_HOST", "localhost", "expected an IP address"),
            ("SERVER_PORT", "65536", "expected a port from 0 to 65535"),
            ("ECHO_DELAY_MS", "-1", "expected milliseconds"),
            ("ECHO_DELAY_MS", "3600001", "expected milliseconds"),
            ("ECHO_FAULT", "typo", "expected rubbish, short, duplicate"),
        ] {
            let message = from(&[(name, value)]).unwrap_err();
            assert!(
                message.starts_with(&format!("{name} is `{value}`: ")),
                "{message}"
            );
            assert!(message.contains(part), "{message}");
        }
    }
}
