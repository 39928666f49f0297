//! Columns as users write them: `a INT, b STRING`.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use datafusion::sql::sqlparser::ast::{ArrayElemTypeDef, DataType as SqlType, ExactNumberInfo};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Token;

/// The most digits of a number.
const MOST_DIGITS: u64 = 38;

const TYPES: &str = "types are BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, FLOAT, DOUBLE, \
                     DECIMAL(p, s), STRING, BINARY, DATE, TIMESTAMP, ARRAY<…> and STRUCT<…>";

/// Reads columns; the error is what is wrong with them.
pub(super) fn parse(text: &str) -> Result<SchemaRef, String> {
    let mut parser = Parser::new(&GenericDialect {})
        .try_with_sql(text)
        .map_err(|error| error.to_string())?;
    let mut fields: Vec<Field> = Vec::new();
    loop {
        let field = column(&mut parser)?;
        if fields.iter().any(|known| known.name() == field.name()) {
            return Err(format!("there are two columns `{}`", field.name()));
        }
        fields.push(field);
        if !parser.consume_token(&Token::Comma) {
            break;
        }
    }
    match parser.peek_token().token {
        Token::EOF => Ok(Arc::new(Schema::new(fields))),
        other => Err(format!("expected a comma, found `{other}`")),
    }
}

fn column(parser: &mut Parser<'_>) -> Result<Field, String> {
    let name = parser
        .parse_identifier()
        .map_err(|error| error.to_string())?;
    // Databricks allows a colon there.
    let _ = parser.consume_token(&Token::Colon);
    let ty = parser
        .parse_data_type()
        .map_err(|error| format!("{error}; {TYPES}"))?;
    // Files are what they are: a column that may not be NULL would only fail later.
    let _ = parser.parse_keywords(&[Keyword::NOT, Keyword::NULL]);
    Ok(Field::new(name.value, arrow_type(&ty)?, true))
}

fn arrow_type(ty: &SqlType) -> Result<DataType, String> {
    Ok(match ty {
        SqlType::Boolean | SqlType::Bool => DataType::Boolean,
        SqlType::TinyInt(None) => DataType::Int8,
        SqlType::SmallInt(None) | SqlType::Int2(None) => DataType::Int16,
        SqlType::Int(None) | SqlType::Integer(None) | SqlType::Int4(None) => DataType::Int32,
        SqlType::BigInt(None) | SqlType::Int8(None) => DataType::Int64,
        SqlType::Float(_)
        | SqlType::Real
        | SqlType::Float8
        | SqlType::Double(ExactNumberInfo::None)
        | SqlType::DoublePrecision => DataType::Float64,
        SqlType::Text | SqlType::String(_) | SqlType::Varchar(_) | SqlType::Char(_) => {
            DataType::Utf8
        }
        SqlType::Binary(_) | SqlType::Varbinary(_) | SqlType::Bytea => DataType::Binary,
        SqlType::Date => DataType::Date32,
        SqlType::Timestamp(None, _) | SqlType::TimestampNtz(_) => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        SqlType::Decimal(info) | SqlType::Numeric(info) => decimal(*info)?,
        SqlType::Custom(name, arguments) if is_number(&name.to_string()) => {
            let numbers: Vec<u64> = arguments.iter().filter_map(|n| n.parse().ok()).collect();
            decimal(match numbers.as_slice() {
                [] => ExactNumberInfo::PrecisionAndScale(MOST_DIGITS, 0),
                [precision] => ExactNumberInfo::Precision(*precision),
                [precision, scale, ..] => ExactNumberInfo::PrecisionAndScale(
                    *precision,
                    i64::try_from(*scale).unwrap_or(i64::MAX),
                ),
            })?
        }
        SqlType::Array(ArrayElemTypeDef::AngleBracket(item)) => {
            DataType::List(Arc::new(Field::new_list_field(arrow_type(item)?, true)))
        }
        SqlType::Struct(fields, _) => {
            let fields = fields.iter().map(|field| {
                let name = field.field_name.as_ref();
                let name = name.ok_or_else(|| format!("fields of {ty} need names"))?;
                Ok(Field::new(
                    &name.value,
                    arrow_type(&field.field_type)?,
                    true,
                ))
            });
            DataType::Struct(fields.collect::<Result<Fields, String>>()?)
        }
        _ => return Err(format!("`{ty}` is no type of files; {TYPES}")),
    })
}

fn is_number(name: &str) -> bool {
    name.eq_ignore_ascii_case("NUMBER")
}

fn decimal(info: ExactNumberInfo) -> Result<DataType, String> {
    let (precision, scale) = match info {
        ExactNumberInfo::None => (10, 0),
        ExactNumberInfo::Precision(precision) => (precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (precision, scale),
    };
    let fits = (1..=MOST_DIGITS).contains(&precision);
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(digits), Ok(scale))
            if fits && scale >= 0 && u64::from(scale.unsigned_abs()) <= precision =>
        {
            Ok(DataType::Decimal128(digits, scale))
        }
        _ => Err(format!(
            "a number has 1 to {MOST_DIGITS} digits, and no more behind the point"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_types_that_they_are_written_with() {
        let text = "a INT, `B c` STRING NOT NULL, d: DECIMAL(12, 2), e ARRAY<STRUCT<x: INT>>, \
                    f timestamp, g NUMBER(38, 0)";
        let schema = parse(text).unwrap();
        let types: Vec<_> = schema
            .fields()
            .iter()
            .map(|f| f.data_type().to_string())
            .collect();
        assert_eq!(schema.field(1).name(), "B c");
        assert_eq!(
            types,
            [
                "Int32",
                "Utf8",
                "Decimal128(12, 2)",
                "List(Struct(\"x\": Int32))",
                "Timestamp(µs)",
                "Decimal128(38, 0)"
            ]
        );
    }

    #[test]
    fn what_is_no_column_is_refused() {
        for text in [
            "",
            "a",
            "a INT,",
            "a INT b INT",
            "a INT, a STRING",
            "a MONEY",
            "a DECIMAL(39, 0)",
            "a DECIMAL(3, 4)",
            "a STRUCT<INT>",
            "a INT; DROP TABLE t",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
