//! Containers of Azure Blob Storage and Data Lake Storage Gen2.

use std::sync::Arc;

use floe_notify::options::keys;
use object_store::StaticCredentialProvider;
use object_store::azure::{AzureAccessKey, AzureCredential, MicrosoftAzureBuilder, split_sas};

use super::super::address::Keys;
use super::super::exact::Connector;
use super::super::pages::{Order, Pages};
use super::connection_string::{ConnectionString, Key};
use super::{
    ENDPOINT, Given, Lister, OpenError, Opened, client_options, is_plain, patience, refused,
};

pub(super) fn open(
    account: &str,
    container: &str,
    host: &str,
    given: &Given<'_>,
) -> Result<Opened, OpenError> {
    let names = [
        keys::CLIENT_ID.info().name,
        keys::CLIENT_SECRET.info().name,
        keys::TENANT_ID.info().name,
    ];
    let principal = given.all(names)?;
    let connection = given.get(&keys::CONNECTION_STRING);
    let connection = connection
        .map(|text| ConnectionString::parse(text, account))
        .transpose()?;
    // What the machine keeps would come before the principal.
    let mut builder = match principal {
        Some([id, secret, tenant]) => {
            MicrosoftAzureBuilder::new().with_client_secret_authorization(id, secret, tenant)
        }
        None => MicrosoftAzureBuilder::from_env(),
    };
    let named = given.named(ENDPOINT).map(str::to_owned);
    let endpoint = named
        .or_else(|| connection.as_ref()?.blobs.clone())
        .or_else(|| elsewhere(account, host));
    builder = builder
        .with_account(account)
        .with_container_name(container)
        .with_client_options(client_options(endpoint.as_deref()))
        .with_retry(patience())
        .with_http_connector(Connector);
    if endpoint.as_deref().is_some_and(is_plain) && connection.is_none() {
        builder = builder.with_skip_signature(true);
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let Some(connection) = connection {
        let credential = credential(&connection.key).map_err(|error| refused(&error))?;
        builder = builder.with_credentials(Arc::new(StaticCredentialProvider::new(credential)));
    }
    let store = Arc::new(builder.build().map_err(|error| refused(&error))?);
    Ok(Opened {
        lister: Lister::Pages(Pages::new(
            Arc::clone(&store) as _,
            Keys::Slashes,
            Order::Unknown,
        )),
        store,
    })
}

fn credential(key: &Key<'_>) -> Result<AzureCredential, object_store::Error> {
    Ok(match key {
        Key::Shared(key) => AzureCredential::AccessKey(AzureAccessKey::try_new(key)?),
        Key::Signature(signature) => AzureCredential::SASToken(split_sas(signature)?),
    })
}

/// Where accounts are reached that are not in the public cloud.
fn elsewhere(account: &str, host: &str) -> Option<String> {
    let (_, suffix) = host.split_once('.')?;
    let is_public = suffix.eq_ignore_ascii_case("core.windows.net");
    (!is_public).then(|| format!("https://{account}.blob.{suffix}"))
}
