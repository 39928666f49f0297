//! Statements about service functions.

use std::fmt;
use std::ops::Range;

use super::{FunctionName, Ident, ObjectName, Spanned};

/// `CREATE [ OR REPLACE ] FUNCTION <name> (…) RETURNS … SERVICE = … ENDPOINT = … AS '<path>'`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script(
///     "CREATE FUNCTION my_echo(text varchar) RETURNS number(38, 0)
///      SERVICE=echo_service ENDPOINT=echoEndpoint MAX_BATCH_ROWS=10 AS '/echo'",
/// ).unwrap();
/// let Statement::CreateFunction(def) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(def.args[0].0.as_str(), "TEXT");
/// assert_eq!(def.args[0].1.to_string(), "VARCHAR");
/// assert_eq!(def.returns.to_string(), "NUMBER(38,0)");
/// assert_eq!(def.endpoint.value, "echoEndpoint");
/// assert_eq!(def.path.value, "/echo");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFunctionDef {
    /// `OR REPLACE`: an existing function of that signature is replaced.
    pub or_replace: bool,
    /// `IF NOT EXISTS`: an existing function of that signature is left alone.
    pub if_not_exists: bool,
    /// The new function's name.
    pub name: FunctionName,
    /// Names and types of the arguments, in order; no name occurs twice.
    pub args: Vec<(Ident, TypeName)>,
    /// The type of the result.
    pub returns: TypeName,
    /// `RETURNS … NOT NULL`: the service must not answer null.
    pub returns_not_null: bool,
    /// What happens to rows with a null argument.
    pub null_handling: Option<Spanned<NullHandling>>,
    /// Whether equal arguments give equal results.
    pub volatility: Option<Spanned<Volatility>>,
    /// The service that answers.
    pub service: ObjectName,
    /// The endpoint of the service, in the user's own case.
    pub endpoint: Spanned<String>,
    /// The HTTP path of `AS '<path>'`.
    pub path: Spanned<String>,
    /// `MAX_BATCH_ROWS`
    pub max_batch_rows: Option<Spanned<u32>>,
    /// `MAX_BATCH_RETRIES`
    pub max_batch_retries: Option<Spanned<u32>>,
    /// `ON_BATCH_FAILURE`
    pub on_batch_failure: Option<Spanned<OnBatchFailure>>,
    /// `BATCH_TIMEOUT_SECS`, in seconds.
    pub batch_timeout_secs: Option<Spanned<u32>>,
    /// `COMMENT`
    pub comment: Option<Spanned<String>>,
    /// `CONTEXT_HEADERS`
    pub context_headers: Option<Spanned<Vec<Ident>>>,
}

/// The properties that `ALTER FUNCTION … SET` wrote; an absent one is `None`.
///
/// ```
/// assert!(floe_sql::FunctionSettings::default().max_batch_rows.is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionSettings {
    /// `SERVICE`
    pub service: Option<Spanned<ObjectName>>,
    /// `ENDPOINT`, in the user's own case.
    pub endpoint: Option<Spanned<String>>,
    /// `MAX_BATCH_ROWS`
    pub max_batch_rows: Option<Spanned<u32>>,
    /// `MAX_BATCH_RETRIES`
    pub max_batch_retries: Option<Spanned<u32>>,
    /// `ON_BATCH_FAILURE`
    pub on_batch_failure: Option<Spanned<OnBatchFailure>>,
    /// `BATCH_TIMEOUT_SECS`, in seconds.
    pub batch_timeout_secs: Option<Spanned<u32>>,
    /// `COMMENT`
    pub comment: Option<Spanned<String>>,
    /// `CONTEXT_HEADERS`
    pub context_headers: Option<Spanned<Vec<Ident>>>,
}

/// What a function does with rows that have a null argument.
///
/// ```
/// assert_eq!(floe_sql::NullHandling::Strict.to_string(), "RETURNS NULL ON NULL INPUT");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NullHandling {
    /// `CALLED ON NULL INPUT`: they are sent like any other.
    Called,
    /// `STRICT` or `RETURNS NULL ON NULL INPUT`: they yield null and are not sent.
    Strict,
}

