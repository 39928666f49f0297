//! Cases about listings.

use std::collections::BTreeSet;

use super::{Place, SourceFactory, good};

/// Names that sort differently as texts, as paths and by their bytes.
const NAMES: [&str; 12] = [
    "a", "a-1/x", "a.b", "a.b.c", "a0", "B", "b/a", "b/c/d/e", "b/c-d", "b/c.d", "b0", "c/d",
];

/// `a-1/x` comes before `a.b`, and `b/c/d/e` after `b/c.d`: slashes count as bytes.
pub async fn a_listing_is_in_the_order_of_bytes(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &NAMES).await;
    let page = place.page("", None, 100).await;
    assert!(page.is_last, "a page that holds everything is the last");
    assert_eq!(place.names(&page.objects), sorted(&NAMES));
    for object in &page.objects {
        let name = place.names(std::slice::from_ref(object)).concat();
        assert_eq!(object.size, name.len() as u64, "the length is told: {name}");
        assert!(object.modified.as_millis() > 0, "a time is told: {name}");
    }
}

/// Whatever the size of pages, each file is on one of them.
pub async fn pages_hold_every_file_once(factory: &dyn SourceFactory) {
    let names: Vec<_> = (0..40).map(|n| format!("{}/{n}", n % 7)).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let place = Place::new(factory, &names).await;
    for max in [1, 2, 3, 7, 39, 40, 41] {
        let found = place.all("", max).await;
        assert_eq!(place.names(&found), sorted(&names), "{max} a page");
    }
}

/// Also behind one that is not there: a directory, the beginning of a name, one that is gone.
pub async fn a_listing_goes_on_behind_any_key(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &NAMES).await;
    for after in [
        "", "0", "a", "a-", "a-1", "a-1/", "a-1/x", "a-1/x/y", "b", "b/", "b/c", "b/c/", "b/c/d",
        "b/c/d/e", "b/c0", "c/d", "d", "é",
    ] {
        let key = place.key(after);
        for max in [1, 5, 100] {
            let found = place.rest("", Some(&key), max).await;
            let mut expected = sorted(&NAMES);
            expected.retain(|name| name.as_str() > after);
            assert_eq!(
                place.names(&found),
                expected,
                "behind {after:?}, {max} a page"
            );
        }
    }
}

/// Not a directory: it may end within a name.
pub async fn a_prefix_is_what_keys_begin_with(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &NAMES).await;
    for prefix in [
        "a", "a-", "a-1/", "a.b", "b", "b/", "b/c", "b/c/", "b/c/d/e",
    ] {
        let found = place.all(prefix, 2).await;
        let mut expected = sorted(&NAMES);
        expected.retain(|name| name.starts_with(prefix));
        assert_eq!(place.names(&found), expected, "below {prefix:?}");
    }
}

/// It is no error, whether or not there could be such a directory.
pub async fn a_prefix_that_nothing_lies_under_is_an_empty_last_page(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &["a/b"]).await;
    for prefix in ["x", "x/", "x/y/z", "a/b/", "a/bc", "a/a"] {
        let page = place.page(prefix, None, 10).await;
        assert!(
            page.is_last && page.objects.is_empty(),
            "{prefix}: {page:?}"
        );
    }
}

/// Files that are there from the first page to the last are on one page each.
pub async fn what_stays_is_listed_once_whatever_comes_and_goes(factory: &dyn SourceFactory) {
    let names: Vec<_> = (0..30).map(|n| format!("{}/{:02}", n % 3, n)).collect();
    let texts: Vec<_> = names.iter().map(String::as_str).collect();
    let place = Place::new(factory, &texts).await;
    let (mut found, mut after, mut round) = (Vec::new(), None::<Vec<u8>>, 0);
    let mut gone = BTreeSet::new();
    loop {
        let page = place.page("", after.as_deref(), 4).await;
        found.extend(place.names(&page.objects));
        if page.is_last {
            break;
        }
        after = page.objects.last().map(|object| object.key.clone());
        for name in [format!("0/new-{round}"), format!("2/new-{round}")] {
            place.put(&name, "new").await;
        }
        // One that was listed, and one that was not.
        for name in [names.first(), names.get(29 - round)].into_iter().flatten() {
            good(place.source.remove(&place.key(name)).await);
            gone.insert(name.clone());
        }
        round += 1;
    }
    assert!(round > 3, "the listing has several pages");
    for name in names.iter().filter(|name| !gone.contains(*name)) {
        let count = found.iter().filter(|found| *found == name).count();
        assert_eq!(count, 1, "{name} was there all the time");
    }
}

/// The listings of two consumers take turns, and each is whole.
pub async fn two_listings_do_not_disturb_each_other(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &NAMES).await;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let mut after: [Option<Vec<u8>>; 2] = [None, None];
    while first.len() < NAMES.len() || second.len() < 4 {
        let page = place.page("", after[0].as_deref(), 3).await;
        after[0] = page
            .objects
            .last()
            .map(|it| it.key.clone())
            .or(after[0].take());
        first.extend(place.names(&page.objects));
        let page = place.page("b/", after[1].as_deref(), 1).await;
        after[1] = page
            .objects
            .last()
            .map(|it| it.key.clone())
            .or(after[1].take());
        second.extend(place.names(&page.objects));
        assert!(
            first.len() + second.len() < 100,
            "a listing comes to its end"
        );
        let is_stuck = page.objects.is_empty() && second.len() < 4;
        assert!(!is_stuck, "a page that is not the last holds a file");
    }
    assert_eq!(first, sorted(&NAMES));
    assert_eq!(second, ["b/a", "b/c-d", "b/c.d", "b/c/d/e"]);
    // One that begins anew sees what has landed meanwhile.
    place.put("a-2", "new").await;
    let found = place.all("", 3).await;
    assert_eq!(
        found.len(),
        NAMES.len() + 1,
        "a new listing is of what is there now"
    );
}

fn sorted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    names.sort_unstable();
    names
}
