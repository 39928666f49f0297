//! Cases about single files.

use std::ops::Range;

use crate::SourceError;

use super::{Place, SourceFactory, good, tokens};

/// What a listing tells of a file, and what is told when it is asked about, is the same as far as
/// both tell it.
pub async fn a_listing_and_a_head_are_of_the_same_file(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &["in/a.csv", "in/empty"]).await;
    place.put("in/empty", "").await;
    for listed in place.all("", 10).await {
        let asked = good(place.source.head(&listed.key).await);
        let Some(asked) = asked else {
            super::broken("what is listed is there");
        };
        assert_eq!((&asked.key, asked.size), (&listed.key, listed.size));
        for (asked, listed) in tokens(&asked).iter().zip(tokens(&listed)) {
            let is_told = asked.is_some() && listed.is_some();
            assert!(!is_told || *asked == listed, "{asked:?} is {listed:?}");
        }
        // Some tell whole seconds in one of them.
        let seconds = (
            asked.modified.as_millis() / 1_000,
            listed.modified.as_millis() / 1_000,
        );
        assert!(seconds.0.abs_diff(seconds.1) <= 1, "one time: {seconds:?}");
    }
}

/// A file that is written again has another token, by which it is told from the first.
pub async fn another_content_is_another_version(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &["a"]).await;
    let before = place.head("a").await.map(|object| tokens(&object));
    place.put("a", "more than before").await;
    let after = place.head("a").await.map(|object| tokens(&object));
    let (Some(before), Some(after)) = (before, after) else {
        super::broken("what was put is there");
    };
    assert!(
        before.iter().any(Option::is_some),
        "some token is told: {before:?}"
    );
    for (before, after) in before.iter().zip(&after).filter(|(it, _)| it.is_some()) {
        assert_ne!(before, after, "another content has another token");
    }
}

/// No call takes a file that is not there for one, and none takes it for a failure of the store.
pub async fn what_is_not_there_is_told_as_such(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &["a/b"]).await;
    for name in ["x", "a", "a/b/c", "x/y/z", "a/bb"] {
        let key = place.key(name);
        assert_eq!(place.head(name).await, None, "{name}");
        for range in [None, Some(0..1), Some(0..0), Some(5..9)] {
            let answer = place.source.read(&key, range.clone()).await;
            let is_gone = matches!(answer, Err(SourceError::NotFound { .. }));
            assert!(is_gone, "{name} at {range:?}: {answer:?}");
        }
        assert!(!good(place.source.remove(&key).await), "{name}");
        let to = place.key("to");
        assert!(!good(place.source.rename(&key, &to).await), "{name}");
    }
    let names = place.all("", 10).await;
    assert_eq!(place.names(&names), ["a/b"], "nothing came of it");
}

/// A part that reaches beyond the end stops there, also one that begins there.
pub async fn a_part_of_a_file_is_read(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &[]).await;
    place.put("a", "0123456789").await;
    place.put("empty", "").await;
    let cases: [(&str, Range<u64>, &str); 10] = [
        ("a", 0..10, "0123456789"),
        ("a", 0..1, "0"),
        ("a", 9..10, "9"),
        ("a", 3..6, "345"),
        ("a", 3..3, ""),
        ("a", 8..100, "89"),
        ("a", 10..11, ""),
        ("a", 100..200, ""),
        ("empty", 0..1, ""),
        ("empty", 0..0, ""),
    ];
    for (name, range, content) in cases {
        let read = good(
            place
                .source
                .read(&place.key(name), Some(range.clone()))
                .await,
        );
        assert_eq!(read, content, "{range:?} of {name}");
    }
    assert_eq!(place.read("a").await, b"0123456789");
    assert_eq!(place.read("empty").await, b"");
}

/// It is removed once.
pub async fn a_removed_file_is_gone(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &["a/b", "a/c"]).await;
    assert!(good(place.source.remove(&place.key("a/b")).await));
    assert_eq!(place.head("a/b").await, None);
    assert!(
        !good(place.source.remove(&place.key("a/b")).await),
        "only once"
    );
    let left = place.all("", 10).await;
    assert_eq!(place.names(&left), ["a/c"], "and nothing else");
}

/// The content is under the new key, also when that was taken or lies in a directory that is not
/// there yet; a key that stays the same changes nothing.
pub async fn a_renamed_file_keeps_its_content(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &["a", "b", "c"]).await;
    if !place.bench.can_rename() {
        return;
    }
    for (from, to) in [("a", "new/deep/a"), ("b", "c"), ("c", "c")] {
        let answer = place.source.rename(&place.key(from), &place.key(to)).await;
        assert!(good(answer), "{from} is renamed");
    }
    let left = place.all("", 10).await;
    assert_eq!(place.names(&left), ["c", "new/deep/a"]);
    assert_eq!(place.read("new/deep/a").await, b"a");
    assert_eq!(place.read("c").await, b"b", "what was there is replaced");
    // Whoever was interrupted calls again.
    place.put("a", "a").await;
    let (from, to) = (place.key("a"), place.key("new/deep/a"));
    let again = place.source.rename(&from, &to);
    assert!(good(again.await), "what was copied already is no hindrance");
    assert_eq!(place.head("a").await, None);
}

/// Futures that are dropped, before or while they work, leave everything usable.
pub async fn calls_that_are_given_up_do_no_harm(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &["a/b", "a/c", "d"]).await;
    for _ in 0..50 {
        let (key, prefix) = (place.key("a/b"), place.key(""));
        drop(place.source.read(&key, None));
        let mut listing = place.source.list(&prefix, None, 1);
        let polled = futures::poll!(&mut listing);
        drop((polled, listing));
        let mut head = place.source.head(&key);
        let polled = futures::poll!(&mut head);
        drop((polled, head));
    }
    let all = futures::future::join_all((0..20).map(|_| place.all("", 2))).await;
    for objects in all {
        assert_eq!(place.names(&objects), ["a/b", "a/c", "d"]);
    }
    assert_eq!(place.read("a/b").await, b"a/b");
}
