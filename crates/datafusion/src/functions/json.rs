//! The functions that make semi-structured values: columns of JSON text, told from other text by
//! the [`Mark`] of the field. Text without it is text: as an argument that is declared `VARIANT` it
//! becomes a JSON string, as the original converts it.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use floe_function::floe_batch::{check_json, encode_request};

use super::Mark;
use crate::error::QueryError;

/// What queries may call beside service functions: PARSE_JSON, TRY_PARSE_JSON and TO_VARIANT.
pub(crate) fn json_udfs() -> impl Iterator<Item = ScalarUDF> {
    [Json::Parse, Json::TryParse, Json::ToVariant]
        .into_iter()
        .map(|function| ScalarUDF::from(JsonUdf::new(function)))
}

/// The conversion of a value that is not JSON into one that is.
pub(crate) fn to_variant() -> Arc<ScalarUDF> {
    Arc::new(JsonUdf::new(Json::ToVariant).into())
}

/// TO_VARIANT of what is JSON already.
pub(crate) fn json_as_it_is() -> Arc<ScalarUDF> {
    Arc::new(JsonUdf::new(Json::AsItIs).into())
}

/// Whether `expr` is a call of one of these functions.
pub(crate) fn makes_json(expr: &Expr) -> bool {
    called(expr).is_some()
}

/// Whether `expr` is a call of TO_VARIANT.
pub(crate) fn is_to_variant(expr: &Expr) -> bool {
    called(expr) == Some(Json::ToVariant)
}

fn called(expr: &Expr) -> Option<Json> {
    let Expr::ScalarFunction(call) = expr else {
        return None;
    };
    let udf = call.func.inner().as_ref() as &dyn std::any::Any;
    Some(udf.downcast_ref::<JsonUdf>()?.function)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Json {
    Parse,
    TryParse,
    ToVariant,
    AsItIs,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct JsonUdf {
    function: Json,
    signature: Signature,
}

impl JsonUdf {
    fn new(function: Json) -> Self {
        let signature = match function {
            Json::Parse | Json::TryParse => {
                Signature::exact(vec![DataType::Utf8], Volatility::Immutable)
            }
            Json::ToVariant | Json::AsItIs => Signature::any(1, Volatility::Immutable),
        };
        Self {
            function,
            signature,
        }
    }
}

impl ScalarUDFImpl for JsonUdf {
    fn name(&self) -> &str {
        match self.function {
            Json::Parse => "parse_json",
            Json::TryParse => "try_parse_json",
            Json::ToVariant | Json::AsItIs => "to_variant",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs) -> Result<FieldRef> {
        let field = Field::new(self.name(), DataType::Utf8, true);
        Ok(Arc::new(Mark::Json.on(field)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_json = args
            .arg_fields
            .first()
            .is_some_and(|field| Mark::of(field) == Some(Mark::Json));
        let Some(value) = args.args.into_iter().next() else {
            return Err(DataFusionError::Internal(format!(
                "{} of nothing",
                self.name()
            )));
        };
        let scalar = matches!(value, ColumnarValue::Scalar(_));
        let rows = if scalar { 1 } else { args.number_rows };
        let values = value.into_array(rows)?;
        let texts = match self.function {
            Json::AsItIs => cast(&values, &DataType::Utf8)?,
            Json::ToVariant if is_json => cast(&values, &DataType::Utf8)?,
            Json::ToVariant => variants(&values)?,
            Json::Parse => parse(values.as_string(), true)?,
            Json::TryParse => parse(values.as_string(), false)?,
        };
        Ok(if scalar {
            let text = texts.as_string::<i32>().iter().next().flatten();
            ColumnarValue::Scalar(text.map(str::to_owned).into())
        } else {
            ColumnarValue::Array(texts)
        })
    }
}

/// The texts that are JSON; NULL for empty ones and, unless that is an error, for others.
fn parse(texts: &StringArray, strict: bool) -> Result<ArrayRef> {
    let mut parsed = StringBuilder::with_capacity(texts.len(), texts.values().len());
    for text in texts {
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        match text.map(|text| (text, check_json(text))) {
            None => parsed.append_null(),
            Some((text, Ok(()))) => parsed.append_value(text),
            Some((_, Err(_))) if !strict => parsed.append_null(),
            Some((_, Err(error))) => return Err(QueryError::NotJson { error }.into()),
        }
    }
    Ok(Arc::new(parsed.finish()))
}

/// Each value as it would be sent: text as a JSON string, numbers and booleans as they are.
fn variants(values: &ArrayRef) -> Result<ArrayRef> {
    const BEFORE: &[u8] = b"{\"data\":[[0,";
    const BEHIND: &[u8] = b"]]}";
    let mut variants = StringBuilder::with_capacity(values.len(), 16 * values.len());
    let mut body = Vec::new();
    let columns = std::slice::from_ref(values);
    for row in 0..values.len() {
        if values.is_null(row) {
            variants.append_null();
            continue;
        }
        body.clear();
        encode_request(columns, row..row + 1, &mut body)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let json = body
            .strip_prefix(BEFORE)
            .and_then(|body| body.strip_suffix(BEHIND));
        let json = json.and_then(|json| std::str::from_utf8(json).ok());
        // A body of one row and one value stands between the two.
        variants.append_option(json);
    }
    Ok(Arc::new(variants.finish()))
}
