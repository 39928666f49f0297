//! Texts under construction.

#![expect(
    unsafe_code,
    reason = "texts that were checked already are not checked again"
)]

use arrow::array::StringArray;
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};

use super::strict::wrong_type;
use crate::error::{BatchError, Place, Res};
use crate::isa::apart;
use crate::scan::Scanner;
use crate::sql_type::SqlType;

/// The length of the next text, when those before had one length.
///
/// Where a text ends is told by bits that take long to come, and the next cell cannot be looked
/// for before. With a guess the processor goes on at once; the bits are compared all the same.
#[derive(Clone, Copy, Default)]
pub(in crate::columns) struct Guess {
    /// One bit, at the place that is guessed; none without a guess.
    bit: u32,
    len: usize,
}

impl Guess {
    /// How many texts a guess is made from.
    const SAMPLE: usize = 16;

    /// Makes one when most of the lengths are the same.
    fn new(lengths: impl Iterator<Item = usize> + Clone) -> Self {
        let mut sample = lengths.clone();
        let len = sample.next().unwrap_or(32);
        let alike = lengths.filter(|length| *length == len).count();
        if len >= 32 || 4 * alike < 3 * Self::SAMPLE {
            return Self::default();
        }
        Self { bit: 1 << len, len }
    }

    /// The place of the lowest bit of `ends`, 32 without one.
    #[inline(always)]
    pub(in crate::columns) fn end(self, ends: u32) -> usize {
        if ends & ends.wrapping_neg() == self.bit && self.bit != 0 {
            return apart(self.len);
        }
        ends.trailing_zeros() as usize
    }
}

/// Texts one behind the other, and where each begins and the last ends.
pub(in crate::columns) struct Texts {
    pub(in crate::columns) bytes: Vec<u8>,
    pub(in crate::columns) offsets: Vec<i32>,
    /// A text of so many bytes cannot have too many characters.
    pub(in crate::columns) most: usize,
    pub(in crate::columns) guess: Guess,
    /// How many bytes and texts were checked to be UTF-8.
    checked: (usize, usize),
}

impl Texts {
    pub(super) fn new(most: Option<u32>) -> Self {
        Self {
            bytes: Vec::new(),
            offsets: vec![0],
            most: most.map_or(usize::MAX, |chars| chars as usize),
            guess: Guess::default(),
            checked: (0, 0),
        }
    }

    #[inline]
    pub(super) fn read(&mut self, scan: &mut Scanner<'_>, ty: SqlType) -> Res<()> {
        if scan.peek() != Some(b'"') {
            return Err(wrong_type(scan, ty));
        }
        let (offset, begin) = (scan.offset(), self.bytes.len());
        scan.string_into(&mut self.bytes)?;
        if self.bytes.len() - begin > self.most {
            let text = self.bytes.get(begin..).unwrap_or_default();
            check_chars(scan.place_at(offset), ty, self.most, text)?;
        }
        self.end();
        Ok(())
    }

    /// Reads any value as the text that it is.
    pub(super) fn read_json(&mut self, scan: &mut Scanner<'_>, ty: SqlType) -> Res<()> {
        let first = scan.peek();
        let fits = match ty {
            SqlType::Object => first == Some(b'{'),
            SqlType::Array => first == Some(b'['),
            _ => true,
        };
        if !fits {
            return Err(wrong_type(scan, ty));
        }
        let begin = scan.offset();
        scan.skip_value(0)?;
        let text = scan.body().get(begin..scan.offset()).unwrap_or_default();
        self.bytes.extend_from_slice(text);
        self.end();
        Ok(())
    }

    /// Guesses how long the next texts will be from those before.
    pub(super) fn make_guess(&mut self) {
        let ends = self.offsets.windows(2).rev().take(Guess::SAMPLE);
        self.guess = Guess::new(ends.map(|ends| (ends[1] - ends[0]) as usize));
    }

    /// Ends a text where the bytes end. A text is never longer than it is written, and a body is at
    /// most `MAX_BODY_BYTES` long, so the offset always fits.
    #[inline]
    pub(in crate::columns) fn end(&mut self) {
        self.offsets.push(self.bytes.len() as i32);
    }

    pub(super) fn check(&mut self) -> bool {
        let (bytes, texts) = self.checked;
        let bytes = self.bytes.get(bytes..).unwrap_or_default();
        if !bytes.is_ascii() {
            // A character that is broken across two texts is one in all of them.
            let begins = |offset: &i32| {
                let byte = self.bytes.get(*offset as usize);
                byte.is_none_or(|byte| byte & 0xc0 != 0x80)
            };
            let offsets = self.offsets.get(texts..).unwrap_or_default();
            if simdutf8::basic::from_utf8(bytes).is_err() || !offsets.iter().all(begins) {
                return false;
            }
        }
        self.checked = (self.bytes.len(), self.offsets.len() - 1);
        true
    }

    pub(super) fn finish(self, nulls: Option<NullBuffer>) -> StringArray {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        // SAFETY: the offsets rise to the length of the bytes, the bytes were checked to be UTF-8,
        // and no text begins inside of a character.
        unsafe { StringArray::new_unchecked(offsets, self.bytes.into(), nulls) }
    }
}

fn check_chars(place: Place, expected: SqlType, limit: usize, text: &[u8]) -> Res<()> {
    // Every character has one byte that does not continue another.
    let found = text.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
    if found > limit {
        return Err(Box::new(BatchError::TextTooLong {
            place,
            expected,
            // It was declared as 32 bits.
            limit: limit as u32,
            found,
        }));
    }
    Ok(())
}
