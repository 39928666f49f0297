//! Keys that get lost on their way elsewhere.

use crate::SourceError;

use super::{Place, SourceFactory, good};

/// What follows the prefix of the bench. Stores differ in which of them they can have.
const ODD: [&[u8]; 31] = [
    b"a//b",
    b"a/b",
    b"dir/",
    b"/front",
    b" a ",
    b"a b",
    b"tail ",
    b"trail /x",
    b"a+b",
    b"a%20b",
    b"a%2Fb",
    b"a%",
    b"a?b=c",
    b"a#1",
    b"a&amp;b",
    b"<a>\"'",
    b"a\\b",
    b"a:b",
    b"a*b",
    b"a~b^c`d|e",
    b"{a}[b]",
    b"./a",
    b"a/../b",
    b"...",
    b"a\nb",
    b"a\tb",
    b"a\x7fb",
    "é".as_bytes(),
    "e\u{301}".as_bytes(),
    "\u{1f980}\u{ffff}".as_bytes(),
    b"\xff\xfe",
];

/// Every key that the store has is listed byte by byte, once; by it the file is found and read, or
/// it is refused with a code. No key stands for another one.
pub async fn odd_keys_are_taken_as_they_are_or_refused(factory: &dyn SourceFactory) {
    let place = Place::new(factory, &[]).await;
    let mut put = Vec::new();
    for odd in ODD {
        let key = [place.prefix.as_slice(), odd].concat();
        if place.bench.put(&key, odd).await {
            put.push(key);
        }
    }
    put.sort_unstable();
    let count = put.len();
    assert!(count > 5, "a store can have some of these keys");
    for max in [100, 3] {
        let found = place.all("", max).await;
        let keys: Vec<_> = found.into_iter().map(|object| object.key).collect();
        assert_eq!(shown(&keys), shown(&put), "each key as it is, {max} a page");
    }
    for key in &put {
        let odd = key.get(place.prefix.len()..).unwrap_or_default();
        let words = key.escape_ascii();
        match place.source.read(key, None).await {
            Ok(content) => {
                assert_eq!(content, odd, "the content is that of {words}");
                let head = good(place.source.head(key).await);
                let head = head.map(|object| (object.key, object.size));
                let size = odd.len() as u64;
                assert_eq!(head, Some((key.clone(), size)), "{words} is there");
            }
            Err(SourceError::Unaddressable { .. }) => {
                let head = place.source.head(key).await;
                let is_refused = matches!(head, Err(SourceError::Unaddressable { .. }));
                assert!(is_refused, "{words} is refused everywhere: {head:?}");
            }
            Err(error) => super::broken(&format!("{words} is read or refused: {error:?}")),
        }
    }
    // What was not put is not there, whatever it looks like.
    for odd in ODD {
        let key = [place.prefix.as_slice(), odd].concat();
        if put.contains(&key) {
            continue;
        }
        let head = place.source.head(&key).await;
        let is_none = !matches!(head, Ok(Some(_)));
        assert!(is_none, "{} is not there: {head:?}", key.escape_ascii());
    }
}

fn shown(keys: &[Vec<u8>]) -> Vec<String> {
    keys.iter()
        .map(|key| key.escape_ascii().to_string())
        .collect()
}
