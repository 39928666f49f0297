//! What one would write with the libraries there are.

pub(crate) mod arrow_json;
pub(crate) mod hand;
pub(crate) mod jiter;
