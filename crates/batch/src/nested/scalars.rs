//! The numbers and words of a block, all at once.

#![expect(unsafe_code, reason = "blocks are loaded without a bounds check")]

use super::READ;
use crate::isa::{Blocks, Digits};

/// Marks bytes of `scalar` that are in no number and in no `true`, `false` or `null`, or the byte
/// behind one that ends too early. Each run of bits is a scalar that ends in the block.
#[inline(always)]
pub(super) fn wrong<I: Blocks>(block: &[u8; READ], kinds: Digits, scalar: u64) -> u64 {
    let begins = scalar & !(scalar << 1);
    let others = scalar & !(kinds.digit | kinds.point | kinds.minus);
    if others == 0 {
        return wrong_plain(kinds, scalar, begins);
    }
    let words = begins & others;
    let (letters, wrong) = pass_words(block, words);
    // What is left of a word that goes on begins like a number, but not where one may.
    let numbers = scalar & !letters;
    let begins = begins & !words;
    let wrong = wrong | (numbers & !(numbers << 1) & !begins);
    if others & !letters == 0 {
        return wrong | wrong_plain(kinds, numbers, begins);
    }
    // SAFETY: the block has as many bytes.
    let (exponents, plus) = unsafe { I::exponents(block.as_ptr()) };
    wrong | wrong_in_general(kinds, exponents, plus, numbers, begins)
}

/// The bytes of `true`, `false` and `null` that begin at the bits, and the bits where none does.
#[inline(always)]
fn pass_words(block: &[u8; READ], words: u64) -> (u64, u64) {
    const TRUE: u32 = u32::from_le_bytes(*b"true");
    const NULL: u32 = u32::from_le_bytes(*b"null");
    const FALS: u32 = u32::from_le_bytes(*b"fals");
    let (mut left, mut letters, mut wrong) = (words, 0, 0);
    while left != 0 {
        let at = left.trailing_zeros();
        left &= left - 1;
        let word = block.get(at as usize..).and_then(<[u8]>::first_chunk);
        let Some([a, b, c, d, e]) = word.copied() else {
            return (letters, u64::MAX);
        };
        let word = u32::from_le_bytes([a, b, c, d]);
        let long = word == FALS && e == b'e';
        let known = long | (word == TRUE) | (word == NULL);
        // Four bits, or five.
        letters |= (0b1111 | u64::from(long) << 4) << at;
        wrong |= u64::from(!known) << at;
    }
    (letters, wrong)
}

/// Marks what is wrong with numbers that have no exponent (RFC 8259, section 6): `-`, digits
/// without a zero before others, then a point with digits behind it.
#[inline(always)]
fn wrong_plain(kinds: Digits, numbers: u64, begins: u64) -> u64 {
    let digits = kinds.digit & numbers;
    let points = kinds.point & numbers;
    let minus = kinds.minus & numbers;
    let after_point = points << 1;
    (minus & !begins)
        | ((minus << 1 | after_point) & !digits)
        | (points & !(digits << 1))
        | leading_zeros(kinds, digits, begins)
        | (points & run_behind(digits, after_point))
}

/// The same where an exponent may follow, with a sign and digits.
#[inline(never)]
fn wrong_in_general(kinds: Digits, exponents: u64, plus: u64, numbers: u64, begins: u64) -> u64 {
    let (exponents, plus) = (exponents & numbers, plus & numbers);
    let digits = kinds.digit & numbers;
    let points = kinds.point & numbers;
    let minus = kinds.minus & numbers;
    let signs = minus | plus;
    let after_exponent = exponents << 1;
    let after_fraction = run_behind(digits, points << 1);
    let after_power = run_behind(digits, after_exponent | (after_exponent & signs) << 1);
    (numbers & !(digits | points | exponents | signs))
        | (begins & !(digits | minus))
        | (signs & !(after_exponent | (begins & minus)))
        | (((signs | points) << 1) & !digits)
        | ((points | exponents) & !(digits << 1))
        | (after_exponent & !(digits | signs))
        | leading_zeros(kinds, digits, begins)
        | (after_fraction & points)
        | (after_power & (points | exponents))
}

/// The digits behind a zero that a number begins with, its minus apart.
#[inline(always)]
fn leading_zeros(kinds: Digits, digits: u64, begins: u64) -> u64 {
    let first = (begins & digits) | ((begins & kinds.minus) << 1);
    ((first & kinds.zero) << 1) & digits
}

/// The bytes behind the runs of digits that begin at the bits.
#[inline(always)]
fn run_behind(digits: u64, begins: u64) -> u64 {
    digits.wrapping_add(begins & digits) & !digits
}
