//! How DataFusion sees a service function while it plans: a scalar function that types, names and
//! coerces its arguments, and that nobody may evaluate.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
    Volatility as PlanVolatility,
};

use super::ServiceFunction;
use super::coercion::{best_overload, converted};
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

    /// The function that a call with arguments of these types means.
    pub(crate) fn overload(&self, types: &[DataType]) -> Result<&Arc<ServiceFunction>, QueryError> {
        best_overload(&self.overloads, types).ok_or_else(|| {
            let signatures: Vec<_> = self
                .overloads
                .iter()
                .map(|one| one.function.spec().signature())
                .collect();
            QueryError::Arguments {
                function: self.name.clone(),
                expected: signatures.join(" or "),
                found: type_list(types),
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

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        // DataFusion turns an error from here into text. A call that fits nothing passes and is
        // refused, with its code, where the return type is asked for.
        Ok(match best_overload(&self.overloads, given) {
            Some(function) => function
                .function
                .spec()
                .args
                .iter()
                .zip(given)
                .map(|((_, ty), given)| converted(given, *ty))
                .collect(),
            None => given.to_vec(),
        })
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(self.overload(types)?.return_type.clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types: Vec<_> = args
            .arg_fields
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        let function = self.overload(&types)?;
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

fn type_list(types: &[DataType]) -> String {
    let names: Vec<_> = types.iter().map(sql_name).collect();
    format!("({})", names.join(", "))
}

/// The type in SQL's words where there is one.
fn sql_name(ty: &DataType) -> String {
    match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR".to_owned(),
        DataType::Decimal128(precision, scale) => format!("NUMBER({precision},{scale})"),
        DataType::Float64 => "FLOAT".to_owned(),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        ty if ty.is_integer() => "INTEGER".to_owned(),
        ty => ty.to_string(),
    }
}
