//! For tests: what emulators of clouds lack, and what they never do wrong.
//!
//! Each part is a server on a free port of the loopback interface, in the process of the test
//! that wants it, so that what one test breaks is broken for that test alone.
#![forbid(unsafe_code)]

pub mod chaos;
pub mod eventgrid;
mod gcs;
mod http;
mod outside;
pub mod s3;

pub use gcs::{Doors, GoogleCloud};
pub use http::{Handler, Server, Upstream, answer};
pub use outside::{peer, vendor_client};
