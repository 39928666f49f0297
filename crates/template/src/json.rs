//! JSON texts made fit for a line of YAML.

use std::fmt::Write;

use serde_json::value::RawValue;

/// The text of a JSON string; none for any other JSON and for what is not JSON.
pub(crate) fn string(text: &str) -> Option<String> {
    text.starts_with('"')
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

/// A JSON value in one line without white space, in the order and with the numbers as written.
///
/// None for what is not JSON. Nesting is bounded by the parser (128 levels).
pub(crate) fn compact(text: &str) -> Option<String> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    let mut rest = raw.get();
    let mut out = String::with_capacity(rest.len());
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            let end = string_end(rest)?;
            let (literal, behind) = rest.split_at_checked(end)?;
            // Decoding and encoding turns surrogate pairs into characters, which YAML needs.
            quote(&mut out, &string(literal)?);
            rest = behind;
        } else {
            if !c.is_ascii_whitespace() {
                out.push(c);
            }
            rest = rest.get(c.len_utf8()..)?;
        }
    }
    Some(out)
}

/// The byte behind the closing quote of a JSON string that begins the text.
fn string_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().enumerate().skip(1).find_map(|(at, byte)| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes.then_some(at + 1)
    })
}

/// Writes a text between double quotes, so that JSON and YAML both read it.
pub(crate) fn quote(out: &mut String, text: &str) {
    out.push('"');
    escape(out, text);
    out.push('"');
}

/// Writes a text as it stands between double quotes.
pub(crate) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_printable(c) => out.push(c),
            _ => {
                // What YAML cannot print lies below U+10000, so four digits do.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
    }
}

/// What YAML 1.2 calls printable (section 5.1), without line breaks and the byte order mark.
pub(crate) fn is_printable(c: char) -> bool {
    matches!(c,
        ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}'
        | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_numbers_stay_and_white_space_goes() {
        let text = " { \"b\" : 1.10 ,\n\t\"a\" : [ 1e400, true, null, \" x \" ] } ";
        assert_eq!(
            compact(text).as_deref(),
            Some(r#"{"b":1.10,"a":[1e400,true,null," x "]}"#)
        );
    }

    #[test]
    fn strings_are_written_so_that_yaml_reads_them() {
        assert_eq!(
            compact(r#"["\ud83d\ude00","\/","\u007f","\"\\"]"#).as_deref(),
            Some(r#"["😀","/","\u007f","\"\\"]"#)
        );
        assert_eq!(string(r#""a\nb""#).as_deref(), Some("a\nb"));
        for bad in [
            "",
            "[1,]",
            "{a:1}",
            r#"["\ud83d"]"#,
            "[1] 2",
            &"[".repeat(1000),
        ] {
            assert_eq!(compact(bad), None, "{bad}");
        }
    }
}
