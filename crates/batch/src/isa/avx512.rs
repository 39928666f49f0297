//! The loops' operations in AVX-512: those of AVX2, and escapes resolved 64 bytes at a time.

use std::arch::x86_64::{
    __m512i, _mm_loadu_si128, _mm256_loadu_si256, _mm512_broadcast_i32x4, _mm512_castsi256_si512,
    _mm512_cmpeq_epi8_mask, _mm512_cmplt_epu8_mask, _mm512_loadu_si512, _mm512_mask_expand_epi8,
    _mm512_mask_mov_epi8, _mm512_maskz_compress_epi8, _mm512_movepi8_mask, _mm512_or_si512,
    _mm512_permutex2var_epi8, _mm512_set1_epi8, _mm512_shuffle_epi8, _mm512_storeu_si512,
    _mm512_sub_epi8, _mm512_test_epi8_mask, _mm512_testn_epi8_mask, _pdep_u64, _pext_u64,
};

use super::avx2::SPACES;
use super::{Avx2, Blocks, Digits, Isa, Kinds, Step, pair_up};
use crate::nested;
use crate::text::ESCAPES;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512;

// SAFETY of the blocks below: as for `Avx2`.
impl Isa for Avx512 {
    #[inline(always)]
    unsafe fn copy_plain(from: *const u8, to: *mut u8) -> u32 {
        // SAFETY: see above.
        unsafe { Avx2::copy_plain(from, to) }
    }

    #[inline(always)]
    unsafe fn not_digits(from: *const u8) -> u32 {
        // SAFETY: see above.
        unsafe { Avx2::not_digits(from) }
    }

    #[inline(always)]
    unsafe fn digits(end: *const u8, count: usize) -> u64 {
        // SAFETY: see above.
        unsafe { Avx2::digits(end, count) }
    }

    #[inline(always)]
    unsafe fn digits_around_point(end: *const u8, whole: usize, fraction: usize) -> (u64, u64) {
        // SAFETY: see above.
        unsafe { Avx2::digits_around_point(end, whole, fraction) }
    }

    #[inline(always)]
    unsafe fn write_digits(number: u64, to: *mut u8, again: *mut u8, skipped: usize) -> usize {
        // SAFETY: see above.
        unsafe { Avx2::write_digits(number, to, again, skipped) }
    }

    #[inline(always)]
    unsafe fn unescape(from: *const u8, to: *mut u8, escaped: &mut bool) -> Step {
        // SAFETY: see above; the table has 256 bytes, of which the first 128 are loaded.
        unsafe {
            let text = _mm512_loadu_si512(from.cast());
            let backslash = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(b'\\' as i8));
            let (escapes, letters) = pair_up(backslash, escaped);
            let meant: __m512i = _mm512_permutex2var_epi8(
                _mm512_loadu_si512(ESCAPES.as_ptr().cast()),
                text,
                _mm512_loadu_si512(ESCAPES.as_ptr().add(64).cast()),
            );
            let unknown = _mm512_testn_epi8_mask(meant, meant) | _mm512_movepi8_mask(text);
            let quote = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(b'"' as i8));
            let control = _mm512_cmplt_epu8_mask(text, _mm512_set1_epi8(0x20));
            let stop = (quote & !letters) | control | (unknown & letters);
            let text = _mm512_mask_mov_epi8(text, letters, meant);
            if stop == 0 {
                _mm512_storeu_si512(to.cast(), _mm512_maskz_compress_epi8(!escapes, text));
                let written = 64 - escapes.count_ones() as usize;
                return Step {
                    passed: 64,
                    written,
                    stopped: false,
                };
            }
            // An escape that is not resolved here is passed to the caller with its backslash.
            let stop = stop.trailing_zeros();
            let unresolved = (letters >> stop) & 1;
            let keep = !escapes & !(u64::MAX << stop);
            _mm512_storeu_si512(to.cast(), _mm512_maskz_compress_epi8(keep, text));
            *escaped = false;
            Step {
                passed: stop as isize - unresolved as isize,
                written: keep.count_ones() as usize,
                stopped: true,
            }
        }
    }

    #[inline(always)]
    fn nested(text: &[u8]) -> Option<usize> {
        // SAFETY: see above.
        unsafe { nested(text) }
    }

    #[inline(always)]
    unsafe fn escape(from: *const u8, to: *mut u8) -> Step {
        // SAFETY: see above; both halves of the table are loaded.
        unsafe {
            let short = _mm256_loadu_si256(from.cast());
            let special = Avx2::special(short);
            let text = _mm512_castsi256_si512(short);
            let special = u64::from(special);
            let letters = _mm512_permutex2var_epi8(
                _mm512_loadu_si512(LETTERS.as_ptr().cast()),
                text,
                _mm512_loadu_si512(LETTERS.as_ptr().add(64).cast()),
            );
            // Other control characters are the caller's.
            let stop = _mm512_testn_epi8_mask(letters, letters) & special;
            if stop == 0 {
                let written = expand(to, special, text, letters);
                return Step {
                    passed: 32,
                    written,
                    stopped: false,
                };
            }
            let passed = stop.trailing_zeros();
            let special = special & !(u64::MAX << passed);
            Step {
                passed: passed as isize,
                written: expand(to, special, text, letters) - (32 - passed as usize),
                stopped: true,
            }
        }
    }
}