/// Whether a function gives the same result for the same arguments.
///
/// ```
/// assert_eq!(floe_sql::Volatility::Immutable.to_string(), "IMMUTABLE");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volatility {
    /// It may not.
    Volatile,
    /// It does.
    Immutable,
}

/// What becomes of a batch that failed for good.
///
/// ```
/// assert_eq!(floe_sql::OnBatchFailure::ReturnNull.to_string(), "RETURN_NULL");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBatchFailure {
    /// The query fails.
    Abort,
    /// Each of its rows yields null.
    ReturnNull,
}

/// A function by name and argument types, as `ALTER`, `DROP` and `DESCRIBE` name it.
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("DROP FUNCTION my_echo_udf(VARCHAR)").unwrap();
/// let Statement::DropFunction(drop) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(drop.function.to_string(), "MY_ECHO_UDF(VARCHAR)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionTarget {
    /// The name.
    pub name: FunctionName,
    /// The types of the arguments, in order.
    pub arg_types: Vec<TypeName>,
}

/// `ALTER FUNCTION [ IF EXISTS ] <name>(<types>) …`
///
/// ```
/// use floe_sql::{AlterFunctionAction, Statement};
///
/// let parsed = floe_sql::parse_script(
///     "ALTER FUNCTION f(VARCHAR) SET MAX_BATCH_ROWS = 15 MAX_BATCH_RETRIES = 5",
/// ).unwrap();
/// let Statement::AlterFunction(alter) = &parsed[0].statement else { unreachable!() };
/// let AlterFunctionAction::Set(set) = &alter.action else { unreachable!() };
/// assert_eq!(set.max_batch_rows.as_ref().unwrap().value, 15);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterFunction {
    /// The function.
    pub function: FunctionTarget,
    /// A missing function is no error.
    pub if_exists: bool,
    /// What to change.
    pub action: AlterFunctionAction,
}

/// What `ALTER FUNCTION` changes.
///
/// ```
/// use floe_sql::{AlterFunctionAction, Statement};
///
/// let parsed = floe_sql::parse_script("ALTER FUNCTION f() RENAME TO sc.g").unwrap();
/// let Statement::AlterFunction(alter) = &parsed[0].statement else { unreachable!() };
/// let AlterFunctionAction::Rename(to) = &alter.action else { unreachable!() };
/// assert_eq!(to.to_string(), "SC.G");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlterFunctionAction {
    /// `RENAME TO <name>`
    Rename(Box<FunctionName>),
    /// `SET …`; at least one value is present.
    Set(Box<FunctionSettings>),
    /// `UNSET …`; at least one, none twice, never `SERVICE` or `ENDPOINT`.
    Unset(Vec<Spanned<FunctionProperty>>),
}

/// The name of a property of a service function.
///
/// ```
/// assert_eq!(floe_sql::FunctionProperty::BatchTimeoutSecs.as_str(), "BATCH_TIMEOUT_SECS");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FunctionProperty {
    /// `SERVICE`
    Service,
    /// `ENDPOINT`
    Endpoint,
    /// `MAX_BATCH_ROWS`
    MaxBatchRows,
    /// `MAX_BATCH_RETRIES`
    MaxBatchRetries,
    /// `ON_BATCH_FAILURE`
    OnBatchFailure,
    /// `BATCH_TIMEOUT_SECS`
    BatchTimeoutSecs,
    /// `CONTEXT_HEADERS`
    ContextHeaders,
    /// `COMMENT`
    Comment,
}

/// `DROP FUNCTION [ IF EXISTS ] <name>(<types>)`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("DROP FUNCTION IF EXISTS f()").unwrap();
/// let Statement::DropFunction(drop) = &parsed[0].statement else { unreachable!() };
/// assert!(drop.if_exists && drop.function.arg_types.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropFunction {
    /// The function.
    pub function: FunctionTarget,
    /// A missing function is no error.
    pub if_exists: bool,
}

