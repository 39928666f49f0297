//! Who consumes: roles, and claims that fence one another.

use std::fmt;

use super::LedgerError;

/// Most bytes of the name of a role: that of a host and of a process on it, with room to spare.
pub const MAX_ROLE_BYTES: usize = 128;

/// Most roles that are claimed at a time: far more consumers than one queue has use for.
pub const MAX_ROLES: usize = 1024;

/// The name of one consumer's place in a stream, such as `consumer-0`: whoever takes the place
/// later fences whoever had it.
///
/// ```
/// use floe_ingest::Role;
/// assert_eq!(Role::new("consumer-0")?.as_str(), "consumer-0");
/// assert!(Role::new("").is_err());
/// # Ok::<(), floe_ingest::LedgerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(String);

impl Role {
    /// Checks a name: 1 to [`MAX_ROLE_BYTES`] bytes without control characters.
    ///
    /// # Errors
    /// [`LedgerError::BadRole`].
    ///
    /// ```
    /// assert!(floe_ingest::Role::new("a\nb").is_err());
    /// ```
    pub fn new(name: impl Into<String>) -> Result<Self, LedgerError> {
        let name = name.into();
        if name.is_empty() || name.len() > MAX_ROLE_BYTES || name.contains(char::is_control) {
            return Err(LedgerError::BadRole { name });
        }
        Ok(Self(name))
    }

    /// Returns the name.
    ///
    /// ```
    /// assert_eq!(floe_ingest::Role::new("a")?.as_str(), "a");
    /// # Ok::<(), floe_ingest::LedgerError>(())
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a consumer shows to prove that nobody has taken its role since.
///
/// ```
/// use floe_ingest::{Claim, Role};
/// let claim = Claim::new(Role::new("consumer-0")?, 7);
/// assert_eq!((claim.role().as_str(), claim.epoch()), ("consumer-0", 7));
/// # Ok::<(), floe_ingest::LedgerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    role: Role,
    epoch: u64,
}

impl Claim {
    /// Makes a claim; ledgers call this.
    ///
    /// ```
    /// use floe_ingest::{Claim, Role};
    /// let role = Role::new("a")?;
    /// assert_ne!(Claim::new(role.clone(), 1), Claim::new(role, 2));
    /// # Ok::<(), floe_ingest::LedgerError>(())
    /// ```
    #[must_use]
    pub const fn new(role: Role, epoch: u64) -> Self {
        Self { role, epoch }
    }

    /// Returns the role.
    ///
    /// ```
    /// use floe_ingest::{Claim, Role};
    /// assert_eq!(Claim::new(Role::new("a")?, 1).role(), &Role::new("a")?);
    /// # Ok::<(), floe_ingest::LedgerError>(())
    /// ```
    #[must_use]
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// Returns the number that rises with every claim of the ledger.
    ///
    /// ```
    /// use floe_ingest::{Claim, Role};
    /// assert_eq!(Claim::new(Role::new("a")?, 3).epoch(), 3);
    /// # Ok::<(), floe_ingest::LedgerError>(())
    /// ```
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }
}
