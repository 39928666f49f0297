//! Byte offsets as lines and columns.

/// The line and column of a byte offset, both counted from 1.
///
/// Columns count characters. An offset past the end, or inside a character,
/// counts as the end of the text or the start of that character. For many
/// offsets of one text build a [`LineIndex`].
///
/// ```
/// assert_eq!(floe_sql::line_column("a;\nüb", 5), (2, 2));
/// ```
pub fn line_column(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..floor_boundary(text, offset)).unwrap_or(text);
    let line = before.bytes().filter(|b| *b == b'\n').count();
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (
        one_based(line),
        column_in(before.get(start..).unwrap_or("")),
    )
}

/// The starts of a text's lines, for looking up many offsets.
///
/// ```
/// let text = "SHOW\n  SERVICES";
/// let lines = floe_sql::LineIndex::new(text);
/// assert_eq!(lines.line_column(7), (2, 3));
/// assert_eq!(lines.line_column(7), floe_sql::line_column(text, 7));
/// ```
#[derive(Debug, Clone)]
pub struct LineIndex<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

// === impl LineIndex ===

impl<'a> LineIndex<'a> {
    /// Finds the lines of a text.
    ///
    /// ```
    /// assert_eq!(floe_sql::LineIndex::new("").line_column(0), (1, 1));
    /// ```
    pub fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    /// The line and column of a byte offset, both counted from 1; see [`line_column`].
    ///
    /// ```
    /// assert_eq!(floe_sql::LineIndex::new("a\nb").line_column(99), (2, 2));
    /// ```
    pub fn line_column(&self, offset: usize) -> (u32, u32) {
        let offset = floor_boundary(self.text, offset);
        let line = self
            .starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        (
            one_based(line),
            column_in(self.text.get(start..offset).unwrap_or("")),
        )
    }
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn column_in(before: &str) -> u32 {
    one_based(before.chars().count())
}

fn one_based(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1)
}
