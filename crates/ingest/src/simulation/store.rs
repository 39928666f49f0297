//! The store: objects with versions, and listings that may be late.

use floe_notify::clock::Timestamp;

use crate::{Discovery, FileId, Sighting};

/// One name in the store, and what the oracle knows of it.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) key: String,
    /// 0 while it is not there.
    pub(super) version: u32,
    pub(super) written: Timestamp,
    /// When listings show it.
    pub(super) listed_at: Timestamp,
    /// An event of the newest version was sent and not lost, or a listing has to find it.
    pub(super) is_owed: bool,
    /// It was there before the stream.
    pub(super) is_old: bool,
    /// A listing of what was there before may have seen it, so that only an event makes it new.
    pub(super) may_be_seen: bool,
    /// It may or may not be taken for old.
    pub(super) is_free: bool,
    /// It was written again, and the path alone counts.
    pub(super) is_overwritten: bool,
    /// The stream wants it.
    pub(super) is_wanted: bool,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) objects: Vec<Object>,
    pub(super) with_versions: bool,
}

impl Store {
    /// The identity of an object at one of its versions.
    pub(super) fn id(&self, object: usize, version: u32) -> FileId {
        let token = self.with_versions.then(|| format!("v{version}"));
        let path = format!("/{}", self.objects[object].key);
        FileId::new(path.as_bytes(), token.as_deref()).unwrap()
    }

    pub(super) fn discovery(&self, object: usize, version: u32, sighting: Sighting) -> Discovery {
        Discovery {
            id: self.id(object, version),
            size: 1 + (object as u64 % 7),
            created: self.objects[object].written,
            sighting,
        }
    }

    pub(super) fn find(&self, path: &[u8]) -> Option<usize> {
        let key = path.strip_prefix(b"/")?;
        // Objects are in the order of their keys.
        self.objects
            .binary_search_by(|object| object.key.as_bytes().cmp(key))
            .ok()
    }

    /// What a read of a file gets: the object and the version that it has now. `None` when that
    /// version is not there any more.
    pub(super) fn read(&self, id: &FileId) -> Option<(usize, u32)> {
        let object = self.find(&id.path())?;
        let version = self.objects[object].version;
        match id.token() {
            Some(token) if token.starts_with('v') => {
                (token == format!("v{version}")).then_some((object, version))
            }
            // A token that is no version does not keep anybody from reading.
            Some(_) => Some((object, version)),
            None => Some((object, 0)),
        }
    }

    /// A page of the objects that listings show now.
    pub(super) fn list(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        now: Timestamp,
        most: usize,
    ) -> Vec<usize> {
        let shown = self.objects.iter().enumerate().filter(|(_, object)| {
            let key = object.key.as_bytes();
            object.version > 0
                && object.listed_at <= now
                && key.starts_with(prefix)
                && after.is_none_or(|after| key > after)
        });
        shown.map(|(object, _)| object).take(most).collect()
    }
}
