//! One cell, where it is as its type makes one expect.

use super::float;
use crate::columns::read::{Column, Texts, Values, exact_count, exact_time, wall_clock};
use crate::date;
use crate::isa::Isa;
use crate::number::TENS;
use crate::sql_type::{NumberType, SqlType};
use crate::temporal::{parse_time, parse_timestamp};
use crate::text::ESCAPES;

/// Reads the cell at `at` into the column and returns where it ends; `None`, and the column as it
/// was, when the strict reader must look at it.
///
/// # Safety
///
/// `super::AFTER` bytes can be read at `at` and at every address from there to `stop`, and
/// `super::BEFORE` bytes before `at`. The column has room for a row.
#[inline(always)]
pub(super) unsafe fn read<I: Isa>(
    column: &mut Column,
    at: *const u8,
    stop: *const u8,
) -> Option<*const u8> {
    let ty = column.ty;
    // SAFETY: the caller's promises are those that the readers below ask for.
    let end = unsafe {
        match &mut column.values {
            Values::Text(texts) => text::<I>(texts, at, stop),
            Values::Float(values) => store(values, float::read::<I>(at)),
            Values::Number { ty, values } => store(values, number::<I>(*ty, at)),
            Values::Date(values) => store(values, quoted_date(at)),
            Values::Boolean(values) => store(values, boolean(at)),
            Values::Time(values) => {
                let time = |text: &[u8]| exact_time(ty, parse_time(text)?);
                store(values, quoted::<I, _>(at, time))
            }
            Values::Timestamp(digits, values) => {
                let count =
                    |text: &[u8]| exact_count(*digits, wall_clock(ty, parse_timestamp(text)?)).ok();
                store(values, quoted::<I, _>(at, count))
            }
            Values::Zoned(digits, values, offsets) => {
                let zoned = |text: &[u8]| {
                    let stamp = parse_timestamp(text)?;
                    let count = exact_count(*digits, stamp).ok()?;
                    Some((count, stamp.offset.unwrap_or(0)))
                };
                quoted::<I, _>(at, zoned).map(|((count, offset), end)| {
                    push(values, count);
                    push(offsets, offset);
                    end
                })
            }
            Values::Json(texts) => nested::<I>(texts, ty, at, stop),
            Values::Binary { .. } => None,
        }
    };
    match end {
        Some(end) => Some(end),
        // SAFETY: the caller promises more.
        None => unsafe { null(column, at) },
    }
}

/// # Safety
///
/// Four bytes can be read at `at`.
#[inline(never)]
unsafe fn null(column: &mut Column, at: *const u8) -> Option<*const u8> {
    // SAFETY: the caller promises it.
    let word = unsafe { at.cast::<[u8; 4]>().read() };
    if &word != b"null" {
        return None;
    }
    column.append_null();
    Some(at.wrapping_add(4))
}

/// # Safety
///
/// The vector has room for a value.
#[inline(always)]
unsafe fn push<T>(values: &mut Vec<T>, value: T) {
    let len = values.len();
    debug_assert!(len < values.capacity(), "a block has room for its rows");
    // SAFETY: the caller promises the room.
    unsafe {
        values.as_mut_ptr().add(len).write(value);
        values.set_len(len + 1);
    }
}

/// Keeps the value that was read, and returns where it ends.
///
/// # Safety
///
/// The vector has room for a value.
#[inline(always)]
unsafe fn store<T>(values: &mut Vec<T>, found: Option<(T, *const u8)>) -> Option<*const u8> {
    let (value, end) = found?;
    // SAFETY: the caller promises it.
    unsafe { push(values, value) };
    Some(end)
}

/// # Safety
///
/// Five bytes can be read at `at`.
#[inline(always)]
unsafe fn boolean(at: *const u8) -> Option<(bool, *const u8)> {
    // SAFETY: the caller promises it.
    match unsafe { at.cast::<[u8; 5]>().read() } {
        [b't', b'r', b'u', b'e', _] => Some((true, at.wrapping_add(4))),
        [b'f', b'a', b'l', b's', b'e'] => Some((false, at.wrapping_add(5))),
        _ => None,
    }
}

/// True for the bytes that end a cell when no white space does.
#[inline(always)]
pub(super) fn ends_cell(byte: u8) -> bool {
    byte == b',' || byte == b']'
}

