//! The cursor over a body: tokens of RFC 8259, checked as they are passed.

use crate::error::{BatchError, Found, JsonKind, Place, Res};
use crate::number::Number;
use crate::text;

/// The most levels of arrays and objects inside one value.
pub const MAX_DEPTH: usize = 64;

/// Reads a body from front to back.
///
/// Between two calls the cursor stands between tokens; white space is skipped
/// by whoever reads the next token.
pub(crate) struct Scanner<'a> {
    body: &'a [u8],
    pos: usize,
    row: Option<u64>,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self {
            body,
            pos: 0,
            row: None,
        }
    }

    pub(crate) fn body(&self) -> &'a [u8] {
        self.body
    }

    pub(crate) fn offset(&self) -> usize {
        self.pos
    }

    /// Goes on from `offset`, which is between two tokens.
    #[cfg(feature = "arrow")]
    pub(crate) fn move_to(&mut self, offset: usize) {
        self.pos = offset;
    }

    /// Says how many rows came before this one, for messages.
    pub(crate) fn set_row(&mut self, row: Option<u64>) {
        self.row = row;
    }

    pub(crate) fn place(&self) -> Place {
        self.place_at(self.pos)
    }

    pub(crate) fn place_at(&self, offset: usize) -> Place {
        Place {
            offset,
            row: self.row,
        }
    }

    /// The byte under the cursor.
    #[inline]
    fn byte(&self) -> Option<u8> {
        self.body.get(self.pos).copied()
    }

    /// Skips white space and returns the byte that the next token begins with.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        match self.byte() {
            Some(byte) if byte > b' ' => Some(byte),
            _ => self.peek_past_space(),
        }
    }

    fn peek_past_space(&mut self) -> Option<u8> {
        while let Some(byte) = self.byte() {
            if !text::is_space(byte) {
                return Some(byte);
            }
            self.pos += 1;
        }
        None
    }

    /// Passes `byte` if the next token is it.
    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        if here {
            self.pos += 1;
        }
        here
    }

    /// Passes `byte`, which must be the next token.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8, expected: &'static str) -> Res<()> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.not_json(expected))
        }
    }

    /// The error that something else than `expected` is under the cursor.
    #[cold]
    pub(crate) fn not_json(&self, expected: &'static str) -> Box<BatchError> {
        let found = self.byte().map_or(Found::End, Found::Byte);
        Box::new(BatchError::NotJson {
            place: self.place(),
            expected,
            found,
        })
    }

    /// The kind of the next value, told from its first byte.
    pub(crate) fn kind(&mut self) -> Res<JsonKind> {
        match self.peek() {
            Some(b'"') => Ok(JsonKind::String),
            Some(b'-' | b'0'..=b'9') => Ok(JsonKind::Number),
            Some(b'n') => Ok(JsonKind::Null),
            Some(b't' | b'f') => Ok(JsonKind::Boolean),
            Some(b'[') => Ok(JsonKind::Array),
            Some(b'{') => Ok(JsonKind::Object),
            Some(_) | None => Err(self.not_json("a value")),
        }
    }

    /// Passes `null` if it is the next value.
    #[inline]
    pub(crate) fn null(&mut self) -> Res<bool> {
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.word(b"null", "null").map(|()| true)
    }

    /// Passes `true` or `false` if it is the next value.
    pub(crate) fn boolean(&mut self) -> Res<Option<bool>> {
        match self.peek() {
            Some(b't') => self.word(b"true", "true").map(|()| Some(true)),
            Some(b'f') => self.word(b"false", "false").map(|()| Some(false)),
            Some(_) | None => Ok(None),
        }
    }

    fn word(&mut self, word: &[u8], expected: &'static str) -> Res<()> {
        let rest = self.body.get(self.pos..).unwrap_or_default();
        if !rest.starts_with(word) {
            let same = rest.iter().zip(word).take_while(|(a, b)| a == b).count();
            self.pos += same;
            return Err(self.not_json(expected));
        }
        self.pos += word.len();
        Ok(())
    }

    /// Passes a number; the next value must be one.
    #[inline]
    pub(crate) fn number(&mut self) -> Res<Number<'a>> {
        self.peek();
        let (number, end) = Number::scan(self.body, self.pos).map_err(|fault| {
            let begin = self.pos;
            self.pos = fault.offset();
            fault.into_error(self, begin)
        })?;
        self.pos = end;
        Ok(number)
    }

    /// Passes a row number: digits without a leading zero, sign, fraction or
    /// exponent. The cursor stays where it is when there is none.
    #[inline]
    pub(crate) fn row_number(&mut self) -> Option<u64> {
        let rest = self.body.get(self.pos..).unwrap_or_default();
        let mut value: u64 = 0;
        let mut length = 0;
        for byte in rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
            length += 1;
        }
        let leading_zero = length > 1 && rest.first() == Some(&b'0');
        let goes_on = matches!(rest.get(length), Some(b'.' | b'e' | b'E'));
        if length == 0 || leading_zero || goes_on {
            return None;
        }
        self.pos += length;
        Some(value)
    }

    /// Passes a string, which must be the next value, and appends its
    /// characters to `out`. Bytes beyond ASCII are copied unchecked: the
    /// caller validates `out`, once for many strings.
    #[inline]
    pub(crate) fn string_into(&mut self, out: &mut Vec<u8>) -> Res<()> {
        self.expect(b'"', "a string")?;
        loop {
            let rest = self.body.get(self.pos..).unwrap_or_default();
            let plain = text::plain_length(rest);
            out.extend_from_slice(rest.get(..plain).unwrap_or_default());
            self.pos += plain;
            match self.byte() {
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape_into(out)?,
                Some(_) | None => return Err(self.bad_string_byte()),
            }
        }
    }

    /// Passes a string and returns it: a piece of the body when it is written
    /// without escapes, else built in `scratch`. Validated as UTF-8.
    pub(crate) fn string<'s>(&mut self, scratch: &'s mut Vec<u8>) -> Res<Text<'a, 's>> {
        self.expect(b'"', "a string")?;
        let begin = self.pos;
        let rest = self.body.get(begin..).unwrap_or_default();
        let plain = rest.get(..text::plain_length(rest)).unwrap_or_default();
        self.pos += plain.len();
        if self.byte() == Some(b'"') {
            self.pos += 1;
            return match std::str::from_utf8(plain) {
                Ok(text) => Ok(Text::Borrowed(text)),
                Err(error) => Err(self.not_utf8(begin + error.valid_up_to())),
            };
        }
        // Start over at the quote: escapes are rare and strings with them are
        // copied anyway.
        self.pos = begin - 1;
        scratch.clear();
        self.string_into(scratch)?;
        match std::str::from_utf8(scratch) {
            Ok(text) => Ok(Text::Built(text)),
            Err(_) => Err(self.not_utf8(self.first_bad_byte(begin))),
        }
    }

    fn escape_into(&mut self, out: &mut Vec<u8>) -> Res<()> {
        let rest = self.body.get(self.pos..).unwrap_or_default();
        match text::unescape(rest) {
            Ok((letter, length)) => {
                let mut utf8 = [0; 4];
                out.extend_from_slice(letter.encode_utf8(&mut utf8).as_bytes());
                self.pos += length;
                Ok(())
            }
            Err(problem) => {
                let place = self.place();
                Err(Box::new(BatchError::BadString { place, problem }))
            }
        }
    }

    #[cold]
    fn bad_string_byte(&self) -> Box<BatchError> {
        match self.byte() {
            Some(_) => {
                let problem = "a control character stands in it; write it as \\u00XX";
                Box::new(BatchError::BadString {
                    place: self.place(),
                    problem,
                })
            }
            None => self.not_json("the closing quote of a string"),
        }
    }

    #[cold]
    pub(crate) fn not_utf8(&self, offset: usize) -> Box<BatchError> {
        Box::new(BatchError::NotUtf8 {
            place: self.place_at(offset),
        })
    }

    /// The first byte at or after `begin` that no UTF-8 text goes on with.
    fn first_bad_byte(&self, begin: usize) -> usize {
        match std::str::from_utf8(self.body.get(begin..).unwrap_or_default()) {
            Ok(_) => begin,
            Err(error) => begin + error.valid_up_to(),
        }
    }

    /// Passes any one value, checking it as strictly as the values that are
    /// read; `depth` is the nesting already entered.
    pub(crate) fn skip_value(&mut self, depth: usize) -> Res<()> {
        match self.kind()? {
            JsonKind::String => self.string(&mut Vec::new()).map(|_| ()),
            JsonKind::Number => self.number().map(|_| ()),
            JsonKind::Null => self.null().map(|_| ()),
            JsonKind::Boolean => self.boolean().map(|_| ()),
            JsonKind::Array => self.skip_array(depth),
            JsonKind::Object => self.skip_object(depth),
        }
    }

    /// Passes the bracket that opens an array or object, unless that would be
    /// the level below `MAX_DEPTH`.
    pub(crate) fn enter(&mut self, depth: usize) -> Res<usize> {
        if depth >= MAX_DEPTH {
            let place = self.place();
            return Err(Box::new(BatchError::TooDeep {
                place,
                limit: MAX_DEPTH,
            }));
        }
        self.pos += 1;
        Ok(depth + 1)
    }

    fn skip_array(&mut self, depth: usize) -> Res<()> {
        let depth = self.enter(depth)?;
        if self.eat(b']') {
            return Ok(());
        }
        // Bounded by the body: every turn passes at least one byte.
        loop {
            self.skip_value(depth)?;
            if self.eat(b']') {
                return Ok(());
            }
            self.expect(b',', "`,` or `]`")?;
        }
    }

    fn skip_object(&mut self, depth: usize) -> Res<()> {
        let depth = self.enter(depth)?;
        if self.eat(b'}') {
            return Ok(());
        }
        let mut scratch = Vec::new();
        // Bounded by the body: every turn passes at least one byte.
        loop {
            self.key(&mut scratch)?;
            self.skip_value(depth)?;
            if self.eat(b'}') {
                return Ok(());
            }
            self.expect(b',', "`,` or `}`")?;
        }
    }

    /// Passes a key and its colon.
    pub(crate) fn key<'s>(&mut self, scratch: &'s mut Vec<u8>) -> Res<Text<'a, 's>> {
        if self.peek() != Some(b'"') {
            return Err(self.not_json("a key in quotes"));
        }
        let key = self.string(scratch)?;
        self.expect(b':', "`:` after the key")?;
        Ok(key)
    }
}

