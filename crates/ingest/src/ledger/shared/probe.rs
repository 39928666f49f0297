//! Whether a store honours conditions, tried out before anything stands on it.

use bytes::Bytes;
use object_store::{Error, PutMode};

use super::error::SharedError;
use super::handle::refuse_unsupported;
use super::store::{Store, Tag, tag_of};

/// Tries out what a shared ledger stands on, with an object that is nobody else's: who creates
/// what is there, or changes what has changed since, has to be refused.
pub(super) async fn probe(store: &Store) -> Result<(), SharedError> {
    let tried = attempt(store).await;
    // What is left of a probe is a few bytes, and no reason to stop.
    drop(store.delete(&store.probe_path()).await);
    tried
}

async fn attempt(store: &Store) -> Result<(), SharedError> {
    let first = granted(store, "1", PutMode::Create, "it does not create an object").await?;
    if first.0.e_tag.is_none() && first.0.version.is_none() {
        return Err(refused(
            store,
            "it does not tell the version of what it wrote",
        ));
    }
    let what = "it creates an object over one that is there";
    denied(store, "2", PutMode::Create, what).await?;
    let current = PutMode::Update(first.0.clone());
    granted(
        store,
        "3",
        current,
        "it does not change an object of the version that it told",
    )
    .await?;
    let stale = PutMode::Update(first.0);
    let what = "it changes an object that has changed since";
    denied(store, "4", stale, what).await
}

/// A write that has to take place.
async fn granted(
    store: &Store,
    text: &'static str,
    mode: PutMode,
    what: &'static str,
) -> Result<Tag, SharedError> {
    match put(store, text, mode).await {
        Ok(tag) => Ok(tag),
        Err(Error::Precondition { .. } | Error::AlreadyExists { .. } | Error::NotFound { .. }) => {
            Err(refused(store, what))
        }
        Err(error) => Err(failed(store, error)),
    }
}

/// A write that must not take place.
async fn denied(
    store: &Store,
    text: &'static str,
    mode: PutMode,
    what: &'static str,
) -> Result<(), SharedError> {
    match put(store, text, mode).await {
        Ok(_) => Err(refused(store, what)),
        Err(
            Error::Precondition { .. } | Error::AlreadyExists { .. } | Error::NotModified { .. },
        ) => Ok(()),
        Err(error) => Err(failed(store, error)),
    }
}

async fn put(store: &Store, text: &'static str, mode: PutMode) -> object_store::Result<Tag> {
    let bytes = Bytes::from_static(text.as_bytes());
    let written = store.put(&store.probe_path(), bytes, mode).await;
    written.map(tag_of)
}

fn failed(store: &Store, error: Error) -> SharedError {
    let error = SharedError::store(store.probe_path().as_ref(), error);
    refuse_unsupported(store, &error).err().unwrap_or(error)
}

fn refused(store: &Store, what: &str) -> SharedError {
    SharedError::NoConditions {
        store: store.store_name(),
        what: what.to_owned(),
    }
}
