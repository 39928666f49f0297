//! Statements about service functions.

use std::collections::BTreeMap;

use super::cursor::{Cursor, shown};
use crate::ast::{
    AlterFunction, AlterFunctionAction, DescribeFunction, DropFunction, FunctionProperty,
    FunctionSettings, FunctionTarget, Ident, NullHandling, ObjectName, OnBatchFailure,
    ServiceFunctionDef, Statement, TypeName, TypeParam, Volatility,
};
use crate::lexer::TokenKind;
use crate::limits::MAX_NESTING;
use crate::{Spanned, SqlError, SqlErrorKind};

type Named = (&'static str, FunctionProperty);

/// Type names of several words, as "Summary of data types" and the pages behind it in Snowflake's
/// documentation list them, and those of standard SQL that they are read as.
const LONG_NAMES: [&str; 11] = [
    "DOUBLE PRECISION",
    "CHAR VARYING",
    "CHARACTER VARYING",
    "NCHAR VARYING",
    "NATIONAL CHAR",
    "NATIONAL CHAR VARYING",
    "NATIONAL CHARACTER",
    "NATIONAL CHARACTER VARYING",
    "TIMESTAMP WITH LOCAL TIME ZONE",
    "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP WITHOUT TIME ZONE",
];

/// The clauses of `CREATE FUNCTION` behind the result's type, in any order.
#[derive(Default)]
struct Clauses {
    null_handling: Option<Spanned<NullHandling>>,
    volatility: Option<Spanned<Volatility>>,
    path: Option<Spanned<String>>,
    settings: FunctionSettings,
}

fn properties() -> Vec<Named> {
    FunctionProperty::ALL
        .map(|property| (property.as_str(), property))
        .to_vec()
}

/// What `UNSET` takes: a function cannot be without its service and endpoint.
fn unsettable() -> Vec<Named> {
    let bound = [FunctionProperty::Service, FunctionProperty::Endpoint];
    properties()
        .into_iter()
        .filter(|(_, property)| !bound.contains(property))
        .collect()
}

impl Cursor<'_> {
    pub(crate) fn create_function(&mut self, or_replace: bool) -> Result<Statement, SqlError> {
        let start = self.peek().start;
        let if_not_exists = self.eat_if("IF NOT EXISTS")?;
        if or_replace && if_not_exists {
            let message = "`OR REPLACE` and `IF NOT EXISTS` exclude each other";
            let span = self.span_from(start);
            return Err(SqlError::new(SqlErrorKind::UnexpectedToken, span, message)
                .with_hint("leave one of them out: what exists is replaced, or it is kept"));
        }
        let name = self.object_name()?;
        let args = self.function_args()?;
        self.expect("RETURNS")?;
        let returns = self.type_name(0)?;
        let returns_not_null = self.eat("NOT NULL");
        if !returns_not_null {
            self.eat("NULL");
        }
        let mut clauses = Clauses::default();
        while !self.at_end() {
            self.function_clause(&mut clauses)?;
        }
        let Clauses {
            null_handling,
            volatility,
            path,
            settings: set,
        } = clauses;
        let missing = [
            (set.service.is_none(), "SERVICE"),
            (set.endpoint.is_none(), "ENDPOINT"),
            (path.is_none(), "AS '<path>'"),
        ];
        let lacking = self.lacking("CREATE FUNCTION", name.span.clone(), &missing);
        let (Some(service), Some(endpoint), Some(path)) = (set.service, set.endpoint, path) else {
            return Err(lacking);
        };
        Ok(Statement::CreateFunction(Box::new(ServiceFunctionDef {
            or_replace,
            if_not_exists,
            name,
            args,
            returns,
            returns_not_null,
            null_handling,
            volatility,
            service: service.value,
            endpoint,
            path,
            max_batch_rows: set.max_batch_rows,
            max_batch_retries: set.max_batch_retries,
            on_batch_failure: set.on_batch_failure,
            batch_timeout_secs: set.batch_timeout_secs,
            comment: set.comment,
            context_headers: set.context_headers,
        })))
    }

    /// `( [ <name> <type> [, …] ] )`
    fn function_args(&mut self) -> Result<Vec<(Ident, TypeName)>, SqlError> {
        let mut seen = BTreeMap::new();
        let list = self.list(|cursor| {
            let name = cursor.ident()?;
            if let Some(first) = seen.insert(name.as_str().to_owned(), name.span()) {
                let what = format!("the argument `{name}`");
                return Err(cursor.twice(&what, name.span(), &first));
            }
            let ty = cursor.type_name(0)?;
            Ok((name, ty))
        })?;
        Ok(list.value)
    }

    fn function_clause(&mut self, clauses: &mut Clauses) -> Result<(), SqlError> {
        let key = self.peek().span();
        if let Some(handling) = self.maybe_null_handling() {
            return self.set_once(&mut clauses.null_handling, "null handling", key, handling);
        }
        for (word, value) in [
            ("VOLATILE", Volatility::Volatile),
            ("IMMUTABLE", Volatility::Immutable),
        ] {
            if self.eat(word) {
                let value = Spanned::new(value, key.clone());
                return self.set_once(&mut clauses.volatility, "volatility", key, value);
            }
        }
        if self.eat("AS") {
            let path = self.text("AS")?;
            return self.set_once(&mut clauses.path, "AS", key, path);
        }
        if self.maybe_function_property(&mut clauses.settings)? {
            return Ok(());
        }
        match self.unsupported_function_clause() {
            Some(error) => Err(error),
            None => Err(self.no_such_clause(&properties())),
        }
    }

    fn maybe_null_handling(&mut self) -> Option<Spanned<NullHandling>> {
        let start = self.peek().start;
        let handling = if self.eat("CALLED ON NULL INPUT") {
            NullHandling::Called
        } else if self.eat("RETURNS NULL ON NULL INPUT") || self.eat("STRICT") {
            NullHandling::Strict
        } else {
            return None;
        };
        Some(Spanned::new(handling, self.span_from(start)))
    }

    pub(crate) fn alter_function(&mut self) -> Result<Statement, SqlError> {
        let if_exists = self.eat_if("IF EXISTS")?;
        let function = self.function_target()?;
        let action = self.alter_function_action()?;
        Ok(Statement::AlterFunction(Box::new(AlterFunction {
            function,
            if_exists,
            action,
        })))
    }

    fn alter_function_action(&mut self) -> Result<AlterFunctionAction, SqlError> {
        if self.eat("RENAME TO") {
            return Ok(AlterFunctionAction::Rename(Box::new(self.object_name()?)));
        }
        if self.eat("UNSET") {
            return Ok(AlterFunctionAction::Unset(self.unset_list(&unsettable())?));
        }
        if self.eat("SET") {
            let mut set = FunctionSettings::default();
            self.set_list(&properties(), |cursor| {
                cursor.maybe_function_property(&mut set)
            })?;
            return Ok(AlterFunctionAction::Set(Box::new(set)));
        }
        Err(self.unexpected())
    }

    pub(crate) fn drop_function(&mut self) -> Result<Statement, SqlError> {
        let if_exists = self.eat_if("IF EXISTS")?;
        let function = self.function_target()?;
        Ok(Statement::DropFunction(DropFunction {
            function,
            if_exists,
        }))
    }

    pub(crate) fn describe_function(&mut self) -> Result<Statement, SqlError> {
        let if_exists = self.eat_if("IF EXISTS")?;
        let function = self.function_target()?;
        Ok(Statement::DescribeFunction(DescribeFunction {
            function,
            if_exists,
        }))
    }

    fn function_target(&mut self) -> Result<FunctionTarget, SqlError> {
        let name = self.object_name()?;
        let arg_types = self.list(|cursor| cursor.type_name(0))?.value;
        Ok(FunctionTarget { name, arg_types })
    }

    fn maybe_function_property(&mut self, into: &mut FunctionSettings) -> Result<bool, SqlError> {
        let Some((
            name,
            Spanned {
                value: property,
                span: key,
            },
        )) = self.maybe_property(&properties())
        else {
            return Ok(false);
        };
        self.expect_char("=")?;
        match property {
            FunctionProperty::Service => {
                let value = self.service_reference()?;
                self.set_once(&mut into.service, name, key, value)
            }
            FunctionProperty::Endpoint => {
                let value = self.endpoint(name)?;
                self.set_once(&mut into.endpoint, name, key, value)
            }
            FunctionProperty::MaxBatchRows => {
                let value = self.number(name)?;
                self.set_once(&mut into.max_batch_rows, name, key, value)
            }
            FunctionProperty::MaxBatchRetries => {
                let value = self.number(name)?;
                self.set_once(&mut into.max_batch_retries, name, key, value)
            }
            FunctionProperty::OnBatchFailure => {
                let choices = [
                    ("ABORT", OnBatchFailure::Abort),
                    ("RETURN_NULL", OnBatchFailure::ReturnNull),
                ];
                let value = self.choice(name, &choices)?;
                self.set_once(&mut into.on_batch_failure, name, key, value)
            }
            FunctionProperty::BatchTimeoutSecs => {
                let value = self.number(name)?;
                self.set_once(&mut into.batch_timeout_secs, name, key, value)
            }
            FunctionProperty::ContextHeaders => {
                let value = self.list(Self::ident)?;
                self.set_once(&mut into.context_headers, name, key, value)
            }
            FunctionProperty::Comment => {
                let value = self.text(name)?;
                self.set_once(&mut into.comment, name, key, value)
            }
        }?;
        Ok(true)
    }

    fn service_reference(&mut self) -> Result<Spanned<ObjectName>, SqlError> {
        let name = self.object_name_or_text()?;
        Ok(Spanned::new(name.clone(), name.span))
    }

    /// An endpoint's name comes from the specification and keeps its case.
    fn endpoint(&mut self, of: &str) -> Result<Spanned<String>, SqlError> {
        let endpoint = self.text_or_word(of)?;
        let dash = self.peek();
        if dash.kind == TokenKind::Char('-') && dash.start == endpoint.span.end {
            let from = self.script().get(endpoint.span.start..).unwrap_or("");
            let name = from
                .split(|c: char| c.is_whitespace() || c == ';')
                .next()
                .unwrap_or("");
            let span = endpoint.span.start..endpoint.span.start + name.len();
            let message = "an endpoint's name with `-` stands in quotes";
            return Err(SqlError::new(SqlErrorKind::InvalidName, span, message)
                .with_hint(format!("write `{of} = '{}'`", shown(name))));
        }
        Ok(endpoint)
    }

    /// A type: one or more words with optional parameters, `depth` types down.
    fn type_name(&mut self, depth: usize) -> Result<TypeName, SqlError> {
        let token = self.peek();
        if depth > MAX_NESTING {
            let message = format!("types are nested more than {MAX_NESTING} deep");
            return Err(SqlError::new(SqlErrorKind::TooDeep, token.span(), message));
        }
        let Some(first) = self.peek_word().map(str::to_ascii_uppercase) else {
            self.expect_thing("a type");
            return Err(self.unexpected());
        };
        self.bump();
        let mut name = self.longer_name(first);
        let mut params = Vec::new();
        if self.peek().kind == TokenKind::Char('(') {
            params = self.list(|cursor| cursor.type_param(&token, depth))?.value;
            // `TIMESTAMP(3) WITH TIME ZONE`
            if name == "TIMESTAMP" {
                name = self.longer_name(name);
            }
        }
        Ok(TypeName {
            name,
            params,
            span: self.span_from(token.start),
        })
    }

    /// The words that follow `name` in a type name of several words, with `name` before them.
    fn longer_name(&mut self, mut name: String) -> String {
        while let Some(word) = self.peek_word() {
            let longer = format!("{name} {}", word.to_ascii_uppercase());
            let goes_on = |long: &&str| {
                let rest = long.strip_prefix(longer.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            };
            if !LONG_NAMES.iter().any(goes_on) {
                break;
            }
            self.bump();
            name = longer;
        }
        name
    }

    fn type_param(
        &mut self,
        of: &crate::lexer::Token,
        depth: usize,
    ) -> Result<TypeParam, SqlError> {
        if matches!(
            self.peek().kind,
            TokenKind::Number | TokenKind::Char('-' | '+')
        ) {
            let name = self.text_of(*of);
            return Ok(TypeParam::Number(self.number(name)?.value));
        }
        Ok(TypeParam::Type(self.type_name(depth + 1)?))
    }
}
