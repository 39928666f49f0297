//! Base64 (RFC 4648), as queues of Azure and payloads of Pub/Sub carry it.

/// Decodes either alphabet, with padding or without; `None` for any other text.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = text.get(..text.len() - padding)?;
    let whole = padding == 0 || padding <= 2 && text.len().is_multiple_of(4);
    if !whole || digits.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (groups, rest) = digits.as_chunks::<4>();
    for group in groups {
        let bits = group.map(value);
        // A digit has six bits, so what is more says that one of the four is none.
        if bits.iter().fold(0, |all, bits| all | bits) > 63 {
            return None;
        }
        let [a, b, c, d] = bits;
        bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    // Two digits hold one byte, three hold two; what is left of the last digit is dropped.
    match *rest {
        [a, b] => bytes.push(checked(a)? << 2 | checked(b)? >> 4),
        [a, b, c] => {
            let (a, b, c) = (checked(a)?, checked(b)?, checked(c)?);
            bytes.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2]);
        }
        _ => {}
    }
    Some(bytes)
}

/// What each byte stands for.
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut byte = 0;
    while byte < values.len() {
        values[byte] = digit(byte as u8);
        byte += 1;
    }
    values
};
/// Of bytes that are no digits.
const NONE: u8 = 0xFF;

const fn digit(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => NONE,
    }
}

fn value(byte: u8) -> u8 {
    VALUES.get(usize::from(byte)).copied().unwrap_or(NONE)
}

fn checked(byte: u8) -> Option<u8> {
    let value = value(byte);
    (value != NONE).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn the_vectors_of_rfc_4648_are_decoded_with_padding_and_without() {
        let vectors = [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ];
        for (text, plain) in vectors {
            let bytes = plain.as_bytes().to_vec();
            assert_eq!(decode(text.as_bytes()), Some(bytes.clone()), "{text}");
            let bare = text.trim_end_matches('=');
            assert_eq!(decode(bare.as_bytes()), Some(bytes), "{bare}");
        }
        assert_eq!(decode(b"-_-_"), decode(b"+/+/"));
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "Z",
            "Zg=",
            "Zg===",
            "Z===",
            "Zg==Zg==",
            "plain text",
            "====",
            "Zm9vY",
        ] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }
}
