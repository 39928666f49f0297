//! Statements about services.

use super::{Ident, ObjectName, Spanned, SpecSource};

/// `CREATE SERVICE [ IF NOT EXISTS ] <name> IN COMPUTE POOL <pool> FROM … [ properties ]`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script(
///     "CREATE SERVICE echo IN COMPUTE POOL p MIN_INSTANCES=2 FROM SPECIFICATION $$spec: {}$$",
/// ).unwrap();
/// let Statement::CreateService(create) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(create.pool.as_str(), "P");
/// assert_eq!(create.properties.min_instances.as_ref().unwrap().value, 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateService {
    /// The new service's name.
    pub name: ObjectName,
    /// An existing service of that name is left alone.
    pub if_not_exists: bool,
    /// The compute pool it runs on.
    pub pool: Ident,
    /// Its specification.
    pub source: SpecSource,
    /// Everything else.
    pub properties: ServiceProperties,
}

/// `ALTER SERVICE [ IF EXISTS ] <name> …`
///
/// ```
/// use floe_sql::{AlterServiceAction, Statement};
///
/// let parsed = floe_sql::parse_script("ALTER SERVICE IF EXISTS db.sc.echo SUSPEND").unwrap();
/// let Statement::AlterService(alter) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(alter.name.to_string(), "DB.SC.ECHO");
/// assert_eq!(alter.action, AlterServiceAction::Suspend);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterService {
    /// The service.
    pub name: ObjectName,
    /// A missing service is no error.
    pub if_exists: bool,
    /// What to change.
    pub action: AlterServiceAction,
}

/// What `ALTER SERVICE` changes.
///
/// ```
/// use floe_sql::{AlterServiceAction, ServiceProperty, Statement};
///
/// let parsed = floe_sql::parse_script("ALTER SERVICE s UNSET MIN_INSTANCES, COMMENT").unwrap();
/// let Statement::AlterService(alter) = &parsed[0].statement else { unreachable!() };
/// let AlterServiceAction::Unset(list) = &alter.action else { unreachable!() };
/// assert_eq!(list[1].value, ServiceProperty::Comment);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlterServiceAction {
    /// Stop the containers and keep the service.
    Suspend,
    /// Start the containers again.
    Resume,
    /// Upgrade to a new specification.
    From(SpecSource),
    /// Give properties new values; at least one is present.
    Set(Box<ServiceProperties>),
    /// Put properties back to their defaults; at least one, none twice.
    Unset(Vec<Spanned<ServiceProperty>>),
}

/// The properties of a service that were written; an absent one is `None`.
///
/// ```
/// let none = floe_sql::ServiceProperties::default();
/// assert!(none.comment.is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceProperties {
    /// `MIN_INSTANCES`
    pub min_instances: Option<Spanned<u32>>,
    /// `MAX_INSTANCES`
    pub max_instances: Option<Spanned<u32>>,
    /// `MIN_READY_INSTANCES`
    pub min_ready_instances: Option<Spanned<u32>>,
    /// `AUTO_SUSPEND_SECS`, in seconds.
    pub auto_suspend_secs: Option<Spanned<u32>>,
    /// `AUTO_RESUME`
    pub auto_resume: Option<Spanned<bool>>,
    /// `COMMENT`
    pub comment: Option<Spanned<String>>,
    /// `QUERY_WAREHOUSE`
    pub query_warehouse: Option<Spanned<Ident>>,
    /// `EXTERNAL_ACCESS_INTEGRATIONS`
    pub external_access_integrations: Option<Spanned<Vec<Ident>>>,
    /// `LOG_LEVEL`, as it was written.
    pub log_level: Option<Spanned<String>>,
}

/// The name of a service property.
///
/// ```
/// assert_eq!(floe_sql::ServiceProperty::MinInstances.as_str(), "MIN_INSTANCES");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceProperty {
    /// `MIN_INSTANCES`
    MinInstances,
    /// `MAX_INSTANCES`
    MaxInstances,
    /// `MIN_READY_INSTANCES`
    MinReadyInstances,
    /// `AUTO_SUSPEND_SECS`
    AutoSuspendSecs,
    /// `AUTO_RESUME`
    AutoResume,
    /// `COMMENT`
    Comment,
    /// `QUERY_WAREHOUSE`
    QueryWarehouse,
    /// `EXTERNAL_ACCESS_INTEGRATIONS`
    ExternalAccessIntegrations,
    /// `LOG_LEVEL`
    LogLevel,
}

/// `DROP SERVICE [ IF EXISTS ] <name> [ FORCE ]`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("drop service echo").unwrap();
/// let Statement::DropService(drop) = &parsed[0].statement else { unreachable!() };
/// assert!(!drop.force);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropService {
    /// The service.
    pub name: ObjectName,
    /// A missing service is no error.
    pub if_exists: bool,
    /// Volumes are dropped with it.
    pub force: bool,
}

/// `{ DESC | DESCRIBE } SERVICE <name>`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("DESC SERVICE IDENTIFIER('sc.echo')").unwrap();
/// let Statement::DescribeService(describe) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(describe.name.to_string(), "SC.ECHO");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeService {
    /// The service.
    pub name: ObjectName,
}

// === impl ServiceProperty ===

impl ServiceProperty {
    /// Every property, in the order messages list them.
    pub const ALL: [Self; 9] = [
        Self::MinInstances,
        Self::MaxInstances,
        Self::MinReadyInstances,
        Self::AutoSuspendSecs,
        Self::AutoResume,
        Self::QueryWarehouse,
        Self::ExternalAccessIntegrations,
        Self::LogLevel,
        Self::Comment,
    ];

    /// The property as it is written in a statement.
    ///
    /// ```
    /// assert_eq!(floe_sql::ServiceProperty::LogLevel.as_str(), "LOG_LEVEL");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MinInstances => "MIN_INSTANCES",
            Self::MaxInstances => "MAX_INSTANCES",
            Self::MinReadyInstances => "MIN_READY_INSTANCES",
            Self::AutoSuspendSecs => "AUTO_SUSPEND_SECS",
            Self::AutoResume => "AUTO_RESUME",
            Self::Comment => "COMMENT",
            Self::QueryWarehouse => "QUERY_WAREHOUSE",
            Self::ExternalAccessIntegrations => "EXTERNAL_ACCESS_INTEGRATIONS",
            Self::LogLevel => "LOG_LEVEL",
        }
    }
}
