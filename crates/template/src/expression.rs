//! What may stand between `{{` and `}}`: a variable, and `default` any number of times.

mod literal;
mod tokens;

use std::ops::Range;
use std::rc::Rc;

use crate::TemplateError;
use crate::value::Checked;
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
    /// Whether the default also replaces a value that counts as false.
    pub(crate) boolean: Argument,
}

/// An argument of `default`.
#[derive(Debug)]
pub(crate) enum Argument {
    Literal(Rc<Checked>),
    Variable { name: String, span: Range<usize> },
}

/// Reads the placeholder that opens at `start`: the byte behind it, and what is in it.
pub(crate) fn read(
    template: &str,
    start: usize,
    errors: &mut Vec<TemplateError>,
) -> (usize, Option<Expression>) {
    match tokens::read(template, start + 2) {
        Ok((tokens, end)) => {
            let mut parser = Parser {
                tokens: &tokens,
                at: 0,
                inside: start + 2..end - 2,
            };
            match parser.expression() {
                Ok(expression) => (end, Some(expression)),
                Err(error) => {
                    errors.push(error);
                    (end, None)
                }
            }
        }
        Err((error, end)) => {
            errors.push(error);
            (end, None)
        }
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
        let (name, name_span) = self.variable()?;
        let mut defaults = Vec::new();
        while self.takes("|") {
            defaults.push(self.filter()?);
        }
        match self.peek() {
            None => Ok(Expression {
                name,
                name_span,
                defaults,
            }),
            Some(token) => Err(unsupported(token, "only filters may follow a variable")),
        }
    }

    fn variable(&mut self) -> Result<(String, Range<usize>)> {
        let Some(token) = self.next() else {
            let what = "a variable is missing between the braces".to_owned();
            return Err(TemplateError::Unsupported {
                what,
                span: self.inside.clone(),
            });
        };
        match &token.kind {
            Kind::Word(word) if !is_constant(word) => Ok((word.clone(), token.span.clone())),
            Kind::Mark("-" | "+") => Err(unsupported(
                token,
                "white-space control and signs are not supported",
            )),
            _ => Err(unsupported(
                token,
                "a placeholder begins with the name of a variable",
            )),
        }
    }

    fn filter(&mut self) -> Result<DefaultFilter> {
        let Some(token) = self.next() else {
            let what = "a filter is missing behind `|`".to_owned();
            return Err(TemplateError::Unsupported {
                what,
                span: self.inside.clone(),
            });
        };
        match &token.kind {
            // `d` is Jinja's other name of the same filter.
            Kind::Word(word) if word == "default" || word == "d" => {}
            Kind::Word(word) => {
                let (filter, span) = (word.clone(), token.span.clone());
                return Err(TemplateError::Filter { filter, span });
            }
            _ => return Err(unsupported(token, "a filter has a name")),
        }
        if self.takes("(") {
            self.arguments()
        } else {
            Ok(DefaultFilter::empty())
        }
    }

    /// The arguments up to and with `)`, by place or by the names they have in Jinja.
    fn arguments(&mut self) -> Result<DefaultFilter> {
        let start = self
            .peek()
            .map_or(self.inside.end, |token| token.span.start);
        let (mut value, mut boolean) = (None, None);
        let mut place = 0;
        while !self.takes(")") {
            let named = self.keyword();
            let argument = self.argument(start)?;
            let slot = match (named.as_deref(), place) {
                (Some("default_value"), _) | (None, 0) => &mut value,
                (Some("boolean"), _) | (None, 1) => &mut boolean,
                (Some(_), _) => return Err(self.wrong(start, "it has no argument of that name")),
                (None, _) => return Err(self.wrong(start, "there are more than two")),
            };
            if slot.replace(argument).is_some() {
                return Err(self.wrong(start, "one is given twice"));
            }
            place += 1;
            if !self.takes(",") && !self.peeks(")") {
                return Err(self.wrong(start, "`,` or `)` is missing"));
            }
        }
        let empty = DefaultFilter::empty();
        Ok(DefaultFilter {
            value: value.unwrap_or(empty.value),
            boolean: boolean.unwrap_or(empty.boolean),
        })
    }

    /// The name of an argument that is given as `name=`.
    fn keyword(&mut self) -> Option<String> {
        let (Some(token), Some(behind)) = (self.tokens.get(self.at), self.tokens.get(self.at + 1))
        else {
            return None;
        };
        match (&token.kind, &behind.kind) {
            (Kind::Word(word), Kind::Mark("=")) => {
                self.at += 2;
                Some(word.clone())
            }
            _ => None,
        }
    }

    fn argument(&mut self, start: usize) -> Result<Argument> {
        if let Some(Token {
            kind: Kind::Word(word),
            span,
        }) = self.peek()
            && !is_constant(word)
        {
            let argument = Argument::Variable {
                name: word.clone(),
                span: span.clone(),
            };
            self.at += 1;
            return Ok(argument);
        }
        match literal::read(self.tokens, &mut self.at) {
            Some(literal) => Ok(Argument::Literal(Rc::new(literal))),
            None => Err(self.wrong(start, "this is neither a value nor a variable")),
        }
    }

    fn wrong(&self, start: usize, problem: &'static str) -> TemplateError {
        let end = self.peek().map_or(self.inside.end, |token| token.span.end);
        TemplateError::Arguments {
            problem,
            span: start.min(end)..end,
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn peeks(&self, mark: &str) -> bool {
        matches!(self.peek(), Some(Token { kind: Kind::Mark(found), .. }) if *found == mark)
    }

    fn next(&mut self) -> Option<&Token> {
        self.at += 1;
        self.tokens.get(self.at - 1)
    }

    fn takes(&mut self, mark: &str) -> bool {
        let found = self.peeks(mark);
        self.at += usize::from(found);
        found
    }
}

impl DefaultFilter {
    /// What `default` is without arguments: the empty text, for a missing variable only.
    fn empty() -> Self {
        let literal = |text| Argument::Literal(Rc::new(crate::value::bare(text)));
        DefaultFilter {
            value: literal(""),
            boolean: literal("false"),
        }
    }
}

fn unsupported(token: &Token, what: &str) -> TemplateError {
    TemplateError::Unsupported {
        what: what.to_owned(),
        span: token.span.clone(),
    }
}

/// Words that are values in Jinja and hence no variables.
fn is_constant(word: &str) -> bool {
    matches!(word, "true" | "True" | "false" | "False" | "none" | "None")
}
