//! SQL queries over DataFusion that call service functions, and read files with `read_files`.
//!
//! For engines that hold a catalog of service functions: they make a [`session`] per query from
//! the functions that it may call, and [`query`] plans the text. A planner rule takes every call
//! out of the expressions it stands in and hands it to an execution node, which sends the rows in
//! batches, several at once, and puts the results into their rows. Calls may stand wherever a
//! scalar function may: nested, in WHERE, GROUP BY, HAVING and ORDER BY, in arguments of
//! aggregates and window functions, in join conditions, and in CASE, which sends the rows of the
//! branch taken and no others. Where a call cannot be batched, a coded error says how to write the
//! query instead.
//!
//! ```
//! use std::sync::Arc;
//! use datafusion::assert_batches_eq;
//! use floe_datafusion::{QueryError, QueryInfo, ServiceFunctions, Volatility, query, session};
//! use floe_function::floe_batch::SqlType;
//! use floe_function::axum::{Router, serve};
//! use floe_function::{Client, FixedTarget, Function, FunctionSpec, server};
//!
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
//! // A service …
//! let greet = server::handler(|(name,): (String,)| format!("Hello {name}"));
//! let app = Router::new().route("/greet", greet);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
//! let address = listener.local_addr().unwrap().to_string();
//! tokio::spawn(async move { serve(listener, app).await });
//!
//! // … a function over it …
//! let text = SqlType::parse("VARCHAR").unwrap();
//! let spec = FunctionSpec::new("GREET", [("NAME", text)], text, "/greet");
//! let targets = Arc::new(FixedTarget::new(address));
//! let function = Function::new(spec, targets, Client::new(Default::default())).unwrap();
//! let mut functions = ServiceFunctions::new();
//! functions.insert("GREET", function, Volatility::Volatile);
//!
//! // … and a query that calls it.
//! let context = session(&functions, QueryInfo::new("01b02bdf", 0));
//! let people = "(VALUES (1, 'Alex'), (2, 'Steve')) AS people (id, name)";
//! let sql = format!("SELECT id, greet(name) FROM {people}");
//! let rows = query(&context, &sql).await?.collect().await?;
//! assert_batches_eq!(
//!     [
//!         "+----+-------------+",
//!         "| id | GREET(NAME) |",
//!         "+----+-------------+",
//!         "| 1  | Hello Alex  |",
//!         "| 2  | Hello Steve |",
//!         "+----+-------------+",
//!     ],
//!     &rows
//! );
//!
//! let sql = format!("SELECT id FROM {people} ORDER BY greet(name) DESC");
//! assert_eq!(query(&context, &sql).await?.collect().await?[0].num_rows(), 2);
//!
//! let sql = format!("SELECT id FROM {people} LIMIT greet('two')");
//! assert!(query(&context, &sql).await.is_err());
//! # Ok::<(), QueryError>(())
//! # }).unwrap();
//! ```
//!
//! With the feature `ingest`, a stream of files is read by such queries batch by batch: see the
//! module `ingest`.
//!
//! `design.md` beside this crate says how rule and node work and what their limits are.

#![forbid(unsafe_code)]

mod error;
mod exec;
mod functions;
#[cfg(feature = "ingest")]
pub mod ingest;
mod planner;
mod query;
mod read_files;
mod rule;
mod service_call;
mod session;

pub use datafusion;
pub use error::{Clause, Location, QueryError};
pub use functions::{ServiceFunctions, Volatility};
pub use query::{called, query};
pub use session::{QueryInfo, session};