/// `{ DESC | DESCRIBE } FUNCTION [ IF EXISTS ] <name>(<types>)`
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("DESC FUNCTION f(INT)").unwrap();
/// let Statement::DescribeFunction(describe) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(describe.function.to_string(), "F(INT)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeFunction {
    /// The function.
    pub function: FunctionTarget,
    /// A missing function is no error.
    pub if_exists: bool,
}

/// A SQL type as it was written, in upper case and without blanks.
///
/// Which names are types, and what their parameters mean, is not decided here.
///
/// ```
/// use floe_sql::Statement;
///
/// let parsed = floe_sql::parse_script("DROP FUNCTION f(number( 10 , 2 ), double precision)");
/// let parsed = parsed.unwrap();
/// let Statement::DropFunction(drop) = &parsed[0].statement else { unreachable!() };
/// assert_eq!(drop.function.arg_types[0].to_string(), "NUMBER(10,2)");
/// assert_eq!(drop.function.arg_types[1].name, "DOUBLE PRECISION");
/// ```
#[derive(Debug, Clone)]
pub struct TypeName {
    /// The name, in upper case; several words are joined by one blank.
    pub name: String,
    /// What stands in parentheses behind the name.
    pub params: Vec<TypeParam>,
    /// Byte range in the script.
    pub span: Range<usize>,
}

/// A parameter of a type.
///
/// ```
/// assert_eq!(floe_sql::TypeParam::Number(38).to_string(), "38");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeParam {
    /// A length, precision, scale or dimension.
    Number(u32),
    /// An element type.
    Type(TypeName),
}

// === impl FunctionProperty ===

impl FunctionProperty {
    /// Every property, in the order messages list them.
    pub const ALL: [Self; 8] = [
        Self::Service,
        Self::Endpoint,
        Self::MaxBatchRows,
        Self::MaxBatchRetries,
        Self::OnBatchFailure,
        Self::BatchTimeoutSecs,
        Self::ContextHeaders,
        Self::Comment,
    ];

    /// The property as it is written in a statement.
    ///
    /// ```
    /// assert_eq!(floe_sql::FunctionProperty::Service.as_str(), "SERVICE");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "SERVICE",
            Self::Endpoint => "ENDPOINT",
            Self::MaxBatchRows => "MAX_BATCH_ROWS",
            Self::MaxBatchRetries => "MAX_BATCH_RETRIES",
            Self::OnBatchFailure => "ON_BATCH_FAILURE",
            Self::BatchTimeoutSecs => "BATCH_TIMEOUT_SECS",
            Self::ContextHeaders => "CONTEXT_HEADERS",
            Self::Comment => "COMMENT",
        }
    }
}

// === impl TypeName ===

impl PartialEq for TypeName {
    /// Types are equal when they read the same; where they stand does not matter.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.params == other.params
    }
}

impl Eq for TypeName {}

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.params.is_empty() {
            return Ok(());
        }
        write_list(f, &self.params)
    }
}

impl fmt::Display for TypeParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Type(name) => write!(f, "{name}"),
        }
    }
}

impl fmt::Display for FunctionTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        write_list(f, &self.arg_types)
    }
}

fn write_list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    f.write_str("(")?;
    for (index, item) in items.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(f, "{comma}{item}")?;
    }
    f.write_str(")")
}

// === impl Display of the choices ===

impl fmt::Display for NullHandling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Called => "CALLED ON NULL INPUT",
            Self::Strict => "RETURNS NULL ON NULL INPUT",
        })
    }
}

impl fmt::Display for Volatility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Volatile => "VOLATILE",
            Self::Immutable => "IMMUTABLE",
        })
    }
}

impl fmt::Display for OnBatchFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Abort => "ABORT",
            Self::ReturnNull => "RETURN_NULL",
        })
    }
}
