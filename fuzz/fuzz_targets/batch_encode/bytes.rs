//! The fuzzer's bytes as values of every kind, odd ones first.

/// Texts that are JSON, or nearly.
const JSON: [&str; 16] = [
    "null",
    " { \"a\" : [ 1 , -0.5e+3 ] } ",
    "{}",
    "[]",
    "\"\\ud834\\udd1e\\/\"",
    "\"\\ud834\"",
    "{\"a\":1,\"a\":2}",
    "1],[7,2",
    "1}]}",
    "-0",
    "01",
    "1e400",
    "[1,]",
    "\"a\tb\"",
    "\u{feff}1",
    "",
];

const DOUBLES: [f64; 18] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    5e-324,
    f64::MIN_POSITIVE,
    f64::MAX,
    f64::MIN,
    f64::EPSILON,
    1e15,
    1e16,
    1e17,
    1e21,
    1e-5,
    9_007_199_254_740_993.0,
    123_456_789.012_345_67,
    0.1,
];

/// Endless: after the last byte come the first again, each a little changed.
pub(crate) struct Bytes<'a> {
    bytes: &'a [u8],
    taken: usize,
}

impl<'a> Bytes<'a> {
    /// `None` for no bytes at all.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        (!bytes.is_empty()).then_some(Self { bytes, taken: 0 })
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let (round, at) = (self.taken / self.bytes.len(), self.taken % self.bytes.len());
        self.taken += 1;
        self.bytes[at].wrapping_add((round % 256) as u8)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// Any number, more often one of few digits or next to a power of ten.
    pub(crate) fn integer(&mut self) -> i128 {
        match self.byte() % 8 {
            0 => {
                let high = i128::from(self.word() as i64) << 64;
                high | i128::from(self.word())
            }
            1 => i128::from(self.word() as i64),
            2 => i128::from(self.word()),
            3 => {
                let power = 10_i128.pow(u32::from(self.byte() % 39));
                let near = power - 1 + i128::from(self.byte() % 3);
                if self.byte() % 2 == 0 { near } else { -near }
            }
            _ => i128::from(self.word() as i64 >> (self.byte() % 64)),
        }
    }

    /// Mostly a number of the range, sometimes one at its ends or any other.
    pub(crate) fn mostly(&mut self, first: i128, last: i128) -> i128 {
        match self.byte() {
            0..8 => self.integer(),
            8..24 => first - 1 + i128::from(self.byte() % 3),
            24..40 => last - 1 + i128::from(self.byte() % 3),
            _ => {
                let any = i128::from(self.word()) << 16 | i128::from(self.byte());
                first + any % (last - first + 1)
            }
        }
    }

    pub(crate) fn double(&mut self) -> f64 {
        match self.byte() % 8 {
            0 | 1 => f64::from_bits(self.word()),
            2 | 3 => DOUBLES[self.below(DOUBLES.len())],
            // Without an exponent: subnormal.
            4 => f64::from_bits(self.word() >> (12 + self.byte() % 52)),
            5 => f64::from(self.word() as i16) / 100.0,
            6 => self.word() as i64 as f64,
            _ => 10_f64.powi(i32::from(self.byte() as i8) * 5 / 2),
        }
    }

    pub(crate) fn single(&mut self) -> f32 {
        match self.byte() % 4 {
            0 => DOUBLES[self.below(DOUBLES.len())] as f32,
            1 => f32::from(self.word() as i16) / 100.0,
            _ => f32::from_bits(self.word() as u32),
        }
    }

    /// Empty, short, or long; with what must be escaped and what need not.
    pub(crate) fn text(&mut self) -> String {
        let length = match self.byte() {
            0..16 => 0,
            16..224 => self.below(32),
            _ => self.below(140),
        };
        let text: String = (0..length).map(|_| self.letter()).collect();
        match self.byte() {
            0..8 => text.repeat(8),
            _ => text,
        }
    }

    fn letter(&mut self) -> char {
        match self.byte() {
            byte @ 0..0x80 => char::from(byte),
            byte @ 0x80..0xa0 => char::from(byte & 0x1f),
            0xa0..0xb0 => '"',
            0xb0..0xc0 => '\\',
            0xc0..0xe0 => [
                'é', '\u{7f}', '\u{80}', '日', '\u{2028}', '\u{ffff}', '𝄞', '😀',
            ][self.below(8)],
            _ => char::from_u32(self.word() as u32 & 0x1f_ffff).unwrap_or('\u{fffd}'),
        }
    }

    /// A text that may be JSON.
    pub(crate) fn json(&mut self) -> String {
        match self.byte() % 8 {
            0 | 1 => JSON[self.below(JSON.len())].to_owned(),
            2 => self.integer().to_string(),
            3 => format!("{:e}", self.double()),
            4 => {
                let depth = self.below(68);
                let (open, close) = [("[", "]"), ("{\"a\":", "}")][self.below(2)];
                let inner = if depth == 0 { "1" } else { "[]" };
                format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
            }
            5 => self.text(),
            _ => {
                let (key, text) = (self.text(), self.text());
                let number = self.double();
                let value = serde_json::json!({ key: [text, number, null, { "b": [true] }] });
                let text = value.to_string();
                // Sometimes cut in the middle of something.
                match self.byte() {
                    0..24 => text.chars().take(text.chars().count() / 2).collect(),
                    24..64 => format!("\t{text}\r\n "),
                    _ => text,
                }
            }
        }
    }
}
