//! Why a transaction did not take place, before it is said to anybody.

use crate::LedgerError;

/// What stops a job or all of its group.
#[derive(Debug)]
pub(super) enum Fault {
    /// The job asks for what cannot be; it has changed nothing.
    Refused(LedgerError),
    /// A record is not as it was written.
    Damaged(&'static str),
    /// The store said no.
    Store(Box<redb::Error>),
    /// The store does not know what it does any more.
    Panicked(String),
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        Self::Refused(error)
    }
}

macro_rules! from_store {
    ($($error:ident),*) => {
        $(impl From<redb::$error> for Fault {
            fn from(error: redb::$error) -> Self {
                Self::Store(Box::new(error.into()))
            }
        })*
    };
}

from_store!(
    StorageError,
    TableError,
    TransactionError,
    CommitError,
    CompactionError,
    DatabaseError
);
