//! The service functions that a query may call.

mod argument;
mod coercion;
mod json;
mod mark;
mod udf;

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::logical_expr::ScalarUDF;
use datafusion::sql::sqlparser::ast::{ObjectName, ObjectNamePart};
use floe_function::Function;
use floe_function::floe_batch::SqlType;

pub(crate) use argument::as_declared;
pub(crate) use json::{is_to_variant, json_as_it_is, json_udfs, makes_json, to_variant};
pub(crate) use mark::Mark;
pub(crate) use udf::{ServiceUdf, as_service_udf};

/// The service functions that a query may call, by name.
///
/// Names are those of the catalog: unquoted names of SQL are folded to upper case before they are
/// looked up. Functions of a schema are found with the names of the schema and its database before
/// theirs, too. One name may carry several functions with different argument types; a call takes
/// the one whose types fit best.
///
/// A service function takes precedence over a built-in function of the same name.
///
/// ```
/// use std::sync::Arc;
/// use floe_function::floe_batch::SqlType;
/// use floe_datafusion::{ServiceFunctions, Volatility};
/// use floe_function::{Client, ClientOptions, FixedTarget, Function, FunctionSpec};
///
/// let text = SqlType::parse("VARCHAR")?;
/// let spec = FunctionSpec::new("MY_ECHO_UDF", [("TEXT", text)], text, "/echo");
/// let targets = Arc::new(FixedTarget::new("127.0.0.1:8000"));
/// let function = Function::new(spec, targets, Client::new(ClientOptions::default()))?;
///
/// let mut functions = ServiceFunctions::new();
/// functions.insert("MY_ECHO_UDF", function, Volatility::Volatile);
/// assert_eq!(functions.names().collect::<Vec<_>>(), ["MY_ECHO_UDF"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ServiceFunctions {
    by_name: BTreeMap<String, Vec<Arc<ServiceFunction>>>,
    /// The names of the database and of the schema in it that the functions are in.
    schema: Option<[String; 2]>,
}

impl ServiceFunctions {
    /// No functions.
    ///
    /// ```
    /// assert_eq!(floe_datafusion::ServiceFunctions::new().names().count(), 0);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// No functions, of this schema: queries may write `schema.f` and `database.schema.f` for `f`.
    ///
    /// ```
    /// let functions = floe_datafusion::ServiceFunctions::in_schema("FLOE", "PUBLIC");
    /// assert_eq!(functions.names().count(), 0);
    /// ```
    pub fn in_schema(database: &str, schema: &str) -> Self {
        Self {
            by_name: BTreeMap::new(),
            schema: Some([database.to_owned(), schema.to_owned()]),
        }
    }

    /// Makes `function` callable as `name`; a function under the same name with the same argument
    /// types is replaced. As in the original, lengths, precisions and digits make no difference:
    /// `VARCHAR(10)` and `VARCHAR` are the same type here, `VARCHAR` and `VARIANT` are not.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use floe_function::floe_batch::SqlType;
    /// # use floe_datafusion::{ServiceFunctions, Volatility};
    /// # use floe_function::{Client, ClientOptions, FixedTarget, Function, FunctionSpec};
    /// # let spec = FunctionSpec::new("F", [("D", SqlType::Date)], SqlType::Date, "/");
    /// # let targets = Arc::new(FixedTarget::new("127.0.0.1:8000"));
    /// # let function = Function::new(spec, targets, Client::new(ClientOptions::default()))?;
    /// let mut functions = ServiceFunctions::new();
    /// functions.insert("F", function.clone(), Volatility::Volatile);
    /// functions.insert("F", function, Volatility::Immutable);
    /// assert_eq!(functions.names().count(), 1);
    /// # Ok::<(), floe_function::SpecError>(())
    /// ```
    pub fn insert(
        &mut self,
        name: &str,
        function: impl Into<Arc<Function>>,
        volatility: Volatility,
    ) {
        let new = Arc::new(ServiceFunction::new(name, function.into(), volatility));
        let overloads = self.by_name.entry(name.to_owned()).or_default();
        overloads.retain(|old| old.arg_types() != new.arg_types());
        overloads.push(new);
    }

    /// The names, in alphabetical order.
    ///
    /// ```
    /// assert!(floe_datafusion::ServiceFunctions::new().names().next().is_none());
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The name under which `written` is known, if it is a service function.
    pub(crate) fn resolve(&self, written: &ObjectName) -> Option<&str> {
        let parts: Vec<String> = written.0.iter().map(folded).collect::<Option<_>>()?;
        let (name, schema) = parts.split_last()?;
        if !self.is_here(schema) {
            return None;
        }
        let (name, _) = self.by_name.get_key_value(name)?;
        Some(name)
    }

    /// Whether what stands before a name, if anything does, is the schema of these functions.
    fn is_here(&self, written: &[String]) -> bool {
        match (written, &self.schema) {
            ([], _) => true,
            (_, Some(here)) => written.len() <= here.len() && here.ends_with(written),
            (_, None) => false,
        }
    }

    pub(crate) fn udfs(&self) -> impl Iterator<Item = ScalarUDF> {
        self.by_name
            .iter()
            .map(|(name, overloads)| ServiceUdf::new(name, overloads).into())
    }
}

fn folded(part: &ObjectNamePart) -> Option<String> {
    match part {
        ObjectNamePart::Identifier(ident) if ident.quote_style.is_some() => {
            Some(ident.value.clone())
        }
        ObjectNamePart::Identifier(ident) => Some(ident.value.to_uppercase()),
        ObjectNamePart::Function(_) => None,
    }
}

/// Whether calls with equal arguments give equal results, as `CREATE FUNCTION` declares it.
///
/// ```
/// assert_ne!(floe_datafusion::Volatility::Volatile, floe_datafusion::Volatility::Immutable);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volatility {
    /// Results may differ: every call in the text of a query is made.
    Volatile,
    /// Results are equal: calls in one select list or WHERE that are written alike are made once.
    Immutable,
}

/// One function under one name, with what planning needs at hand.
#[derive(Debug)]
pub(crate) struct ServiceFunction {
    pub(crate) name: String,
    pub(crate) function: Arc<Function>,
    pub(crate) volatility: Volatility,
    pub(crate) return_type: DataType,
    pub(crate) nullable: bool,
}

impl ServiceFunction {
    /// The column of the results.
    pub(crate) fn result(&self, name: &str, nullable: bool) -> Field {
        let field = Field::new(name, self.return_type.clone(), nullable);
        match self.function.spec().returns {
            SqlType::Variant | SqlType::Object | SqlType::Array => Mark::Json.on(field),
            _ => field,
        }
    }

    /// What tells functions of one name apart.
    fn arg_types(&self) -> Vec<&'static str> {
        let args = self.function.spec().args.iter();
        args.map(|(_, ty)| ty.name()).collect()
    }

    fn new(name: &str, function: Arc<Function>, volatility: Volatility) -> Self {
        let spec = function.spec();
        Self {
            name: name.to_owned(),
            volatility,
            return_type: spec.returns.arrow_type(),
            nullable: spec.may_return_null(),
            function,
        }
    }
}
