//! Where files land: the path of a stream, taken apart.

mod error;
mod parse;

use std::fmt;

pub use error::LocationError;

/// Where a stream's files come from.
///
/// ```
/// use floe_notify::Cloud;
///
/// assert_eq!(Cloud::Aws.to_string(), "AWS");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cloud {
    /// Amazon S3, with SNS and SQS.
    Aws,
    /// Azure Blob Storage or Data Lake Storage Gen2, with Event Grid and queues.
    Azure,
    /// Google Cloud Storage, with Pub/Sub.
    Gcp,
    /// A directory of this machine.
    Local,
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cloud::Aws => "AWS",
            Cloud::Azure => "Azure",
            Cloud::Gcp => "GCP",
            Cloud::Local => "this machine",
        })
    }
}

/// What holds the files: a bucket, a container of an account, or a file system.
///
/// ```
/// use floe_notify::{Location, Store};
///
/// let location = Location::parse("gs://acme/orders")?;
/// assert_eq!(location.store(), &Store::Gcs { bucket: "acme".to_owned() });
/// # Ok::<(), floe_notify::LocationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Store {
    /// An S3 bucket.
    S3 {
        /// Its name.
        bucket: String,
    },
    /// A container, also called file system, of a storage account.
    Azure {
        /// Name of the account, the first label of its host.
        account: String,
        /// Name of the container.
        container: String,
        /// The rest of the host, such as `dfs.core.windows.net`.
        endpoint: String,
    },
    /// A Cloud Storage bucket.
    Gcs {
        /// Its name.
        bucket: String,
    },
    /// The file system of this machine.
    Local,
}

/// A path of a stream: what holds the files, and the directory in it.
///
/// Keys are opaque: nothing is decoded or normalised but the slashes at the ends of the directory.
///
/// ```
/// use floe_notify::{Cloud, Location, Store};
///
/// let location = Location::parse("s3a://acme-landing/orders/2026")?;
/// assert_eq!(location.cloud(), Cloud::Aws);
/// assert_eq!(location.store(), &Store::S3 { bucket: "acme-landing".to_owned() });
/// assert_eq!(location.key_prefix(), "orders/2026/");
///
/// let azure = Location::parse("abfss://landing@acme.dfs.core.windows.net/orders/")?;
/// assert_eq!(azure.container(), "landing");
/// assert_eq!(azure.to_string(), "abfss://landing@acme.dfs.core.windows.net/orders/");
/// # Ok::<(), floe_notify::LocationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    written: String,
    store: Store,
    /// Without a slash at either end; of a local path the whole path, with the first slash.
    directory: String,
}

impl Location {
    /// Reads a path: `s3`, `s3a`, `s3n`, `abfs`, `abfss`, `wasb`, `wasbs`, `gs`, `file`, or an
    /// absolute path of this machine.
    ///
    /// # Errors
    ///
    /// [`LocationError`], also for `adl`, whose storage has no notifications.
    ///
    /// ```
    /// use floe_notify::Location;
    ///
    /// assert!(Location::parse("gs://acme-landing").is_ok());
    /// let error = Location::parse("adl://acme.azuredatalakestore.net/orders").unwrap_err();
    /// assert_eq!(error.code(), "FLOE-NOTIFY-0021");
    /// ```
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        let (store, directory) = parse::parse(text)?;
        Ok(Location {
            written: text.to_owned(),
            store,
            directory,
        })
    }

    /// What holds the files.
    ///
    /// ```
    /// use floe_notify::{Location, Store};
    ///
    /// assert_eq!(Location::parse("/srv/landing")?.store(), &Store::Local);
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The cloud of the store.
    ///
    /// ```
    /// use floe_notify::{Cloud, Location};
    ///
    /// let location = Location::parse("wasbs://landing@acme.blob.core.windows.net")?;
    /// assert_eq!(location.cloud(), Cloud::Azure);
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn cloud(&self) -> Cloud {
        match self.store {
            Store::S3 { .. } => Cloud::Aws,
            Store::Azure { .. } => Cloud::Azure,
            Store::Gcs { .. } => Cloud::Gcp,
            Store::Local => Cloud::Local,
        }
    }

    /// The bucket or container; empty for a local path.
    ///
    /// ```
    /// assert_eq!(floe_notify::Location::parse("gs://acme/orders")?.container(), "acme");
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn container(&self) -> &str {
        match &self.store {
            Store::S3 { bucket } | Store::Gcs { bucket } => bucket,
            Store::Azure { container, .. } => container,
            Store::Local => "",
        }
    }

    /// The directory without slashes at its ends; empty for the root. Of a local path the whole
    /// path.
    ///
    /// ```
    /// assert_eq!(floe_notify::Location::parse("s3://acme/orders/")?.directory(), "orders");
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// What the keys below the directory begin with: the directory with a slash behind it, so that
    /// `orders` does not watch `orders2`; empty for the root.
    ///
    /// Of a path with a glob only what stands before the first component that holds one.
    ///
    /// ```
    /// use floe_notify::Location;
    ///
    /// assert_eq!(Location::parse("s3://acme/orders")?.key_prefix(), "orders/");
    /// assert_eq!(Location::parse("s3://acme")?.key_prefix(), "");
    /// assert_eq!(Location::parse("s3://acme/orders/*/raw")?.key_prefix(), "orders/");
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn key_prefix(&self) -> String {
        let directory = match self.glob_at() {
            None => self.directory.as_str(),
            Some(at) => {
                let before = self.directory.get(..at).unwrap_or_default();
                before.rsplit_once('/').map_or("", |(parents, _)| parents)
            }
        };
        if directory.is_empty() {
            // A glob in the first component of a local path leaves the root directory.
            return if self.store == Store::Local {
                "/".to_owned()
            } else {
                String::new()
            };
        }
        if directory.ends_with('/') {
            return directory.to_owned();
        }
        format!("{directory}/")
    }

    /// Whether the directory holds a glob (`*`, `?`, `[…]` or `{…}`).
    ///
    /// ```
    /// assert!(floe_notify::Location::parse("s3://acme/orders/2026-*")?.has_glob());
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn has_glob(&self) -> bool {
        self.glob_at().is_some()
    }

    /// Whether a key lies below the watched prefix. Services filter loosely; this is exact.
    ///
    /// ```
    /// let location = floe_notify::Location::parse("s3://acme/orders")?;
    /// assert!(location.watches("orders/a.json"));
    /// assert!(!location.watches("orders2/a.json"));
    /// # Ok::<(), floe_notify::LocationError>(())
    /// ```
    #[must_use]
    pub fn watches(&self, key: &str) -> bool {
        key.starts_with(&self.key_prefix())
    }

    fn glob_at(&self) -> Option<usize> {
        self.directory.find(['*', '?', '[', '{'])
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}
