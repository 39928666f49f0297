//! From a path and options to a store.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "azure")]
mod azure;
#[cfg(feature = "azure")]
mod connection_string;
mod error;
#[cfg(feature = "gcp")]
mod gcp;
mod given;

use std::collections::BTreeMap;
use std::sync::Arc;

use floe_notify::clock::Clock;
use floe_notify::{Location, Store};
use object_store::ObjectStore;

pub use error::OpenError;

use super::{Lister, Shelf, StoreSource};
use given::Given;

/// The option that says where a store is reached, instead of where its cloud has it: for emulators
/// and for stores of one's own.
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
const ENDPOINT: &str = "floe.storeEndpoint";

/// A store that was opened, and how it is listed.
struct Opened {
    store: Arc<dyn ObjectStore>,
    lister: Lister,
}

/// Opens the store that a path lies in.
///
/// The login is that of the stream's options: `cloudFiles.awsAccessKey` and `awsSecretKey`;
/// `cloudFiles.connectionString`, or `clientId`, `clientSecret` and `tenantId`;
/// `cloudFiles.clientEmail` and `privateKey`. Without any it is that of the machine: its
/// environment, its files, its role. `cloudFiles.region` is the region, and `floe.storeEndpoint` a
/// URL in place of the cloud's own; over one that begins with `http://` no token is sent. Other
/// options say nothing about stores and are passed over.
///
/// # Errors
/// [`OpenError`].
///
/// ```
/// use std::collections::BTreeMap;
/// use floe_notify::Location;
/// let location = Location::parse("/srv/in")?;
/// let error = floe_ingest::open_store(&location, &BTreeMap::new()).unwrap_err();
/// assert_eq!(error.code(), "FLOE-INGEST-0036");
/// # Ok::<(), floe_notify::LocationError>(())
/// ```
pub fn open_store(
    location: &Location,
    options: &BTreeMap<String, String>,
) -> Result<Arc<dyn ObjectStore>, OpenError> {
    Ok(opened(location, options)?.store)
}

