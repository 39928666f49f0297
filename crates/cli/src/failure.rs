//! What is told of a command that cannot do what it was asked, and how it ends.

use std::fmt::Display;

/// Somebody else refuses: a cloud, a directory, the other side.
const REFUSED: u8 = 1;
/// What was given cannot be used, or this program cannot do it.
const UNUSABLE: u8 = 2;

/// Tells why, and answers the exit code.
pub(crate) fn fail(message: &str) -> u8 {
    eprintln!("error: {message}");
    UNUSABLE
}

/// Tells an error that has a code, and answers the exit code.
pub(crate) fn unusable(code: &str, error: &dyn Display) -> u8 {
    eprintln!("error[{code}]: {error}");
    UNUSABLE
}

/// Tells a refusal that has a code, and answers the exit code.
pub(crate) fn refused(code: &str, error: &dyn Display) -> u8 {
    unusable(code, error);
    REFUSED
}
