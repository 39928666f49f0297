//! Lines of CSV text and their cells (RFC 4180, without line breaks inside of cells).

use std::borrow::Cow;

use super::error::TraceError;

/// Whether a line says nothing: it is empty, or a remark.
pub(super) fn is_passed_over(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

/// The cells of a line, without the quotes and the space around them.
pub(super) fn cells(line: usize, text: &str) -> Result<Vec<Cow<'_, str>>, TraceError> {
    let mut cells = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        let (cell, after) = match trimmed.strip_prefix('"') {
            Some(quoted) => quoted_cell(quoted).ok_or(TraceError::Quotes { line })?,
            None => plain_cell(trimmed),
        };
        if matches!(cell, Cow::Borrowed(text) if text.contains('"')) {
            return Err(TraceError::Quotes { line });
        }
        cells.push(cell);
        match after {
            Some(after) => rest = after,
            None => return Ok(cells),
        }
    }
}

/// A cell up to the next comma, and what follows it; nothing when the line ends.
fn plain_cell(text: &str) -> (Cow<'_, str>, Option<&str>) {
    match text.split_once(',') {
        Some((cell, after)) => (Cow::Borrowed(cell.trim_end()), Some(after)),
        None => (Cow::Borrowed(text.trim_end()), None),
    }
}

/// The rest of a cell whose first quote is read; none when it does not end where it must.
fn quoted_cell(text: &str) -> Option<(Cow<'_, str>, Option<&str>)> {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        cell.push_str(part);
        match after.strip_prefix('"') {
            // Two quotes are one that belongs to the cell.
            Some(more) => {
                cell.push('"');
                rest = more;
            }
            None => {
                let after = after.trim_start();
                let cell = Cow::Owned(cell);
                return match after.strip_prefix(',') {
                    Some(after) => Some((cell, Some(after))),
                    None => after.is_empty().then_some((cell, None)),
                };
            }
        }
    }
}
