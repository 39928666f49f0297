//! Connection strings of storage accounts, as far as they are about blobs ("Configure Azure
//! Storage connection strings").

use floe_notify::options::keys;

use super::OpenError;

/// What one says.
#[derive(PartialEq, Eq)]
pub(super) struct ConnectionString<'a> {
    pub(super) key: Key<'a>,
    /// Where blobs are reached, if it is not where the public cloud has them.
    pub(super) blobs: Option<String>,
}

/// The login in it.
#[derive(PartialEq, Eq)]
pub(super) enum Key<'a> {
    Shared(&'a str),
    Signature(&'a str),
}

impl<'a> ConnectionString<'a> {
    /// Reads one of an account. What is wrong is said without what it holds.
    pub(super) fn parse(text: &'a str, account: &str) -> Result<Self, OpenError> {
        let parts = text.split(';').map(str::trim);
        let pairs: Vec<_> = parts.filter_map(|part| part.split_once('=')).collect();
        let find = |name: &str| {
            let mut found = pairs
                .iter()
                .filter(|(key, _)| key.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.trim())
        };
        if find("AccountName").is_some_and(|name| name != account) {
            let words = "its AccountName is not the storage account of the stream's path";
            return Err(bad(words));
        }
        let key = match (find("AccountKey"), find("SharedAccessSignature")) {
            (Some(key), None) => Key::Shared(key),
            (None, Some(signature)) => Key::Signature(signature),
            (Some(_), Some(_)) => {
                return Err(bad(
                    "it has both AccountKey and SharedAccessSignature; give one",
                ));
            }
            (None, None) => {
                return Err(bad("it has neither AccountKey nor SharedAccessSignature"));
            }
        };
        let blobs = find("BlobEndpoint").map(str::to_owned).or_else(|| {
            let suffix = find("EndpointSuffix")?;
            let protocol = find("DefaultEndpointsProtocol").unwrap_or("https");
            Some(format!("{protocol}://{account}.blob.{suffix}"))
        });
        let blobs = blobs.map(|url| url.trim_end_matches('/').to_owned());
        Ok(Self { key, blobs })
    }
}

fn bad(reason: &str) -> OpenError {
    OpenError::BadOption {
        option: keys::CONNECTION_STRING.info().name,
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectionString, Key};

    #[test]
    fn keys_and_endpoints_are_read_whatever_the_case() {
        let text = "ACCOUNTNAME=acme; AccountKey=aGVsbG8= ;BlobEndpoint=http://127.0.0.1:1/acme/;";
        let read = ConnectionString::parse(text, "acme").unwrap();
        assert!(read.key == Key::Shared("aGVsbG8="));
        assert_eq!(read.blobs.as_deref(), Some("http://127.0.0.1:1/acme"));
        let text = "SharedAccessSignature=?sv=1&sig=a%3D;EndpointSuffix=core.chinacloudapi.cn";
        let read = ConnectionString::parse(text, "acme").unwrap();
        assert!(read.key == Key::Signature("?sv=1&sig=a%3D"));
        let blobs = "https://acme.blob.core.chinacloudapi.cn";
        assert_eq!(read.blobs.as_deref(), Some(blobs));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_secret() {
        for text in [
            "",
            "hunter2",
            "AccountName=other;AccountKey=hunter2",
            "AccountName=acme",
            "AccountKey=hunter2;SharedAccessSignature=hunter2",
        ] {
            let Err(error) = ConnectionString::parse(text, "acme") else {
                panic!("{text} is none");
            };
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
