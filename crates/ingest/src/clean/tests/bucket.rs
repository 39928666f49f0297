//! A store in memory that counts, fails, and stops in the middle of things.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use floe_notify::BoxFuture;
use floe_notify::clock::Timestamp;

use crate::{FileSource, ListedObjects, Object, SourceError};

/// What happens at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is refused.
    Fails,
    /// It is done, and its answer is lost.
    Unanswered,
    /// It never comes back, and was not done.
    StopsBefore,
    /// It never comes back, and was done.
    StopsAfter,
    /// The copy of a move is there, and the call fails.
    HalfMoved,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Bucket(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, (String, Object)>,
    calls: u64,
    trouble: Option<(u64, Trouble)>,
    is_local: bool,
}

impl Bucket {
    pub(super) fn write(&self, key: &str, content: &str, modified: Timestamp, tag: &str) {
        let mut state = self.lock();
        let mut object = Object::new(key, content.len() as u64, modified);
        object.etag = Some(format!("\"{tag}\""));
        object.stat = state
            .is_local
            .then_some((1, modified.as_millis(), object.size));
        let entry = (content.to_owned(), object);
        state.objects.insert(key.to_owned(), entry);
    }

    pub(super) fn hide_tag(&self, key: &str) {
        self.lock().objects.get_mut(key).unwrap().1.etag = None;
    }

    pub(super) fn be_local(&self) {
        self.lock().is_local = true;
    }

    pub(super) fn delete(&self, key: &str) {
        self.lock().objects.remove(key).unwrap();
    }

    /// Lets something happen at a call, counted from the first one ever.
    pub(super) fn trouble_at(&self, call: u64, trouble: Trouble) {
        self.lock().trouble = Some((call, trouble));
    }

    pub(super) fn calm(&self) {
        self.lock().trouble = None;
    }

    pub(super) fn asked(&self) -> u64 {
        self.lock().calls
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.lock().objects.keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// One call: what it does, and what comes back of it.
    fn call<'a, T: Send + 'a>(
        &self,
        work: impl FnOnce(&mut State) -> T,
        half: impl FnOnce(&mut State),
    ) -> BoxFuture<'a, Result<T, SourceError>> {
        let mut state = self.lock();
        state.calls += 1;
        let trouble = state.trouble.filter(|(at, _)| *at == state.calls);
        let failed = SourceError::Unavailable {
            what: "a call".to_owned(),
            reason: "503".to_owned(),
        };
        let answer = match trouble.map(|(_, trouble)| trouble) {
            None => Ok(work(&mut state)),
            Some(Trouble::Fails) => Err(failed),
            Some(Trouble::HalfMoved) => {
                half(&mut state);
                Err(failed)
            }
            Some(Trouble::Unanswered) => {
                work(&mut state);
                Err(failed)
            }
            Some(Trouble::StopsBefore) => return Box::pin(std::future::pending()),
            Some(Trouble::StopsAfter) => {
                work(&mut state);
                return Box::pin(std::future::pending());
            }
        };
        Box::pin(std::future::ready(answer))
    }
}

fn text(key: &[u8]) -> String {
    String::from_utf8(key.to_vec()).unwrap()
}

impl FileSource for Bucket {
    fn list<'a>(
        &'a self,
        _prefix: &'a [u8],
        _after: Option<&'a [u8]>,
        _max: usize,
    ) -> BoxFuture<'a, Result<ListedObjects, SourceError>> {
        panic!("a cleaner lists nothing")
    }

    fn head<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Object>, SourceError>> {
        let key = text(key);
        let head = move |state: &mut State| {
            let found = state.objects.get(&key);
            found.map(|(_, object)| object.clone())
        };
        self.call(head, |_| {})
    }

    fn read<'a>(
        &'a self,
        _key: &'a [u8],
        _range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Bytes, SourceError>> {
        panic!("a cleaner reads nothing")
    }

    fn remove<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<bool, SourceError>> {
        let key = text(key);
        let remove = move |state: &mut State| state.objects.remove(&key).is_some();
        self.call(remove, |_| {})
    }

    fn rename<'a>(
        &'a self,
        from: &'a [u8],
        to: &'a [u8],
    ) -> BoxFuture<'a, Result<bool, SourceError>> {
        let (from, to) = (text(from), text(to));
        let copied = (from.clone(), to.clone());
        let rename = move |state: &mut State| {
            let object = state.objects.remove(&from);
            let was_there = object.is_some();
            state.objects.extend(object.map(|object| (to, object)));
            was_there
        };
        let half = move |state: &mut State| {
            let object = state.objects.get(&copied.0).cloned();
            state
                .objects
                .extend(object.map(|object| (copied.1, object)));
        };
        self.call(rename, half)
    }
}
