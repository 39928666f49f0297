//! Calls of service functions against real services on 127.0.0.1.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail their test by panicking"
)]

mod answers;
mod book;
mod extensions;
mod gzip;
mod http;
mod nulls;
mod requests;
mod retries;
mod server;
mod service;
