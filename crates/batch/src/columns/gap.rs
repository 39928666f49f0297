//! What stands between the last cell of a row and the first of the next: `],[12,`, with the white
//! space that this body has, and the number counted up as text.

#![expect(
    unsafe_code,
    reason = "loads and stores of more bytes than the text has"
)]

use crate::text::is_space;

/// The text between two rows, compared in one step.
#[derive(Debug, Clone)]
pub(super) struct Gap {
    text: Word<u128>,
    /// Where the row number begins and ends.
    number: (usize, usize),
    /// What adds one to the last digit, and how often that can be done without carrying.
    one: u128,
    left: u8,
}

/// The text between two cells of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Separator(Word<u64>);

/// Up to as many bytes as the number has, and a mask for the rest.
#[derive(Debug, Clone, Copy)]
struct Word<T> {
    bytes: T,
    mask: T,
    len: usize,
}

/// The longest gap.
const LONGEST: usize = 16;

impl Gap {
    /// Takes the gap that begins at `at` as the form of all gaps, with the number of row `next` in
    /// it. `None` when no gap is there, or it is too long, or its number is not `next`.
    pub(super) fn learn(body: &[u8], at: usize, next: u64) -> Option<Self> {
        let rest = body.get(at..)?;
        let rest = rest.get(..rest.len().min(LONGEST))?;
        let mut end = 0;
        for mark in [b"]", b",", b"["] {
            end = pass_space(rest, end);
            if rest.get(end) != mark.first() {
                return None;
            }
            end += 1;
        }
        let begin = pass_space(rest, end);
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(next).as_bytes();
        if !rest.get(begin..)?.starts_with(digits) {
            return None;
        }
        let number = (begin, begin + digits.len());
        end = pass_space(rest, number.1);
        if rest.get(end) != Some(&b',') {
            return None;
        }
        end = pass_space(rest, end + 1);
        // When the gap goes on behind what was looked at, the cell seems to begin with white space,
        // which goes to the strict reader.
        Some(Self::new(rest.get(..end)?, number))
    }

    /// The gap before row 1 of a body without white space: `],[1` and, before cells, `,`.
    pub(super) fn compact(cells: bool) -> Self {
        Self::new(if cells { b"],[1," } else { b"],[1" }, (3, 4))
    }

    fn new(text: &[u8], number: (usize, usize)) -> Self {
        let (mut bytes, mut mask) = ([0; LONGEST], [0; LONGEST]);
        for (at, byte) in text.iter().enumerate().take(LONGEST) {
            (bytes[at], mask[at]) = (*byte, 0xff);
        }
        let last = number.1.saturating_sub(1) % LONGEST;
        Self {
            text: Word {
                bytes: u128::from_le_bytes(bytes),
                mask: u128::from_le_bytes(mask),
                len: text.len(),
            },
            number,
            one: 1 << (8 * last),
            left: b'9'.saturating_sub(bytes[last]),
        }
    }

    /// The row before which the number gets too long.
    pub(super) fn limit(&self) -> u64 {
        let (begin, end) = self.number;
        let digits = LONGEST - self.text.len + end - begin;
        // Sixteen digits at most, and ten to that fits.
        10_u64.saturating_pow(digits as u32)
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.text.len
    }

    /// # Safety
    ///
    /// 16 bytes can be read at `at`.
    #[inline(always)]
    pub(super) unsafe fn is_at(&self, at: *const u8) -> bool {
        // SAFETY: the caller promises it.
        let there = u128::from_le_bytes(unsafe { at.cast::<[u8; LONGEST]>().read_unaligned() });
        (there ^ self.text.bytes) & self.text.mask == 0
    }

    /// Writes the gap, and bytes without meaning behind it.
    ///
    /// # Safety
    ///
    /// 16 bytes can be written at `to`.
    #[inline(always)]
    pub(super) unsafe fn write(&self, to: *mut u8) {
        // SAFETY: the caller promises it.
        unsafe {
            to.cast::<[u8; LONGEST]>()
                .write(self.text.bytes.to_le_bytes())
        }
    }

    /// Makes it the gap before the row after.
    #[inline(always)]
    pub(super) fn count(&mut self) {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.text.bytes += self.one;
            }
            None => self.carry(),
        }
    }

    #[inline(never)]
    fn carry(&mut self) {
        let (begin, end) = self.number;
        let mut text = self.text.bytes.to_le_bytes();
        // The last digit is a nine.
        for at in (begin..end).rev() {
            if text[at] != b'9' {
                text[at] += 1;
                self.text.bytes = u128::from_le_bytes(text);
                self.left = 9;
                return;
            }
            text[at] = b'0';
        }
        // All were: a one comes before them, and what follows them moves. Where there is no room
        // for it, the row is not below `limit` any more and nobody asks for its gap.
        let len = self.text.len;
        if len == LONGEST {
            return;
        }
        text.copy_within(begin..len, begin + 1);
        text[begin] = b'1';
        *self = Self::new(&text[..len + 1], (begin, end + 1));
    }

    /// What stands between the row number and the first cell, and so between all cells.
    pub(super) fn separator(&self) -> Separator {
        let text = self.text.bytes.to_le_bytes();
        let text = text.get(self.number.1..self.text.len).unwrap_or_default();
        let (mut bytes, mut mask) = ([0; 8], [0; 8]);
        // Of a longer one, the rest seems to be white space before the cell.
        let len = text.len().min(8);
        for at in 0..len {
            (bytes[at], mask[at]) = (text[at], 0xff);
        }
        Separator(Word {
            bytes: u64::from_le_bytes(bytes),
            mask: u64::from_le_bytes(mask),
            len,
        })
    }
}

impl Separator {
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.0.len
    }

    /// # Safety
    ///
    /// 8 bytes can be read at `at`.
    #[inline(always)]
    pub(super) unsafe fn is_at(&self, at: *const u8) -> bool {
        // SAFETY: the caller promises it.
        let there = u64::from_le_bytes(unsafe { at.cast::<[u8; 8]>().read_unaligned() });
        (there ^ self.0.bytes) & self.0.mask == 0
    }
}

fn pass_space(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| is_space(**byte)).count()
}
