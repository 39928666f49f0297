//! The connection string of a storage account ("Configure Azure Storage connection strings").

use azure_core::http::Url;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use floe_notify::Secret;

use crate::AzureError;
use crate::cloud::AzureCloud;

/// The account of the emulator and its key, which everybody knows ("Use the Azurite emulator for
/// local Azure Storage development").
const EMULATOR: &str = "devstoreaccount1";
const EMULATOR_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const EMULATOR_QUEUES: &str = "http://127.0.0.1:10001/devstoreaccount1";
/// Longest connection string that is read.
const MAX_BYTES: usize = 16 * 1024;

/// What a connection string says about queues.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionString {
    pub(crate) account: String,
    pub(crate) key: Key,
    pub(crate) queues: Url,
}

/// How requests are authorised.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    /// The key of the account, in base64.
    Shared(Secret),
    /// A shared access signature, as a query.
    Signature(Secret),
}

impl ConnectionString {
    pub(crate) fn parse(text: &str) -> Result<Self, AzureError> {
        if text.len() > MAX_BYTES {
            return Err(refused(format!("it is longer than {MAX_BYTES} bytes")));
        }
        let pairs = Pairs::read(text)?;
        if pairs.get("UseDevelopmentStorage") == Some("true") {
            return Ok(Self {
                account: EMULATOR.to_owned(),
                key: Key::Shared(Secret::new(EMULATOR_KEY)),
                queues: url(EMULATOR_QUEUES)?,
            });
        }
        let queues = pairs.get("QueueEndpoint").map(url).transpose()?;
        let named = pairs.get("AccountName").map(str::to_owned);
        let account = named.or_else(|| queues.as_ref().and_then(account_of));
        let account = account.ok_or_else(|| refused("it has no AccountName"))?;
        let key = match (pairs.get("AccountKey"), pairs.get("SharedAccessSignature")) {
            (Some(key), None) => {
                if STANDARD.decode(key).is_err() {
                    return Err(refused("its AccountKey is not base64"));
                }
                Key::Shared(Secret::new(key))
            }
            (None, Some(signature)) => {
                Key::Signature(Secret::new(signature.trim_start_matches('?')))
            }
            (Some(_), Some(_)) => {
                return Err(refused(
                    "it has both AccountKey and SharedAccessSignature; give one of them",
                ));
            }
            (None, None) => {
                return Err(refused(
                    "it has neither AccountKey nor SharedAccessSignature",
                ));
            }
        };
        let queues = match queues {
            Some(queues) => queues,
            None => {
                let protocol = pairs.get("DefaultEndpointsProtocol").unwrap_or("https");
                let suffix = pairs.get("EndpointSuffix");
                let suffix = suffix.unwrap_or(AzureCloud::Public.storage_suffix());
                url(&format!("{protocol}://{account}.queue.{suffix}"))?
            }
        };
        Ok(Self {
            account,
            key,
            queues,
        })
    }
}

/// The account in the URL of its queues: the first label of the host, or with an address in its
/// place, as of an emulator, the first part of the path.
pub(crate) fn account_of(queues: &Url) -> Option<String> {
    let host = queues.host_str()?;
    let is_name = queues.domain().is_some_and(|name| name.contains('.'));
    let account = if is_name {
        host.split('.').next()?
    } else {
        queues.path_segments()?.next()?
    };
    (!account.is_empty()).then(|| account.to_owned())
}

struct Pairs<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Pairs<'a> {
    fn read(text: &'a str) -> Result<Self, AzureError> {
        let parts = text.split(';').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        let pairs = parts.map(|part| {
            let pair = part.split_once('=');
            pair.ok_or_else(|| refused("a part of it is not of the form name=value"))
        });
        pairs.collect::<Result<Vec<_>, _>>().map(Pairs)
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        let mut pairs = self.0.iter();
        let found = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
        Some(found.1.trim()).filter(|value| !value.is_empty())
    }
}

fn url(text: &str) -> Result<Url, AzureError> {
    let parsed = Url::parse(text).ok();
    let parsed = parsed.filter(|url| url.has_host() && url.query().is_none());
    parsed.ok_or_else(|| refused("its queue endpoint is no URL"))
}

fn refused(problem: impl Into<String>) -> AzureError {
    AzureError::ConnectionString {
        problem: problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectionString, EMULATOR, Key};

    fn parsed(text: &str) -> ConnectionString {
        ConnectionString::parse(text).unwrap()
    }

    #[test]
    fn the_short_form_of_the_emulator_is_known() {
        let read = parsed("UseDevelopmentStorage=true");
        assert_eq!(read.account, EMULATOR);
        assert_eq!(
            read.queues.as_str(),
            "http://127.0.0.1:10001/devstoreaccount1"
        );
    }

    #[test]
    fn names_come_in_any_case_and_endpoints_are_put_together() {
        let read = parsed(
            "DefaultEndpointsProtocol=https;ACCOUNTNAME=acme;AccountKey=aGVsbG8=;\
             EndpointSuffix=core.chinacloudapi.cn;",
        );
        assert_eq!(
            read.queues.as_str(),
            "https://acme.queue.core.chinacloudapi.cn/"
        );
        assert!(matches!(read.key, Key::Shared(key) if key.reveal() == "aGVsbG8="));
    }

    #[test]
    fn a_signature_needs_no_name_beside_the_endpoint() {
        let read = parsed(
            "QueueEndpoint=https://acme.queue.core.windows.net;\
             SharedAccessSignature=?sv=2024-11-04&sig=a%2Bb%3D",
        );
        assert_eq!(read.account, "acme");
        assert!(matches!(read.key, Key::Signature(text) if text.reveal().starts_with("sv=")));
        let read = parsed("QueueEndpoint=http://127.0.0.1:10001/one;SharedAccessSignature=sv=1");
        assert_eq!(read.account, "one");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_secret() {
        let wrong = [
            ("", "AccountName"),
            ("AccountName=acme", "neither"),
            ("AccountName=acme;AccountKey=hunter2!", "base64"),
            (
                "AccountName=acme;AccountKey=aGVsbG8=;SharedAccessSignature=sv=hunter2",
                "both",
            ),
            ("hunter2", "name=value"),
            (
                "QueueEndpoint=hunter2;AccountName=a;AccountKey=aGVsbG8=",
                "no URL",
            ),
        ];
        for (text, words) in wrong {
            let error = ConnectionString::parse(text).unwrap_err();
            assert_eq!(error.code(), "FLOE-AZURE-0002");
            assert!(error.to_string().contains(words), "{error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
