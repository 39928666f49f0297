//! Statements of the container-service SQL dialect as typed commands.
//!
//! This crate reads scripts that create, change, show and drop compute pools,
//! services and service functions, as they are written for Snowpark Container
//! Services. It executes nothing: whoever does gets a [`Statement`] for each
//! statement, in which everything the user wrote carries its place in the
//! script. Queries are only delimited and passed on.
//!
//! ```
//! use floe_sql::{Statement, line_column, parse_script};
//!
//! let script = "\
//! CREATE SERVICE echo_service
//!   IN COMPUTE POOL tutorial_pool
//!   FROM SPECIFICATION $$
//! spec:
//!   containers: []
//! $$
//!   MIN_INSTANCES = 2;
//! SELECT my_echo_udf('hello');
//! ";
//! let parsed = parse_script(script).unwrap();
//! let Statement::CreateService(create) = &parsed[0].statement else { unreachable!() };
//! assert_eq!(create.name.to_string(), "ECHO_SERVICE");
//! assert_eq!(create.properties.min_instances.as_ref().unwrap().value, 2);
//! assert_eq!(parsed[1].statement, Statement::Query);
//!
//! // A position inside the specification is a position in the script.
//! let spec = create.source.inline().unwrap();
//! let at = spec.text.value.find("containers").unwrap();
//! assert_eq!(line_column(script, spec.origin(at..at).start), (5, 3));
//! ```
//!
//! What is wrong with a script is reported at once, one [`SqlError`] a
//! statement, with what was found, what could have stood there, and what a
//! misspelt word probably meant:
//!
//! ```
//! let errors = floe_sql::parse_script(
//!     "ALTER SERVICE s SET MIN_INSTANCE = 2; DROP COMPUTE POL p;",
//! ).unwrap_err();
//! assert_eq!(errors[0].code(), "FLOE-SQL-0009");
//! assert_eq!(errors[0].hint.as_deref(), Some("did you mean `MIN_INSTANCES`?"));
//! assert_eq!(errors[1].message, "`POL` is not expected here: expected `POOL`");
//! ```
//!
//! # What belongs here and what does not
//!
//! Here: which clauses and properties exist, that each is written at most
//! once, that a number is a number. Not here: whether `MIN_INSTANCES` exceeds
//! `MAX_INSTANCES`, whether an object exists, what a type name means.
#![forbid(unsafe_code)]

pub use ast::*;
pub use comments::blank_comments;
pub use error::{SqlError, SqlErrorKind};
pub use limits::{MAX_IDENT_CHARS, MAX_NESTING, MAX_SCRIPT_BYTES, MAX_STATEMENTS};
pub use parser::{incomplete, parse_script, parse_using};
pub use position::{LineIndex, line_column};

mod ast;
mod comments;
mod error;
mod lexer;
mod limits;
mod parser;
mod position;
