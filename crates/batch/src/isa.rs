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
pub(crate) use swar::Swar;

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
pub(crate) enum Level {
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
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        for level in [Self::Avx512, Self::Avx2] {
            if level.works_here() {
                return level;
            }
        }
        Self::Swar
    }

    /// All that this processor has.
    #[cfg(test)]
    pub(crate) fn all_here() -> Vec<Self> {
        let all = [
            Self::Swar,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512,
        ];
        all.into_iter().filter(|level| level.works_here()).collect()
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
