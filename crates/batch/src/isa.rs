//! What the hot loops want from a processor, and the choice among what this one has.
//!
//! The loops are written once, over [`Isa`], and stamped for each instruction set by a function
//! that carries the target features. Everything they call is inlined into it: a helper that is
//! not would be compiled without the features, and every instruction in it would become a call.

#![expect(unsafe_code, reason = "vector loads and stores are on raw pointers")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod swar;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use swar::{Swar, eight_digits};

/// Operations on 32 bytes.
///
/// Masks have one bit per byte, the lowest for the first.
pub(crate) trait Isa: Sized {
    /// Copies 32 bytes. The lowest bit that is set in the result marks the first byte that does
    /// not stand for itself in a JSON string: a quote, a backslash or a control character.
    ///
    /// # Safety
    ///
    /// 32 bytes can be read at `from` and written at `to`.
    unsafe fn copy_plain(from: *const u8, to: *mut u8) -> u32;

    /// Marks the bytes that are not decimal digits.
    ///
    /// # Safety
    ///
    /// 32 bytes can be read at `from`.
    unsafe fn not_digits(from: *const u8) -> u32;

    /// Reads the number that the `count` bytes before `end` write, digits all of them.
    ///
    /// # Safety
    ///
    /// 16 bytes can be read before `end`; `count` is at most 16.
    unsafe fn digits(end: *const u8, count: usize) -> u64;

    /// Reads the number that `whole` digits, a point and `fraction` digits write before `end`, as
    /// if the point were not there: the last sixteen digits, and what stands before them.
    ///
    /// # Safety
    ///
    /// 33 bytes can be read before `end`; `whole + fraction` is at most 24.
    unsafe fn digits_around_point(end: *const u8, whole: usize, fraction: usize) -> (u64, u64);

    /// Writes a number below 10^16 as sixteen digits at `to`, and then at `again` those behind the
    /// first `skipped`, with bytes without meaning behind them. Returns how many zeros are at the
    /// end.
    ///
    /// # Safety
    ///
    /// 16 bytes can be written at `to` and at `again`; `skipped` is at most 15.
    unsafe fn write_digits(number: u64, to: *mut u8, again: *mut u8, skipped: usize) -> usize;

    /// Copies the text of a JSON string up to a byte that ends it or that the caller must look at:
    /// a quote, a control character, or the backslash of an escape. An implementation may resolve
    /// the escapes of two characters as it goes; then `escaped` is true when the backslash was
    /// passed and the character after it was not, and false before the first step.
    ///
    /// # Safety
    ///
    /// 64 bytes can be read at `from` and written at `to`.
    #[inline(always)]
    unsafe fn unescape(from: *const u8, to: *mut u8, _escaped: &mut bool) -> Step {
        // SAFETY: the caller promises more.
        unsafe { plain::<Self>(from, to) }
    }

    /// Copies text into a JSON string up to a byte that the caller must escape. An implementation
    /// may write the escapes of two characters as it goes.
    ///
    /// # Safety
    ///
    /// 32 bytes can be read at `from`, and 64 be written at `to`.
    #[inline(always)]
    unsafe fn escape(from: *const u8, to: *mut u8) -> Step {
        // SAFETY: the caller promises more.
        unsafe { plain::<Self>(from, to) }
    }

    /// The length of the JSON array or object that `text` begins with; `None` when the strict
    /// reader must look at it. Whether it is UTF-8 is not checked.
    #[inline(always)]
    fn nested(_text: &[u8]) -> Option<usize> {
        None
    }
}

/// Operations on 64 bytes, and on masks that have a bit for each; for the instruction sets that
/// have them.
#[cfg(target_arch = "x86_64")]
pub(crate) trait Blocks: Isa {
    /// Tells what 64 bytes are in JSON.
    ///
    /// # Safety
    ///
    /// 64 bytes can be read at `from`.
    unsafe fn kinds(from: *const u8) -> Kinds;

    /// Marks the letters that may stand behind a backslash, and those that are a `u`.
    ///
    /// # Safety
    ///
    /// 64 bytes can be read at `from`.
    unsafe fn escape_letters(from: *const u8) -> (u64, u64);

    /// Each bit is one where an odd number of bits are ones, from the lowest up to it.
    fn parity(bits: u64) -> u64;

