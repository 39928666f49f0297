//! Tokens of a script, made one at a time and never stored.
//!
//! The lexer never fails: what it cannot make sense of becomes a token that
//! the parser turns into an error with a place.

use std::ops::Range;

pub(crate) use text::{Decoded, decode_quoted_ident, decode_text};

mod text;

/// One token; its text is the script's bytes at `span`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword or an unquoted identifier.
    Word,
    /// `"…"`
    QuotedIdent,
    /// `'…'`
    Text,
    /// `$$…$$`
    DollarText,
    /// Digits with an optional fraction and exponent, without a sign.
    Number,
    /// `@…`: a stage location up to the next blank.
    Stage,
    /// `$name`: a session variable.
    Variable,
    /// `=>`
    Arrow,
    /// `;`
    Semicolon,
    /// Any other character.
    Char(char),
    /// Something that is opened here and never closed.
    Unterminated(Opened),
    /// The end of the script.
    End,
}

/// What was opened and not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    Text,
    DollarText,
    QuotedIdent,
    /// A `"` inside of a stage location; the token starts with its `@`.
    Stage,
    Comment,
}

/// Walks over a script; cheap to copy, so looking ahead is a copy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

// === impl Token ===

impl Token {
    pub(crate) fn span(self) -> Range<usize> {
        self.start..self.end
    }

    /// True at the end of a statement.
    pub(crate) fn ends_statement(self) -> bool {
        matches!(self.kind, TokenKind::Semicolon | TokenKind::End)
    }
}

// === impl Lexer ===

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The next token; `End` again and again once the script is over.
    pub(crate) fn next_token(&mut self) -> Token {
        if let Err(opened_at) = self.skip_blanks() {
            self.at = self.text.len();
            return self.token(TokenKind::Unterminated(Opened::Comment), opened_at);
        }
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            return self.token(TokenKind::End, start);
        };
        let kind = match first {
            '\'' => self.quoted('\'', Opened::Text, TokenKind::Text),
            '"' => self.quoted('"', Opened::QuotedIdent, TokenKind::QuotedIdent),
            '$' => self.dollar(),
            '@' => self.stage(),
            ';' => self.take(1, TokenKind::Semicolon),
            '=' if self.rest().starts_with("=>") => self.take(2, TokenKind::Arrow),
            '.' if self.digit_follows(1) => self.number(),
            digit if digit.is_ascii_digit() => self.number(),
            letter if starts_word(letter) => self.word(),
            other => self.take(other.len_utf8(), TokenKind::Char(other)),
        };
        self.token(kind, start)
    }

    fn token(&self, kind: TokenKind, start: usize) -> Token {
        Token {
            kind,
            start,
            end: self.at,
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn take(&mut self, bytes: usize, kind: TokenKind) -> TokenKind {
        self.at += bytes;
        kind
    }

    fn digit_follows(&self, bytes: usize) -> bool {
        self.rest()
            .as_bytes()
            .get(bytes)
            .is_some_and(u8::is_ascii_digit)
    }

    /// Skips white space and comments; the error is where an unclosed comment starts.
    fn skip_blanks(&mut self) -> Result<(), usize> {
        loop {
            let rest = self.rest();
            // A byte-order mark at the start of a file is no part of the text.
            let code = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            self.at += rest.len() - code.len();
            if code.starts_with("--") || code.starts_with("//") {
                self.at += code.find('\n').unwrap_or(code.len());
            } else if code.starts_with("/*") {
                let length = comment_length(code).ok_or(self.at)?;
                self.at += length;
            } else {
                return Ok(());
            }
        }
    }

    /// A text in `quote`s, where a doubled quote stands for one. In `'…'` a
    /// backslash takes the meaning from the character behind it.
    fn quoted(&mut self, quote: char, opened: Opened, closed: TokenKind) -> TokenKind {
        let rest = self.rest();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && quote == '\'' {
                chars.next();
            } else if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
                return self.take(at + quote.len_utf8(), closed);
            }
        }
        self.take(rest.len(), TokenKind::Unterminated(opened))
    }

    fn dollar(&mut self) -> TokenKind {
        let rest = self.rest();
        if let Some(body) = rest.strip_prefix("$$") {
            return match body.find("$$") {
                Some(length) => self.take(length + 4, TokenKind::DollarText),
                None => self.take(rest.len(), TokenKind::Unterminated(Opened::DollarText)),
            };
        }
        match word_length(rest.get(1..).unwrap_or("")) {
            0 => self.take(1, TokenKind::Char('$')),
            length => self.take(1 + length, TokenKind::Variable),
        }
    }

    /// A stage location: up to a blank, comma, semicolon, quote or parenthesis
    /// outside of `"…"`.
    fn stage(&mut self) -> TokenKind {
        let rest = self.rest();
        let mut in_quotes = false;
        for (at, c) in rest.char_indices() {
            if c == '"' {
                in_quotes = !in_quotes;
            } else if !in_quotes && (c.is_whitespace() || matches!(c, ',' | ';' | '\'' | '(' | ')'))
            {
                return self.take(at, TokenKind::Stage);
            }
        }
        let kind = if in_quotes {
            TokenKind::Unterminated(Opened::Stage)
        } else {
            TokenKind::Stage
        };
        self.take(rest.len(), kind)
    }

    /// Letters directly behind the digits belong to the token, so that `1st`
    /// is reported as one thing.
    fn number(&mut self) -> TokenKind {
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| {
            bytes
                .iter()
                .skip(from)
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        };
        let mut length = digits(0);
        if bytes.get(length) == Some(&b'.') {
            length += 1 + digits(length + 1);
        }
        if matches!(bytes.get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
            let exponent = digits(length + 1 + sign);
            if exponent > 0 {
                length += 1 + sign + exponent;
            }
        }
        length += word_length(self.rest().get(length..).unwrap_or(""));
        self.take(length, TokenKind::Number)
    }

    fn word(&mut self) -> TokenKind {
        let length = word_length(self.rest());
        self.take(length, TokenKind::Word)
    }
}

/// Letters outside of ASCII are let through here and refused as a name, which
/// says more than "unexpected character" would.
fn starts_word(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

/// The length of a run of word characters. `$$` ends a word, so that
/// `SPECIFICATION$$…$$` needs no blank.
fn word_length(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_dollar = c == '$' && chars.peek().is_none_or(|(_, next)| *next != '$');
        if !(c == '_' || c.is_alphanumeric() || is_dollar) {
            return at;
        }
    }
    text.len()
}

/// The length of a comment that starts here, with the comments inside it.
fn comment_length(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(pair) = bytes.get(at..at + 2) {
        match pair {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests;
