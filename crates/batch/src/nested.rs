//! JSON arrays and objects, checked a block of 64 bytes at a time: where they end, and that all in
//! them is JSON, without a branch for each token.
//!
//! A block is turned into bit masks, a bit for each byte. Which token may follow which is told from
//! the one before it (and of a colon from the two before), for all tokens of a block at once: a
//! mask of ends, moved by a bit, is a mask of beginnings. Where a mask has to pass a run of bytes,
//! those of a string or white space, it is added to the mask of the run and carries to the byte
//! behind it. That leaves what depends on the nesting: whether brackets match, and whether the
//! commas between two brackets are those of an object or of an array. Only for that there is a
//! loop, over brackets.
//!
//! Like the rest of the fast way this accepts nothing that the strict reader refuses, and has no
//! errors: the strict reader finds out what is wrong.

#![expect(unsafe_code, reason = "blocks are loaded without a bounds check")]

mod scalars;
#[cfg(test)]
mod tests;

use crate::isa::{Blocks, Kinds, apart, pair_up};
use crate::scan::MAX_DEPTH;
use crate::text;

/// The bytes of a block.
const BLOCK: usize = 64;

/// So many bytes can be read from where a block begins: a word of five letters may begin in its
/// last byte.
const READ: usize = 72;

/// Returns how long the array or object is that `text` begins with. `None` when the strict reader
/// must look at it. Bytes beyond ASCII in its strings are not looked at.
#[inline(always)]
pub(crate) fn length<I: Blocks>(text: &[u8]) -> Option<usize> {
    if !matches!(text.first(), Some(b'{' | b'[')) {
        return None;
    }
    let mut strings = Strings::default();
    let mut before = Before {
        separator: 1,
        ..Before::default()
    };
    let mut brackets = Brackets::default();
    let mut at = 0;
    // Bounded by the text: every turn passes a byte at least.
    while let Some(rest) = text.get(at..)
        && !rest.is_empty()
    {
        let last;
        let block = match rest.first_chunk() {
            Some(block) => block,
            None => {
                last = padded(rest);
                &last
            }
        };
        // SAFETY: the block has as many bytes.
        let kinds = unsafe { I::kinds(block.as_ptr()) };
        let (escapes, escaped) = pair_up(kinds.backslash, &mut strings.escaped);
        let quotes = kinds.quote & !escaped;
        let inside = I::parity(quotes) ^ strings.inside;
        strings.inside = ((inside as i64) >> 63) as u64;
        let mut bytes = Bytes::new(&kinds, inside, quotes);
        let mut passed = BLOCK;
        if bytes.scalar >> 63 == 1 {
            // A scalar that goes on is read with the next block; here nothing stands there.
            let begin = 64 - bytes.scalar.leading_ones();
            if begin == 0 {
                return None;
            }
            bytes.space |= u64::MAX << begin;
            bytes.scalar &= !(u64::MAX << begin);
            passed = apart(begin as usize);
        }
        let misplaced = if bytes.space == 0 {
            before.misplaced::<false>(&bytes)
        } else {
            before.misplaced::<true>(&bytes)
        };
        let end = brackets.follow(&bytes, &misplaced)?;
        // What stands behind the end of the value is somebody else's.
        let mine = end.map_or(u64::MAX, up_to);
        let escaped = escaped & inside & mine;
        let wrong = misplaced.tokens
            | (kinds.control & inside)
            | (escapes & !inside)
            | scalars::wrong::<I>(block, kinds.digits, bytes.scalar);
        if wrong & mine != 0 {
            return None;
        }
        if escaped != 0 {
            // SAFETY: the block has as many bytes.
            let (letters, unicode) = unsafe { I::escape_letters(block.as_ptr()) };
            if escaped & !letters != 0 {
                return None;
            }
            if escaped & unicode != 0 {
                strings.second_half =
                    check_unicode(text, at, escaped & unicode, strings.second_half)?;
            }
        }
        if end.is_some() {
            return Some(at + 64 - mine.leading_zeros() as usize);
        }
        at += passed;
    }
    None
}

/// The last bytes of a text, with white space behind them.
#[cold]
fn padded(rest: &[u8]) -> [u8; READ] {
    let mut block = [b' '; READ];
    for (byte, last) in block.iter_mut().zip(rest) {
        *byte = *last;
    }
    block
}

/// Checks the escapes `\uXXXX` whose letters are marked, in the block at `at`. `second_half` says
/// where the second half of a surrogate pair is expected.
#[inline(never)]
fn check_unicode(
    text: &[u8],
    at: usize,
    letters: u64,
    mut second_half: Option<usize>,
) -> Option<Option<usize>> {
    let mut left = letters;
    while left != 0 {
        let place = at + left.trailing_zeros() as usize;
        left &= left - 1;
        if second_half.take_if(|expected| *expected <= place) == Some(place) {
            continue;
        }
        // The backslash stands before it, though it may be in the block before.
        let (_, passed) = text::unescape(text.get(place - 1..)?).ok()?;
        if passed > 6 {
            second_half = Some(place + 6);
        }
    }
    Some(second_half)
}

/// What is known of strings between two blocks.
#[derive(Default)]
struct Strings {
    /// All bits: the block begins inside a string.
    inside: u64,
    /// Its first byte is escaped.
    escaped: bool,
    /// Where the second half of a surrogate pair is expected.
    second_half: Option<usize>,
}

