//! The loops' operations in AVX2.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_and_si128, _mm_clmulepi64_si128, _mm_cmpeq_epi8, _mm_cvtsi64_si128,
    _mm_cvtsi128_si64, _mm_loadu_si128, _mm_madd_epi16, _mm_maddubs_epi16, _mm_movemask_epi8,
    _mm_mul_epu32, _mm_mulhi_epu16, _mm_mullo_epi16, _mm_or_si128, _mm_packus_epi32,
    _mm_set_epi64x, _mm_set1_epi8, _mm_set1_epi16, _mm_set1_epi32, _mm_set1_epi64x,
    _mm_setzero_si128, _mm_shuffle_epi8, _mm_slli_epi16, _mm_slli_epi32, _mm_slli_epi64,
    _mm_srli_epi16, _mm_srli_epi64, _mm_storeu_si128, _mm_sub_epi16, _mm_sub_epi64,
    _mm256_and_si256, _mm256_andnot_si256, _mm256_broadcastsi128_si256, _mm256_castsi256_si128,
    _mm256_cmpeq_epi8, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_max_epu8, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
    _mm256_packus_epi32, _mm256_set1_epi8, _mm256_set1_epi16, _mm256_set1_epi32,
    _mm256_shuffle_epi8, _mm256_slli_epi16, _mm256_storeu_si256, _mm256_sub_epi8, _mm256_xor_si256,
};

use super::{Blocks, Digits, Isa, Kinds};
use crate::nested;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2;

/// 32 bytes loaded at `n` are a mask of the last `n` of them.
static ENDINGS: [u8; 64] = {
    let mut table = [0; 64];
    let mut at = 32;
    while at < table.len() {
        table[at] = 0xff;
        at += 1;
    }
    table
};

/// 16 bytes loaded at `n` tell a shuffle to move what stands behind `n` bytes to the front.
static BEHIND: [u8; 32] = {
    let mut table = [0x80; 32];
    let mut at = 0;
    while at < 16 {
        table[at] = at as u8;
        at += 1;
    }
    table
};

/// Ten and one in turn: the weights of two digits.
const TEN_ONE: i16 = i16::from_le_bytes([10, 1]);
/// A hundred and one in turn: the weights of two pairs.
const HUNDRED_ONE: i32 = 1 << 16 | 100;
/// Ten thousand and one in turn: the weights of two fours.
const MYRIAD_ONE: i32 = 1 << 16 | 10_000;

// SAFETY of the blocks below: loads and stores are where the callers of `Isa` allow them, table
// offsets are at most 32, and the rest is arithmetic. The instructions exist, because nothing
// names `Avx2` but functions that have the feature, behind `Level::works_here`.
impl Isa for Avx2 {
    #[inline(always)]
    unsafe fn copy_plain(from: *const u8, to: *mut u8) -> u32 {
        // SAFETY: see above.
        unsafe {
            let text = _mm256_loadu_si256(from.cast());
            _mm256_storeu_si256(to.cast(), text);
            Self::special(text)
        }
    }

    #[inline(always)]
    unsafe fn not_digits(from: *const u8) -> u32 {
        // SAFETY: see above.
        unsafe {
            let text = _mm256_loadu_si256(from.cast());
            let values = _mm256_xor_si256(text, _mm256_set1_epi8(b'0' as i8));
            let digits = _mm256_cmpeq_epi8(_mm256_min_epu8(values, _mm256_set1_epi8(9)), values);
            !(_mm256_movemask_epi8(digits) as u32)
        }
    }

    #[inline(always)]
    unsafe fn digits(end: *const u8, count: usize) -> u64 {
        // SAFETY: see above.
        unsafe {
            let text = _mm_loadu_si128(end.sub(16).cast());
            let mask = _mm_loadu_si128(ENDINGS.as_ptr().add(16 + count).cast());
            let digit = _mm_set1_epi8(0x0f);
            number(_mm_and_si128(_mm_and_si128(text, digit), mask))
        }
    }

    #[inline(always)]
    unsafe fn digits_around_point(end: *const u8, whole: usize, fraction: usize) -> (u64, u64) {
        // SAFETY: see above.
        unsafe {
            let as_is = _mm256_loadu_si256(end.sub(32).cast());
            // A byte further left, the digits before the point stand where it stood.
            let shifted = _mm256_loadu_si256(end.sub(33).cast());
            let behind = _mm256_loadu_si256(ENDINGS.as_ptr().add(fraction).cast());
            let all = _mm256_loadu_si256(ENDINGS.as_ptr().add(whole + fraction).cast());
            let shifted = _mm256_and_si256(_mm256_andnot_si256(behind, all), shifted);
            let digits = _mm256_or_si256(_mm256_and_si256(as_is, behind), shifted);
            numbers(_mm256_and_si256(digits, _mm256_set1_epi8(0x0f)))
        }
    }

