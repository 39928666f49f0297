//! How DataFusion sees a service function while it plans: a scalar function that types, names and
//! coerces its arguments, and that nobody may evaluate.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
    Volatility as PlanVolatility,
};

use floe_function::floe_batch::SqlType;

use super::coercion::{best_overload, is_moment};
use super::{Mark, ServiceFunction};
use crate::error::QueryError;

/// All functions of one name.
#[derive(Debug)]
pub(crate) struct ServiceUdf {
    name: String,
    overloads: Vec<Arc<ServiceFunction>>,
    signature: Signature,
}

impl ServiceUdf {
    pub(super) fn new(name: &str, overloads: &[Arc<ServiceFunction>]) -> Self {
        Self {
            name: name.to_owned(),
            overloads: overloads.to_vec(),
            // Volatile whatever was declared: nothing may fold, merge or move a call before the
            // rule has taken it out of its expression.
            signature: Signature::user_defined(PlanVolatility::Volatile),
        }
    }

    /// Whether one of the functions has an argument for which it matters if a text is JSON.
    pub(crate) fn takes_a_variant(&self) -> bool {
        let args = self
            .overloads
            .iter()
            .flat_map(|one| &one.function.spec().args);
        args.into_iter().any(|(_, ty)| *ty == SqlType::Variant)
    }

    /// The function that a call with such arguments means.
    pub(crate) fn overload(&self, given: &[FieldRef]) -> Result<&Arc<ServiceFunction>, QueryError> {
        best_overload(&self.overloads, given).ok_or_else(|| {
            let signatures: Vec<_> = self
                .overloads
                .iter()
                .map(|one| one.function.spec().signature())
                .collect();
            QueryError::Arguments {
                function: self.name.clone(),
                expected: signatures.join(" or "),
                found: type_list(given),
            }
        })
    }
}

/// The service function behind `expr`, if it is a call of one, and its arguments.
pub(crate) fn as_service_udf(expr: &Expr) -> Option<(&ServiceUdf, &[Expr])> {
    let Expr::ScalarFunction(call) = expr else {
        return None;
    };
    let udf = call.func.inner().as_ref() as &dyn std::any::Any;
    Some((udf.downcast_ref()?, &call.args))
}

impl ScalarUDFImpl for ServiceUdf {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Arguments stay what they are: only the rule sees, beside their types, which texts are JSON,
    /// and converts them to what the function it picks declares.
    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        Ok(given.to_vec())
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let field = |ty: &DataType| Arc::new(Field::new("", ty.clone(), true));
        let given: Vec<_> = types.iter().map(field).collect();
        Ok(self.overload(&given)?.return_type.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let function = self.overload(args.arg_fields)?;
        Ok(Arc::new(function.result(&self.name, function.nullable)))
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(QueryError::DirectCall {
            function: self.name.clone(),
        }
        .into())
    }
}

impl PartialEq for ServiceUdf {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.overloads.len() == other.overloads.len()
            && self
                .overloads
                .iter()
                .zip(&other.overloads)
                .all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

impl Eq for ServiceUdf {}

impl Hash for ServiceUdf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

fn type_list(given: &[FieldRef]) -> String {
    let names: Vec<_> = given.iter().map(|field| sql_name(field)).collect();
    format!("({})", names.join(", "))
}

/// The type in SQL's words where there is one.
fn sql_name(field: &Field) -> String {
    let name = match field.data_type() {
        _ if Mark::of(field).is_some() => "VARIANT",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR",
        DataType::Decimal128(precision, scale) => return format!("NUMBER({precision},{scale})"),
        DataType::Float64 => "FLOAT",
        DataType::Date32 => "DATE",
        DataType::Time64(_) => "TIME",
        DataType::Timestamp(_, None) => "TIMESTAMP_NTZ",
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP_LTZ",
        DataType::Binary => "BINARY",
        DataType::Boolean => "BOOLEAN",
        ty if is_moment(ty) => "TIMESTAMP_TZ",
        ty if ty.is_integer() => "INTEGER",
        ty => return ty.to_string(),
    };
    name.to_owned()
}
