//! Base64 (RFC 4648), as queues of Azure and payloads of Pub/Sub carry it.

/// Decodes either alphabet, with padding or without; `None` for any other text.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = text.get(..text.len() - padding)?;
    let whole = padding == 0 || padding <= 2 && text.len().is_multiple_of(4);
    if !whole || digits.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for group in digits.chunks(4) {
        let mut bits = 0;
        for digit in group {
            bits = bits << 6 | value(*digit)?;
        }
        // Two digits hold one byte, three hold two; what is left of the last digit is dropped.
        let bits: u32 = bits << (6 * (4 - group.len()));
        let [_, group_bytes @ ..] = bits.to_be_bytes();
        bytes.extend(group_bytes.into_iter().take(group.len() - 1));
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
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
