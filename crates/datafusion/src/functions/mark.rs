//! What is known of the text of a column: that it is JSON, or that it may be.
//!
//! Both marks are metadata of the field, under the key of Arrow's extension types, which a cast by
//! the user takes off.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, exec_err, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

const EXTENSION: &str = "ARROW:extension:name";

/// What is known of the texts in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mark {
    /// They are JSON: Arrow's canonical extension type.
    Json,
    /// They come from JSON by an expression of which nobody knows whether it yields JSON.
    Unclear,
}

impl Mark {
    pub(crate) fn of(field: &Field) -> Option<Self> {
        let name = field.metadata().get(EXTENSION)?;
        [Self::Json, Self::Unclear]
            .into_iter()
            .find(|mark| mark.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "arrow.json",
            Self::Unclear => "floe.json-or-text",
        }
    }

    /// Whether `expr` puts a mark on a value.
    pub(crate) fn is_put_by(expr: &Expr) -> bool {
        let Expr::ScalarFunction(call) = expr else {
            return false;
        };
        let udf = call.func.inner().as_ref() as &dyn std::any::Any;
        udf.is::<MarkUdf>()
    }

    /// `field` with the mark, instead of another that it may have.
    pub(crate) fn on(self, field: Field) -> Field {
        let mut metadata: HashMap<_, _> = field.metadata().clone();
        metadata.insert(EXTENSION.to_owned(), self.name().to_owned());
        field.with_metadata(metadata)
    }

    /// `value`, unchanged and under its name, with the mark.
    pub(crate) fn put(self, value: Expr) -> Expr {
        ScalarUDF::from(MarkUdf {
            mark: self,
            signature: Signature::any(1, Volatility::Immutable),
        })
        .call(vec![value])
    }
}

/// A function that gives back what it is given.
#[derive(Debug, PartialEq, Eq, Hash)]
struct MarkUdf {
    mark: Mark,
    signature: Signature,
}

impl ScalarUDFImpl for MarkUdf {
    fn name(&self) -> &str {
        match self.mark {
            Mark::Json => "json",
            Mark::Unclear => "json_or_text",
        }
    }

    /// Nodes above find a column by the name that it had without the mark.
    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [value] => Ok(value.schema_name().to_string()),
            _ => internal_err!("a mark of one value"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [ty] => Ok(ty.clone()),
            _ => internal_err!("a mark of one value"),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        match args.arg_fields {
            [field] => Ok(Arc::new(self.mark.on(field.as_ref().clone()))),
            _ => internal_err!("a mark of one value"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.into_iter().next() {
            Some(value) => Ok(value),
            None => exec_err!("a mark of nothing"),
        }
    }
}
