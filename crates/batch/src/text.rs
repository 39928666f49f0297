//! JSON strings: finding where plain text ends, escapes in and out.

/// Returns how many leading bytes of `text` stand for themselves in a JSON
/// string: everything but the quote, the backslash and control characters.
///
/// Eight bytes a step, in plain integer arithmetic.
#[inline]
pub(crate) fn plain_length(text: &[u8]) -> usize {
    let mut length = 0;
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return length + (special.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    length + rest.iter().take_while(|byte| !is_special(**byte)).count()
}

/// The high bit of each byte that may not stand for itself. A byte above a
/// special one may be marked wrongly (the subtractions borrow), never one
/// below, and only the lowest is looked at.
#[inline]
pub(crate) fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let below_space = word.wrapping_sub(ONES * 0x20);
    let zero = quote.wrapping_sub(ONES) & !quote | backslash.wrapping_sub(ONES) & !backslash;
    (zero | below_space & !word) & HIGH
}

/// True for what may stand between two tokens.
#[inline]
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

#[inline]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

#[cfg(feature = "arrow")]
/// What the escapes of two bytes stand for; zero for other bytes.
pub(crate) static ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let pairs = b"\"\"\\\\//b\x08f\x0cn\nr\rt\t";
    let mut at = 0;
    while at < pairs.len() {
        table[pairs[at] as usize] = pairs[at + 1];
        at += 2;
    }
    table
};

/// Reads the escape that `text` begins with: the character and how many bytes
/// it is written with.
pub(crate) fn unescape(text: &[u8]) -> Result<(char, usize), &'static str> {
    let letter = match text.get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unescape_unicode(text),
        Some(_) | None => {
            return Err("unknown escape; JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
        }
    };
    Ok((letter, 2))
}

fn unescape_unicode(text: &[u8]) -> Result<(char, usize), &'static str> {
    const LONE: &str = "half of a surrogate pair stands alone; write both halves or the character";
    let first = unit(text)?;
    if let Some(letter) = char::from_u32(u32::from(first)) {
        return Ok((letter, 6));
    }
    let second = match text.get(6..) {
        Some(rest) if rest.starts_with(b"\\u") => unit(rest)?,
        Some(_) | None => return Err(LONE),
    };
    match char::decode_utf16([first, second]).next() {
        Some(Ok(letter)) => Ok((letter, 12)),
        Some(Err(_)) | None => Err(LONE),
    }
}

/// Reads `\uXXXX`.
fn unit(text: &[u8]) -> Result<u16, &'static str> {
    let digits = text.get(2..6).ok_or("\\u wants four hexadecimal digits")?;
    digits
        .iter()
        .try_fold(0, |unit: u16, byte| match char::from(*byte).to_digit(16) {
            // A hexadecimal digit is below 16.
            Some(digit) => Ok(unit << 4 | digit as u16),
            None => Err("\\u wants four hexadecimal digits"),
        })
}

/// Appends `text` as a JSON string, quotes included. Only what must be escaped
/// is: the quote, the backslash and control characters.
#[inline]
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    // Bounded by the text: every turn after the first passes a byte.
    loop {
        let (plain, more) = rest.split_at(plain_length(rest));
        out.extend_from_slice(plain);
        let Some((byte, more)) = more.split_first() else {
            break;
        };
        write_escape(*byte, out);
        rest = more;
    }
    out.push(b'"');
}

/// Appends the escape of a byte that cannot stand for itself.
pub(crate) fn write_escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let letter = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let [high, low] = [byte >> 4, byte & 15].map(|digit| HEX[usize::from(digit)]);
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_ends_at_the_first_special_byte_wherever_it_stands() {
        for special in (0..=255_u8).filter(|byte| is_special(*byte)) {
            for before in 0..20 {
                for neighbour in [b'a', 0x80, 0xff, b'!', b'#', 0x20, 0x7f] {
                    let mut text = vec![neighbour; before];
                    text.push(special);
                    text.extend([neighbour; 11]);
                    assert_eq!(
                        plain_length(&text),
                        before,
                        "{special:#x} after {neighbour:#x}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_other_byte_is_plain() {
        for plain in (0..=255_u8).filter(|byte| !is_special(*byte)) {
            assert_eq!(plain_length(&[plain; 19]), 19, "{plain:#x}");
        }
    }

    #[test]
    fn escapes_are_read_as_rfc_8259_lists_them() {
        let good = [
            (r#"\""#, '"', 2),
            (r"\\", '\\', 2),
            (r"\/", '/', 2),
            (r"\b", '\u{8}', 2),
            (r"\f", '\u{c}', 2),
            (r"\n", '\n', 2),
            (r"\r", '\r', 2),
            (r"\t", '\t', 2),
            (r"\u0041", 'A', 6),
            (r"\u00e9x", 'é', 6),
            (r"\uD834\uDD1E", '𝄞', 12),
            (r"\uFFFF", '\u{ffff}', 6),
        ];
        for (text, letter, length) in good {
            assert_eq!(unescape(text.as_bytes()), Ok((letter, length)), "{text}");
        }
    }

    #[test]
    fn halves_of_surrogate_pairs_and_broken_escapes_are_refused() {
        let bad = [
            r"\",
            r"\x",
            r"\u",
            r"\u12",
            r"\u12G4",
            r"\u+123",
            r"\uD834",
            r"\uDD1E",
            r"\uDD1E\uD834",
            r"\uD834x",
            r"\uD834\n",
            r"\uD834\u0041",
            r"\uD834\uD834",
            r"\uD834\u12",
        ];
        for text in bad {
            assert!(unescape(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn only_what_must_be_escaped_is() {
        let mut out = Vec::new();
        write_string("a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}é𝄞", &mut out);
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\u{7f}é𝄞\"");
    }
}
