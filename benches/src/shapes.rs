//! The data: four shapes of requests and one of responses, the same on every
//! run.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array, StringArray};
use floe_batch::{NumberType, SqlType};

/// Columns and the declared types they have.
///
/// ```
/// let shape = floe_benches::shapes::mixed3(10);
/// assert_eq!((shape.types.len(), shape.columns.len(), shape.columns[0].len()), (3, 3, 10));
/// ```
#[derive(Debug, Clone)]
pub struct Shape {
    /// Declared types, one per column.
    pub types: Vec<SqlType>,
    /// The columns, all of one length.
    pub columns: Vec<ArrayRef>,
}

/// Returns a whole number, a short ASCII text of which 2 % are NULL, and a
/// timestamp as text.
///
/// ```
/// use arrow::array::Array;
///
/// let shape = floe_benches::shapes::mixed3(1000);
/// let nulls = shape.columns[1].null_count();
/// assert!((5..=50).contains(&nulls), "{nulls}");
/// ```
pub fn mixed3(rows: usize) -> Shape {
    let mut dice = Dice::new(3);
    let numbers: Vec<_> = (0..rows)
        .map(|_| i128::from(dice.below(100_000_000)))
        .collect();
    let texts: Vec<_> = (0..rows)
        .map(|_| (dice.below(50) > 0).then(|| dice.word(4, 12)))
        .collect();
    let times: Vec<_> = (0..rows).map(|_| timestamp(&mut dice)).collect();
    let numbers = Decimal128Array::from(numbers);
    let number = SqlType::Number(NumberType::INTEGER);
    Shape {
        types: vec![number, VARCHAR, VARCHAR],
        columns: vec![
            Arc::new(numbers.with_data_type(number.arrow_type())),
            Arc::new(StringArray::from(texts)),
            Arc::new(StringArray::from(times)),
        ],
    }
}

/// Returns one text of about a kilobyte: 40 % of the rows hold text beyond
/// ASCII, and each about twenty characters that must be escaped.
///
/// ```
/// use arrow::array::AsArray;
///
/// let shape = floe_benches::shapes::text1k(100);
/// let texts = shape.columns[0].as_string::<i32>();
/// assert!(texts.iter().flatten().all(|text| (900..1400).contains(&text.len())));
/// assert!(texts.iter().flatten().any(|text| !text.is_ascii()));
/// ```
pub fn text1k(rows: usize) -> Shape {
    let mut dice = Dice::new(1);
    let texts: Vec<_> = (0..rows).map(|_| kilobyte(&mut dice)).collect();
    Shape {
        types: vec![VARCHAR],
        columns: vec![Arc::new(StringArray::from(texts))],
    }
}

/// Returns ten doubles: seven with all their digits, two with two decimals, one
/// whole number.
///
/// ```
/// assert_eq!(floe_benches::shapes::feat10(5).columns.len(), 10);
/// ```
pub fn feat10(rows: usize) -> Shape {
    let mut dice = Dice::new(10);
    let mut column = |index: usize| -> ArrayRef {
        let value = |dice: &mut Dice| match index {
            0..7 => dice.normal(),
            7..9 => dice.below(1_000_000) as f64 / 100.0,
            _ => dice.below(100_000) as f64,
        };
        Arc::new(Float64Array::from_iter_values(
            (0..rows).map(|_| value(&mut dice)),
        ))
    };
    Shape {
        types: vec![SqlType::Float; 10],
        columns: (0..10).map(&mut column).collect(),
    }
}

/// Returns one nested object of about 250 bytes, as JSON text.
///
/// ```
/// use arrow::array::AsArray;
///
/// let shape = floe_benches::shapes::variant(100);
/// let texts = shape.columns[0].as_string::<i32>();
/// assert!(texts.iter().flatten().all(|text| (180..330).contains(&text.len())));
/// assert!(texts.iter().flatten().all(|text| floe_batch::check_json(text).is_ok()));
/// ```
pub fn variant(rows: usize) -> Shape {
    let mut dice = Dice::new(7);
    let texts: Vec<_> = (0..rows).map(|_| object(&mut dice)).collect();
    Shape {
        types: vec![SqlType::Variant],
        columns: vec![Arc::new(StringArray::from(texts))],
    }
}

