//! What every body has around its values: the object, the key `data`, the
//! array of rows, the row numbers and their proof.

use crate::error::{BatchError, Found, JsonKind, Res};
use crate::scan::Scanner;

/// The longest body that is read, in bytes: Arrow's text offsets are 32 bits.
pub const MAX_BODY_BYTES: usize = i32::MAX as usize;

/// Which row numbers a body must have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RowNumbers {
    /// These many, 0, 1, 2 and so on: the answer to a batch.
    Exactly(u64),
    /// As many as come, 0, 1, 2 and so on.
    #[cfg_attr(
        not(feature = "arrow"),
        expect(dead_code, reason = "only columns need it")
    )]
    Counted,
    /// These many, each once, in any order.
    InAnyOrder(u64),
    /// As many as come, with any numbers.
    Any,
}

impl RowNumbers {
    /// The row that must not be read any more.
    #[cfg(feature = "arrow")]
    pub(crate) fn limit(self) -> u64 {
        match self {
            Self::Exactly(rows) | Self::InAnyOrder(rows) => rows,
            Self::Counted | Self::Any => u64::MAX,
        }
    }
}

/// Walks over a body; `cells` is called with the number of a row, the cursor
/// behind that number, and must pass all cells up to the closing bracket. It
/// may pass whole rows after it as well, up to the closing bracket of the last;
/// it returns the number of the row to go on with. Returns how many rows there
/// were.
pub(crate) fn walk<'a>(
    body: &'a [u8],
    numbers: RowNumbers,
    mut cells: impl FnMut(&mut Scanner<'a>, u64) -> Res<u64>,
) -> Res<u64> {
    if body.len() > MAX_BODY_BYTES {
        let (bytes, limit) = (body.len(), MAX_BODY_BYTES);
        return Err(Box::new(BatchError::BodyTooLarge { bytes, limit }));
    }
    let mut scan = Scanner::new(body);
    open(&mut scan, b'{', "an object with the key \"data\"")?;
    let mut rows = None;
    if !scan.eat(b'}') {
        let mut scratch = Vec::new();
        // Bounded by the body: every turn passes at least one byte.
        loop {
            scan.peek();
            let place = scan.place();
            if scan.key(&mut scratch)?.as_str() != "data" {
                scan.skip_value(0)?;
            } else if rows.is_none() {
                rows = Some(walk_rows(&mut scan, numbers, &mut cells)?);
            } else {
                return Err(Box::new(BatchError::DataDuplicated { place }));
            }
            if scan.eat(b'}') {
                break;
            }
            scan.expect(b',', "`,` or `}`")?;
        }
    } else if matches!(numbers, RowNumbers::Exactly(0) | RowNumbers::InAnyOrder(0)) {
        // What services of the wild answer to a batch without rows.
        rows = Some(0);
    }
    let end = scan.place();
    if let Some(byte) = scan.peek() {
        let place = scan.place();
        return Err(Box::new(BatchError::TrailingBytes {
            place,
            found: Found::Byte(byte),
        }));
    }
    rows.ok_or_else(|| Box::new(BatchError::DataMissing { place: end }))
}

/// Passes the bracket that the next value must begin with.
fn open(scan: &mut Scanner<'_>, bracket: u8, expected: &'static str) -> Res<()> {
    if scan.eat(bracket) {
        return Ok(());
    }
    let found = scan.kind()?;
    let place = scan.place();
    Err(Box::new(BatchError::WrongShape {
        place,
        expected,
        found,
    }))
}

fn walk_rows<'a>(
    scan: &mut Scanner<'a>,
    numbers: RowNumbers,
    cells: &mut impl FnMut(&mut Scanner<'a>, u64) -> Res<u64>,
) -> Res<u64> {
    open(scan, b'[', "an array of rows")?;
    let mut seen = Seen::default();
    let mut rows = 0;
    if !scan.eat(b']') {
        // Bounded by the body: every turn passes at least one byte.
        loop {
            scan.set_row(Some(rows));
            if let RowNumbers::Exactly(limit) | RowNumbers::InAnyOrder(limit) = numbers
                && rows >= limit
            {
                scan.peek();
                return Err(Box::new(BatchError::TooManyRows {
                    place: scan.place(),
                    rows: limit,
                }));
            }
            open(scan, b'[', "a row, which is an array")?;
            let number = row_number(scan)?;
            match numbers {
                RowNumbers::Exactly(_) | RowNumbers::Counted if number.value != rows => {
                    return Err(misnumbered(scan, numbers, rows, &number));
                }
                RowNumbers::InAnyOrder(limit) => seen.add(scan, limit, &number)?,
                RowNumbers::Exactly(_) | RowNumbers::Counted | RowNumbers::Any => {}
            }
            let next = cells(scan, number.value)?;
            scan.expect(b']', "`]` at the end of the row")?;
            rows += next.saturating_sub(number.value);
            if !scan.eat(b',') {
                scan.expect(b']', "`,` or `]` after a row")?;
                break;
            }
        }
    }
    let missing = match numbers {
        RowNumbers::Exactly(limit) if rows < limit => Some(rows),
        RowNumbers::InAnyOrder(limit) if rows < limit => Some(seen.first_missing()),
        _ => None,
    };
    if let Some(row) = missing {
        let place = scan.place();
        return Err(Box::new(BatchError::RowMissing { place, row }));
    }
    scan.set_row(None);
    Ok(rows)
}

/// A row number and where it stands.
struct RowNumber {
    value: u64,
    offset: usize,
}

