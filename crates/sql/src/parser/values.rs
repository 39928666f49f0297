//! Values of properties: numbers, booleans, strings and lists.

use std::ops::Range;

use super::cursor::Cursor;
use crate::ast::{Ident, Literal};
use crate::lexer::{Decoded, TokenKind, decode_text};
use crate::{Spanned, SqlError, SqlErrorKind};

impl<'a> Cursor<'a> {
    /// A whole number that is not negative.
    pub(crate) fn number(&mut self, of: &str) -> Result<Spanned<u32>, SqlError> {
        const WANTED: &str = "a whole number";
        let token = self.peek();
        let text = self.text_of(token);
        let signed = matches!(token.kind, TokenKind::Char('-' | '+'));
        if signed && self.peek_second().kind == TokenKind::Number {
            let span = token.start..self.peek_second().end;
            let message = format!("`{of}` takes a whole number without a sign");
            return Err(
                SqlError::new(SqlErrorKind::InvalidValue, span, message).expecting([WANTED])
            );
        }
        if token.kind != TokenKind::Number {
            let quoted = token.kind == TokenKind::Text;
            let error = self.wrong_value(of, WANTED);
            return Err(if quoted {
                error.with_hint("write it without quotes")
            } else {
                error
            });
        }
        match text.parse::<u32>() {
            Ok(number) => {
                self.bump();
                Ok(Spanned::new(number, token.span()))
            }
            Err(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                let (most, found) = (u32::MAX, self.found());
                let message = format!("`{of}` takes a whole number up to {most}, found {found}");
                Err(self.error_here(SqlErrorKind::InvalidValue, message))
            }
            Err(_) => Err(self.wrong_value(of, WANTED)),
        }
    }

    /// `TRUE` or `FALSE`.
    pub(crate) fn boolean(&mut self, of: &str) -> Result<Spanned<bool>, SqlError> {
        let token = self.peek();
        if self.eat("TRUE") {
            return Ok(Spanned::new(true, token.span()));
        }
        if self.eat("FALSE") {
            return Ok(Spanned::new(false, token.span()));
        }
        let quoted = token.kind == TokenKind::Text;
        let error = self.value_error(of, "TRUE or FALSE");
        Err(match (quoted, &error.hint) {
            (true, _) => error.with_hint("write it without quotes"),
            (false, None) => self.did_you_mean(error),
            (false, Some(_)) => error,
        })
    }

    /// A string in `'…'` or `$$…$$`.
    pub(crate) fn text(&mut self, of: &str) -> Result<Spanned<String>, SqlError> {
        match self.maybe_text()? {
            Some(text) => Ok(text),
            None => Err(self.wrong_value(of, "a string")),
        }
    }

    /// A string, when one comes next.
    pub(crate) fn maybe_text(&mut self) -> Result<Option<Spanned<String>>, SqlError> {
        let span = self.peek().span();
        Ok(self
            .maybe_decoded()?
            .map(|decoded| Spanned::new(decoded.value, span)))
    }

    /// A string with the way back to the script, when one comes next.
    pub(crate) fn maybe_decoded(&mut self) -> Result<Option<Decoded>, SqlError> {
        let token = self.peek();
        let decoded = match token.kind {
            TokenKind::DollarText => {
                let body = Self::body_of(token, 2);
                let value = self.script().get(body.clone()).unwrap_or("").to_owned();
                Decoded {
                    value,
                    body,
                    shifts: Vec::new(),
                }
            }
            TokenKind::Text => {
                decode_text(self.script(), Self::body_of(token, 1)).map_err(bad_escape)?
            }
            _ => {
                self.expect_thing("a string");
                return Ok(None);
            }
        };
        self.bump();
        Ok(Some(decoded))
    }

    /// One word of a closed list; the error names them all.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        of: &str,
        choices: &[(&'static str, T)],
    ) -> Result<Spanned<T>, SqlError> {
        let token = self.peek();
        for (word, value) in choices {
            if self.eat(word) {
                return Ok(Spanned::new(*value, token.span()));
            }
        }
        let wanted = choices.iter().map(|(word, _)| *word);
        let list = wanted.clone().collect::<Vec<_>>().join(" or ");
        if self.peek_word().is_none() && token.kind != TokenKind::Text {
            return Err(self.unexpected());
        }
        let message = format!("`{of}` takes {list}, found {}", self.found());
        let error = self.error_here(SqlErrorKind::InvalidValue, message);
        Err(self.did_you_mean(error.expecting(wanted)))
    }

    /// A string, or a bare word taken as it is written.
    pub(crate) fn text_or_word(&mut self, of: &str) -> Result<Spanned<String>, SqlError> {
        if let Some(text) = self.maybe_text()? {
            return Ok(text);
        }
        let token = self.peek();
        if matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent) {
            return Ok(self
                .ident()?
                .into_spanned(|ident| ident.written().to_owned()));
        }
        self.expect_thing("a name");
        Err(self.value_error(of, "a string or a name"))
    }

