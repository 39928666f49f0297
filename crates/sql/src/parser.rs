//! From text to statements.

use std::ops::Range;

use crate::ast::{Ident, ObjectName, Parsed, Statement, UsingArg};
use crate::lexer::{Lexer, TokenKind};
use crate::limits::{MAX_SCRIPT_BYTES, MAX_STATEMENTS};
use crate::{SqlError, SqlErrorKind};
use cursor::{Cursor, shown};
pub(crate) use names::is_reserved;

mod call;
mod cursor;
mod dispatch;
mod function;
mod names;
mod pool;
mod service;
mod show;
mod source;
mod suggest;
mod unsupported;
mod values;

/// Reads a script: statements separated by `;`, the last one with or without.
///
/// A query is only delimited; whoever executes it parses it.
///
/// # Errors
///
/// Everything that is wrong with the script, at most one error a statement, in
/// the order of the text. After an error the next statement starts behind the
/// next `;`.
///
/// ```
/// use floe_sql::{Statement, parse_script};
///
/// let parsed = parse_script("DESC SERVICE a; SELECT 1 AS \";\"; -- done").unwrap();
/// assert_eq!(parsed.len(), 2);
/// assert_eq!(parsed[1].statement, Statement::Query);
///
/// let errors = parse_script("DESC SERVIC a; SHOW SERVICES; DROP SERVICE;").unwrap_err();
/// assert_eq!(errors[0].hint.as_deref(), Some("did you mean `SERVICE`?"));
/// assert_eq!(errors[1].code(), "FLOE-SQL-0008");
/// ```
pub fn parse_script(text: &str) -> Result<Vec<Parsed<'_>>, Vec<SqlError>> {
    if text.len() > MAX_SCRIPT_BYTES {
        return Err(vec![too_long(text)]);
    }
    let mut cursor = Cursor::new(text);
    let mut parsed = Vec::new();
    let mut errors = Vec::new();
    loop {
        while cursor.peek().kind == TokenKind::Semicolon {
            cursor.bump();
        }
        if cursor.peek().kind == TokenKind::End {
            break;
        }
        if parsed.len() + errors.len() == MAX_STATEMENTS {
            errors.push(too_many(cursor.peek().span()));
            break;
        }
        match statement(&mut cursor) {
            Ok(statement) => parsed.push(statement),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(parsed)
    } else {
        Err(errors)
    }
}

/// Reads a `USING` clause alone, as a file or an option may hold it.
///
/// The word `USING` and the `;` at the end may be missing, the parentheses may not.
///
/// # Errors
///
/// What is wrong with the clause; [`SqlErrorKind::ScriptTooLong`] past [`crate::MAX_SCRIPT_BYTES`].
///
/// ```
/// use floe_sql::{UsingLiteral, parse_using};
///
/// let args = parse_using("USING (tag => 'latest', \"Port\" => 8000);").unwrap();
/// assert_eq!((args[1].key.value.as_str(), args.len()), ("Port", 2));
/// assert_eq!(args[0].value, UsingLiteral::Text("latest".to_owned()));
/// assert_eq!(parse_using("(tag => latest)").unwrap_err().span(), 8..14);
/// ```
pub fn parse_using(text: &str) -> Result<Vec<UsingArg>, SqlError> {
    if text.len() > MAX_SCRIPT_BYTES {
        return Err(too_long(text));
    }
    let mut cursor = Cursor::new(text);
    cursor.eat("USING");
    let args = cursor.using()?;
    if cursor.peek().kind == TokenKind::Semicolon {
        cursor.bump();
    }
    match cursor.peek().kind {
        TokenKind::End => Ok(args.value),
        _ => Err(cursor.unexpected()),
    }
}

/// True when the text ends inside a statement, string, quoted name or comment.
///
/// A prompt goes on reading lines as long as this holds. A statement ends
/// with its `;`.
///
/// ```
/// use floe_sql::incomplete;
///
/// assert!(incomplete("SHOW SERVICES"));
/// assert!(incomplete("SELECT ';"));
/// assert!(incomplete("SHOW SERVICES; /* and"));
/// assert!(!incomplete("SHOW SERVICES; -- and"));
/// assert!(!incomplete("  "));
/// ```
pub fn incomplete(text: &str) -> bool {
    let mut lexer = Lexer::new(text);
    let mut inside = false;
    loop {
        match lexer.next_token().kind {
            TokenKind::End => return inside,
            TokenKind::Semicolon => inside = false,
            TokenKind::Unterminated(_) => return true,
            TokenKind::Word
            | TokenKind::QuotedIdent
            | TokenKind::Text
            | TokenKind::DollarText
            | TokenKind::Number
            | TokenKind::Stage
            | TokenKind::Variable
            | TokenKind::Arrow
            | TokenKind::Char(_) => inside = true,
        }
    }
}

/// Reads a text that holds one identifier and nothing else.
pub(crate) fn parse_ident(text: &str) -> Result<Ident, SqlError> {
    whole(text, "an identifier", Cursor::ident)
}

/// Reads a text that holds one object name and nothing else.
pub(crate) fn parse_object_name(text: &str) -> Result<ObjectName, SqlError> {
    whole(text, "a name", Cursor::dotted_name)
}

fn whole<'t, T>(
    text: &'t str,
    what: &str,
    read: impl FnOnce(&mut Cursor<'t>) -> Result<T, SqlError>,
) -> Result<T, SqlError> {
    let mut cursor = Cursor::new(text);
    // Blanks and comments around a name are not part of it.
    let starts = cursor.peek().start == 0;
    match read(&mut cursor) {
        Ok(value) if starts && cursor.last_end() == text.len() => Ok(value),
        Ok(_) | Err(_) => Err(SqlError::new(
            SqlErrorKind::InvalidName,
            0..text.len(),
            format!("`{}` is not {what}", shown(text)),
        )),
    }
}

/// One statement, up to its `;` or the end of the script.
fn statement<'a>(cursor: &mut Cursor<'a>) -> Result<Parsed<'a>, SqlError> {
    let start = cursor.peek().start;
    let result = dispatch::statement(cursor).and_then(|statement| {
        cursor.expect_end()?;
        Ok(statement)
    });
    match result {
        Ok(statement) => Ok(parsed(cursor, statement, start)),
        Err(error) => {
            // What else is wrong with a broken statement would only repeat it.
            let _also_broken = cursor.skip_statement();
            Err(error)
        }
    }
}

fn parsed<'a>(cursor: &Cursor<'a>, statement: Statement, start: usize) -> Parsed<'a> {
    let span = cursor.span_from(start);
    let text = cursor.script().get(span.clone()).unwrap_or("");
    Parsed {
        statement,
        span,
        text,
    }
}

fn too_long(text: &str) -> SqlError {
    let message = format!(
        "the script has {} bytes; at most {MAX_SCRIPT_BYTES} are read at once",
        text.len()
    );
    SqlError::new(SqlErrorKind::ScriptTooLong, 0..0, message).with_hint("split it into several")
}

fn too_many(span: Range<usize>) -> SqlError {
    let message = format!("the script has more than {MAX_STATEMENTS} statements");
    SqlError::new(SqlErrorKind::TooManyStatements, span, message).with_hint("split it into several")
}