fn object(dice: &mut Dice) -> String {
    let tags: Vec<_> = (0..1 + dice.below(4))
        .map(|_| format!("\"{}\"", dice.word(3, 9)))
        .collect();
    format!(
        "{{\"id\":{},\"name\":\"{} {}\",\"active\":{},\"score\":{},\"parent\":{},\
         \"tags\":[{}],\"address\":{{\"street\":\"{} {}\",\"city\":\"{}\",\
         \"location\":[{:.6},{:.6}]}},\"created\":\"{}\",\"note\":\"{}\"}}",
        dice.below(10_000_000),
        dice.word(4, 9),
        dice.word(5, 12),
        dice.below(2) == 0,
        f64::from(dice.below(10_000)) / 100.0,
        if dice.below(3) == 0 {
            "null".to_owned()
        } else {
            dice.below(100_000).to_string()
        },
        tags.join(","),
        dice.below(400),
        dice.word(6, 14),
        dice.word(4, 12),
        dice.normal() * 20.0,
        dice.normal() * 60.0,
        timestamp(dice),
        match dice.below(4) {
            0 => format!("{}\\n\\\"{}\\\"", dice.word(3, 9), dice.word(3, 9)),
            1 => format!("Grüße, {}", dice.word(3, 9)),
            _ => dice.word(3, 12),
        },
    )
}

/// Returns the column of a response: a short text per row.
///
/// ```
/// assert_eq!(floe_benches::shapes::short(5).columns.len(), 1);
/// ```
pub fn short(rows: usize) -> Shape {
    let mut dice = Dice::new(5);
    let texts: Vec<_> = (0..rows).map(|_| dice.word(3, 10)).collect();
    Shape {
        types: vec![VARCHAR],
        columns: vec![Arc::new(StringArray::from(texts))],
    }
}

/// Rewrites a tenth of the rows of a body with `\uXXXX` for every character
/// beyond ASCII, as `json.dumps` of Python does. Each row must be on the level
/// of [`text1k`]: one text.
///
/// ```
/// let body = r#"{"data":[[0,"é"],[1,"é"]]}"#;
/// let escaped = floe_benches::shapes::escape_some(body);
/// assert_eq!(escaped, r#"{"data":[[0,"\u00e9"],[1,"é"]]}"#);
/// ```
pub fn escape_some(body: &str) -> String {
    let rows = body.split_inclusive("],[").enumerate();
    let row = |(number, row): (usize, &str)| {
        if number % 10 > 0 {
            return row.to_owned();
        }
        let mut escaped = String::with_capacity(row.len());
        for letter in row.chars() {
            if letter.is_ascii() {
                escaped.push(letter);
                continue;
            }
            for unit in letter.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
        escaped
    };
    rows.map(row).collect()
}

const VARCHAR: SqlType = SqlType::Varchar(floe_batch::TextLength::UNLIMITED);

fn timestamp(dice: &mut Dice) -> String {
    let (year, month, day) = (
        2000 + dice.below(26),
        1 + dice.below(12),
        1 + dice.below(28),
    );
    let (hour, minute, second) = (dice.below(24), dice.below(60), dice.below(60));
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

fn kilobyte(dice: &mut Dice) -> String {
    const BEYOND: [&str; 4] = ["Grüße", "日本語", "naïve", "déjà 𝄞"];
    const ESCAPED: [&str; 4] = ["\n", "\"", "\\", "\t"];
    let beyond = dice.below(10) < 4;
    let mut text = String::with_capacity(1100);
    while text.len() < 1024 {
        text.push_str(&dice.word(2, 11));
        match dice.below(7) {
            0 => text.push_str(ESCAPED[dice.below(4) as usize]),
            1 if beyond => text.push_str(BEYOND[dice.below(4) as usize]),
            _ => text.push(' '),
        }
    }
    text
}

/// Numbers that look random and are the same on every run (Marsaglia,
/// "Xorshift RNGs", 2003).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u32) -> u32 {
        // The upper half times the limit: below the limit, so it fits.
        (((self.next() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// Lower-case letters, `min` to `max` of them.
    fn word(&mut self, min: u32, max: u32) -> String {
        let length = min + self.below(max - min + 1);
        (0..length)
            .map(|_| char::from(b'a' + self.below(26) as u8))
            .collect()
    }

    /// About normally distributed: the sum of twelve uniform numbers, less six.
    fn normal(&mut self) -> f64 {
        let uniform = |bits: u64| (bits >> 11) as f64 / (1_u64 << 53) as f64;
        (0..12).map(|_| uniform(self.next())).sum::<f64>() - 6.0
    }
}