impl Blocks for Avx512 {
    #[inline(always)]
    unsafe fn kinds(from: *const u8) -> Kinds {
        // SAFETY: see above.
        unsafe {
            let text = _mm512_loadu_si512(from.cast());
            let is = |text: __m512i, byte: u8| {
                _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(byte as i8))
            };
            let case = _mm512_set1_epi8(0x20);
            let lower = _mm512_or_si512(text, case);
            let value = _mm512_sub_epi8(text, _mm512_set1_epi8(b'0' as i8));
            let spaces = _mm512_broadcast_i32x4(_mm_loadu_si128(SPACES.as_ptr().cast()));
            Kinds {
                quote: is(text, b'"'),
                backslash: is(text, b'\\'),
                control: _mm512_cmplt_epu8_mask(text, case),
                space: _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(spaces, text), text),
                opens: is(lower, b'{'),
                closes: is(lower, b'}'),
                curly: _mm512_test_epi8_mask(text, case),
                colon: is(text, b':'),
                comma: is(text, b','),
                digits: Digits {
                    digit: _mm512_cmplt_epu8_mask(value, _mm512_set1_epi8(10)),
                    zero: is(text, b'0'),
                    point: is(text, b'.'),
                    minus: is(text, b'-'),
                },
            }
        }
    }

    #[inline(always)]
    unsafe fn escape_letters(from: *const u8) -> (u64, u64) {
        // SAFETY: see above; the table has 256 bytes, of which the first 128 are loaded.
        unsafe {
            let text = _mm512_loadu_si512(from.cast());
            let meant = _mm512_permutex2var_epi8(
                _mm512_loadu_si512(ESCAPES.as_ptr().cast()),
                text,
                _mm512_loadu_si512(ESCAPES.as_ptr().add(64).cast()),
            );
            let unicode = _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(b'u' as i8));
            let letters =
                (_mm512_test_epi8_mask(meant, meant) | unicode) & !_mm512_movepi8_mask(text);
            (letters, unicode)
        }
    }

    #[inline(always)]
    fn parity(bits: u64) -> u64 {
        Avx2::parity(bits)
    }

    #[inline(always)]
    unsafe fn exponents(from: *const u8) -> (u64, u64) {
        // SAFETY: see above.
        unsafe { Avx2::exponents(from) }
    }
}

/// `nested::length`, stamped for the instruction set.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline(never)]
fn nested(text: &[u8]) -> Option<usize> {
    nested::length::<Avx512>(text)
}

/// Writes 32 bytes, those of `special` as a backslash and their letter; returns how many.
///
/// # Safety
///
/// 64 bytes can be written at `to`, and the processor has what `Level::Avx512` asks for.
#[inline(always)]
unsafe fn expand(to: *mut u8, special: u64, text: __m512i, letters: __m512i) -> usize {
    // A bit for each byte that is written: one for a byte as it is, two for an escape, of which the
    // lower is the backslash.
    // SAFETY: the caller promises it.
    unsafe {
        let text = _mm512_mask_mov_epi8(text, special, letters);
        let bytes = _pdep_u64(special, 0x5555_5555_5555_5555) | 0xaaaa_aaaa_aaaa_aaaa;
        let places = _pext_u64(0xaaaa_aaaa_aaaa_aaaa, bytes);
        let backslash = _mm512_set1_epi8(b'\\' as i8);
        _mm512_storeu_si512(to.cast(), _mm512_mask_expand_epi8(backslash, places, text));
    }
    32 + special.count_ones() as usize
}

/// The letters of the escapes of two characters, by the character; zero for the others.
static LETTERS: [u8; 128] = {
    let mut table = [0; 128];
    let mut letter = 0;
    while letter < ESCAPES.len() {
        // A solidus need not be escaped.
        if ESCAPES[letter] != 0 && letter != b'/' as usize {
            table[ESCAPES[letter] as usize] = letter as u8;
        }
        letter += 1;
    }
    table
};
