//! Buckets of Cloud Storage.

use std::fmt::Write as _;
use std::sync::Arc;

use floe_notify::options::keys;
use object_store::StaticCredentialProvider;
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder};

use super::super::address::Keys;
use super::super::exact::Connector;
use super::super::pages::{Order, Pages};
use super::{
    ENDPOINT, Given, Lister, OpenError, Opened, client_options, is_plain, patience, refused,
};

pub(super) fn open(bucket: &str, given: &Given<'_>) -> Result<Opened, OpenError> {
    let names = [
        keys::CLIENT_EMAIL.info().name,
        keys::PRIVATE_KEY.info().name,
    ];
    let account = given.all(names)?;
    let endpoint = given.named(ENDPOINT);
    let mut builder = match account {
        // What the machine keeps would be a second account beside this one.
        Some([email, key]) => {
            let id = given.get(&keys::PRIVATE_KEY_ID).unwrap_or_default();
            let file = key_file(email, key, id);
            GoogleCloudStorageBuilder::new().with_service_account_key(file)
        }
        None => GoogleCloudStorageBuilder::from_env(),
    };
    builder = builder
        .with_bucket_name(bucket)
        .with_client_options(client_options(endpoint))
        .with_retry(patience())
        .with_http_connector(Connector);
    if let Some(endpoint) = endpoint {
        builder = builder.with_base_url(endpoint.trim_end_matches('/'));
        if is_plain(endpoint) {
            // Writing asks for a token all the same.
            let none = GcpCredential {
                bearer: String::new(),
            };
            builder = builder
                .with_skip_signature(true)
                .with_credentials(Arc::new(StaticCredentialProvider::new(none)));
        }
    }
    let store = Arc::new(builder.build().map_err(|error| refused(&error))?);
    Ok(Opened {
        lister: Lister::Pages(Pages::new(
            Arc::clone(&store) as _,
            Keys::Bytes,
            Order::Bytes,
        )),
        store,
    })
}

/// The file that Google gives with a service account, as far as it is needed.
fn key_file(email: &str, key: &str, id: &str) -> String {
    // Where options cannot hold a line break, keys are written with the two characters `\n`.
    let key = key.replace("\\n", "\n");
    format!(
        r#"{{"type":"service_account","client_email":{},"private_key":{},"private_key_id":{}}}"#,
        json(email),
        json(&key),
        json(id)
    )
}

/// A text as JSON.
fn json(text: &str) -> String {
    let mut written = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                written.push('\\');
                written.push(c);
            }
            // Writing to a string cannot fail.
            c if c.is_ascii_control() => drop(write!(written, "\\u{:04x}", u32::from(c))),
            c => written.push(c),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use super::key_file;

    #[test]
    fn a_key_with_line_breaks_of_either_kind_is_json() {
        let file = key_file("a@\"b", "-----BEGIN\\nx\n", "\\");
        assert_eq!(
            file,
            "{\"type\":\"service_account\",\"client_email\":\"a@\\\"b\",\
             \"private_key\":\"-----BEGIN\\u000ax\\u000a\",\"private_key_id\":\"\\\\\"}"
        );
    }
}
