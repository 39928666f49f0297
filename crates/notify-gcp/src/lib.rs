//! File notification on Google Cloud: a bucket tells Pub/Sub.
#![forbid(unsafe_code)]