impl StoreSource {
    /// Opens the store that a path lies in, as [`open_store`] does, and lists it key by key as the
    /// cloud tells them.
    ///
    /// Keys that begin or end with a slash, have a part `.` or `..`, or hold a control character
    /// are listed, and refused when they are asked about, read, removed or renamed. Objects of
    /// Cloud Storage are listed with their generation as version.
    ///
    /// # Errors
    /// [`OpenError`].
    ///
    /// ```
    /// use floe_ingest::StoreSource;
    /// use floe_notify::{Location, clock::ManualClock};
    /// use std::{collections::BTreeMap, sync::Arc};
    /// let location = Location::parse("/srv/in")?;
    /// let clock = Arc::new(ManualClock::default());
    /// assert!(StoreSource::open(&location, &BTreeMap::new(), clock).is_err());
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    pub fn open(
        location: &Location,
        options: &BTreeMap<String, String>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OpenError> {
        let Opened { store, lister } = opened(location, options)?;
        Ok(Self {
            store,
            lister,
            shelf: Shelf::new(clock),
        })
    }
}

fn opened(location: &Location, options: &BTreeMap<String, String>) -> Result<Opened, OpenError> {
    let given = Given::new(options);
    given.refuse_foreign_logins()?;
    match location.store() {
        #[cfg(feature = "aws")]
        Store::S3 { bucket } => aws::open(bucket, &given),
        #[cfg(feature = "azure")]
        Store::Azure {
            account,
            container,
            endpoint,
        } => azure::open(account, container, endpoint, &given),
        #[cfg(feature = "gcp")]
        Store::Gcs { bucket } => gcp::open(bucket, &given),
        store => {
            let feature = match store {
                Store::S3 { .. } => "the feature aws",
                Store::Azure { .. } => "the feature azure",
                Store::Gcs { .. } => "the feature gcp",
                _ => "DirectorySource, which reads files of this machine",
            };
            let path = location.to_string();
            Err(OpenError::NotBuilt { path, feature })
        }
    }
}

/// How often a request is tried again by the store itself; the stream has a patience of its own.
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
fn patience() -> object_store::RetryConfig {
    object_store::RetryConfig {
        max_retries: 3,
        retry_timeout: std::time::Duration::from_secs(60),
        ..object_store::RetryConfig::default()
    }
}

#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
fn client_options(endpoint: Option<&str>) -> object_store::ClientOptions {
    let is_plain = endpoint.is_some_and(is_plain);
    object_store::ClientOptions::new().with_allow_http(is_plain)
}

/// Whether a connection to it is not encrypted.
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
fn is_plain(endpoint: &str) -> bool {
    endpoint
        .get(.."http://".len())
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
fn refused(error: &object_store::Error) -> OpenError {
    OpenError::Refused {
        reason: super::failure::words(error),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use floe_notify::Location;

    use super::{OpenError, open_store};

    fn open(path: &str, options: &[(&str, &str)]) -> Result<String, OpenError> {
        let options: BTreeMap<_, _> = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let store = open_store(&Location::parse(path).unwrap(), &options)?;
        Ok(store.to_string())
    }

    #[cfg(feature = "aws")]
    #[test]
    fn s3_is_opened_with_both_keys_or_those_of_the_machine() {
        let keys = [
            ("cloudfiles.AWSACCESSKEY", "AKIA"),
            ("cloudFiles.awsSecretKey", "hunter2"),
            ("cloudFiles.region", "eu-west-1"),
        ];
        assert!(open("s3://landing/in", &keys).unwrap().contains("landing"));
        let error = open("s3://landing/in", &keys[1..]).unwrap_err();
        assert_eq!(error.code(), "FLOE-INGEST-0037");
        assert!(error.to_string().contains("awsAccessKey"), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        let role = [("cloudFiles.roleArn", "arn:aws:iam::1:role/r")];
        let error = open("s3://landing/in", &role).unwrap_err();
        assert_eq!(error.code(), "FLOE-INGEST-0038");
    }

    #[cfg(feature = "azure")]
    #[test]
    fn azure_is_opened_with_a_connection_string_or_a_principal() {
        let path = "abfss://landing@acme.dfs.core.windows.net/in";
        let key = [(
            "cloudFiles.connectionString",
            "AccountName=acme;AccountKey=aGVsbG8=;EndpointSuffix=core.windows.net",
        )];
        assert!(open(path, &key).unwrap().contains("landing"));
        let principal = [
            ("cloudFiles.clientId", "c"),
            ("cloudFiles.clientSecret", "hunter2"),
            ("cloudFiles.tenantId", "t"),
        ];
        assert!(open(path, &principal).unwrap().contains("landing"));
        let error = open(path, &principal[..2]).unwrap_err();
        assert!(error.to_string().contains("tenantId"), "{error}");
        let other = [(
            "cloudFiles.connectionString",
            "AccountName=x;AccountKey=aGVsbG8=",
        )];
        let error = open(path, &other).unwrap_err();
        assert!(error.to_string().contains("account"), "{error}");
    }

    #[cfg(feature = "gcp")]
    #[test]
    fn cloud_storage_is_opened_with_the_key_of_a_service_account() {
        let half = [("cloudFiles.clientEmail", "a@b.iam.gserviceaccount.com")];
        let error = open("gs://landing/in", &half).unwrap_err();
        assert!(error.to_string().contains("privateKey"), "{error}");
        let bad = [half[0], ("cloudFiles.privateKey", "hunter2")];
        let error = open("gs://landing/in", &bad).unwrap_err();
        assert_eq!(error.code(), "FLOE-INGEST-0037");
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{error:?}"
        );
        let plain = [("floe.storeEndpoint", "http://127.0.0.1:9")];
        assert!(open("gs://landing/in", &plain).unwrap().contains("landing"));
    }

    #[test]
    fn a_credential_by_name_is_refused_for_every_cloud() {
        let named = [("databricks.serviceCredential", "mine")];
        for path in ["s3://landing", "gs://landing"] {
            assert_eq!(open(path, &named).unwrap_err().code(), "FLOE-INGEST-0038");
        }
    }
}