/// What stands before a block: one or zero.
#[derive(Clone, Copy, Default)]
struct Before {
    separator: u64,
    square: u64,
    brace: u64,
    comma: u64,
    /// A string where a key may stand: while it is open, and when it has ended.
    open_key: u64,
    key: u64,
}

/// The brackets that are open.
#[derive(Default)]
struct Brackets {
    /// The innermost in the lowest bit: one for an object.
    kinds: u64,
    depth: usize,
}

/// The masks of a block, a bit for each byte, after strings are told from what is between them.
struct Bytes {
    /// From the opening quote of each string to the byte before its closing one.
    inside: u64,
    quotes: u64,
    /// White space between tokens.
    space: u64,
    scalar: u64,
    opens: u64,
    closes: u64,
    /// Tells braces from square brackets, and nothing of other bytes.
    curly: u64,
    colons: u64,
    commas: u64,
}

/// The tokens that may not stand where they do.
struct Misplaced {
    /// Whatever is around them.
    tokens: u64,
    /// A colon: what stands before it is no key in an array.
    in_arrays: u64,
    /// What is no string behind a comma, or no colon behind a string where a key stands.
    in_objects: u64,
}

impl Bytes {
    #[inline(always)]
    fn new(kinds: &Kinds, inside: u64, quotes: u64) -> Self {
        let between = !(inside | quotes);
        let structure = kinds.opens | kinds.closes | kinds.colon | kinds.comma;
        Self {
            inside,
            quotes,
            space: kinds.space & between,
            scalar: between & !(structure | kinds.space),
            opens: kinds.opens & between,
            closes: kinds.closes & between,
            curly: kinds.curly,
            colons: kinds.colon & between,
            commas: kinds.comma & between,
        }
    }
}

impl Before {
    /// Finds the tokens that may not follow those before them, and remembers what the next block
    /// has to know.
    #[inline(always)]
    fn misplaced<const SPACED: bool>(&mut self, bytes: &Bytes) -> Misplaced {
        let Bytes {
            inside,
            quotes,
            space,
            scalar,
            opens,
            closes,
            curly,
            colons,
            commas,
        } = *bytes;
        let behind = |ends, before: &mut u64| {
            let (behind, beyond) = behind::<SPACED>(ends, *before, space);
            *before = beyond;
            behind
        };
        let after_separator = behind(colons | commas, &mut self.separator);
        let after_square = behind(opens & !curly, &mut self.square);
        let after_brace = behind(opens & curly, &mut self.brace);
        let after_comma = behind(commas, &mut self.comma);
        let value_expected = after_separator | after_square;
        let strings = quotes & inside;
        let keys = strings & (after_brace | after_comma) | self.open_key;
        let (keys, open_key) = run_ends(inside, keys);
        self.open_key = open_key;
        let after_key = behind(keys, &mut self.key);
        let begins = (scalar & !(scalar << 1)) | opens;
        Misplaced {
            tokens: (colons & !after_key)
                | (begins & !value_expected)
                | (strings & !(value_expected | after_brace))
                | (commas & (value_expected | after_brace))
                | (closes & after_separator),
            in_arrays: after_key & colons,
            in_objects: (after_comma & !strings) | (after_key & !colons),
        }
    }
}

impl Brackets {
    /// Follows the brackets of a block. Returns the one that ends the value, or none; `None` when
    /// something does not belong where it stands.
    #[inline(always)]
    fn follow(&mut self, bytes: &Bytes, misplaced: &Misplaced) -> Option<Option<u64>> {
        let mut left = u64::MAX;
        let mut brackets = bytes.opens | bytes.closes;
        while brackets != 0 {
            let bracket = brackets & brackets.wrapping_neg();
            brackets ^= bracket;
            if misplaced.foreign(self.kinds) & left & up_to(bracket) != 0 {
                return None;
            }
            left = !up_to(bracket);
            let curly = u64::from(bytes.curly & bracket != 0);
            if bytes.opens & bracket != 0 {
                if self.depth == MAX_DEPTH {
                    return None;
                }
                self.depth += 1;
                self.kinds = self.kinds << 1 | curly;
                continue;
            }
            if curly != self.kinds & 1 || self.depth == 0 {
                return None;
            }
            self.depth -= 1;
            self.kinds >>= 1;
            if self.depth == 0 {
                return Some(Some(bracket));
            }
        }
        (misplaced.foreign(self.kinds) & left == 0).then_some(None)
    }
}

impl Misplaced {
    /// What does not belong between the brackets of which the innermost is the lowest bit.
    #[inline(always)]
    fn foreign(&self, kinds: u64) -> u64 {
        if kinds & 1 == 1 {
            self.in_objects
        } else {
            self.in_arrays
        }
    }
}

/// The first bytes behind `ends` that are not white space; `before` says it of the last block, and
/// what is returned beside, of this one.
#[inline(always)]
fn behind<const SPACED: bool>(ends: u64, before: u64, space: u64) -> (u64, u64) {
    let behind = ends << 1 | before;
    if !SPACED {
        return (behind, ends >> 63);
    }
    let (carried, beyond) = space.overflowing_add(behind & space);
    ((behind | carried) & !space, ends >> 63 | u64::from(beyond))
}

/// The bytes behind the runs of bits that begin at `begins`, and whether the last run goes on in
/// the next block.
#[inline(always)]
fn run_ends(runs: u64, begins: u64) -> (u64, u64) {
    let (carried, beyond) = runs.overflowing_add(begins);
    (carried & !runs, u64::from(beyond))
}

/// A single bit and all below it.
#[inline(always)]
fn up_to(bit: u64) -> u64 {
    bit | (bit - 1)
}
