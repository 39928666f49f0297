//! What to say when something else stands there than was looked for.

use std::ops::Range;

use super::{Cursor, Expected};
use crate::lexer::{Opened, TokenKind};
use crate::parser::dispatch::starts_statement;
use crate::parser::suggest::nearest;
use crate::{Spanned, SqlError, SqlErrorKind, line_column};

/// Characters of the user's text that a message repeats.
const MAX_SHOWN: usize = 40;

/// Expected things that a message lists; longer lists are left to `expected`.
const MAX_LISTED: usize = 4;

/// The hint for what other tools replace before they send a statement.
pub(crate) const PLACEHOLDER: &str =
    "this looks like a placeholder of another tool; put the value in its place";

impl Cursor<'_> {
    /// The error for a next token that fits nothing that was looked for.
    ///
    /// When it begins a phrase that was, the error is about the first word
    /// that does not go on with it.
    pub(crate) fn unexpected(&self) -> SqlError {
        match self.within_phrase() {
            Some(ahead) => ahead.unexpected(),
            None => self.unexpected_here(),
        }
    }

    /// A cursor behind the next word, when that begins phrases that were looked for.
    fn within_phrase(&self) -> Option<Self> {
        let word = self.peek_word()?;
        let rest = self.expected.iter().filter_map(|expected| match expected {
            Expected::Exact(phrase) => {
                let (first, rest) = phrase.split_once(' ')?;
                first
                    .eq_ignore_ascii_case(word)
                    .then_some(Expected::Exact(rest))
            }
            Expected::Thing(_) => None,
        });
        let rest: Vec<Expected> = rest.collect();
        if rest.is_empty() {
            return None;
        }
        let mut ahead = self.clone();
        ahead.bump();
        ahead.expected = rest;
        Some(ahead)
    }

    fn unexpected_here(&self) -> SqlError {
        let span = self.next.span();
        match self.next.kind {
            TokenKind::Unterminated(opened) => return self.unterminated(opened),
            TokenKind::Char(c) if !is_known(c) => return self.odd_character(c),
            TokenKind::Variable => return self.no_variables(),
            TokenKind::Semicolon | TokenKind::End => {
                let message = format!("the statement ends too early{}", self.listed(": expected "));
                let end = self.last_end..self.last_end;
                let error = SqlError::new(SqlErrorKind::UnexpectedEnd, end, message);
                return error.expecting(self.expected_list());
            }
            TokenKind::Word
            | TokenKind::QuotedIdent
            | TokenKind::Text
            | TokenKind::DollarText
            | TokenKind::Number
            | TokenKind::Stage
            | TokenKind::Arrow
            | TokenKind::Char(_) => {}
        }
        let message = format!(
            "{} is not expected here{}",
            self.found(),
            self.listed(": expected ")
        );
        let error = SqlError::new(SqlErrorKind::UnexpectedToken, span, message);
        let error = self.did_you_mean(error.expecting(self.expected_list()));
        match self.peek_word() {
            Some(word) if error.hint.is_none() && self.on_new_line() && starts_statement(word) => {
                error.with_hint("if a statement starts here, put a `;` before it")
            }
            _ => error,
        }
    }

    fn on_new_line(&self) -> bool {
        let gap = self.text.get(self.last_end..self.next.start);
        gap.is_some_and(|gap| gap.contains('\n'))
    }

    /// An error at the next token, with the list of what could have stood there.
    pub(crate) fn error_here(&self, kind: SqlErrorKind, message: String) -> SqlError {
        SqlError::new(kind, self.next.span(), message).expecting(self.expected_list())
    }

    /// Adds a hint to the error when the next word looks like a misspelt keyword.
    pub(crate) fn did_you_mean(&self, error: SqlError) -> SqlError {
        let keywords = self.expected.iter().filter_map(|expected| match expected {
            Expected::Exact(phrase) => phrase.split(' ').next(),
            Expected::Thing(_) => None,
        });
        match self.peek_word().and_then(|word| nearest(word, keywords)) {
            Some(keyword) => error.with_hint(format!("did you mean `{keyword}`?")),
            None => error,
        }
    }

    /// What stands next, for a message.
    pub(crate) fn found(&self) -> String {
        match self.next.kind {
            TokenKind::Semicolon | TokenKind::End => "the end of the statement".to_owned(),
            _ => format!("`{}`", shown(self.text_of(self.next))),
        }
    }

    /// The error for a value of the wrong kind at the next token.
    ///
    /// The end of a statement, an unclosed string and the like are reported
    /// as what they are.
    pub(crate) fn wrong_value(&mut self, of: &str, wanted: &'static str) -> SqlError {
        self.expect_thing(wanted);
        self.value_error(of, wanted)
    }

    /// The same, when what was looked for is noted already.
    pub(crate) fn value_error(&self, of: &str, wanted: &'static str) -> SqlError {
        match self.next.kind {
            TokenKind::Word
            | TokenKind::QuotedIdent
            | TokenKind::Text
            | TokenKind::DollarText
            | TokenKind::Number => {
                let message = format!("`{of}` takes {wanted}, found {}", self.found());
                self.error_here(SqlErrorKind::InvalidValue, message)
            }
            TokenKind::Stage
            | TokenKind::Variable
            | TokenKind::Arrow
            | TokenKind::Semicolon
            | TokenKind::Char(_)
            | TokenKind::Unterminated(_)
            | TokenKind::End => self.unexpected(),
        }
    }

    /// The error for something written a second time.
    pub(crate) fn twice(&self, what: &str, again: Range<usize>, first: &Range<usize>) -> SqlError {
        let (line, _) = line_column(self.text, first.start);
        SqlError::new(
            SqlErrorKind::Duplicate,
            again,
            format!("{what} is written twice"),
        )
        .with_hint(format!("remove one; the first stands in line {line}"))
    }

    /// Puts a value into a place that must be empty.
    pub(crate) fn set_once<T>(
        &self,
        slot: &mut Option<Spanned<T>>,
        what: &str,
        key: Range<usize>,
        value: Spanned<T>,
    ) -> Result<(), SqlError> {
        match slot {
            Some(first) => Err(self.twice(&format!("`{what}`"), key, &first.span)),
            None => {
                *slot = Some(value);
                Ok(())
            }
        }
    }

    fn expected_list(&self) -> impl Iterator<Item = &'static str> {
        self.expected.iter().map(|expected| match expected {
            Expected::Exact(text) | Expected::Thing(text) => *text,
        })
    }

    /// The expected things as a sentence part, or nothing when there are too many.
    fn listed(&self, lead: &str) -> String {
        let shown: Vec<String> = self.expected.iter().map(Expected::quoted).collect();
        match shown.split_last() {
            None => String::new(),
            Some((only, [])) => format!("{lead}{only}"),
            Some((last, rest)) if rest.len() < MAX_LISTED => {
                format!("{lead}{} or {last}", rest.join(", "))
            }
            Some(_) => String::new(),
        }
    }

    pub(super) fn unterminated(&self, opened: Opened) -> SqlError {
        let (what, open, close) = match opened {
            Opened::Text => ("string", 1, "'"),
            Opened::DollarText => ("string", 2, "$$"),
            Opened::QuotedIdent => ("quoted name", 1, "\""),
            Opened::Stage => ("quoted name in the stage location", 1, "\""),
            Opened::Comment => ("comment", 2, "*/"),
        };
        let start = self.next.start;
        let message = format!("the {what} that starts here is not closed");
        SqlError::new(SqlErrorKind::Unterminated, start..start + open, message)
            .expecting([close])
            .with_hint(format!("close it with `{close}`"))
    }

    fn odd_character(&self, c: char) -> SqlError {
        let shown = if c.is_control() {
            c.escape_debug().to_string()
        } else {
            c.to_string()
        };
        let error = self.error_here(
            SqlErrorKind::UnexpectedCharacter,
            format!("the character `{shown}` has no meaning here"),
        );
        match c {
            '{' | '<' | '%' | '&' | '$' => error.with_hint(PLACEHOLDER),
            '?' | ':' => {
                error.with_hint("bind variables are not supported; write the value itself")
            }
            '\\' => error.with_hint("a backslash has a meaning inside of `'…'` only"),
            '[' | '|' => {
                error.with_hint("brackets and bars of a syntax description are not part of it")
            }
            _ => error,
        }
    }

    fn no_variables(&self) -> SqlError {
        let message = format!(
            "session variables such as {} are not supported yet",
            self.found()
        );
        self.error_here(SqlErrorKind::NotSupported, message)
            .with_hint("write the value itself")
    }
}

impl Expected {
    fn quoted(&self) -> String {
        match self {
            Self::Exact(text) => format!("`{text}`"),
            Self::Thing(text) => (*text).to_owned(),
        }
    }
}

/// A text cut to a length fit for a message, in one line.
pub(crate) fn shown(text: &str) -> String {
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(MAX_SHOWN).collect();
    let dots = if chars.next().is_some() { "…" } else { "" };
    start
        .escape_debug()
        .to_string()
        .replace("\\'", "'")
        .replace("\\\"", "\"")
        + dots
}

/// Punctuation that some statement has.
fn is_known(c: char) -> bool {
    matches!(c, '(' | ')' | ',' | '.' | '=' | '!' | '-' | '+')
}
