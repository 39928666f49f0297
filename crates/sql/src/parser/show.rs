//! `SHOW …`

use super::cursor::Cursor;
use super::unsupported::{SHOWN, not_supported};
use crate::ast::{
    Ident, JobFilter, Limit, ObjectName, ShowComputePools, ShowEndpoints, ShowFunctions, ShowScope,
    ShowServiceContainers, ShowServiceInstances, ShowServices, Statement,
};
use crate::lexer::TokenKind;
use crate::{Spanned, SqlError, SqlErrorKind};

/// Words behind an optional name that are not this name.
const OPTION_WORDS: [&str; 6] = ["LIKE", "IN", "STARTS", "LIMIT", "OF", "EXCLUDE"];

/// The options of a `SHOW` statement, each at most once and in any order.
#[derive(Default)]
struct Options {
    like: Option<Spanned<String>>,
    scope: Option<Spanned<ShowScope>>,
    starts_with: Option<Spanned<String>>,
    limit: Option<Spanned<Limit>>,
    of_type: Option<Spanned<Vec<Ident>>>,
    exclude_jobs: Option<Spanned<()>>,
}

/// The options that a list has besides `LIKE`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Services,
    ComputePools,
    Functions,
}

impl Cursor<'_> {
    pub(crate) fn show(&mut self) -> Result<Statement, SqlError> {
        let start = self.bump().start;
        if let Some(error) = self.unsupported(start, "SHOW", SHOWN) {
            return Err(error);
        }
        if self.eat("COMPUTE POOLS") {
            let Options {
                like,
                starts_with,
                limit,
                ..
            } = self.show_options(Of::ComputePools)?;
            let limit = limit.map(|limit| limit.value);
            return Ok(Statement::ShowComputePools(ShowComputePools {
                like,
                starts_with,
                limit,
            }));
        }
        if self.eat("SERVICE INSTANCES") {
            let service = self.in_service()?;
            return Ok(Statement::ShowServiceInstances(ShowServiceInstances {
                service,
            }));
        }
        if self.eat("SERVICE CONTAINERS") {
            let service = self.in_service()?;
            return Ok(Statement::ShowServiceContainers(ShowServiceContainers {
                service,
            }));
        }
        if self.eat("ENDPOINTS") {
            let service = self.in_service()?;
            return Ok(Statement::ShowEndpoints(ShowEndpoints { service }));
        }
        if self.eat("USER FUNCTIONS") || self.eat("FUNCTIONS") {
            let Options { like, scope, .. } = self.show_options(Of::Functions)?;
            let scope = scope.map(|scope| scope.value);
            return Ok(Statement::ShowFunctions(Box::new(ShowFunctions {
                like,
                scope,
            })));
        }
        if self.eat("JOB SERVICES") {
            return self.show_services(JobFilter::Only);
        }
        if self.eat("SERVICES") {
            return self.show_services(JobFilter::Include);
        }
        Err(self.unexpected())
    }

    fn in_service(&mut self) -> Result<ObjectName, SqlError> {
        self.expect("IN SERVICE")?;
        self.object_name()
    }

    fn show_services(&mut self, jobs: JobFilter) -> Result<Statement, SqlError> {
        let options = self.show_options(Of::Services)?;
        let jobs = match (jobs, options.exclude_jobs) {
            (jobs, None) => jobs,
            (JobFilter::Include | JobFilter::Exclude, Some(_)) => JobFilter::Exclude,
            (JobFilter::Only, Some(exclude)) => {
                let message = "`SHOW JOB SERVICES` cannot exclude jobs";
                let error = SqlError::new(SqlErrorKind::UnexpectedToken, exclude.span, message);
                return Err(error.with_hint("leave out `JOB` or `EXCLUDE JOBS`"));
            }
        };
        Ok(Statement::ShowServices(Box::new(ShowServices {
            jobs,
            like: options.like,
            scope: options.scope.map(|scope| scope.value),
            starts_with: options.starts_with,
            limit: options.limit.map(|limit| limit.value),
            of_type: options.of_type.map(|types| types.value).unwrap_or_default(),
        })))
    }

    fn show_options(&mut self, of: Of) -> Result<Options, SqlError> {
        let mut options = Options::default();
        while !self.at_end() {
            let key = self.peek().span();
            if self.eat("LIKE") {
                let value = self.text("LIKE")?;
                self.set_once(&mut options.like, "LIKE", key, value)?;
            } else if of != Of::ComputePools && self.eat("IN") {
                let scope = self.show_scope(of)?;
                let value = Spanned::new(scope, self.span_from(key.start));
                self.set_once(&mut options.scope, "IN", key, value)?;
            } else if of != Of::Functions && self.eat("STARTS WITH") {
                let value = self.text("STARTS WITH")?;
                self.set_once(&mut options.starts_with, "STARTS WITH", key, value)?;
            } else if of != Of::Functions && self.eat("LIMIT") {
                let limit = self.limit()?;
                let value = Spanned::new(limit, self.span_from(key.start));
                self.set_once(&mut options.limit, "LIMIT", key, value)?;
            } else if of == Of::Services && self.eat("OF TYPE") {
                let types = self.workload_types()?;
                let value = Spanned::new(types, self.span_from(key.start));
                self.set_once(&mut options.of_type, "OF TYPE", key, value)?;
            } else if of == Of::Services && self.eat("EXCLUDE JOBS") {
                let value = Spanned::new((), self.span_from(key.start));
                self.set_once(&mut options.exclude_jobs, "EXCLUDE JOBS", key, value)?;
            } else {
                return Err(self.unexpected());
            }
        }
        Ok(options)
    }

    fn limit(&mut self) -> Result<Limit, SqlError> {
        let rows = self.number("LIMIT")?;
        let from = if self.eat("FROM") {
            Some(self.text("LIMIT … FROM")?)
        } else {
            None
        };
        Ok(Limit { rows, from })
    }

    fn show_scope(&mut self, of: Of) -> Result<ShowScope, SqlError> {
        let start = self.peek().start;
        if self.eat("ACCOUNT") {
            return Ok(ShowScope::Account);
        }
        if self.eat("DATABASE") {
            let named = self.at_name();
            return Ok(ShowScope::Database(if named {
                Some(self.simple_name()?)
            } else {
                None
            }));
        }
        if self.eat("SCHEMA") {
            let named = self.at_name();
            return Ok(ShowScope::Schema(if named {
                Some(self.schema_name()?)
            } else {
                None
            }));
        }
        if of == Of::Services && self.eat("COMPUTE POOL") {
            return Ok(ShowScope::ComputePool(self.simple_name()?));
        }
        if self.at_keyword("APPLICATION") && !self.peek_second().ends_statement() {
            self.bump();
            return Err(not_supported(self, start, "IN APPLICATION"));
        }
        Ok(ShowScope::Schema(Some(self.schema_name()?)))
    }

    fn schema_name(&mut self) -> Result<ObjectName, SqlError> {
        let name = self.object_name()?;
        if name.database.is_none() {
            return Ok(name);
        }
        let message = "a schema's name has at most two parts: database and schema";
        Err(SqlError::new(SqlErrorKind::InvalidName, name.span, message))
    }

    /// True when a name, and not the next option, follows.
    fn at_name(&self) -> bool {
        match self.peek().kind {
            TokenKind::Word => !OPTION_WORDS.iter().any(|word| self.at_keyword(word)),
            TokenKind::QuotedIdent => true,
            _ => false,
        }
    }
}
