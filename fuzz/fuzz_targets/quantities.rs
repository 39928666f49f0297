//! Any text as a quantity: exact, and the same again when it is written out.

#![no_main]

use floe_spec::{CacheTime, CpuQuantity, Decimal, MemoryQuantity, Retention, SpecDigest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(bytes) = data.first_chunk::<8>() {
        let number = u64::from_le_bytes(*bytes);
        let cpu = CpuQuantity::from_millis(number);
        assert_eq!(CpuQuantity::parse(&cpu.to_string()), Ok(cpu));
        let memory = MemoryQuantity::from_bytes(number);
        assert_eq!(MemoryQuantity::parse(&memory.to_string()), Ok(memory));
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match CpuQuantity::parse(text) {
        Ok(cpu) => assert_eq!(cpu.millis(), exact(text.strip_suffix('m'), text, 1, 1000)),
        Err(error) => assert!(!error.to_string().contains('\n') || text.contains('\n')),
    }
    match MemoryQuantity::parse(text) {
        Ok(memory) => assert_eq!(memory.bytes(), rounded_up(text)),
        Err(error) => assert!(error.code().starts_with("FLOE-SPEC-")),
    }
    if let Some(number) = Decimal::parse(text) {
        assert!(number.to_f64().is_finite());
        assert_eq!(number.to_string(), text);
    }
    if let Some(time) = Retention::parse(text) {
        assert_eq!(time.to_string(), text);
    }
    if let Some(time) = CacheTime::parse(text) {
        assert_eq!(CacheTime::parse(&time.to_string()), Some(time));
    }
    let _ = SpecDigest::parse(text);
});

/// The number in the smallest unit, by long arithmetic on the digits.
fn exact(small: Option<&str>, text: &str, small_scale: u128, scale: u128) -> u64 {
    let (digits, scale) = match small {
        Some(digits) => (digits, small_scale),
        None => (text, scale),
    };
    let (whole, part) = product(digits, scale);
    assert!(!part);
    whole
}

fn rounded_up(text: &str) -> u64 {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let scale = match unit {
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        other => panic!("{other} is no unit"),
    };
    let digits = text.strip_suffix(unit).unwrap_or(text);
    let (whole, part) = product(digits, scale);
    whole + u64::from(part)
}

/// Whole part of a decimal number times a scale, and whether anything is left: long multiplication
/// on paper, in decimal digits.
fn product(digits: &str, scale: u128) -> (u64, bool) {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut paper = Vec::new();
    let mut carry = 0;
    for digit in fraction.bytes().rev().chain(whole.bytes().rev()) {
        let sum = u128::from(digit - b'0') * scale + carry;
        paper.push(sum % 10);
        carry = sum / 10;
    }
    while carry > 0 {
        paper.push(carry % 10);
        carry /= 10;
    }
    let (behind, before) = paper.split_at(fraction.len());
    let total = before
        .iter()
        .rev()
        .fold(0, |total, digit| total * 10 + digit);
    let left = behind.iter().any(|digit| *digit > 0);
    (u64::try_from(total).expect("it was read"), left)
}
