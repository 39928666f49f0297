//! `STREAM read_files(` in the text of a statement, which is not SQL to the parser: it is found
//! among the tokens, so never in a text or a comment, and taken out in place, so that everything
//! keeps its line and column.

use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::dialect::SnowflakeDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{
    Location as Place, Span, Token, TokenWithSpan, Tokenizer, Whitespace, Word,
};

use crate::error::QueryError;

/// A statement without its words `STREAM`.
pub(super) struct Scanned {
    /// What the parser reads.
    pub(super) tokens: Vec<TokenWithSpan>,
    /// Where they stood.
    pub(super) streams: Vec<Found>,
}

/// One `STREAM read_files(`.
pub(super) struct Found {
    /// Where `STREAM` stands.
    pub(super) span: Span,
    /// Where the call begins, by which it is found again.
    pub(super) call: Place,
}

/// Takes every `STREAM` before `read_files(` out. Within such a call, names of options with points
/// in them become one name, as if they were quoted.
pub(super) fn scan(sql: &str) -> Result<Scanned, QueryError> {
    let mut tokens = Tokenizer::new(&SnowflakeDialect {}, sql)
        .tokenize_with_location()
        .map_err(|error| QueryError::planning(DataFusionError::from(ParserError::from(error))))?;
    let places: Vec<usize> = tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| !matches!(token.token, Token::Whitespace(_)))
        .map(|(place, _)| place)
        .collect();
    let mut streams = Vec::new();
    for (at, window) in places.windows(3).enumerate() {
        let [stream, name, paren] = window else {
            continue;
        };
        let (Some(first), Some(second), Some(third)) =
            (tokens.get(*stream), tokens.get(*name), tokens.get(*paren))
        else {
            continue;
        };
        let is_stream = is_word(first, "STREAM") && is_word(second, "READ_FILES");
        if is_stream && third.token == Token::LParen {
            let (span, call) = (first.span, second.span.start);
            streams.push(Found { span, call });
            blank(&mut tokens, *stream);
            join_names(&mut tokens, places.get(at + 3..).unwrap_or_default());
        }
    }
    Ok(Scanned { tokens, streams })
}

fn is_word(token: &TokenWithSpan, expected: &str) -> bool {
    match &token.token {
        Token::Word(word) => {
            word.quote_style.is_none() && word.value.eq_ignore_ascii_case(expected)
        }
        _ => false,
    }
}

fn blank(tokens: &mut [TokenWithSpan], place: usize) {
    if let Some(token) = tokens.get_mut(place) {
        token.token = Token::Whitespace(Whitespace::Space);
    }
}

/// Makes one word of `a.b =>` among the arguments that begin at the first of `places`.
fn join_names(tokens: &mut [TokenWithSpan], places: &[usize]) {
    let mut depth = 0_usize;
    let mut name: Vec<usize> = Vec::new();
    for place in places {
        let Some(token) = tokens.get(*place) else {
            return;
        };
        match (&token.token, name.len().is_multiple_of(2)) {
            (Token::LParen, _) => depth += 1,
            (Token::RParen, _) if depth == 0 => return,
            (Token::RParen, _) => depth -= 1,
            (Token::Word(_), true) | (Token::Period, false) if depth == 0 => {
                name.push(*place);
                continue;
            }
            (Token::RArrow, false) if name.len() > 1 => join(tokens, &name),
            _ => {}
        }
        name.clear();
    }
}

fn join(tokens: &mut [TokenWithSpan], name: &[usize]) {
    let words = name.iter().filter_map(|place| tokens.get(*place));
    let value: String = words.map(text_of).collect();
    for place in name {
        blank(tokens, *place);
    }
    if let Some(first) = name.first().and_then(|place| tokens.get_mut(*place)) {
        first.token = Token::Word(Word {
            value,
            quote_style: Some('"'),
            keyword: Keyword::NoKeyword,
        });
    }
}

fn text_of(token: &TokenWithSpan) -> &str {
    match &token.token {
        Token::Word(word) => &word.value,
        _ => ".",
    }
}
