//! Stores of S3, and those that speak as it does.

use std::sync::Arc;

use floe_notify::options::keys;
use object_store::StaticCredentialProvider;
use object_store::aws::{AmazonS3Builder, AwsCredential};

use super::super::address::Keys;
use super::super::exact::Connector;
use super::super::pages::{Order, Pages};
use super::{ENDPOINT, Given, Lister, OpenError, Opened, client_options, patience, refused};

/// What the names of directory buckets end with, which list in no order and begin nowhere but at
/// the beginning ("Differences for directory buckets", Amazon S3 user guide).
const DIRECTORY_BUCKET: &str = "--x-s3";

pub(super) fn open(bucket: &str, given: &Given<'_>) -> Result<Opened, OpenError> {
    let endpoint = given.named(ENDPOINT);
    let is_directory = bucket.ends_with(DIRECTORY_BUCKET);
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_s3_express(is_directory)
        .with_client_options(client_options(endpoint))
        .with_retry(patience())
        .with_http_connector(Connector);
    if let Some(region) = given.get(&keys::REGION) {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    let names = [
        keys::AWS_ACCESS_KEY.info().name,
        keys::AWS_SECRET_KEY.info().name,
    ];
    if let Some([access, secret]) = given.all(names)? {
        let keys = AwsCredential {
            key_id: access.to_owned(),
            secret_key: secret.to_owned(),
            token: None,
        };
        builder = builder.with_credentials(Arc::new(StaticCredentialProvider::new(keys)));
    }
    let store = Arc::new(builder.build().map_err(|error| refused(&error))?);
    let order = if is_directory {
        Order::Other
    } else {
        Order::Bytes
    };
    Ok(Opened {
        lister: Lister::Pages(Pages::new(Arc::clone(&store) as _, Keys::Bytes, order)),
        store,
    })
}
