//! Comments as blanks.

use std::borrow::Cow;

use crate::lexer::Lexer;

/// The text with every comment replaced by blanks of the same length.
///
/// A query is passed on as it stands, and not every engine knows `//` and
/// nested comments. Bytes outside of comments, and line breaks inside, stay
/// where they are, so a position in the result is the same position in the
/// text. A comment that is not closed is left alone.
///
/// ```
/// use floe_sql::blank_comments;
///
/// assert_eq!(blank_comments("SELECT 1 // one\n/* a */+ 2"), "SELECT 1       \n       + 2");
/// assert_eq!(blank_comments("SELECT '--'"), "SELECT '--'");
/// ```
pub fn blank_comments(text: &str) -> Cow<'_, str> {
    let mut lexer = Lexer::new(text);
    let mut blanked = String::new();
    let mut copied = 0;
    let mut last_end = 0;
    while last_end < text.len() {
        let token = lexer.next_token();
        let gap = text.get(last_end..token.start).unwrap_or("");
        if gap.contains(|c: char| !c.is_whitespace()) {
            blanked.push_str(text.get(copied..last_end).unwrap_or(""));
            gap.chars().for_each(|c| blank(c, &mut blanked));
            copied = token.start;
        }
        last_end = token.end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    blanked.push_str(text.get(copied..).unwrap_or(""));
    Cow::Owned(blanked)
}

fn blank(c: char, into: &mut String) {
    if c.is_whitespace() {
        into.push(c);
    } else {
        into.extend(std::iter::repeat_n(' ', c.len_utf8()));
    }
}
