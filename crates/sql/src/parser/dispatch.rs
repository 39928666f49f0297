//! Which statement begins here.

use super::cursor::Cursor;
use super::suggest::nearest;
use super::unsupported::{OBJECTS, STATEMENTS, not_supported};
use crate::ast::{Statement, SystemCall};
use crate::lexer::TokenKind;
use crate::{SqlError, SqlErrorKind};

/// First words of the statements that are carried out.
const VERBS: [&str; 11] = [
    "CREATE", "ALTER", "DROP", "SHOW", "DESCRIBE", "DESC", "CALL", "SELECT", "WITH", "EXPLAIN",
    "VALUES",
];

/// True for the first words of all statements, supported or not.
pub(crate) fn starts_statement(word: &str) -> bool {
    first_words().any(|first| first.eq_ignore_ascii_case(word))
}

fn first_words() -> impl Iterator<Item = &'static str> {
    VERBS
        .iter()
        .chain(STATEMENTS)
        .filter_map(|phrase| phrase.split(' ').next())
}

/// Reads one statement; what follows it is the caller's to check.
pub(crate) fn statement(cursor: &mut Cursor<'_>) -> Result<Statement, SqlError> {
    let start = cursor.peek().start;
    let Some(word) = cursor.peek_word() else {
        return without_verb(cursor);
    };
    match word.to_ascii_uppercase().as_str() {
        "CREATE" => create(cursor),
        "ALTER" => alter(cursor),
        "DROP" => drop(cursor),
        "SHOW" => cursor.show(),
        "DESCRIBE" | "DESC" => describe(cursor),
        "CALL" => cursor.call().map(Statement::Call),
        "SELECT" => match lone_system_call(cursor) {
            Some(call) => Ok(Statement::Call(call)),
            None => query(cursor),
        },
        "WITH" | "EXPLAIN" | "VALUES" => query(cursor),
        "COPY" if copies_a_query(cursor) => {
            cursor.skip_statement()?;
            Ok(Statement::Copy)
        }
        _ => Err(cursor
            .unsupported(start, "", STATEMENTS)
            .unwrap_or_else(|| unknown(cursor))),
    }
}

fn without_verb(cursor: &mut Cursor<'_>) -> Result<Statement, SqlError> {
    if cursor.peek().kind == TokenKind::Char('(') {
        return query(cursor);
    }
    VERBS.into_iter().for_each(|verb| cursor.expect_note(verb));
    Err(cursor.unexpected())
}

fn query(cursor: &mut Cursor<'_>) -> Result<Statement, SqlError> {
    cursor.skip_statement()?;
    Ok(Statement::Query)
}

/// `COPY (…`, unlike `COPY INTO` and `COPY FILES`.
fn copies_a_query(cursor: &Cursor<'_>) -> bool {
    let mut ahead = cursor.clone();
    ahead.bump();
    ahead.peek().kind == TokenKind::Char('(')
}

/// `SELECT SYSTEM$F(…) [ [ AS ] <alias> ]` and nothing else; anything more is a query.
fn lone_system_call(cursor: &mut Cursor<'_>) -> Option<SystemCall> {
    let mut ahead = cursor.clone();
    ahead.bump();
    let mut call = ahead.system_call().ok()?;
    if !ahead.at_end() {
        ahead.eat("AS");
        call.alias = Some(ahead.ident().ok()?);
    }
    if !ahead.at_end() {
        return None;
    }
    *cursor = ahead;
    Some(call)
}

fn unknown(cursor: &Cursor<'_>) -> SqlError {
    let message = format!("no statement starts with {}", cursor.found());
    let error = cursor
        .error_here(SqlErrorKind::UnknownStatement, message)
        .expecting(VERBS);
    match cursor
        .peek_word()
        .and_then(|word| nearest(word, first_words()))
    {
        Some(verb) => error.with_hint(format!("did you mean `{verb}`?")),
        None => error,
    }
}

fn create(cursor: &mut Cursor<'_>) -> Result<Statement, SqlError> {
    let start = cursor.bump().start;
    let modifier = cursor.peek().start;
    let or_replace = cursor.eat("OR REPLACE");
    let or_alter = !or_replace && cursor.eat("OR ALTER");
    let replaced = cursor.span_from(modifier);
    if or_alter {
        return Err(not_supported(cursor, start, "CREATE OR ALTER"));
    }
    if cursor.eat("COMPUTE POOL") {
        refuse_replace(
            or_replace,
            replaced,
            "compute pool",
            "ALTER COMPUTE POOL … SET …",
        )?;
        return cursor.create_compute_pool();
    }
    if cursor.eat("SERVICE") {
        refuse_replace(or_replace, replaced, "service", "ALTER SERVICE … FROM …")?;
        return cursor.create_service();
    }
    if cursor.eat("FUNCTION") {
        return cursor.create_function(or_replace);
    }
    Err(cursor
        .unsupported(start, "CREATE", OBJECTS)
        .unwrap_or_else(|| cursor.unexpected()))
}

/// The dialect has no `OR REPLACE` for objects that run something.
fn refuse_replace(
    found: bool,
    span: std::ops::Range<usize>,
    object: &str,
    instead: &str,
) -> Result<(), SqlError> {
    if !found {
        return Ok(());
    }
    let message = format!("a {object} cannot be created with `OR REPLACE`");
    let hint = format!("use `IF NOT EXISTS`, or change the existing one with `{instead}`");
    Err(SqlError::new(SqlErrorKind::UnexpectedToken, span, message).with_hint(hint))
}

fn alter(cursor: &mut Cursor<'_>) -> Result<Statement, SqlError> {
    let start = cursor.bump().start;
    if cursor.eat("COMPUTE POOL") {
        return cursor.alter_compute_pool();
    }
    if cursor.eat("SERVICE") {
        return cursor.alter_service();
    }
    if cursor.eat("FUNCTION") {
        return cursor.alter_function();
    }
    Err(cursor
        .unsupported(start, "ALTER", OBJECTS)
        .unwrap_or_else(|| cursor.unexpected()))
}

fn drop(cursor: &mut Cursor<'_>) -> Result<Statement, SqlError> {
    let start = cursor.bump().start;
    if cursor.eat("COMPUTE POOL") {
        return cursor.drop_compute_pool();
    }
    if cursor.eat("SERVICE") {
        return cursor.drop_service();
    }
    if cursor.eat("FUNCTION") {
        return cursor.drop_function();
    }
    Err(cursor
        .unsupported(start, "DROP", OBJECTS)
        .unwrap_or_else(|| cursor.unexpected()))
}

fn describe(cursor: &mut Cursor<'_>) -> Result<Statement, SqlError> {
    let start = cursor.bump().start;
    if cursor.eat("COMPUTE POOL") {
        return cursor.describe_compute_pool();
    }
    if cursor.eat("SERVICE") {
        return cursor.describe_service();
    }
    if cursor.eat("FUNCTION") {
        return cursor.describe_function();
    }
    Err(cursor
        .unsupported(start, "DESCRIBE", OBJECTS)
        .unwrap_or_else(|| cursor.unexpected()))
}
