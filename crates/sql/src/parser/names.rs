//! Identifiers, object names and stage locations.

use std::ops::Range;

use super::cursor::{Cursor, PLACEHOLDER, shown};
use super::{parse_ident, parse_object_name};
use crate::ast::{Ident, ObjectName};
use crate::lexer::{Token, TokenKind, decode_quoted_ident};
use crate::limits::MAX_IDENT_CHARS;
use crate::{Spanned, SqlError, SqlErrorKind};

/// Words that no unquoted name may be, in alphabetical order: the ANSI words
/// and those that cannot be identifiers at all (Snowflake documentation,
/// "Reserved & limited keywords").
const RESERVED: &[&str] = &[
    "ALL",
    "ALTER",
    "AND",
    "ANY",
    "AS",
    "BETWEEN",
    "BY",
    "CHECK",
    "COLUMN",
    "CONNECT",
    "CREATE",
    "CURRENT",
    "DELETE",
    "DISTINCT",
    "DROP",
    "ELSE",
    "EXISTS",
    "FOLLOWING",
    "FOR",
    "FROM",
    "GRANT",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INCREMENT",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "LIKE",
    "MINUS",
    "NOT",
    "NULL",
    "OF",
    "ON",
    "OR",
    "ORDER",
    "QUALIFY",
    "REGEXP",
    "REVOKE",
    "RLIKE",
    "ROW",
    "ROWS",
    "SAMPLE",
    "SELECT",
    "SET",
    "SOME",
    "START",
    "TABLE",
    "TABLESAMPLE",
    "THEN",
    "TO",
    "TRIGGER",
    "UNION",
    "UNIQUE",
    "UPDATE",
    "VALUES",
    "WHENEVER",
    "WHERE",
    "WITH",
];

/// True for an upper-case word that is a name in double quotes only.
pub(crate) fn is_reserved(upper: &str) -> bool {
    RESERVED.binary_search(&upper).is_ok()
}

