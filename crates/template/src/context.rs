//! Where in the YAML of the template each placeholder stands.
//!
//! This is a reader of YAML's outlines only: which characters belong to a plain text, to quotes,
//! to a block, to a remark. A template is not YAML before it is expanded, so no YAML parser can
//! tell. Texts that are not YAML at all get some answer; the parser of the expanded text
//! reports them.

use std::ops::Range;

/// Where a placeholder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a plain (unquoted) text.
    Plain(Plain),
    /// Between double quotes; `escaped` when a backslash stands right before it.
    Double { escaped: bool },
    /// Between single quotes.
    Single,
    /// In a block text (`|` or `>`); `first` when only blanks stand before it in its line.
    Block { first: bool },
    /// In a remark.
    Remark,
}

/// How a placeholder stands in a plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Plain {
    /// Nothing but placeholders stands before it.
    pub(crate) starts: bool,
    /// Nothing stands behind it.
    pub(crate) ends: bool,
    /// It is all of the text.
    pub(crate) whole: bool,
    /// The text is an item of `[…]` or `{…}`.
    pub(crate) flow: bool,
}

/// The place of each hole; `holes` are byte ranges of the template in order.
pub(crate) fn places(template: &str, holes: &[Range<usize>]) -> Vec<Place> {
    let mut scanner = Scanner {
        template,
        holes,
        at: 0,
        line: 0,
        places: Vec::new(),
        open: Vec::new(),
    };
    scanner.document();
    scanner.places
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Atom {
    Hole,
    Char(char),
    End,
}

struct Scanner<'t> {
    template: &'t str,
    holes: &'t [Range<usize>],
    at: usize,
    /// First byte of the present line.
    line: usize,
    /// One per hole that was passed.
    places: Vec<Place>,
    /// Columns of the lists and maps that are open, outermost first.
    open: Vec<usize>,
}