/// Checks that a text is one JSON value as a batch can carry it, white space around it allowed.
///
/// # Errors
///
/// [`BatchError`] with the offset in the text for the first thing that is not JSON, or is nested
/// deeper than [`MAX_DEPTH`].
///
/// ```
/// use floe_batch::check_json;
///
/// assert!(check_json(r#" {"a": [1, 2.5e3, null]} "#).is_ok());
/// assert_eq!(check_json("{'a': 1}").unwrap_err().code(), "FLOE-BATCH-0011");
/// assert_eq!(check_json("1 2").unwrap_err().code(), "FLOE-BATCH-0012");
/// ```
pub fn check_json(text: &str) -> Result<(), BatchError> {
    let mut scan = Scanner::new(text.as_bytes());
    scan.skip_value(0).map_err(|error| *error)?;
    match scan.peek() {
        None => Ok(()),
        Some(byte) => Err(BatchError::TrailingBytes {
            place: scan.place(),
            found: Found::Byte(byte),
        }),
    }
}

/// A string of the body.
#[derive(Clone, Copy)]
pub(crate) enum Text<'a, 's> {
    /// As it stands in the body.
    Borrowed(&'a str),
    /// Built, because it is written with escapes.
    Built(&'s str),
}

impl Text<'_, '_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Built(text) => text,
        }
    }
}
