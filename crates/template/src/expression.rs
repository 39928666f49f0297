//! What may stand between `{{` and `}}`: a variable, and `default` any number of times.

mod literal;
mod refuse;
mod tokens;

use std::ops::Range;
use std::rc::Rc;

use crate::TemplateError;
use crate::value::Checked;
use refuse::Cause;
use tokens::{Kind, Token};

/// A variable with its defaults.
#[derive(Debug)]
pub(crate) struct Expression {
    pub(crate) name: String,
    pub(crate) name_span: Range<usize>,
    pub(crate) defaults: Vec<DefaultFilter>,
}

/// One `| default(value, boolean)`.
#[derive(Debug)]
pub(crate) struct DefaultFilter {
    pub(crate) value: Argument,
    /// The value as it is written.
    pub(crate) span: Range<usize>,
    /// Whether the default also replaces a value that counts as false.
    pub(crate) boolean: bool,
}

/// The value that `default` inserts.
#[derive(Debug)]
pub(crate) enum Argument {
    Literal(Rc<Checked>),
    Variable(String),
}

/// Reads the placeholder that opens at `start`: the byte behind it, and what is in it.
pub(crate) fn read(
    template: &str,
    start: usize,
    errors: &mut Vec<TemplateError>,
) -> (usize, Option<Expression>) {
    let (error, end) = match tokens::read(template, start + 2) {
        Ok((tokens, end)) => {
            let mut parser = Parser {
                tokens: &tokens,
                at: 0,
                inside: start + 2..end - 2,
            };
            match parser.expression() {
                Ok(expression) => return (end, Some(expression)),
                Err(error) => recover(template, &tokens, error, end),
            }
        }
        Err(open) => recover(template, &open.tokens, open.error, open.end),
    };
    errors.push(error);
    (end, None)
}