impl Cursor<'_> {
    /// One identifier, quoted or not.
    pub(crate) fn ident(&mut self) -> Result<Ident, SqlError> {
        let token = self.peek();
        match token.kind {
            TokenKind::Word => self.unquoted_ident(token),
            TokenKind::QuotedIdent => {
                let body = self.script().get(Self::body_of(token, 1)).unwrap_or("");
                let ident = Ident::quoted(decode_quoted_ident(body), token.span());
                self.check_length(&ident)?;
                self.bump();
                Ok(ident)
            }
            TokenKind::Number => {
                self.expect_thing("a name");
                let message = format!("{} is not a name", self.found());
                Err(self
                    .error_here(SqlErrorKind::InvalidName, message)
                    .with_hint("a name starts with a letter or `_`, or stands in double quotes"))
            }
            TokenKind::Text
            | TokenKind::DollarText
            | TokenKind::Stage
            | TokenKind::Variable
            | TokenKind::Arrow
            | TokenKind::Semicolon
            | TokenKind::Char(_)
            | TokenKind::Unterminated(_)
            | TokenKind::End => {
                self.expect_thing("a name");
                Err(self.unexpected())
            }
        }
    }

    /// The name of an object: up to three parts, or `IDENTIFIER('…')`.
    pub(crate) fn object_name(&mut self) -> Result<ObjectName, SqlError> {
        match self.identifier_call()? {
            None => self.dotted_name(),
            Some((text, span)) => self.name_in(&text, span),
        }
    }

    /// A name of one part, or `IDENTIFIER('…')` with one.
    pub(crate) fn simple_name(&mut self) -> Result<Ident, SqlError> {
        match self.identifier_call()? {
            None => self.ident(),
            Some((text, span)) => parse_ident(&text)
                .map(|ident| ident.with_span(span.clone()))
                .map_err(|error| self.inner(&error, &span)),
        }
    }

    /// A name of one part where a string is read as a name, too.
    pub(crate) fn simple_name_or_text(&mut self) -> Result<Ident, SqlError> {
        let Some(text) = self.maybe_text()? else {
            return self.simple_name();
        };
        parse_ident(&text.value)
            .map(|ident| ident.with_span(text.span.clone()))
            .map_err(|error| self.inner(&error, &text.span))
    }

    /// A name of up to three parts where a string is read as a name, too.
    pub(crate) fn object_name_or_text(&mut self) -> Result<ObjectName, SqlError> {
        match self.maybe_text()? {
            None => self.object_name(),
            Some(text) => self.name_in(&text.value, text.span),
        }
    }

    /// A name of one to three parts joined by dots.
    pub(crate) fn dotted_name(&mut self) -> Result<ObjectName, SqlError> {
        let start = self.peek().start;
        let mut parts = vec![self.ident()?];
        // The dot is not noted as something that could follow: after a name it
        // always could, and no message gets clearer by saying so.
        while self.peek().kind == TokenKind::Char('.') {
            self.bump();
            parts.push(self.ident()?);
            if parts.len() > 3 {
                let message = "a name has at most three parts: database, schema and name";
                let span = self.span_from(start);
                return Err(SqlError::new(SqlErrorKind::InvalidName, span, message));
            }
        }
        let span = self.span_from(start);
        let name = parts.pop();
        let schema = parts.pop();
        let database = parts.pop();
        match name {
            Some(name) => Ok(ObjectName {
                database,
                schema,
                name,
                span,
            }),
            None => Err(self.unexpected()),
        }
    }

    /// A stage location: `@stage/path`, or the same in single quotes.
    pub(crate) fn maybe_stage(&mut self) -> Result<Option<Spanned<String>>, SqlError> {
        let token = self.peek();
        let stage = match token.kind {
            TokenKind::Stage => {
                self.bump();
                Spanned::new(self.text_of(token).to_owned(), token.span())
            }
            TokenKind::Text => self.text("a stage location")?,
            _ => {
                self.expect_thing("a stage location such as `@stage/path`");
                return Ok(None);
            }
        };
        if is_stage_location(&stage.value) {
            return Ok(Some(stage));
        }
        let message = format!("`{}` is not a stage location", shown(&stage.value));
        let hint = if looks_like_placeholder(&stage.value) {
            PLACEHOLDER
        } else {
            "write `@stage/path` or `@db.schema.stage/path`"
        };
        Err(SqlError::new(SqlErrorKind::InvalidName, stage.span, message).with_hint(hint))
    }

    fn unquoted_ident(&mut self, token: Token) -> Result<Ident, SqlError> {
        let word = self.text_of(token);
        let upper = word.to_ascii_uppercase();
        if is_reserved(&upper) {
            self.expect_thing("a name");
            let error = self.unexpected();
            return Err(match error.hint {
                Some(_) => error,
                None => error.with_hint(format!(
                    "`{upper}` is a keyword; a name spelt like it needs double quotes"
                )),
            });
        }
        if !word.is_ascii() {
            self.expect_thing("a name");
            let message = format!("{} is not a name without quotes", self.found());
            return Err(self
                .error_here(SqlErrorKind::InvalidName, message)
                .with_hint("letters other than A to Z need double quotes"));
        }
        let ident = Ident::unquoted(word, token.span());
        self.check_length(&ident)?;
        self.bump();
        Ok(ident)
    }

    fn check_length(&self, ident: &Ident) -> Result<(), SqlError> {
        let message = match ident.as_str().chars().count() {
            0 => "a quoted name must not be empty".to_owned(),
            length if length > MAX_IDENT_CHARS => {
                format!("a name has at most {MAX_IDENT_CHARS} characters, this one has {length}")
            }
            _ => return Ok(()),
        };
        Err(SqlError::new(
            SqlErrorKind::InvalidName,
            ident.span(),
            message,
        ))
    }

    /// The text of `IDENTIFIER('…')` and the place of the whole call.
    fn identifier_call(&mut self) -> Result<Option<(String, Range<usize>)>, SqlError> {
        let called =
            self.at_keyword("IDENTIFIER") && self.peek_second().kind == TokenKind::Char('(');
        if !called {
            return Ok(None);
        }
        let start = self.bump().start;
        self.expect_char("(")?;
        let text = self.text("IDENTIFIER")?;
        self.expect_char(")")?;
        Ok(Some((text.value, self.span_from(start))))
    }

    /// A name inside a string; all of its parts stand where the string stands.
    fn name_in(&self, text: &str, span: Range<usize>) -> Result<ObjectName, SqlError> {
        let name = parse_object_name(text).map_err(|error| self.inner(&error, &span))?;
        let place = |ident: Ident| ident.with_span(span.clone());
        Ok(ObjectName {
            database: name.database.map(place),
            schema: name.schema.map(place),
            name: place(name.name),
            span: span.clone(),
        })
    }

    /// An error about a name inside a string, moved to the string.
    fn inner(&self, error: &SqlError, span: &Range<usize>) -> SqlError {
        let written = self.script().get(span.clone()).unwrap_or("");
        let hint = if looks_like_placeholder(written) {
            PLACEHOLDER
        } else {
            "a name has up to three parts joined by dots, such as `db.schema.name`"
        };
        SqlError::new(
            SqlErrorKind::InvalidName,
            span.clone(),
            error.message.clone(),
        )
        .with_hint(hint)
    }
}

/// True for a text with the brackets or signs that other tools replace.
fn looks_like_placeholder(text: &str) -> bool {
    text.contains(['<', '{', '%'])
}

/// True for `@~`, `@%table` and `@[db.][schema.]stage`, each with an optional path.
fn is_stage_location(text: &str) -> bool {
    let Some(location) = text.strip_prefix('@') else {
        return false;
    };
    if let Some(rest) = location.strip_prefix('~') {
        return rest.is_empty() || rest.starts_with('/');
    }
    let location = location.strip_prefix('%').unwrap_or(location);
    let mut in_quotes = false;
    let end = location.find(|c: char| {
        in_quotes ^= c == '"';
        c == '/' && !in_quotes
    });
    parse_object_name(location.get(..end.unwrap_or(location.len())).unwrap_or("")).is_ok()
}