    #[inline(always)]
    unsafe fn write_digits(number: u64, to: *mut u8, again: *mut u8, skipped: usize) -> usize {
        const EIGHT: u64 = 100_000_000;
        // Halves, fours, pairs and digits, each split in all places at once by multiplying with a
        // rounded inverse: of ten thousand, a hundred and ten.
        // SAFETY: see above; the table has 32 bytes.
        unsafe {
            let halves = _mm_set_epi64x((number % EIGHT) as i64, (number / EIGHT) as i64);
            let inverse = _mm_set1_epi64x(3_518_437_209);
            let upper = _mm_srli_epi64::<45>(_mm_mul_epu32(halves, inverse));
            let lower = _mm_sub_epi64(halves, _mm_mul_epu32(upper, _mm_set1_epi64x(10_000)));
            let fours = _mm_or_si128(upper, _mm_slli_epi64::<32>(lower));
            let upper = _mm_srli_epi16::<3>(_mm_mulhi_epu16(fours, _mm_set1_epi16(5243)));
            let lower = _mm_sub_epi16(fours, _mm_mullo_epi16(upper, _mm_set1_epi16(100)));
            let pairs = _mm_or_si128(upper, _mm_slli_epi32::<16>(lower));
            let upper = _mm_mulhi_epu16(pairs, _mm_set1_epi16(6554));
            let lower = _mm_sub_epi16(pairs, _mm_mullo_epi16(upper, _mm_set1_epi16(10)));
            let digits = _mm_or_si128(upper, _mm_slli_epi16::<8>(lower));
            let text = _mm_or_si128(digits, _mm_set1_epi8(b'0' as i8));
            _mm_storeu_si128(to.cast(), text);
            let behind = _mm_loadu_si128(BEHIND.as_ptr().add(skipped).cast());
            _mm_storeu_si128(again.cast(), _mm_shuffle_epi8(text, behind));
            let zeros = _mm_movemask_epi8(_mm_cmpeq_epi8(digits, _mm_setzero_si128()));
            // Sixteen bits, the highest for the last digit.
            (!zeros as u16).leading_zeros() as usize
        }
    }

    #[inline(always)]
    fn nested(text: &[u8]) -> Option<usize> {
        // SAFETY: see above.
        unsafe { nested(text) }
    }
}

/// `nested::length`, stamped for the instruction set.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline(never)]
fn nested(text: &[u8]) -> Option<usize> {
    nested::length::<Avx2>(text)
}

/// White space by its lower four bits; a zero in place of the others is none, but for byte 0, whose
/// place the blank has.
pub(super) static SPACES: [u8; 16] = [
    b' ', 0, 0, 0, 0, 0, 0, 0, 0, b'\t', b'\n', 0, 0, b'\r', 0, 0,
];

impl Blocks for Avx2 {
    #[inline(always)]
    unsafe fn kinds(from: *const u8) -> Kinds {
        // SAFETY: see above.
        unsafe {
            let text = Pair::load(from);
            let lower = text.map(|half| _mm256_or_si256(half, _mm256_set1_epi8(0x20)));
            let spaces = _mm256_broadcastsi128_si256(_mm_loadu_si128(SPACES.as_ptr().cast()));
            let spaces = text.map(|half| _mm256_shuffle_epi8(spaces, half));
            Kinds {
                quote: text.is(b'"'),
                backslash: text.is(b'\\'),
                control: text.at_most(0x1f),
                space: Pair::same(spaces, text),
                opens: lower.is(b'{'),
                closes: lower.is(b'}'),
                // The bit of the case, moved to where masks are made from.
                curly: text.map(|half| _mm256_slli_epi16::<2>(half)).mask(),
                colon: text.is(b':'),
                comma: text.is(b','),
                digits: Digits {
                    digit: text
                        .map(|half| _mm256_sub_epi8(half, _mm256_set1_epi8(b'0' as i8)))
                        .at_most(9),
                    zero: text.is(b'0'),
                    point: text.is(b'.'),
                    minus: text.is(b'-'),
                },
            }
        }
    }

    #[inline(always)]
    unsafe fn escape_letters(from: *const u8) -> (u64, u64) {
        // SAFETY: see above.
        unsafe {
            let text = Pair::load(from);
            let letters = b"\"\\/bfnrtu".iter();
            let letters = letters.fold(0, |mask, letter| mask | text.is(*letter));
            (letters, text.is(b'u'))
        }
    }

    #[inline(always)]
    fn parity(bits: u64) -> u64 {
        // SAFETY: see above.
        unsafe {
            let all = _mm_set1_epi8(-1);
            let product = _mm_clmulepi64_si128::<0>(_mm_cvtsi64_si128(bits as i64), all);
            _mm_cvtsi128_si64(product) as u64
        }
    }

