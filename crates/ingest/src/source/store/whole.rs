//! Listings of stores that list in any order.

use futures::StreamExt as _;
use object_store::ObjectStore;
use object_store::path::Path;

use crate::SourceError;

use super::ahead::Ahead;
use super::failure::failed;
use super::object;

/// Reads all that a store lists, and takes what comes behind a key.
pub(super) async fn of_store(
    store: &dyn ObjectStore,
    prefix: &[u8],
    after: &[u8],
    max: usize,
) -> Result<Ahead, SourceError> {
    let mut ahead = Ahead::new(max);
    // Stores list below whole directories only.
    let end = prefix.iter().rposition(|byte| *byte == b'/');
    let directory = end.and_then(|end| std::str::from_utf8(prefix.get(..end)?).ok());
    let directory = directory.and_then(|directory| {
        let path = Path::parse(directory).ok()?;
        (path.as_ref() == directory).then_some(path)
    });
    let mut objects = store.list(directory.as_ref());
    while let Some(meta) = objects.next().await {
        let meta = meta.map_err(|error| failed("listing", prefix, &error))?;
        let key = meta.location.as_ref().as_bytes();
        if key.starts_with(prefix) && key > after {
            ahead.take(object(key.to_vec(), &meta));
        }
    }
    Ok(ahead)
}