/// What to report of a placeholder that cannot be read, and where to go on.
///
/// A quote that was forgotten makes a text of all up to the next quote, other placeholders
/// included. They are read all the same, and the quote is what is reported.
fn recover(
    template: &str,
    tokens: &[Token],
    error: TemplateError,
    end: usize,
) -> (TemplateError, usize) {
    let unread = matches!(error, TemplateError::NotClosed { .. });
    let before = |token: &&Token| unread || token.span.start <= error.span().start;
    let long = tokens
        .iter()
        .take_while(before)
        .find(|token| matches!(&token.kind, Kind::Text(text) if text.contains('\n')));
    match long {
        Some(text) => {
            let end = tokens::seeming_end(template, text.span.start);
            let span = text.span.start..end;
            let what = "a text in the placeholder";
            (TemplateError::NotClosed { what, span }, end)
        }
        None => (error, end),
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    /// The bytes between the braces.
    inside: Range<usize>,
}

type Result<T> = std::result::Result<T, TemplateError>;

impl Parser<'_> {
    fn expression(&mut self) -> Result<Expression> {
        if let Some(error) = refuse::white_space_control(self.tokens, &self.inside) {
            return Err(error);
        }
        let (name, name_span) = self.variable()?;
        let mut defaults = Vec::new();
        while self.takes("|") {
            defaults.push(self.filter()?);
        }
        match refuse::unexpected(self.tokens, self.at) {
            None => Ok(Expression {
                name,
                name_span,
                defaults,
            }),
            Some(error) => Err(error),
        }
    }

    fn variable(&mut self) -> Result<(String, Range<usize>)> {
        let found = match self.peek() {
            Some(token) => token.variable().map(|name| (name, token.span.clone())),
            None => {
                let span = self.inside.start - 2..self.inside.end + 2;
                return Err(Cause::NoVariable.at(span));
            }
        };
        match found {
            Some(found) if !refuse::calls(self.tokens, self.at) => {
                self.at += 1;
                Ok(found)
            }
            _ => Err(refuse::beginning(self.tokens, self.at)),
        }
    }

    fn filter(&mut self) -> Result<DefaultFilter> {
        let Some(token) = self.next() else {
            let span = self.inside.start - 2..self.inside.end + 2;
            return Err(Cause::NoFilter.at(span));
        };
        let span = token.span.clone();
        match &token.kind {
            Kind::Word(word) if word == "default" => self.arguments(&span),
            Kind::Word(word) => {
                let filter = word.clone();
                Err(TemplateError::Filter { filter, span })
            }
            _ => Err(Cause::NoFilter.at(span)),
        }
    }

    /// The arguments from `(` up to and with `)`. `filter` is the word before them.
    fn arguments(&mut self, filter: &Range<usize>) -> Result<DefaultFilter> {
        if !self.takes("(") {
            return Err(refuse::no_value(filter.clone()));
        }
        if let Some(close) = self.peek().filter(|token| token.is(")")) {
            return Err(refuse::no_value(filter.start..close.span.end));
        }
        let (value, span) = self.value()?;
        let boolean = self.takes(",") && self.boolean()?;
        if self.takes(")") {
            return Ok(DefaultFilter {
                value,
                span,
                boolean,
            });
        }
        if self.takes(",") {
            return Err(self.wrong("there are more than two", refuse::BOTH_FORMS));
        }
        // Attributes, operators and the like are named; all else just does not belong here.
        Err(refuse::unsupported(self.tokens, self.at)
            .unwrap_or_else(|| self.wrong("`,` or `)` is missing", refuse::BOTH_FORMS)))
    }

    /// The first argument, and its place.
    fn value(&mut self) -> Result<(Argument, Range<usize>)> {
        self.not_by_name()?;
        let from = self.at;
        let variable = self
            .peek()
            .filter(|_| !refuse::calls(self.tokens, self.at))
            .and_then(Token::variable);
        let argument = if let Some(name) = variable {
            self.at += 1;
            Argument::Variable(name)
        } else if let Some(literal) = literal::read(self.tokens, &mut self.at) {
            Argument::Literal(Rc::new(literal))
        } else {
            self.at = from;
            return Err(refuse::operand(self.tokens, from).unwrap_or_else(|| {
                self.wrong("this is neither a value nor a variable", refuse::BOTH_FORMS)
            }));
        };
        let end = self
            .at
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last));
        let end = end.map_or(self.inside.end, |token| token.span.end);
        let start = self.tokens.get(from).map_or(end, |token| token.span.start);
        Ok((argument, start..end))
    }

    /// The second argument.
    fn boolean(&mut self) -> Result<bool> {
        self.not_by_name()?;
        let word = match self.peek().map(|token| &token.kind) {
            Some(Kind::Word(word)) => word.as_str(),
            Some(Kind::Mark(")")) | None => {
                return Err(self.wrong("one is missing behind `,`", refuse::BOTH_FORMS));
            }
            Some(_) => "",
        };
        let value = match word {
            "true" | "True" => true,
            "false" | "False" => false,
            _ => {
                let problem = "the second is neither `true` nor `false`";
                return Err(self.wrong(problem, refuse::BOTH_FORMS));
            }
        };
        self.at += 1;
        Ok(value)
    }

    /// Arguments by name are Jinja's, but are shown nowhere for specification templates.
    fn not_by_name(&self) -> Result<()> {
        let mark = |at: usize| self.tokens.get(at).is_some_and(|token| token.is("="));
        let word = matches!(
            self.peek(),
            Some(Token {
                kind: Kind::Word(_),
                ..
            })
        );
        if word && mark(self.at + 1) && !mark(self.at + 2) {
            let problem = "arguments are not given by name";
            return Err(self.wrong(problem, "give both by place: `default('x', true)`"));
        }
        Ok(())
    }

    /// An error about the argument at the present token.
    fn wrong(&self, problem: &'static str, hint: &'static str) -> TemplateError {
        let span = refuse::item(self.tokens, self.at).unwrap_or(self.inside.end..self.inside.end);
        TemplateError::Arguments {
            problem,
            hint,
            span,
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&Token> {
        self.at += 1;
        self.tokens.get(self.at - 1)
    }

    fn takes(&mut self, mark: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(mark));
        self.at += usize::from(found);
        found
    }
}
