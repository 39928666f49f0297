//! File notification: events of three clouds as one type, and what their plumbing is made of.
#![forbid(unsafe_code)]