    /// Marks the letters `e` and `E`, and the plus signs.
    ///
    /// # Safety
    ///
    /// 64 bytes can be read at `from`.
    unsafe fn exponents(from: *const u8) -> (u64, u64);
}

/// Masks of 64 bytes.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Kinds {
    pub(crate) quote: u64,
    pub(crate) backslash: u64,
    /// Bytes below the blank.
    pub(crate) control: u64,
    /// The four that may stand between tokens.
    pub(crate) space: u64,
    /// `{` and `[`.
    pub(crate) opens: u64,
    /// `}` and `]`.
    pub(crate) closes: u64,
    /// Tells braces from square brackets, and nothing of other bytes.
    pub(crate) curly: u64,
    pub(crate) colon: u64,
    pub(crate) comma: u64,
    pub(crate) digits: Digits,
}

/// Masks of what numbers are made of.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Digits {
    pub(crate) digit: u64,
    pub(crate) zero: u64,
    pub(crate) point: u64,
    pub(crate) minus: u64,
}

/// The backslashes that begin an escape, and the bytes that are escaped: in a run of backslashes
/// every second one is. `escaped` says it of the first byte, and then of the one behind the last.
///
/// The trick with the odd bits is that of simdjson (G. Langdale, D. Lemire, "Parsing Gigabytes of
/// JSON per Second", 2019), as they simplified it later.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn pair_up(backslash: u64, escaped: &mut bool) -> (u64, u64) {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    let first = u64::from(*escaped);
    let may_escape = backslash & !first;
    let behind = may_escape << 1;
    let ends = ((behind | ODD).wrapping_sub(may_escape)) ^ ODD;
    let letters = ends ^ (backslash | first);
    let escapes = ends & backslash;
    *escaped = escapes >> 63 == 1;
    (escapes, letters)
}

/// One step that leaves all escapes to the caller.
///
/// # Safety
///
/// As `Isa::copy_plain`.
#[inline(always)]
unsafe fn plain<I: Isa>(from: *const u8, to: *mut u8) -> Step {
    // SAFETY: the caller promises it.
    let special = unsafe { I::copy_plain(from, to) };
    if special == 0 {
        // Apart from the other case, so that the next step need not wait for the count.
        return Step {
            passed: 32,
            written: 32,
            stopped: false,
        };
    }
    let plain = special.trailing_zeros();
    Step {
        passed: plain as isize,
        written: plain as usize,
        stopped: true,
    }
}

/// The same number, in a way that the compiler cannot turn a branch around it into a selection.
///
/// A selection waits for what it selects by; behind a branch that is predicted well, the processor
/// goes on at once.
#[inline(always)]
pub(crate) fn apart(number: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        let mut number = number;
        // SAFETY: there is no instruction in it.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) number, options(nostack, preserves_flags));
        }
        number
    }
    #[cfg(not(target_arch = "x86_64"))]
    number
}

/// How far `Isa::unescape` or `Isa::escape` came.
pub(crate) struct Step {
    /// Bytes of the text that are done; -1 when the backslash of the step before is not.
    pub(crate) passed: isize,
    /// Bytes that were written.
    pub(crate) written: usize,
    /// There is something to look at behind them.
    pub(crate) stopped: bool,
}

/// The instruction sets that the loops are stamped for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Plain 64-bit arithmetic; runs everywhere.
    Swar,
    /// AVX2 with the bit manipulation instructions that came with it.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 with the byte permutations and compressions of VBMI2.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The best that this processor has. Detected once by the standard library.
    #[inline]
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        for level in [Self::Avx512, Self::Avx2] {
            if level.works_here() {
                return level;
            }
        }
        Self::Swar
    }

    /// All that this processor has.
    pub fn all_here() -> Vec<Self> {
        let all = [
            Self::Swar,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512,
        ];
        all.into_iter().filter(|level| level.works_here()).collect()
    }

    /// The level in words, for a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Swar => "floe-batch, no vectors",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "floe-batch, AVX2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "floe-batch, AVX-512",
        }
    }

    #[inline]
    pub(crate) fn works_here(self) -> bool {
        match self {
            Self::Swar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2")
                    && is_x86_feature_detected!("lzcnt")
                    && is_x86_feature_detected!("popcnt")
                    && is_x86_feature_detected!("pclmulqdq")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.works_here()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512vbmi")
                    && is_x86_feature_detected!("avx512vbmi2")
            }
        }
    }
}

#[cfg(test)]
mod tests;
