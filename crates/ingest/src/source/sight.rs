//! From what a store tells of a file to what a stream takes of it.

use crate::{Ask, Discovery, FileId, Filter, Home, Object, Sighting, VersionRule};

/// Reads an object of a listing: `None` when the stream does not want it, a question to the store
/// when the listing does not tell all that identifies it.
///
/// ```
/// use floe_ingest::{Filter, Home, Object, Sighting, VersionRule, sight};
/// use floe_notify::{Location, clock::Timestamp};
/// let home = Home::new(&Location::parse("gs://landing/in")?);
/// let filter = Filter { prefix: b"in/".to_vec(), ..Filter::default() };
/// let object = |key: &[u8]| Object::new(key, 7, Timestamp::from_millis(1_000));
/// let (by_key, rule) = (VersionRule::KeyAlone, VersionRule::Generation);
/// let see = |rule, key: &[u8]| sight(&home, rule, &filter, &object(key), Sighting::Listing);
/// assert!(see(by_key, b"in/_SUCCESS").is_none());
/// assert_eq!(see(by_key, b"in/a").unwrap().unwrap().id.path(), b"/in/a");
/// assert_eq!(see(rule, b"in/a").unwrap().unwrap_err().path, b"/in/a");
/// # Ok::<(), floe_notify::LocationError>(())
/// ```
#[must_use]
pub fn sight(
    home: &Home,
    rule: VersionRule,
    filter: &Filter,
    object: &Object,
    sighting: Sighting,
) -> Option<Result<Discovery, Ask>> {
    if !filter.takes(&object.key, object.modified) {
        return None;
    }
    Some(
        match FileId::of_listing(home, rule, &object.key, &object.tags()) {
            Ok(id) => Ok(Discovery {
                id,
                size: object.size,
                created: object.modified,
                sighting,
            }),
            Err(_) => Err(Ask {
                path: home.path(&object.key),
                created: Some(object.modified),
                sighting,
            }),
        },
    )
}
