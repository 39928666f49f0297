use hyper::header::HeaderValue;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn unpacked(packed: &[u8], limit: usize) -> Result<Vec<u8>, Undecoded> {
    let mut plain = Vec::new();
    gunzip(packed, limit, &mut plain)?;
    assert!(plain.len() <= limit && plain.capacity() <= limit);
    Ok(plain)
}

/// One header with these values, in as many lines.
fn headers(name: HeaderName, values: &[&'static str]) -> HeaderMap {
    let values = values.iter().map(|value| HeaderValue::from_static(value));
    values.map(|value| (name.clone(), value)).collect()
}

/// Bytes of many kinds: repeated ones, which become small, and others, which do not.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let runs = vec((any::<u8>(), 0..5000_usize), 0..40);
    prop_oneof![
        vec(any::<u8>(), 0..3000),
        runs.prop_map(|runs| {
            let runs = runs.into_iter();
            runs.flat_map(|(byte, n)| std::iter::repeat_n(byte, n))
                .collect()
        }),
    ]
}

proptest! {
    #[test]
    fn what_was_compressed_comes_back_and_is_smaller(plain in bytes()) {
        if let Some(packed) = gzip(&plain) {
            prop_assert!(packed.len() < plain.len());
            prop_assert_eq!(unpacked(&packed, plain.len()).unwrap(), plain);
        }
    }

    #[test]
    fn members_that_follow_one_another_are_one_body(parts in vec(bytes(), 1..5)) {
        let members: Vec<u8> = parts.iter().flat_map(|part| packed(part)).collect();
        let plain = parts.concat();
        prop_assert_eq!(unpacked(&members, plain.len()).unwrap(), plain);
    }

    #[test]
    fn a_body_is_read_up_to_its_limit_and_no_further(plain in bytes(), limit in 0..200_000_usize) {
        match unpacked(&packed(&plain), limit) {
            Ok(read) => prop_assert!(read == plain && plain.len() <= limit),
            Err(Undecoded::TooLarge) => prop_assert!(plain.len() > limit),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn a_stream_that_ends_early_or_late_is_broken(
        plain in bytes(),
        cut in any::<prop::sample::Index>(),
        more in vec(any::<u8>(), 1..20),
    ) {
        let whole = packed(&plain);
        let beginning = &whole[..cut.index(whole.len())];
        prop_assert!(matches!(unpacked(beginning, 1 << 20), Err(Undecoded::Broken(_))));
        // No more than 19 bytes are a member of their own: an empty one has 20.
        let garbage = [whole, more].concat();
        prop_assert!(matches!(unpacked(&garbage, 1 << 20), Err(Undecoded::Broken(_))));
    }

    #[test]
    fn a_bit_that_was_turned_over_changes_no_answer_silently(
        plain in bytes(),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let mut damaged = packed(&plain);
        let at = at.index(damaged.len());
        damaged[at] ^= 1 << bit;
        // A header also says who compressed and when, which is of no consequence.
        if let Ok(read) = unpacked(&damaged, 1 << 20) {
            prop_assert_eq!(read, plain);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_within_the_limit(
        body in vec(any::<u8>(), 0..300),
        limit in 0..100_usize,
    ) {
        let with_header = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], &body[..]].concat();
        for body in [body, with_header] {
            let _either = unpacked(&body, limit);
            let shown = readable(&headers(CONTENT_ENCODING, &["gzip"]), body.into(), limit);
            prop_assert!(shown.len() <= 310);
        }
    }
}

#[test]
fn small_bodies_and_those_that_would_grow_are_left_as_they_are() {
    assert_eq!(gzip(&[b'a'; LEAST_BYTES - 1]), None);
    assert!(gzip(&[b'a'; LEAST_BYTES]).is_some());
    let mut state = 1_u64;
    let noise: Vec<u8> = (0..10_000)
        .map(|_| {
            state = crate::backoff::mix(state);
            state.to_le_bytes()[0]
        })
        .collect();
    assert_eq!(gzip(&noise), None);
    let body = Bytes::from(noise);
    assert_eq!(Compression::Gzip.pack(body.clone()), (body, false));
    let body = Bytes::from(vec![b'a'; 5000]);
    assert_eq!(Compression::None.pack(body.clone()), (body.clone(), false));
    assert!(Compression::Gzip.pack(body).1);
}

#[test]
fn a_bomb_takes_no_more_memory_than_its_limit() {
    let bomb = packed(&vec![0; 64 << 20]);
    assert!(bomb.len() < 100_000);
    for limit in [0, 1, 1000, 100_000, 3 << 20] {
        let mut plain = Vec::new();
        let end = gunzip(&bomb, limit, &mut plain);
        assert!(matches!(end, Err(Undecoded::TooLarge)), "{limit}");
        assert_eq!((plain.len(), plain.capacity()), (limit, limit));
    }
}

#[test]
fn what_content_encoding_says_is_understood_or_named() {
    for (values, expected) in [
        (&[][..], Ok(Coding::Identity)),
        (&[""], Ok(Coding::Identity)),
        (&["identity"], Ok(Coding::Identity)),
        (&["gzip"], Ok(Coding::Gzip)),
        (&["GZip"], Ok(Coding::Gzip)),
        (&[" x-gzip "], Ok(Coding::Gzip)),
        (&["identity, gzip"], Ok(Coding::Gzip)),
        (&["identity", ",gzip,"], Ok(Coding::Gzip)),
        (&["br"], Err("br")),
        (&["deflate"], Err("deflate")),
        (&["gzip, gzip"], Err("gzip, gzip")),
        (&["gzip", "br"], Err("gzip, br")),
        (&["gzip;q=1"], Err("gzip;q=1")),
    ] {
        match (Coding::of(&headers(CONTENT_ENCODING, values)), expected) {
            (Ok(coding), Ok(expected)) => assert_eq!(coding, expected, "{values:?}"),
            (Err(Undecoded::Unknown(name)), Err(expected)) => assert_eq!(name, expected),
            (coding, _) => panic!("{values:?}: {coding:?}"),
        }
    }
    let mut strange = HeaderMap::new();
    let value = HeaderValue::from_bytes(&b"x\xff".repeat(1000)).unwrap();
    strange.insert(CONTENT_ENCODING, value);
    let error = Coding::of(&strange).unwrap_err().to_string();
    assert!(error.contains('\u{fffd}') && error.len() < 300, "{error}");
}

#[test]
fn gzip_is_accepted_where_the_caller_names_it_with_any_weight_but_zero() {
    for (values, accepted) in [
        (&[][..], false),
        (&[""], false),
        (&["gzip"], true),
        (&["X-GZIP"], true),
        (&["deflate, gzip;q=0.5, br"], true),
        (&["br", "gzip"], true),
        (&["gzip ; Q = 1"], true),
        (&["*"], true),
        (&["identity"], false),
        (&["br, deflate"], false),
        (&["gzip;q=0"], false),
        (&["gzip; q=0.000"], false),
        (&["*;q=0"], false),
        (&["gzip;q=0, *"], false),
        (&["*;q=0, gzip;q=0.001"], true),
        (&["gzip;q=much"], false),
        (&["gzip;level=9"], false),
    ] {
        let headers = headers(ACCEPT_ENCODING, values);
        assert_eq!(accepts_gzip(&headers), accepted, "{values:?}");
    }
}

#[test]
fn what_is_left_of_a_refusal_is_shown() {
    let gzipped = headers(CONTENT_ENCODING, &["gzip"]);
    let text = "no such currency".repeat(100);
    let whole = packed(text.as_bytes());
    let shown = |headers: &HeaderMap, body: &[u8], limit| {
        let body = readable(headers, Bytes::copy_from_slice(body), limit);
        String::from_utf8_lossy(&body).into_owned()
    };
    assert_eq!(shown(&gzipped, &whole, 10_000), text);
    assert_eq!(shown(&gzipped, &whole, 16), "no such currency");
    assert_eq!(shown(&gzipped, &whole[..whole.len() - 8], 10_000), text);
    let words: Vec<_> = (0..1000).map(|n| format!("row {n} is bad")).collect();
    let words = words.join(", ");
    let long = packed(words.as_bytes());
    let part = shown(&gzipped, &long[..long.len() / 2], 100_000);
    assert!(part.len() > 300 && words.starts_with(&part), "{part}");
    // A header that lies, and one that names something else.
    assert_eq!(shown(&gzipped, b"plain text", 10_000), "plain text");
    let other = headers(CONTENT_ENCODING, &["br"]);
    assert_eq!(shown(&other, b"plain text", 10_000), "plain text");
}
