//! Statements about compute pools.

use super::{Ident, Spanned};

/// `CREATE COMPUTE POOL [ IF NOT EXISTS ] <name> MIN_NODES = … MAX_NODES = … INSTANCE_FAMILY = …`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script(
///     "CREATE COMPUTE POOL p MIN_NODES=1 MAX_NODES=2 INSTANCE_FAMILY=CPU_X64_XS",
/// ).unwrap();
/// let Statement::CreateComputePool(create) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(create.max_nodes.value, 2);
/// assert_eq!(create.instance_family.value, "CPU_X64_XS");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateComputePool {
    /// The new pool's name.
    pub name: Ident,
    /// An existing pool of that name is left alone.
    pub if_not_exists: bool,
    /// `FOR APPLICATION <app>`
    pub for_application: Option<Ident>,
    /// `MIN_NODES`
    pub min_nodes: Spanned<u32>,
    /// `MAX_NODES`
    pub max_nodes: Spanned<u32>,
    /// `INSTANCE_FAMILY`, in upper case.
    pub instance_family: Spanned<String>,
    /// `AUTO_RESUME`
    pub auto_resume: Option<Spanned<bool>>,
    /// `INITIALLY_SUSPENDED`
    pub initially_suspended: Option<Spanned<bool>>,
    /// `AUTO_SUSPEND_SECS`, in seconds.
    pub auto_suspend_secs: Option<Spanned<u32>>,
    /// `COMMENT`
    pub comment: Option<Spanned<String>>,
    /// `PLACEMENT_GROUP`
    pub placement_group: Option<Spanned<String>>,
    /// `BACKUP_INSTANCE_FAMILIES`, each in upper case.
    pub backup_instance_families: Option<Spanned<Vec<String>>>,
}

/// `ALTER COMPUTE POOL [ IF EXISTS ] <name> …`
///
/// ```
/// use floe_sql::{AlterComputePoolAction, Statement};
///
/// let parsed = floe_sql::parse_script("ALTER COMPUTE POOL p STOP ALL").unwrap();
/// let Statement::AlterComputePool(alter) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(alter.action, AlterComputePoolAction::StopAll { of_type: Vec::new() });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterComputePool {
    /// The pool.
    pub name: Ident,
    /// A missing pool is no error.
    pub if_exists: bool,
    /// What to change.
    pub action: AlterComputePoolAction,
}

/// What `ALTER COMPUTE POOL` changes.
///
/// ```
/// use floe_sql::{AlterComputePoolAction, Statement};
///
/// let parsed = floe_sql::parse_script("ALTER COMPUTE POOL p SET MAX_NODES = 5").unwrap();
/// let Statement::AlterComputePool(alter) = &parsed[0].statement else { unreachable!() };
/// let AlterComputePoolAction::Set(set) = &alter.action else { unreachable!() };
/// assert_eq!(set.max_nodes.as_ref().unwrap().value, 5);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlterComputePoolAction {
    /// Suspend the pool.
    Suspend,
    /// Resume the pool.
    Resume,
    /// Drop its services and cancel its jobs.
    StopAll {
        /// Only workloads of these types; empty means all.
        of_type: Vec<Ident>,
    },
    /// Give properties new values; at least one is present.
    Set(Box<PoolProperties>),
    /// Put properties back to their defaults; at least one, none twice.
    Unset(Vec<Spanned<PoolProperty>>),
}

/// The properties that `ALTER COMPUTE POOL … SET` wrote; an absent one is `None`.
///
/// ```
/// assert!(floe_sql::PoolProperties::default().min_nodes.is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PoolProperties {
    /// `MIN_NODES`
    pub min_nodes: Option<Spanned<u32>>,
    /// `MAX_NODES`
    pub max_nodes: Option<Spanned<u32>>,
    /// `INSTANCE_FAMILY`, in upper case.
    pub instance_family: Option<Spanned<String>>,
    /// `AUTO_RESUME`
    pub auto_resume: Option<Spanned<bool>>,
    /// `INITIALLY_SUSPENDED`; `CREATE` only.
    pub initially_suspended: Option<Spanned<bool>>,
    /// `AUTO_SUSPEND_SECS`, in seconds.
    pub auto_suspend_secs: Option<Spanned<u32>>,
    /// `COMMENT`
    pub comment: Option<Spanned<String>>,
    /// `PLACEMENT_GROUP`
    pub placement_group: Option<Spanned<String>>,
    /// `BACKUP_INSTANCE_FAMILIES`, each in upper case.
    pub backup_instance_families: Option<Spanned<Vec<String>>>,
}

/// The name of a compute-pool property.
///
/// ```
/// assert_eq!(floe_sql::PoolProperty::MaxNodes.as_str(), "MAX_NODES");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PoolProperty {
    /// `MIN_NODES`
    MinNodes,
    /// `MAX_NODES`
    MaxNodes,
    /// `INSTANCE_FAMILY`
    InstanceFamily,
    /// `AUTO_RESUME`
    AutoResume,
    /// `INITIALLY_SUSPENDED`
    InitiallySuspended,
    /// `AUTO_SUSPEND_SECS`
    AutoSuspendSecs,
    /// `COMMENT`
    Comment,
    /// `PLACEMENT_GROUP`
    PlacementGroup,
    /// `BACKUP_INSTANCE_FAMILIES`
    BackupInstanceFamilies,
}

/// `DROP COMPUTE POOL [ IF EXISTS ] <name>`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("DROP COMPUTE POOL IF EXISTS p").unwrap();
/// let Statement::DropComputePool(drop) = &parsed[0].statement else { unreachable!() };
/// assert!(drop.if_exists);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropComputePool {
    /// The pool.
    pub name: Ident,
    /// A missing pool is no error.
    pub if_exists: bool,
}

/// `{ DESC | DESCRIBE } COMPUTE POOL <name>`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("DESCRIBE COMPUTE POOL p").unwrap();
/// let Statement::DescribeComputePool(describe) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(describe.name.as_str(), "P");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeComputePool {
    /// The pool.
    pub name: Ident,
}

// === impl PoolProperty ===

impl PoolProperty {
    /// Every property, in the order messages list them.
    pub const ALL: [Self; 9] = [
        Self::MinNodes,
        Self::MaxNodes,
        Self::InstanceFamily,
        Self::AutoResume,
        Self::InitiallySuspended,
        Self::AutoSuspendSecs,
        Self::PlacementGroup,
        Self::BackupInstanceFamilies,
        Self::Comment,
    ];

    /// The property as it is written in a statement.
    ///
    /// ```
    /// assert_eq!(floe_sql::PoolProperty::MinNodes.as_str(), "MIN_NODES");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MinNodes => "MIN_NODES",
            Self::MaxNodes => "MAX_NODES",
            Self::InstanceFamily => "INSTANCE_FAMILY",
            Self::AutoResume => "AUTO_RESUME",
            Self::InitiallySuspended => "INITIALLY_SUSPENDED",
            Self::AutoSuspendSecs => "AUTO_SUSPEND_SECS",
            Self::Comment => "COMMENT",
            Self::PlacementGroup => "PLACEMENT_GROUP",
            Self::BackupInstanceFamilies => "BACKUP_INSTANCE_FAMILIES",
        }
    }
}
