//! Service functions over HTTP: SQL functions whose body is a batched call into a service.
//!
//! For two kinds of people:
//!
//! - Who **calls** service functions uses [`Function`]: it cuts Arrow columns into batches, posts
//!   them with a batch id, retries with the same id on another instance, polls on 202, and proves
//!   that every row came back once and in order before anybody sees a result.
//! - Who **writes** a service uses [`server`]: axum handlers that take a batch and answer every
//!   row, down to [`server::handler`], a closure from one row to its answer.
//!
//! ```
//! use std::sync::Arc;
//! use axum::Router;
//! use floe_batch::SqlType;
//! use floe_batch::arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
//! use floe_function::{Client, FixedTarget, Function, FunctionSpec, server};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let greet = server::handler(|(name,): (String,)| format!("Hello {name}"));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
//! let address = listener.local_addr().unwrap().to_string();
//! let app = Router::new().route("/greet", greet);
//! tokio::spawn(async move { axum::serve(listener, app).await });
//!
//! let text = SqlType::parse("VARCHAR").unwrap();
//! let spec = FunctionSpec::new("GREET", [("NAME", text)], text, "/greet");
//! let targets = Arc::new(FixedTarget::new(address));
//! let function = Function::new(spec, targets, Client::new(Default::default())).unwrap();
//!
//! let names: ArrayRef = Arc::new(StringArray::from(vec!["Alex", "Steve"]));
//! let rows = RecordBatch::try_from_iter([("NAME", names)]).unwrap();
//! let answers = function.call("01b02bdf", 0, &rows).await.unwrap();
//! assert_eq!(answers.as_string::<i32>().value(0), "Hello Alex");
//! # });
//! ```
//!
//! What a batch goes through is decided by a state machine without clock or socket,
//! [`attempt::Attempt`]; where it goes is decided by a [`Targets`]. Plain HTTP/1.1 only: instances
//! are reached inside the network of their services.

#![forbid(unsafe_code)]

use std::future::Future;
use std::pin::Pin;

pub mod attempt;
mod backoff;
mod client;
mod coding;
mod cut;
mod drive;
pub mod endpoint;
mod error;
mod exchange;
mod extensions;
mod function;
mod headers;
pub mod isolate;
pub mod pace;
mod report;
pub mod server;
#[cfg(test)]
mod simulation;
mod spec;
mod strict;
mod target;
mod telemetry;

pub use arrow;
pub use axum;
pub use backoff::Backoff;
pub use client::{Client, ClientOptions};
pub use coding::Compression;
pub use error::{BatchContext, CallError};
pub use extensions::Extensions;
pub use floe_batch;
pub use function::{Answers, Function, Turn};
pub use report::CallReport;
pub use spec::{CONTEXT_FUNCTIONS, FunctionSpec, OnBatchFailure, SpecError};
pub use target::{FixedTarget, NoTarget, Target, Targets};

/// A future of std types, so that traits can be used as objects and name no async runtime.
///
/// ```
/// fn answer<'a>() -> floe_function::BoxFuture<'a, u32> {
///     Box::pin(std::future::ready(42))
/// }
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// assert_eq!(runtime.block_on(answer()), 42);
/// ```
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
