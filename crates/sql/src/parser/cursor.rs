//! The place in the script where the parser stands, and what it looked for there.

use std::ops::Range;

use crate::SqlError;
use crate::lexer::{Lexer, Token, TokenKind};
pub(crate) use errors::{PLACEHOLDER, shown};

mod errors;

/// Reads tokens one by one.
///
/// Every `eat_…` that does not find its token remembers what it looked for;
/// the next token read forgets it. An error at this place so knows everything
/// that could have stood there.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    next: Token,
    last_end: usize,
    expected: Vec<Expected>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Keywords or punctuation, as they are written.
    Exact(&'static str),
    /// A description such as "a name".
    Thing(&'static str),
}

// === impl Cursor ===

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut lexer = Lexer::new(text);
        let next = lexer.next_token();
        Self {
            text,
            lexer,
            next,
            last_end: next.start,
            expected: Vec::new(),
        }
    }

    /// The token that comes next.
    pub(crate) fn peek(&self) -> Token {
        self.next
    }

    /// The token behind the next one.
    pub(crate) fn peek_second(&self) -> Token {
        let mut ahead = self.lexer;
        ahead.next_token()
    }

    /// Takes the next token.
    pub(crate) fn bump(&mut self) -> Token {
        let token = self.next;
        self.last_end = token.end;
        self.next = self.lexer.next_token();
        self.expected.clear();
        token
    }

    /// The end of the last token taken.
    pub(crate) fn last_end(&self) -> usize {
        self.last_end
    }

    /// The bytes from `start` to the end of the last token taken.
    pub(crate) fn span_from(&self, start: usize) -> Range<usize> {
        start..self.last_end.max(start)
    }

    /// The whole script.
    pub(crate) fn script(&self) -> &'a str {
        self.text
    }

    /// The script's text of a token.
    pub(crate) fn text_of(&self, token: Token) -> &'a str {
        self.text.get(token.span()).unwrap_or("")
    }

    /// The script's text of a token without `open` bytes at both ends.
    pub(crate) fn body_of(token: Token, quote: usize) -> Range<usize> {
        token.start + quote..token.end.saturating_sub(quote).max(token.start + quote)
    }

    /// The next token's text, when it is a word.
    pub(crate) fn peek_word(&self) -> Option<&'a str> {
        (self.next.kind == TokenKind::Word).then(|| self.text_of(self.next))
    }

    /// True when the next word is this keyword; nothing is remembered.
    pub(crate) fn at_keyword(&self, keyword: &str) -> bool {
        self.peek_word()
            .is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    /// True when the next words are these, separated by blanks in `phrase`.
    pub(crate) fn at_phrase(&self, phrase: &str) -> bool {
        let mut ahead = self.lexer;
        let mut token = self.next;
        phrase.split(' ').all(|keyword| {
            let found =
                token.kind == TokenKind::Word && self.text_of(token).eq_ignore_ascii_case(keyword);
            token = ahead.next_token();
            found
        })
    }

    /// Takes the words of `phrase` when all of them come next.
    pub(crate) fn eat(&mut self, phrase: &'static str) -> bool {
        if !self.at_phrase(phrase) {
            self.expect_note(phrase);
            return false;
        }
        phrase.split(' ').for_each(|_| {
            self.bump();
        });
        true
    }

    /// Like [`Cursor::eat`], but a clause that was `seen` is no longer expected;
    /// taking it once more lets the caller report it.
    pub(crate) fn eat_unless(&mut self, seen: bool, keyword: &'static str) -> bool {
        if seen && !self.at_keyword(keyword) {
            return false;
        }
        self.eat(keyword)
    }

    /// Takes `IF EXISTS` or `IF NOT EXISTS`, whichever `phrase` is.
    pub(crate) fn eat_if(&mut self, phrase: &'static str) -> Result<bool, SqlError> {
        if self.eat(phrase) {
            return Ok(true);
        }
        // A lone IF is a name like any other.
        if self.at_keyword("IF") && self.peek_second().kind == TokenKind::Word {
            return Err(self.unexpected());
        }
        Ok(false)
    }

    /// Takes the words of `phrase`; the error shows the first that is missing.
    pub(crate) fn expect(&mut self, phrase: &'static str) -> Result<(), SqlError> {
        if self.eat(phrase) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    /// Takes this punctuation when it comes next.
    pub(crate) fn eat_char(&mut self, c: &'static str) -> bool {
        let found = matches!(self.next.kind, TokenKind::Char(_)) && self.text_of(self.next) == c;
        if found {
            self.bump();
        } else {
            self.expect_note(c);
        }
        found
    }

    /// Takes this punctuation.
    pub(crate) fn expect_char(&mut self, c: &'static str) -> Result<(), SqlError> {
        if self.eat_char(c) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    /// Takes a `=>`.
    pub(crate) fn eat_arrow(&mut self) -> bool {
        let found = self.next.kind == TokenKind::Arrow;
        if found {
            self.bump();
        } else {
            self.expect_note("=>");
        }
        found
    }

    /// Remembers keywords or punctuation that could stand here.
    pub(crate) fn expect_note(&mut self, phrase: &'static str) {
        self.note(Expected::Exact(phrase));
    }

    /// Remembers something that could stand here, such as "a name".
    pub(crate) fn expect_thing(&mut self, description: &'static str) {
        self.note(Expected::Thing(description));
    }

    fn note(&mut self, expected: Expected) {
        if !self.expected.contains(&expected) {
            self.expected.push(expected);
        }
    }

    /// True at the end of the statement.
    pub(crate) fn at_end(&self) -> bool {
        self.next.ends_statement()
    }

    /// Makes sure that nothing but the end of the statement follows.
    pub(crate) fn expect_end(&mut self) -> Result<(), SqlError> {
        if self.at_end() {
            return Ok(());
        }
        self.expect_thing("the end of the statement");
        Err(self.unexpected())
    }

    /// Goes to the end of the statement, whatever stands in between.
    ///
    /// # Errors
    ///
    /// The text ends inside a string, quoted name or comment.
    pub(crate) fn skip_statement(&mut self) -> Result<(), SqlError> {
        while !self.at_end() {
            if let TokenKind::Unterminated(opened) = self.next.kind {
                let error = self.unterminated(opened);
                self.bump();
                return Err(error);
            }
            self.bump();
        }
        Ok(())
    }
}
