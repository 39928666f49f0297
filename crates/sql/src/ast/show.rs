//! `SHOW …` statements.

use super::{Ident, ObjectName, Spanned};

/// `SHOW [ JOB ] SERVICES [ EXCLUDE JOBS ] [ LIKE … ] [ IN … ] [ STARTS WITH … ] [ LIMIT … ] …`
///
/// ```
/// use floe_sql::{JobFilter, Statement};
///
/// let parsed = floe_sql::parse_script("SHOW JOB SERVICES LIKE 'a%' IN COMPUTE POOL p").unwrap();
/// let Statement::ShowServices(show) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(show.jobs, JobFilter::Only);
/// assert_eq!(show.in_pool().unwrap().as_str(), "P");
/// assert_eq!(show.like.as_ref().unwrap().value, "a%");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowServices {
    /// Whether jobs are listed.
    pub jobs: JobFilter,
    /// `LIKE '<pattern>'`: `%` and `_`, case-insensitive.
    pub like: Option<Spanned<String>>,
    /// `IN …`
    pub scope: Option<ShowScope>,
    /// `STARTS WITH '<prefix>'`, case-sensitive.
    pub starts_with: Option<Spanned<String>>,
    /// `LIMIT <rows> [ FROM '<name>' ]`
    pub limit: Option<Limit>,
    /// `OF TYPE …`; empty means all.
    pub of_type: Vec<Ident>,
}

/// Whether `SHOW SERVICES` lists jobs.
///
/// ```
/// assert_eq!(floe_sql::JobFilter::default(), floe_sql::JobFilter::Include);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum JobFilter {
    /// Services and jobs.
    #[default]
    Include,
    /// `SHOW JOB SERVICES`
    Only,
    /// `EXCLUDE JOBS`
    Exclude,
}

/// The part of the catalog that a `SHOW` statement looks at.
///
/// ```
/// use floe_sql::{ShowScope, Statement};
///
/// let parsed = floe_sql::parse_script("SHOW SERVICES IN SCHEMA db.sc").unwrap();
/// let Statement::ShowServices(show) = &parsed[0].statement else { unreachable!() };
/// let Some(ShowScope::Schema(Some(schema))) = &show.scope else { unreachable!() };
/// // A schema's own name is the last part, its database the one before.
/// assert_eq!(schema.name.as_str(), "SC");
/// assert_eq!(schema.schema.as_ref().unwrap().as_str(), "DB");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShowScope {
    /// `IN ACCOUNT`
    Account,
    /// `IN DATABASE [ <db> ]`; `None` is the current one.
    Database(Option<Ident>),
    /// `IN SCHEMA [ [<db>.]<schema> ]` or `IN <schema>`; `None` is the current one.
    ///
    /// [`ObjectName::name`] is the schema and [`ObjectName::schema`] the
    /// database written before it; [`ObjectName::database`] is always `None`.
    Schema(Option<ObjectName>),
    /// `IN COMPUTE POOL <pool>`
    ComputePool(Ident),
}

/// `LIMIT <rows> [ FROM '<name>' ]`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("SHOW COMPUTE POOLS LIMIT 10 FROM 'B'").unwrap();
/// let Statement::ShowComputePools(show) = &parsed[0].statement else { unreachable!() };
/// let limit = show.limit.as_ref().unwrap();
/// assert_eq!((limit.rows.value, limit.from.as_ref().unwrap().value.as_str()), (10, "B"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// At most so many rows.
    pub rows: Spanned<u32>,
    /// Only rows after the first whose name starts with this text.
    pub from: Option<Spanned<String>>,
}

/// `SHOW COMPUTE POOLS [ LIKE … ] [ STARTS WITH … ] [ LIMIT … ]`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("SHOW COMPUTE POOLS LIKE 'tut%'").unwrap();
/// let Statement::ShowComputePools(show) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(show.like.as_ref().unwrap().value, "tut%");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowComputePools {
    /// `LIKE '<pattern>'`: `%` and `_`, case-insensitive.
    pub like: Option<Spanned<String>>,
    /// `STARTS WITH '<prefix>'`, case-sensitive.
    pub starts_with: Option<Spanned<String>>,
    /// `LIMIT <rows> [ FROM '<name>' ]`
    pub limit: Option<Limit>,
}

/// `SHOW SERVICE INSTANCES IN SERVICE <name>`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("SHOW SERVICE INSTANCES IN SERVICE echo").unwrap();
/// let Statement::ShowServiceInstances(show) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(show.service.to_string(), "ECHO");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowServiceInstances {
    /// The service.
    pub service: ObjectName,
}

/// `SHOW SERVICE CONTAINERS IN SERVICE <name>`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("SHOW SERVICE CONTAINERS IN SERVICE echo").unwrap();
/// assert!(matches!(parsed[0].statement, Statement::ShowServiceContainers(_)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowServiceContainers {
    /// The service.
    pub service: ObjectName,
}

/// `SHOW ENDPOINTS IN SERVICE <name>`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("SHOW ENDPOINTS IN SERVICE echo").unwrap();
/// assert!(matches!(parsed[0].statement, Statement::ShowEndpoints(_)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowEndpoints {
    /// The service.
    pub service: ObjectName,
}

/// `SHOW [ USER ] FUNCTIONS [ LIKE … ] [ IN … ]`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("SHOW USER FUNCTIONS LIKE 'my%' IN ACCOUNT").unwrap();
/// assert!(matches!(parsed[0].statement, Statement::ShowFunctions(_)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShowFunctions {
    /// `LIKE '<pattern>'`: `%` and `_`, case-insensitive.
    pub like: Option<Spanned<String>>,
    /// `IN …`; never a compute pool.
    pub scope: Option<ShowScope>,
}

// === impl ShowServices ===

impl ShowServices {
    /// The compute pool of `IN COMPUTE POOL <pool>`.
    ///
    /// ```
    /// use floe_sql::Statement;
    ///
    /// let parsed = floe_sql::parse_script("SHOW SERVICES").unwrap();
    /// let Statement::ShowServices(show) = &parsed[0].statement else { unreachable!() };
    /// assert!(show.in_pool().is_none());
    /// ```
    pub fn in_pool(&self) -> Option<&Ident> {
        match &self.scope {
            Some(ShowScope::ComputePool(pool)) => Some(pool),
            Some(ShowScope::Account | ShowScope::Database(_) | ShowScope::Schema(_)) | None => None,
        }
    }
}
