//! Stores that list in odd ways.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use floe_notify::clock::ManualClock;
use object_store::Result;
use object_store::list::{PaginatedListOptions, PaginatedListResult, PaginatedListStore};
use object_store::memory::InMemory;

use super::super::address::Keys;
use super::super::exact;
use super::super::{Lister, Shelf, StoreSource};
use super::{Order, Pages};
use crate::{FileSource, SourceError};

/// As an account of Azure with directories lists: these come before what begins like them.
const TREE: [&str; 6] = ["in/a/1", "in/a/2", "in/a-b", "in/a.c", "in/a0/1", "in/b"];

#[derive(Clone, Debug)]
struct Odd {
    keys: Vec<&'static str>,
    is_of_directories: bool,
    knows_offsets: bool,
    requests: Arc<AtomicUsize>,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<PaginatedListResult>> + Send + 'a>>;

impl PaginatedListStore for Odd {
    fn list_paginated<'a, 'b, 'c>(
        &'a self,
        prefix: Option<&'b str>,
        options: PaginatedListOptions,
    ) -> Answer<'c>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let below = prefix.unwrap_or_default();
        let offset = options.offset.filter(|_| self.knows_offsets);
        let keys = self.keys.iter().copied();
        let keys = keys.filter(|key| key.starts_with(below));
        let keys: Vec<_> = keys.filter(|key| offset.as_deref() < Some(*key)).collect();
        let start: usize = options.page_token.map_or(0, |token| token.parse().unwrap());
        let end = (start + options.max_keys.unwrap().min(2)).min(keys.len());
        let result = exact::told(&keys[start..end], self.is_of_directories);
        let page_token = (end < keys.len()).then(|| end.to_string());
        Box::pin(async { Ok(PaginatedListResult { result, page_token }) })
    }
}

fn odd(keys: &[&'static str]) -> Odd {
    Odd {
        keys: keys.to_vec(),
        is_of_directories: false,
        knows_offsets: true,
        requests: Arc::default(),
    }
}

fn source(odd: &Odd, order: Order) -> StoreSource {
    StoreSource {
        store: Arc::new(InMemory::new()),
        lister: Lister::Pages(Pages::new(Arc::new(odd.clone()), Keys::Slashes, order)),
        shelf: Shelf::new(Arc::new(ManualClock::default())),
    }
}

fn all(source: &StoreSource, after: &str, max: usize) -> Result<Vec<String>, SourceError> {
    let (mut keys, mut after) = (Vec::new(), after.as_bytes().to_vec());
    loop {
        let page = source.list(b"in/", Some(&after), max);
        let page = ManualClock::default().run(page).unwrap()?;
        for object in page.objects {
            after.clone_from(&object.key);
            keys.push(String::from_utf8(object.key).unwrap());
        }
        if page.is_last {
            return Ok(keys);
        }
    }
}

fn sorted(after: &str) -> Vec<&'static str> {
    let mut keys = TREE.to_vec();
    keys.retain(|key| *key > after);
    keys.sort_unstable();
    keys
}

#[test]
fn a_store_of_directories_is_read_as_a_whole_wherever_a_listing_goes_on() {
    let mut odd = odd(&TREE);
    odd.is_of_directories = true;
    for after in ["", "in/a-b", "in/a/1", "in/a/z", "in/b"] {
        for max in [1, 3, 10] {
            // Nobody knows yet what kind of store it is.
            let source = source(&odd, Order::Unknown);
            let found = all(&source, after, max).unwrap();
            assert_eq!(found, sorted(after), "behind {after:?}, {max} a page");
        }
    }
}

#[test]
fn a_store_that_begins_at_the_beginning_misses_nothing() {
    let keys = sorted("");
    let mut odd = odd(&keys);
    odd.knows_offsets = false;
    for max in [1, 3, 10] {
        let source = source(&odd, Order::Bytes);
        assert_eq!(all(&source, "", max).unwrap(), keys, "{max} a page");
        assert_eq!(all(&source, "in/a/1", max).unwrap(), sorted("in/a/1"));
    }
}

#[test]
fn a_store_in_another_order_is_an_error_and_not_a_loss() {
    let source = source(&odd(&["in/b", "in/a", "in/c"]), Order::Bytes);
    let error = all(&source, "", 10).unwrap_err();
    assert_eq!(error.code(), "FLOE-INGEST-0035");
    assert!(!error.is_retryable());
    assert!(error.to_string().contains("in/b before in/a"), "{error}");
}

#[test]
fn a_page_of_a_store_in_order_is_one_request() {
    let keys = sorted("");
    let odd = odd(&keys);
    let source = source(&odd, Order::Unknown);
    assert_eq!(all(&source, "", 2).unwrap(), keys);
    // One more tells that the store has no directories.
    assert_eq!(odd.requests.load(Ordering::Relaxed), 1 + 3);
    let none = source.list(b"in/\xff", None, 9);
    let none = ManualClock::default().run(none).unwrap().unwrap();
    assert!(none.is_last && none.objects.is_empty());
}
