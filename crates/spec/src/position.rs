//! Byte offsets to lines and columns, and back.

use std::ops::Range;

use crate::Span;

/// The mark some editors put before the first character of a text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Bytes between two counts of characters.
const STRIDE: usize = 256;

/// Where the lines of one text start.
#[derive(Debug)]
pub(crate) struct LineIndex<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// Characters before every [`STRIDE`]th byte: a text may be one line of many values, and the
    /// column of each must not take a walk over the line.
    characters: Vec<usize>,
}

impl<'t> LineIndex<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let first = if text.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len_utf8()
        } else {
            0
        };
        let mut starts = vec![first];
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            // A carriage return alone ends a line too, as YAML 1.2 says in section 5.4.
            let ends = match byte {
                b'\n' => true,
                b'\r' => bytes.get(at + 1) != Some(&b'\n'),
                _ => false,
            };
            if ends {
                starts.push(at + 1);
            }
        }
        let mut characters = vec![0];
        let mut sum = 0;
        for chunk in bytes.chunks(STRIDE) {
            sum += begun(chunk);
            characters.push(sum);
        }
        LineIndex {
            text,
            starts,
            characters,
        }
    }

    pub(crate) fn span(&self, range: &Range<usize>) -> Span {
        let start = self.floor(range.start);
        let end = self.floor(range.end.max(start));
        let line = self.starts.partition_point(|&first| first <= start).max(1);
        let first = self.starts.get(line - 1).copied().unwrap_or(0).min(start);
        let column = self.characters_before(start) - self.characters_before(first) + 1;
        Span {
            start,
            end,
            line: count(line),
            column: count(column),
        }
    }

    /// The byte offset of a line and column, both counted from 1; clamped to the text.
    pub(crate) fn offset(&self, line: u64, column: u64) -> usize {
        let line = usize::try_from(line.max(1)).unwrap_or(usize::MAX) - 1;
        let Some(&first) = self.starts.get(line) else {
            return self.text.len();
        };
        let characters = usize::try_from(column.max(1)).unwrap_or(usize::MAX) - 1;
        let rest = self.text.get(first..).unwrap_or("");
        first
            + rest
                .char_indices()
                .nth(characters)
                .map_or(rest.len(), |(at, _)| at)
    }

    /// Characters before an offset, which is a boundary not behind the text.
    fn characters_before(&self, offset: usize) -> usize {
        let chunk = offset / STRIDE;
        let known = self.characters.get(chunk).copied().unwrap_or(0);
        let rest = self.text.as_bytes().get(chunk * STRIDE..offset);
        known + begun(rest.unwrap_or_default())
    }

    /// The nearest character boundary at or before an offset.
    fn floor(&self, offset: usize) -> usize {
        self.text.floor_char_boundary(offset)
    }
}

/// How many characters begin in these bytes of a text.
fn begun(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
}

fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_offsets_count_bytes() {
        let text = "a: é\nü: x";
        let index = LineIndex::new(text);
        let span = index.span(&(10..11));
        assert_eq!(
            (span.line, span.column, &text[span.start..span.end]),
            (2, 4, "x")
        );
        assert_eq!(index.offset(2, 4), 9 + 1);
        assert_eq!(index.offset(9, 9), text.len());
    }

    #[test]
    fn columns_are_counted_from_the_nearest_mark_in_long_lines() {
        for filler in ["x", "é", "日本", "😀"] {
            let text = format!("a\n{}", filler.repeat(1_000));
            let index = LineIndex::new(&text);
            let boundaries = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            for at in boundaries.filter(|at| *at >= 2) {
                let column = text[2..at].chars().count() + 1;
                assert_eq!(index.span(&(at..at)).column, count(column), "{filler} {at}");
            }
        }
    }

    #[test]
    fn every_line_ending_counts_once_and_a_byte_order_mark_not_at_all() {
        let index = LineIndex::new("\u{feff}a\r\nb\rc\nd");
        let lines: Vec<_> = [3, 6, 8, 10]
            .iter()
            .map(|&at| index.span(&(at..at + 1)))
            .collect();
        assert_eq!(
            lines.iter().map(|s| s.line).collect::<Vec<_>>(),
            [1, 2, 3, 4]
        );
        assert!(lines.iter().all(|span| span.column == 1));
    }

    #[test]
    fn an_offset_inside_a_character_or_behind_the_text_is_moved_to_a_boundary() {
        let index = LineIndex::new("é");
        assert_eq!(
            index.span(&(1..99)),
            Span {
                start: 0,
                end: 2,
                line: 1,
                column: 1
            }
        );
    }
}
