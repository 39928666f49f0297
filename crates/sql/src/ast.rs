//! The typed statements a script is turned into.
//!
//! Every value that a user wrote carries the byte range it came from, so that
//! whoever executes a statement can point at the user's own text.

use std::ops::Range;

pub use call::{Literal, SystemCall};
pub use function::{
    AlterFunction, AlterFunctionAction, DescribeFunction, DropFunction, FunctionProperty,
    FunctionSettings, FunctionTarget, NullHandling, OnBatchFailure, ServiceFunctionDef, TypeName,
    TypeParam, Volatility,
};
pub use name::{FunctionName, Ident, ObjectName};
pub use pool::{
    AlterComputePool, AlterComputePoolAction, CreateComputePool, DescribeComputePool,
    DropComputePool, PoolProperties, PoolProperty,
};
pub use service::{
    AlterService, AlterServiceAction, CreateService, DescribeService, DropService,
    ServiceProperties, ServiceProperty,
};
pub use show::{
    JobFilter, Limit, ShowComputePools, ShowEndpoints, ShowFunctions, ShowScope,
    ShowServiceContainers, ShowServiceInstances, ShowServices,
};
pub(crate) use source::Shift;
pub use source::{InlineSpec, SpecKind, SpecLocation, SpecSource, UsingArg, UsingLiteral};

mod call;
mod function;
mod name;
mod pool;
mod service;
mod show;
mod source;

/// One statement of a script with the place it was written at.
///
/// ```
/// let script = "-- first\nSHOW SERVICES; SELECT 1;";
/// let parsed = floe_sql::parse_script(script).unwrap();
/// assert_eq!(parsed[1].text, "SELECT 1");
/// assert_eq!(&script[parsed[1].span.clone()], parsed[1].text);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// The typed statement.
    pub statement: Statement,
    /// Bytes of the script from the statement's first to its last token, without the `;`.
    pub span: Range<usize>,
    /// The script's text at `span`.
    pub text: &'a str,
}

/// What a statement asks for.
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("DROP SERVICE IF EXISTS echo_service FORCE").unwrap();
/// let Statement::DropService(drop) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(drop.name.to_string(), "ECHO_SERVICE");
/// assert!(drop.if_exists && drop.force);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `CREATE COMPUTE POOL …`
    CreateComputePool(Box<CreateComputePool>),
    /// `ALTER COMPUTE POOL …`
    AlterComputePool(Box<AlterComputePool>),
    /// `DROP COMPUTE POOL …`
    DropComputePool(DropComputePool),
    /// `SHOW COMPUTE POOLS …`
    ShowComputePools(ShowComputePools),
    /// `DESCRIBE COMPUTE POOL …`
    DescribeComputePool(DescribeComputePool),
    /// `CREATE SERVICE …`
    CreateService(Box<CreateService>),
    /// `ALTER SERVICE …`
    AlterService(Box<AlterService>),
    /// `DROP SERVICE …`
    DropService(DropService),
    /// `SHOW SERVICES …` and `SHOW JOB SERVICES …`
    ShowServices(Box<ShowServices>),
    /// `DESCRIBE SERVICE …`
    DescribeService(DescribeService),
    /// `SHOW SERVICE INSTANCES IN SERVICE …`
    ShowServiceInstances(ShowServiceInstances),
    /// `SHOW SERVICE CONTAINERS IN SERVICE …`
    ShowServiceContainers(ShowServiceContainers),
    /// `SHOW ENDPOINTS IN SERVICE …`
    ShowEndpoints(ShowEndpoints),
    /// `CREATE FUNCTION …` whose body is a service
    CreateFunction(Box<ServiceFunctionDef>),
    /// `ALTER FUNCTION …`
    AlterFunction(Box<AlterFunction>),
    /// `DROP FUNCTION …`
    DropFunction(DropFunction),
    /// `DESCRIBE FUNCTION …`
    DescribeFunction(DescribeFunction),
    /// `SHOW [ USER ] FUNCTIONS …`
    ShowFunctions(Box<ShowFunctions>),
    /// `CALL SYSTEM$F(…)`, or a `SELECT` of nothing but `SYSTEM$F(…)`
    Call(SystemCall),
    /// A query that is passed on as it stands; [`Parsed::text`] holds it.
    Query,
    /// `COPY (<query>) TO …`, passed on as it stands, too.
    Copy,
}

/// A value and the bytes of the script it was written at.
///
/// ```
/// use floe_sql::Spanned;
///
/// let seconds = Spanned::new(60_u32, 4..6);
/// let text = seconds.map(|n| n.to_string());
/// assert_eq!((text.value.as_str(), text.span), ("60", 4..6));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Byte range in the script.
    pub span: Range<usize>,
}

// === impl Spanned ===

impl<T> Spanned<T> {
    /// Puts a value at a byte range.
    ///
    /// ```
    /// assert!(floe_sql::Spanned::new(true, 0..4).value);
    /// ```
    pub fn new(value: T, span: Range<usize>) -> Self {
        Self { value, span }
    }

    /// Changes the value and keeps its place.
    ///
    /// ```
    /// let doubled = floe_sql::Spanned::new(2, 0..1).map(|n| n * 2);
    /// assert_eq!((doubled.value, doubled.span), (4, 0..1));
    /// ```
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned {
            value: change(self.value),
            span: self.span,
        }
    }
}