    /// `( item [, …] )`, possibly empty, with the place of the whole list.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, SqlError>,
    ) -> Result<Spanned<Vec<T>>, SqlError> {
        let start = self.peek().start;
        self.expect_char("(")?;
        let mut items = Vec::new();
        if !self.eat_char(")") {
            loop {
                items.push(item(self)?);
                if self.eat_char(")") {
                    break;
                }
                self.expect_char(",")?;
            }
        }
        Ok(Spanned::new(items, self.span_from(start)))
    }

    /// A number, string, boolean or `NULL`.
    pub(crate) fn literal(&mut self) -> Result<Spanned<Literal>, SqlError> {
        let start = self.peek().start;
        if let Some(text) = self.maybe_text()? {
            return Ok(text.map(Literal::String));
        }
        for (word, value) in [
            ("TRUE", Literal::Bool(true)),
            ("FALSE", Literal::Bool(false)),
            ("NULL", Literal::Null),
        ] {
            if self.eat(word) {
                return Ok(Spanned::new(value, self.span_from(start)));
            }
        }
        match self.maybe_signed_number()? {
            Some(number) => Ok(number.map(Literal::Number)),
            None => Err(self.unexpected()),
        }
    }

    /// A number with an optional sign, as it is written, when one comes next.
    pub(crate) fn maybe_signed_number(&mut self) -> Result<Option<Spanned<String>>, SqlError> {
        let start = self.peek().start;
        self.expect_thing("a number");
        let sign = match self.peek().kind {
            TokenKind::Char('-') => "-",
            TokenKind::Char('+') | TokenKind::Number => "",
            _ => return Ok(None),
        };
        if self.peek().kind != TokenKind::Number {
            self.bump();
            self.expect_thing("a number");
        }
        let token = self.peek();
        let digits = self.text_of(token);
        if token.kind != TokenKind::Number {
            return Err(self.unexpected());
        }
        if !is_number(digits) {
            let message = format!("{} is not a number", self.found());
            return Err(self.error_here(SqlErrorKind::InvalidValue, message));
        }
        self.bump();
        Ok(Some(Spanned::new(
            format!("{sign}{digits}"),
            self.span_from(start),
        )))
    }

    /// Items of `UNSET`: the names of properties, separated by commas, none twice.
    pub(crate) fn unset_list<P: Copy + PartialEq>(
        &mut self,
        properties: &[(&'static str, P)],
    ) -> Result<Vec<Spanned<P>>, SqlError> {
        let mut list: Vec<Spanned<P>> = Vec::new();
        loop {
            let Some((name, property)) = self.maybe_property(properties) else {
                return Err(self.no_such_property(properties));
            };
            if let Some(first) = list.iter().find(|first| first.value == property.value) {
                return Err(self.twice(&format!("`{name}`"), property.span, &first.span));
            }
            list.push(property);
            if !self.eat_char(",") {
                return Ok(list);
            }
        }
    }

    /// Takes one of the named properties, when one comes next.
    pub(crate) fn maybe_property<P: Copy>(
        &mut self,
        properties: &[(&'static str, P)],
    ) -> Option<(&'static str, Spanned<P>)> {
        let span = self.peek().span();
        for (name, property) in properties {
            if self.eat(name) {
                return Some((name, Spanned::new(*property, span)));
            }
        }
        None
    }

    /// Properties of `SET`: at least one, separated by blanks.
    pub(crate) fn set_list<P>(
        &mut self,
        properties: &[(&'static str, P)],
        mut property: impl FnMut(&mut Self) -> Result<bool, SqlError>,
    ) -> Result<(), SqlError> {
        if self.at_end() {
            properties
                .iter()
                .for_each(|(name, _)| self.expect_note(name));
            return Err(self.unexpected());
        }
        while !self.at_end() {
            if property(self)? {
                continue;
            }
            let error = self.no_such_clause(properties);
            let comma = self.peek().kind == TokenKind::Char(',');
            return Err(if comma {
                error.with_hint("the properties of SET are separated by blanks")
            } else {
                error
            });
        }
        Ok(())
    }

    /// The error for clauses without which a statement makes no sense.
    pub(crate) fn lacking(
        &self,
        statement: &str,
        at: Range<usize>,
        clauses: &[(bool, &'static str)],
    ) -> SqlError {
        let missing: Vec<&str> = clauses
            .iter()
            .filter(|(missing, _)| *missing)
            .map(|(_, name)| *name)
            .collect();
        let quoted: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
        let list = match quoted.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
            _ => quoted.concat(),
        };
        let message = format!("`{statement}` needs {list}");
        SqlError::new(SqlErrorKind::MissingClause, at, message).expecting(missing)
    }

    /// The error for a next token that starts none of a statement's clauses.
    pub(crate) fn no_such_clause<P>(&self, properties: &[(&'static str, P)]) -> SqlError {
        if let Some(error) = self.unsupported_property() {
            return error;
        }
        if self.peek_second().kind == TokenKind::Char('=') {
            return self.no_such_property(properties);
        }
        self.unexpected()
    }

    /// The error for a next token that is none of the statement's properties.
    pub(crate) fn no_such_property<P>(&self, properties: &[(&'static str, P)]) -> SqlError {
        let Some(word) = self.peek_word() else {
            return self.unexpected();
        };
        if let Some(error) = self.unsupported_property() {
            return error;
        }
        let error = self.error_here(
            SqlErrorKind::UnknownProperty,
            format!(
                "this statement has no property `{}`",
                super::cursor::shown(word)
            ),
        );
        let error = self.did_you_mean(error);
        if error.expected.is_empty() {
            return error.expecting(properties.iter().map(|(name, _)| *name));
        }
        error
    }
}

impl Ident {
    /// The identifier's place with something made of it.
    pub(crate) fn into_spanned<T>(self, read: impl FnOnce(&Self) -> T) -> Spanned<T> {
        Spanned::new(read(&self), self.span())
    }
}

fn bad_escape(span: Range<usize>) -> SqlError {
    SqlError::new(
        SqlErrorKind::InvalidEscape,
        span,
        "this escape names no character",
    )
    .with_hint("`\\x` takes two and `\\u` four hexadecimal digits; write `\\\\` for a backslash")
}

/// True for digits with an optional fraction and exponent and nothing behind.
fn is_number(text: &str) -> bool {
    // The lexer lets the token start with a digit or a point, so "inf" and
    // "nan" cannot come up.
    text.parse::<f64>().is_ok()
}