    #[inline(always)]
    unsafe fn exponents(from: *const u8) -> (u64, u64) {
        // SAFETY: see above.
        unsafe {
            let text = Pair::load(from);
            (text.is(b'e') | text.is(b'E'), text.is(b'+'))
        }
    }
}

/// 64 bytes.
#[derive(Clone, Copy)]
struct Pair(__m256i, __m256i);

// SAFETY of the blocks below: the callers promise that the processor has AVX2.
impl Pair {
    /// # Safety
    ///
    /// 64 bytes can be read at `from`, and the processor has AVX2, as below.
    #[inline(always)]
    unsafe fn load(from: *const u8) -> Self {
        // SAFETY: the caller promises it.
        unsafe {
            Self(
                _mm256_loadu_si256(from.cast()),
                _mm256_loadu_si256(from.add(32).cast()),
            )
        }
    }

    #[inline(always)]
    fn map(self, change: impl Fn(__m256i) -> __m256i) -> Self {
        Self(change(self.0), change(self.1))
    }

    /// The highest bits of the bytes.
    #[inline(always)]
    unsafe fn mask(self) -> u64 {
        // SAFETY: see above.
        let (first, second) = unsafe {
            (
                _mm256_movemask_epi8(self.0) as u32,
                _mm256_movemask_epi8(self.1) as u32,
            )
        };
        u64::from(second) << 32 | u64::from(first)
    }

    #[inline(always)]
    unsafe fn same(a: Self, b: Self) -> u64 {
        // SAFETY: see above.
        unsafe { Self(_mm256_cmpeq_epi8(a.0, b.0), _mm256_cmpeq_epi8(a.1, b.1)).mask() }
    }

    #[inline(always)]
    unsafe fn is(self, byte: u8) -> u64 {
        // SAFETY: see above.
        unsafe {
            let byte = _mm256_set1_epi8(byte as i8);
            Self::same(self, Self(byte, byte))
        }
    }

    #[inline(always)]
    unsafe fn at_most(self, limit: u8) -> u64 {
        // SAFETY: see above.
        unsafe {
            let limit = _mm256_set1_epi8(limit as i8);
            let lower = self.map(|half| _mm256_min_epu8(half, limit));
            Self::same(lower, self)
        }
    }
}

impl Avx2 {
    /// Marks the bytes that do not stand for themselves in a JSON string.
    ///
    /// # Safety
    ///
    /// The processor has AVX2.
    #[inline(always)]
    pub(super) unsafe fn special(text: __m256i) -> u32 {
        // SAFETY: the caller promises it.
        unsafe {
            let quote = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b'"' as i8));
            let backslash = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b'\\' as i8));
            // There is no unsigned comparison; a byte is control when 0x1f is the larger.
            let limit = _mm256_set1_epi8(0x1f);
            let control = _mm256_cmpeq_epi8(_mm256_max_epu8(text, limit), limit);
            let special = _mm256_or_si256(_mm256_or_si256(quote, backslash), control);
            _mm256_movemask_epi8(special) as u32
        }
    }
}

/// The number that sixteen digit values write.
///
/// # Safety
///
/// The processor has AVX2.
#[inline(always)]
unsafe fn number(digits: __m128i) -> u64 {
    // SAFETY: the caller promises it.
    let eights = unsafe {
        let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(TEN_ONE));
        let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(HUNDRED_ONE));
        let fours = _mm_packus_epi32(fours, fours);
        _mm_cvtsi128_si64(_mm_madd_epi16(fours, _mm_set1_epi32(MYRIAD_ONE))) as u64
    };
    join(eights)
}

/// The numbers that the upper and the lower sixteen of 32 digit values write.
///
/// # Safety
///
/// The processor has AVX2.
#[inline(always)]
unsafe fn numbers(digits: __m256i) -> (u64, u64) {
    // SAFETY: the caller promises it.
    let (upper, lower) = unsafe {
        let pairs = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(TEN_ONE));
        let fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(HUNDRED_ONE));
        let fours = _mm256_packus_epi32(fours, fours);
        let eights = _mm256_madd_epi16(fours, _mm256_set1_epi32(MYRIAD_ONE));
        (
            _mm_cvtsi128_si64(_mm256_castsi256_si128(eights)) as u64,
            _mm_cvtsi128_si64(_mm256_extracti128_si256::<1>(eights)) as u64,
        )
    };
    (join(upper), join(lower))
}

/// Two groups of eight digits, the first in the lower half, as one number.
#[inline(always)]
fn join(eights: u64) -> u64 {
    (eights & 0xffff_ffff) * 100_000_000 + (eights >> 32)
}
