//! SQL types as text.

use floe_batch::{NumberType, SqlType, TextLength};

#[test]
fn every_spelling_of_a_type_is_read_as_the_type_it_means() {
    let cases = [
        ("VARCHAR", "VARCHAR"),
        ("varchar(10)", "VARCHAR(10)"),
        (" String ", "VARCHAR"),
        ("TEXT(5)", "VARCHAR(5)"),
        ("CHAR", "VARCHAR(1)"),
        ("CHARACTER ( 3 )", "VARCHAR(3)"),
        ("char varying(7)", "VARCHAR(7)"),
        ("VARCHAR(134217728)", "VARCHAR(134217728)"),
        ("BOOLEAN", "BOOLEAN"),
        ("FLOAT", "FLOAT"),
        ("FLOAT4", "FLOAT"),
        ("float8", "FLOAT"),
        ("DOUBLE", "FLOAT"),
        ("double   precision", "FLOAT"),
        ("REAL", "FLOAT"),
        ("NUMBER", "NUMBER(38,0)"),
        ("NUMBER(10)", "NUMBER(10,0)"),
        ("decimal( 10 , 2 )", "NUMBER(10,2)"),
        ("NUMERIC(38,37)", "NUMBER(38,37)"),
        ("INT", "NUMBER(38,0)"),
        ("integer", "NUMBER(38,0)"),
        ("BIGINT", "NUMBER(38,0)"),
        ("SMALLINT", "NUMBER(38,0)"),
        ("TINYINT", "NUMBER(38,0)"),
        ("BYTEINT", "NUMBER(38,0)"),
        ("DATE", "DATE"),
        ("TIME", "TIME(9)"),
        ("time(0)", "TIME(0)"),
        ("TIMESTAMP", "TIMESTAMP_NTZ(9)"),
        ("datetime(3)", "TIMESTAMP_NTZ(3)"),
        ("TIMESTAMPNTZ", "TIMESTAMP_NTZ(9)"),
        ("timestamp without time zone", "TIMESTAMP_NTZ(9)"),
        ("TIMESTAMP_LTZ(6)", "TIMESTAMP_LTZ(6)"),
        ("timestamp with local time zone", "TIMESTAMP_LTZ(9)"),
        ("TIMESTAMP_TZ", "TIMESTAMP_TZ(9)"),
        ("timestamp with time zone", "TIMESTAMP_TZ(9)"),
        ("BINARY", "BINARY"),
        ("varbinary(16)", "BINARY(16)"),
        ("VARIANT", "VARIANT"),
        ("object", "OBJECT"),
        ("ARRAY", "ARRAY"),
    ];
    for (written, meant) in cases {
        let ty = SqlType::parse(written).unwrap();
        assert_eq!(ty.to_string(), meant, "{written}");
        assert_eq!(meant.parse(), Ok(ty), "{meant} does not read back");
    }
}

#[test]
fn a_type_that_cannot_be_sent_is_named() {
    for name in [
        "GEOGRAPHY",
        "GEOMETRY",
        "DECFLOAT",
        "VECTOR",
        "",
        "NUMBER 3",
    ] {
        let error = SqlType::parse(name).unwrap_err();
        assert_eq!(error.code(), "FLOE-BATCH-0001", "{name}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn parameters_that_a_type_does_not_take_are_refused() {
    let cases = [
        "NUMBER(0,0)",
        "NUMBER(39,0)",
        "NUMBER(10,11)",
        "NUMBER(38,38)",
        "NUMBER(300,0)",
        "NUMBER(10,2,3)",
        "NUMBER()",
        "NUMBER(-1,0)",
        "NUMBER(10,2",
        "NUMBER(10,2))",
        "NUMBER(a)",
        "VARCHAR(0)",
        "VARCHAR(134217729)",
        "VARCHAR(1,2)",
        "FLOAT(53)",
        "BOOLEAN(1)",
        "INT(4)",
        "DATE(3)",
    ];
    for text in cases {
        assert_eq!(
            SqlType::parse(text).unwrap_err().code(),
            "FLOE-BATCH-0002",
            "{text}"
        );
    }
}

#[test]
fn precisions_and_lengths_are_checked_where_they_are_made() {
    assert!(NumberType::new(1, 0).is_ok());
    assert!(NumberType::new(1, 1).is_ok());
    assert!(NumberType::new(1, 2).is_err());
    assert!(NumberType::new(38, 38).is_err());
    assert!(TextLength::new(1).is_ok());
    assert!(TextLength::new(TextLength::MAX + 1).is_err());
}