/// Reads a text with its quotes.
///
/// # Safety
///
/// As `read`.
#[inline(always)]
unsafe fn text<I: Isa>(texts: &mut Texts, at: *const u8, stop: *const u8) -> Option<*const u8> {
    let begin = texts.bytes.len();
    if texts.bytes.capacity() - begin < 32 {
        texts.bytes.reserve(64);
    }
    // SAFETY: 33 bytes can be read at `at`, and 32 written behind the texts, where there is room.
    unsafe {
        if *at != b'"' {
            return None;
        }
        let from = at.add(1);
        let to = texts.bytes.as_mut_ptr().add(begin);
        let len = texts.guess.end(I::copy_plain(from, to));
        if len == 32 || *from.add(len) != b'"' || len > texts.most {
            return long::<I>(texts, from, stop);
        }
        texts.bytes.set_len(begin + len);
        push(&mut texts.offsets, (begin + len) as i32);
        Some(from.add(len + 1))
    }
}

/// Reads an array or object as the text that it is.
///
/// # Safety
///
/// As `read`.
#[inline(always)]
unsafe fn nested<I: Isa>(
    texts: &mut Texts,
    ty: SqlType,
    at: *const u8,
    stop: *const u8,
) -> Option<*const u8> {
    let left = stop as usize - at as usize + super::AFTER;
    // SAFETY: so many bytes can be read up to the end of the body.
    let rest = unsafe { std::slice::from_raw_parts(at, left) };
    let fits = match ty {
        SqlType::Object => rest.first() == Some(&b'{'),
        SqlType::Array => rest.first() == Some(&b'['),
        _ => true,
    };
    if !fits {
        return None;
    }
    let text = rest.get(..I::nested(rest)?)?;
    texts.bytes.extend_from_slice(text);
    texts.end();
    Some(at.wrapping_add(text.len()))
}

/// Reads a text that is longer than one step, or has escapes in it.
///
/// # Safety
///
/// As `read`.
#[inline(always)]
unsafe fn long<I: Isa>(
    texts: &mut Texts,
    mut from: *const u8,
    stop: *const u8,
) -> Option<*const u8> {
    let begin = texts.bytes.len();
    let mut len = begin;
    let mut escaped = false;
    // SAFETY: up to `stop` a step can be read, and twelve bytes behind it; there is room for a
    // step, and for a character behind it; and bytes below `len` were written.
    unsafe {
        while from <= stop {
            if texts.bytes.capacity() - len < 64 + 4 {
                texts.bytes.set_len(len);
                texts.bytes.reserve(128);
            }
            let to = texts.bytes.as_mut_ptr().add(len);
            let step = I::unescape(from, to, &mut escaped);
            from = from.offset(step.passed);
            len += step.written;
            if !step.stopped {
                continue;
            }
            let to = to.add(step.written);
            match *from {
                b'"' if len - begin <= texts.most => {
                    texts.bytes.set_len(len);
                    push(&mut texts.offsets, len as i32);
                    return Some(from.add(1));
                }
                b'\\' => {
                    let letter = ESCAPES[usize::from(*from.add(1))];
                    if letter != 0 {
                        to.write(letter);
                        len += 1;
                        from = from.add(2);
                        continue;
                    }
                    let Some((letter, passed)) = unicode(&from.cast::<[u8; 12]>().read()) else {
                        break;
                    };
                    let mut utf8 = [0; 4];
                    len += letter.encode_utf8(&mut utf8).len();
                    to.cast::<[u8; 4]>().write(utf8);
                    from = from.add(passed);
                }
                _ => break,
            }
        }
        texts.bytes.set_len(begin);
    }
    None
}

/// The character that `\uXXXX` stands for, or two of them, and how many bytes were looked at.
fn unicode(text: &[u8; 12]) -> Option<(char, usize)> {
    let [b'\\', b'u', a, b, c, d, b'\\', b'u', rest @ ..] = text else {
        let [b'\\', b'u', a, b, c, d, ..] = *text else {
            return None;
        };
        return Some((char::from_u32(hexadecimal([a, b, c, d])?)?, 6));
    };
    let first = hexadecimal([*a, *b, *c, *d])?;
    if let Some(letter) = char::from_u32(first) {
        return Some((letter, 6));
    }
    let second = hexadecimal(*rest)?;
    if !(0xd800..0xdc00).contains(&first) || !(0xdc00..0xe000).contains(&second) {
        return None;
    }
    let letter = char::from_u32(0x1_0000 + ((first - 0xd800) << 10 | (second - 0xdc00)))?;
    Some((letter, 12))
}

