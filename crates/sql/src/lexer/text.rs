//! What the text between quotes stands for.

use std::ops::Range;

use crate::ast::Shift;

/// The decoded content of a string literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) value: String,
    /// Bytes of the script between the quotes.
    pub(crate) body: Range<usize>,
    /// Where decoded text and script drift apart.
    pub(crate) shifts: Vec<Shift>,
}

/// Decodes the body of a `'…'` string; the error is the span of a bad escape.
///
/// The escapes are those of the Snowflake documentation, "String & binary data
/// types": an escape of any other character stands for that character.
pub(crate) fn decode_text(text: &str, body: Range<usize>) -> Result<Decoded, Range<usize>> {
    let source = text.get(body.clone()).unwrap_or("");
    let mut decoded = Decoded {
        value: String::with_capacity(source.len()),
        body,
        shifts: vec![],
    };
    let mut rest = source;
    while let Some(at) = rest.find(['\\', '\'']) {
        let (plain, special) = rest.split_at(at);
        decoded.value.push_str(plain);
        let start = decoded.body.start + (source.len() - special.len());
        let (c, length) = decode_special(special);
        decoded.value.push(c.ok_or(start..start + length)?);
        let script = start + length;
        decoded.shifts.push(Shift {
            decoded: decoded.value.len(),
            script,
        });
        rest = special.get(length..).unwrap_or("");
    }
    decoded.value.push_str(rest);
    Ok(decoded)
}

/// Decodes the body of a `"…"` identifier.
pub(crate) fn decode_quoted_ident(body: &str) -> String {
    body.replace("\"\"", "\"")
}

/// One escape or doubled quote: its character, when it has one, and its length.
fn decode_special(text: &str) -> (Option<char>, usize) {
    let mut chars = text.chars();
    let first = chars.next();
    let Some(second) = chars.next() else {
        // The lexer closes no string behind a lone backslash; a lone quote
        // stands for itself.
        return (first, text.len());
    };
    if first == Some('\'') {
        return (Some('\''), if second == '\'' { 2 } else { 1 });
    }
    let plain = 1 + second.len_utf8();
    match second {
        'b' => (Some('\u{8}'), plain),
        'f' => (Some('\u{c}'), plain),
        'n' => (Some('\n'), plain),
        'r' => (Some('\r'), plain),
        't' => (Some('\t'), plain),
        'x' => numbered(text, 2, 16, 2),
        'u' => numbered(text, 2, 16, 4),
        '0'..='7' => match numbered(text, 1, 8, 3) {
            (Some(c), length) => (Some(c), length),
            (None, _) if second == '0' => (Some('\0'), plain),
            (None, _) => (Some(second), plain),
        },
        other => (Some(other), plain),
    }
}

/// An escape of exactly `digits` digits behind `prefix` bytes.
fn numbered(text: &str, prefix: usize, radix: u32, digits: usize) -> (Option<char>, usize) {
    let found = text.bytes().skip(prefix).take(digits);
    let length = prefix
        + found
            .take_while(|byte| char::from(*byte).is_digit(radix))
            .count();
    let complete = text
        .get(prefix..prefix + digits)
        .filter(|_| length == prefix + digits);
    let code = complete.and_then(|number| u32::from_str_radix(number, radix).ok());
    (code.and_then(char::from_u32), length)
}
