//! Listings of the clouds' stores, page by page.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use object_store::list::{PaginatedListOptions, PaginatedListStore};

use crate::{ListedObjects, SourceError};

use super::address::Keys;
use super::ahead::Ahead;
use super::exact::{self, Listed};
use super::failure::failed;

/// Most keys that a store is asked for at a time; Azure gives as many, the others 1,000.
const MAX_KEYS: usize = 5_000;

/// Lists a store of a cloud, key by key as they are.
pub(super) struct Pages {
    lister: Arc<dyn PaginatedListStore>,
    keys: Keys,
    order: AtomicU8,
}

/// In what order a store lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Order {
    /// In that of the bytes of keys.
    Bytes = 0,
    /// In that, unless a listing says that it is of directories.
    Unknown = 1,
    /// In another, or it cannot begin behind a key.
    Other = 2,
}

pub(super) enum Answer {
    Page(ListedObjects),
    /// All was read, because nothing else is sure to miss nothing.
    Whole(Ahead),
}

/// What a listing has come to.
struct Place<'a> {
    prefix: &'a str,
    after: &'a [u8],
    token: Option<String>,
}

impl Pages {
    pub(super) fn new(lister: Arc<dyn PaginatedListStore>, keys: Keys, order: Order) -> Self {
        Self {
            lister,
            keys,
            order: AtomicU8::new(order as u8),
        }
    }

    pub(super) const fn keys(&self) -> Keys {
        self.keys
    }

    pub(super) async fn page(
        &self,
        prefix: &[u8],
        after: &[u8],
        max: usize,
    ) -> Result<Answer, SourceError> {
        // These stores have no other keys.
        let Ok(text) = std::str::from_utf8(prefix) else {
            let objects = Vec::new();
            return Ok(Answer::Page(ListedObjects {
                objects,
                is_last: true,
            }));
        };
        let mut place = Place {
            prefix: text,
            after,
            token: None,
        };
        if self.is(Order::Unknown) {
            let seen = self.ask(&mut place, b"", 1).await?;
            if seen.is_of_directories {
                self.set(Order::Other);
            } else if !seen.is_empty {
                self.set(Order::Bytes);
            }
            place.token = None;
        }
        if !self.is(Order::Other)
            && let Some(page) = self.in_order(&mut place, max).await?
        {
            return Ok(Answer::Page(page));
        }
        self.whole(place, max).await.map(Answer::Whole)
    }

    /// A page; `None` when the store does not begin behind the key that it is asked to.
    async fn in_order(
        &self,
        place: &mut Place<'_>,
        max: usize,
    ) -> Result<Option<ListedObjects>, SourceError> {
        let offset = text_before(place.after);
        let mut page = ListedObjects::default();
        while page.objects.is_empty() && !page.is_last {
            let listed = self.ask(place, offset, max).await?;
            for object in listed.objects {
                if object.key.as_slice() < offset {
                    self.set(Order::Other);
                    return Ok(None);
                }
                let before = page.objects.last().map_or(b"".as_slice(), |last| &last.key);
                if object.key.as_slice() <= before {
                    return Err(SourceError::Unordered {
                        before: before.escape_ascii().to_string(),
                        after: object.key.escape_ascii().to_string(),
                    });
                }
                if object.key.as_slice() > place.after {
                    page.objects.push(object);
                }
            }
            // Not every store keeps to the number that it is asked for.
            page.is_last = place.token.is_none() && page.objects.len() <= max;
            page.objects.truncate(max);
        }
        Ok(Some(page))
    }

    async fn whole(&self, mut place: Place<'_>, max: usize) -> Result<Ahead, SourceError> {
        let mut ahead = Ahead::new(max);
        place.token = None;
        loop {
            let listed = self.ask(&mut place, b"", MAX_KEYS).await?;
            let later = listed.objects.into_iter();
            later
                .filter(|object| object.key.as_slice() > place.after)
                .for_each(|object| ahead.take(object));
            if place.token.is_none() {
                return Ok(ahead);
            }
        }
    }

    /// One request; the next one goes on behind it.
    async fn ask(
        &self,
        place: &mut Place<'_>,
        offset: &[u8],
        max: usize,
    ) -> Result<Listed, SourceError> {
        let mut options = PaginatedListOptions {
            max_keys: Some(max.min(MAX_KEYS)),
            page_token: place.token.take(),
            ..PaginatedListOptions::default()
        };
        if options.page_token.is_none() && !offset.is_empty() {
            options.offset = Some(String::from_utf8_lossy(offset).into_owned());
        }
        options.extensions.insert(exact::Wanted);
        let prefix = Some(place.prefix).filter(|prefix| !prefix.is_empty());
        let answer = self.lister.list_paginated(prefix, options).await;
        let wrong = |error: object_store::Error| failed("listing", place.prefix.as_bytes(), &error);
        let answer = answer.map_err(wrong)?;
        place.token = answer.page_token.filter(|token| !token.is_empty());
        let mut listed = exact::read(answer.result, place.prefix)?;
        // Whatever a store adds: keys of others are not ours.
        let is_below = |key: &[u8]| key.starts_with(place.prefix.as_bytes());
        listed.objects.retain(|object| is_below(&object.key));
        Ok(listed)
    }

    fn is(&self, order: Order) -> bool {
        self.order.load(Ordering::Relaxed) == order as u8
    }

    fn set(&self, order: Order) {
        self.order.store(order as u8, Ordering::Relaxed);
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("order", &self.order)
            .finish_non_exhaustive()
    }
}

/// The longest text that a key begins with: nothing lies between it and the key that is text.
fn text_before(key: &[u8]) -> &[u8] {
    match std::str::from_utf8(key) {
        Ok(_) => key,
        Err(error) => key.get(..error.valid_up_to()).unwrap_or_default(),
    }
}