/// The row numbers that came, a bit for each that a complete body can have.
#[derive(Default)]
struct Seen(Vec<u64>);

impl Seen {
    fn add(&mut self, scan: &Scanner<'_>, limit: u64, number: &RowNumber) -> Res<()> {
        let place = scan.place_at(number.offset);
        let found = number.value;
        if found >= limit {
            let last = limit.saturating_sub(1);
            return Err(Box::new(BatchError::RowOutOfRange { place, found, last }));
        }
        // A row takes four bytes at least, `[0],`. When one has such a number, others are missing;
        // the end of the rows says which, and no memory is spent on this one.
        if found >= scan.body().len() as u64 / 4 {
            return Ok(());
        }
        let (word, bit) = ((found / 64) as usize, found % 64);
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if self.0[word] >> bit & 1 == 1 {
            return Err(Box::new(BatchError::RowDuplicated { place, row: found }));
        }
        self.0[word] |= 1 << bit;
        Ok(())
    }

    fn first_missing(&self) -> u64 {
        let full = self.0.iter().take_while(|word| **word == u64::MAX).count();
        let ones = self.0.get(full).map_or(0, |word| word.trailing_ones());
        64 * full as u64 + u64::from(ones)
    }
}

#[inline]
fn row_number(scan: &mut Scanner<'_>) -> Res<RowNumber> {
    scan.peek();
    let offset = scan.offset();
    match scan.row_number() {
        Some(value) => Ok(RowNumber { value, offset }),
        None => Err(not_a_row_number(scan)),
    }
}

#[cold]
fn not_a_row_number(scan: &mut Scanner<'_>) -> Box<BatchError> {
    let place = scan.place();
    if scan.peek() == Some(b']') {
        return Box::new(BatchError::NotARowNumber {
            place,
            found: "the end of the row",
        });
    }
    let found = match scan.kind() {
        Ok(JsonKind::Number) => match scan.number() {
            Ok(_) => "another number",
            Err(error) => return error,
        },
        Ok(kind) => kind.words(),
        Err(error) => return error,
    };
    Box::new(BatchError::NotARowNumber { place, found })
}

/// Says what is wrong with a row number that is not the next one.
#[cold]
fn misnumbered(
    scan: &mut Scanner<'_>,
    numbers: RowNumbers,
    expected: u64,
    number: &RowNumber,
) -> Box<BatchError> {
    let place = scan.place_at(number.offset);
    let found = number.value;
    if found < expected {
        return Box::new(BatchError::RowDuplicated { place, row: found });
    }
    if let RowNumbers::Exactly(limit) = numbers
        && found >= limit
    {
        return Box::new(BatchError::RowOutOfRange {
            place,
            found,
            last: limit.saturating_sub(1),
        });
    }
    if comes_later(scan, expected) {
        Box::new(BatchError::RowOutOfOrder {
            place,
            expected,
            found,
        })
    } else {
        Box::new(BatchError::RowMissing {
            place,
            row: expected,
        })
    }
}

/// True when a row with this number follows; a body that is broken further on
/// counts as not having it. The cursor stands behind a row number.
fn comes_later(scan: &mut Scanner<'_>, wanted: u64) -> bool {
    // Bounded by the body: every turn passes at least one byte.
    while pass_cells(scan).is_ok() {
        if !scan.eat(b']') || !scan.eat(b',') || !scan.eat(b'[') {
            return false;
        }
        match row_number(scan) {
            Ok(number) if number.value == wanted => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

/// Passes the cells of a row, whatever they are, up to its closing bracket.
pub(crate) fn pass_cells(scan: &mut Scanner<'_>) -> Res<()> {
    while scan.eat(b',') {
        scan.skip_value(0)?;
    }
    Ok(())
}

/// Passes the comma before the cell that would be number `cell` of the row
/// (the row number is 0), of `expected` elements.
#[inline]
pub(crate) fn next_cell(scan: &mut Scanner<'_>, expected: usize, cell: usize) -> Res<()> {
    if scan.eat(b',') {
        Ok(())
    } else {
        Err(no_more_cells(scan, expected, cell))
    }
}

#[cold]
fn no_more_cells(scan: &mut Scanner<'_>, expected: usize, found: usize) -> Box<BatchError> {
    match scan.peek() {
        Some(b']') => wrong_arity(scan, expected, found),
        Some(_) | None => scan.not_json("`,` or `]`"),
    }
}

#[cold]
pub(crate) fn wrong_arity(scan: &Scanner<'_>, expected: usize, found: usize) -> Box<BatchError> {
    Box::new(BatchError::WrongArity {
        place: scan.place(),
        expected,
        found,
    })
}

/// Checks that the row ends after its `expected` elements.
#[inline]
pub(crate) fn no_cells_left(scan: &mut Scanner<'_>, expected: usize) -> Res<()> {
    if scan.peek() == Some(b']') {
        Ok(())
    } else {
        Err(cells_left(scan, expected))
    }
}

/// Counts the elements that are too many, as far as they are JSON.
#[cold]
fn cells_left(scan: &mut Scanner<'_>, expected: usize) -> Box<BatchError> {
    if scan.peek() != Some(b',') {
        return scan.not_json("`,` or `]`");
    }
    let place = scan.place();
    let mut found = expected;
    // Bounded by the body: every turn passes at least one byte.
    while scan.eat(b',') {
        if let Err(error) = scan.skip_value(0) {
            return error;
        }
        found += 1;
    }
    Box::new(BatchError::WrongArity {
        place,
        expected,
        found,
    })
}