#[inline]
fn hexadecimal(digits: [u8; 4]) -> Option<u32> {
    let [a, b, c, d] = digits.map(|digit| u32::from(HEXADECIMAL[usize::from(digit)]));
    // A byte that is no digit has a bit above those of four digits.
    let value = a << 12 | b << 8 | c << 4 | d;
    ((a | b | c | d) < 16).then_some(value)
}

/// The values of hexadecimal digits; 16 for other bytes.
static HEXADECIMAL: [u8; 256] = {
    let mut table = [16; 256];
    let mut value = 0;
    while value < 16 {
        table[b"0123456789abcdef"[value] as usize] = value as u8;
        table[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    table
};

/// Reads a number that has no exponent.
///
/// # Safety
///
/// 32 bytes can be read at `at`, and 33 before.
#[inline(always)]
unsafe fn number<I: Isa>(ty: NumberType, at: *const u8) -> Option<(i128, *const u8)> {
    if ty.scale() > 0 {
        // SAFETY: the caller promises it.
        return unsafe { decimal::<I>(ty, at) };
    }
    // SAFETY: the caller promises it; the digits found end within 32 bytes.
    unsafe {
        let negative = usize::from(*at == b'-');
        let others = I::not_digits(at) & !(negative as u32);
        let len = others.trailing_zeros() as usize;
        let count = len - negative.min(len);
        let end = at.wrapping_add(len);
        if !(1..=16).contains(&count)
            || !ends_cell(*end)
            || (*at.add(negative) == b'0' && count > 1)
        {
            return None;
        }
        let value = I::digits(end, count);
        if ty.precision() < 16 && u128::from(value) >= TENS[usize::from(ty.precision())] {
            return None;
        }
        let value = value as i64;
        let value = if negative == 1 { -value } else { value };
        Some((i128::from(value), end))
    }
}

/// # Safety
///
/// As `number`.
#[inline(always)]
unsafe fn decimal<I: Isa>(ty: NumberType, at: *const u8) -> Option<(i128, *const u8)> {
    // SAFETY: the caller promises it.
    let (found, end) = unsafe { float::digits::<I>(at)? };
    let zeros = usize::from(ty.scale()).checked_sub(found.fraction)?;
    // Both factors are in range: below 10^24, and a power up to the scale.
    let digits = u128::from(found.upper) * 10_000_000_000_000_000 + u128::from(found.lower);
    let value = digits.checked_mul(TENS[zeros])?;
    if value >= TENS[usize::from(ty.precision())] {
        return None;
    }
    // Below 10^38, which is below 2^127.
    let value = value as i128;
    Some((if found.negative { -value } else { value }, end))
}

/// Reads a text of less than 32 bytes and without escapes.
///
/// # Safety
///
/// 33 bytes can be read at `at`.
#[inline(always)]
unsafe fn quoted<I: Isa, T>(
    at: *const u8,
    read: impl FnOnce(&[u8]) -> Option<T>,
) -> Option<(T, *const u8)> {
    let mut text = [0; 32];
    // SAFETY: the caller promises it; the text is as long as a step.
    let len = unsafe {
        if *at != b'"' {
            return None;
        }
        I::copy_plain(at.add(1), text.as_mut_ptr()).trailing_zeros() as usize
    };
    // SAFETY: 33 bytes can be read.
    if len == 32 || unsafe { *at.add(1 + len) } != b'"' {
        return None;
    }
    Some((read(text.get(..len)?)?, at.wrapping_add(len + 2)))
}

/// # Safety
///
/// Twelve bytes can be read at `at`.
#[inline(always)]
unsafe fn quoted_date(at: *const u8) -> Option<(i32, *const u8)> {
    // SAFETY: the caller promises it.
    let [b'"', text @ .., b'"'] = (unsafe { at.cast::<[u8; 12]>().read() }) else {
        return None;
    };
    Some((date::parse(&text)?, at.wrapping_add(12)))
}