impl Scanner<'_> {
    fn document(&mut self) {
        while self.peek() != Atom::End {
            let indent = self.blanks();
            match self.peek() {
                Atom::End => return,
                Atom::Char('\n' | '\r') => self.bump(Place::Remark),
                Atom::Char('#') => self.remark(),
                Atom::Char(_) | Atom::Hole => {
                    while self.open.last().is_some_and(|column| *column >= indent) {
                        self.open.pop();
                    }
                    self.nodes();
                }
            }
        }
    }

    /// What stands in one line: marks of lists, keys, and a value with all its lines.
    fn nodes(&mut self) {
        loop {
            let column = self.at - self.line;
            match self.peek() {
                Atom::End => return,
                Atom::Char('\n' | '\r') => return self.bump(Place::Remark),
                Atom::Char('#') => return self.remark(),
                Atom::Char('-' | '?' | ':') if self.blank_behind() => {
                    self.open.push(column);
                    self.bump(Place::Remark);
                    self.blanks();
                }
                Atom::Char('|' | '>') if self.block_header() => return self.block(),
                Atom::Char('&' | '!') => self.property(),
                Atom::Char('"') => {
                    self.double();
                    self.behind_quotes(column);
                }
                Atom::Char('\'') => {
                    self.single();
                    self.behind_quotes(column);
                }
                Atom::Char('[' | '{') => {
                    self.flow();
                    self.behind_quotes(column);
                }
                Atom::Char(_) | Atom::Hole => {
                    if !self.plain_block(column) {
                        return;
                    }
                }
            }
        }
    }

    /// Behind quotes or brackets: a key goes on with its value, all else with what follows.
    fn behind_quotes(&mut self, column: usize) {
        self.blanks();
        if self.peek() == Atom::Char(':') && self.blank_behind() {
            self.open.push(column);
            self.bump(Place::Remark);
            self.blanks();
        }
    }

    /// A plain text outside of brackets. True when it was a key, whose value follows.
    fn plain_block(&mut self, column: usize) -> bool {
        let mut plain = PlainText::new(self, false);
        loop {
            let blanks = self.blanks();
            match self.peek() {
                Atom::Char('#') if blanks > 0 => {
                    plain.finish(self);
                    self.remark();
                    return false;
                }
                Atom::Char(':') if self.blank_behind() => {
                    plain.finish(self);
                    self.open.push(column);
                    self.bump(Place::Remark);
                    self.blanks();
                    return true;
                }
                Atom::End => {
                    plain.finish(self);
                    return false;
                }
                Atom::Char('\n' | '\r') => {
                    if !self.continued() {
                        plain.finish(self);
                        return false;
                    }
                    while matches!(self.peek(), Atom::Char('\n' | '\r' | ' ' | '\t')) {
                        self.bump(Place::Remark);
                    }
                }
                Atom::Char(_) | Atom::Hole => plain.take(self),
            }
        }
    }

    /// Whether the next line with anything in it belongs to the plain text of this one.
    fn continued(&self) -> bool {
        let floor = self.open.last().map_or(0, |column| column + 1);
        let rest = self.template.get(self.at..).unwrap_or("");
        let next = rest.lines().skip(1).find(|line| !line.trim().is_empty());
        next.is_some_and(|line| {
            let indent = line.len() - line.trim_start_matches(' ').len();
            let marker = indent == 0 && (line.starts_with("---") || line.starts_with("..."));
            // At the outermost level a new key looks like a continuation; it is none.
            let key = self.open.is_empty() && (line.contains(": ") || line.ends_with(':'));
            indent >= floor && !line.trim_start().starts_with('#') && !marker && !key
        })
    }

    fn property(&mut self) {
        loop {
            match self.peek() {
                Atom::End | Atom::Char(' ' | '\t' | '\n' | '\r') => break,
                Atom::Char(_) | Atom::Hole => {
                    self.bump(Place::Plain(Plain::default()));
                }
            }
        }
        self.blanks();
    }

    fn double(&mut self) {
        self.bump(Place::Remark);
        loop {
            match self.peek() {
                Atom::End => return,
                Atom::Char('"') => return self.bump(Place::Remark),
                Atom::Char('\\') => {
                    self.bump(Place::Remark);
                    self.bump(Place::Double { escaped: true });
                }
                Atom::Char(_) | Atom::Hole => self.bump(Place::Double { escaped: false }),
            }
        }
    }

    fn single(&mut self) {
        self.bump(Place::Remark);
        loop {
            match self.peek() {
                Atom::End => return,
                Atom::Char('\'') => {
                    self.bump(Place::Remark);
                    if self.peek() != Atom::Char('\'') {
                        return;
                    }
                    self.bump(Place::Remark);
                }
                Atom::Char(_) | Atom::Hole => self.bump(Place::Single),
            }
        }
    }

    /// `[…]` and `{…}` with all that is in them.
    fn flow(&mut self) {
        let mut depth = 0_usize;
        loop {
            let blanks = self.blanks();
            match self.peek() {
                Atom::End => return,
                Atom::Char('[' | '{') => {
                    depth += 1;
                    self.bump(Place::Remark);
                }
                Atom::Char(']' | '}') => {
                    depth = depth.saturating_sub(1);
                    self.bump(Place::Remark);
                    if depth == 0 {
                        return;
                    }
                }
                Atom::Char('\n' | '\r' | ',' | ':') => self.bump(Place::Remark),
                Atom::Char('#') if blanks > 0 => self.remark(),
                Atom::Char('"') => self.double(),
                Atom::Char('\'') => self.single(),
                Atom::Char('&' | '!') => self.property(),
                Atom::Char(_) | Atom::Hole => self.plain_flow(),
            }
        }
    }

    fn plain_flow(&mut self) {
        let mut plain = PlainText::new(self, true);
        loop {
            let before = self.at;
            let blanks = self.blanks();
            match self.peek() {
                Atom::End | Atom::Char(',' | '[' | ']' | '{' | '}') => return plain.finish(self),
                Atom::Char('#') if blanks > 0 => {
                    // The loop outside sees the blank again, and so the remark.
                    self.at = before;
                    return plain.finish(self);
                }
                Atom::Char(':') if self.flow_behind() => return plain.finish(self),
                Atom::Char('\n' | '\r') => self.bump(Place::Remark),
                Atom::Char(_) | Atom::Hole => plain.take(self),
            }
        }
    }

    /// Whether the rest of the line is a header of a block text: `|`, `>-`, `|2 # remark`.
    fn block_header(&self) -> bool {
        let rest = self.template.get(self.at + 1..).unwrap_or("");
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
        let behind = rest.trim_start_matches([' ', '\t']);
        match behind.chars().next() {
            None | Some('\n' | '\r') => true,
            Some('#') => behind.len() < rest.len(),
            Some(_) => false,
        }
    }

    /// A block text: the header's line and all lines that are indented deeper than its parent.
    fn block(&mut self) {
        let floor = self.open.last().map_or(0, |column| column + 1);
        self.remark();
        loop {
            let start = self.at;
            let indent = self.blanks();
            match self.peek() {
                Atom::End => return,
                Atom::Char('\n' | '\r') => self.bump(Place::Remark),
                Atom::Char(_) | Atom::Hole if indent < floor => {
                    // This line is no longer part of the text.
                    self.at = start;
                    return;
                }
                Atom::Char(_) | Atom::Hole => {
                    let mut first = true;
                    while !matches!(self.peek(), Atom::End | Atom::Char('\n' | '\r')) {
                        self.bump(Place::Block { first });
                        first = false;
                    }
                }
            }
        }
    }

    /// Everything to the end of the line.
    fn remark(&mut self) {
        while !matches!(self.peek(), Atom::End | Atom::Char('\n' | '\r')) {
            self.bump(Place::Remark);
        }
    }

    /// Skips blanks and tabs, and counts them.
    fn blanks(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Atom::Char(' ' | '\t')) {
            self.bump(Place::Remark);
        }
        self.at - start
    }

    fn peek(&self) -> Atom {
        if self
            .holes
            .get(self.places.len())
            .is_some_and(|hole| hole.start == self.at)
        {
            return Atom::Hole;
        }
        self.char_at(self.at).map_or(Atom::End, Atom::Char)
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.template.get(at..)?.chars().next()
    }

    /// Whether the character behind the present one is white space or the end.
    fn blank_behind(&self) -> bool {
        !self.hole_behind() && self.char_at(self.at + 1).is_none_or(char::is_whitespace)
    }

    /// The same for a `:` in brackets, where marks of the list end a text too.
    fn flow_behind(&self) -> bool {
        let mark = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}');
        !self.hole_behind() && self.char_at(self.at + 1).is_none_or(mark)
    }

    fn hole_behind(&self) -> bool {
        self.holes
            .get(self.places.len())
            .is_some_and(|hole| hole.start == self.at + 1)
    }

    /// Moves on by one atom; a hole gets the given place.
    fn bump(&mut self, place: Place) {
        match self.peek() {
            Atom::End => {}
            Atom::Hole => {
                let end = self
                    .holes
                    .get(self.places.len())
                    .map_or(self.at, |hole| hole.end);
                self.places.push(place);
                self.at = end;
            }
            Atom::Char(c) => {
                self.at += c.len_utf8();
                if c == '\n' || c == '\r' {
                    self.line = self.at;
                }
            }
        }
    }
}

/// One plain text on the way: which of its holes starts, ends or is all of it.
struct PlainText {
    flow: bool,
    /// Number of holes before the text.
    first_hole: usize,
    /// Whether anything but holes was seen.
    chars: bool,
    /// Whether the last atom was a hole.
    hole_last: bool,
}

impl PlainText {
    fn new(scanner: &Scanner<'_>, flow: bool) -> Self {
        PlainText {
            flow,
            first_hole: scanner.places.len(),
            chars: false,
            hole_last: false,
        }
    }

    fn take(&mut self, scanner: &mut Scanner<'_>) {
        self.hole_last = scanner.peek() == Atom::Hole;
        let starts = !self.chars;
        self.chars |= !self.hole_last;
        scanner.bump(Place::Plain(Plain {
            starts,
            flow: self.flow,
            ends: false,
            whole: false,
        }));
    }

    fn finish(self, scanner: &mut Scanner<'_>) {
        if !self.hole_last {
            return;
        }
        let whole = !self.chars && scanner.places.len() == self.first_hole + 1;
        if let Some(Place::Plain(plain)) = scanner.places.last_mut() {
            plain.ends = true;
            plain.whole = whole;
        }
    }
}

#[cfg(test)]
mod tests;
