//! Bodies that are right, and the values they carry.

use arrow::array::Array;
use floe_batch::{SqlType, decode_request, decode_response};

use crate::model::{Value, float, from_array, response, text, ty};

#[test]
fn white_space_may_stand_wherever_json_allows_it() {
    let body = " \t\r\n{ \"data\" \n:\t[ [ 0 , \"a\" ] ,\r\n[\n1\n,\nnull ] ] } \n";
    assert_eq!(response(body, 2, "VARCHAR"), [text("a"), None]);
}

#[test]
fn line_feeds_as_engines_write_them_are_read() {
    let body = b"{\n\"data\":[\n[0,\"WL8ZUOD1kM\"]\n,\n[1,\"x\"]\n]\n}";
    let columns = decode_request(body, &[ty("VARCHAR")]).unwrap();
    assert_eq!(
        from_array(ty("VARCHAR"), &columns[0]),
        [text("WL8ZUOD1kM"), text("x")]
    );
}

#[test]
fn escapes_become_the_characters_they_stand_for() {
    let body = r#"{"data":[[0,"\"\\\/\b\f\n\r\t"],[1,"\u00e9\u65E5\uD834\udd1e"],[2,"a\u0000b"]]}"#;
    let values = response(body, 3, "VARCHAR");
    assert_eq!(
        values,
        [text("\"\\/\u{8}\u{c}\n\r\t"), text("é日𝄞"), text("a\0b")]
    );
}

#[test]
fn text_beyond_ascii_is_read_as_utf_8() {
    let body = "{\"data\":[[0,\"Grüße 日本 𝄞 \u{7f}\"],[1,\"\"]]}";
    assert_eq!(
        response(body, 2, "VARCHAR"),
        [text("Grüße 日本 𝄞 \u{7f}"), text("")]
    );
}

#[test]
fn the_key_data_may_be_written_with_escapes_and_stand_among_others() {
    let body = r#"{"took":{"ms":[1,2.5e3,{"a":null}]},"\u0064ata":[[0,true]],"ok":"\n"}"#;
    assert_eq!(response(body, 1, "BOOLEAN"), [Some(Value::Boolean(true))]);
}

#[test]
fn an_empty_answer_to_an_empty_batch_is_right_in_both_spellings() {
    for body in ["{}", r#"{"data":[]}"#, " { } ", r#"{"data": [ ] }"#] {
        assert_eq!(response(body, 0, "FLOAT"), [], "{body}");
    }
}

#[test]
fn doubles_are_rounded_correctly() {
    let cases: [(&str, f64); 12] = [
        ("0", 0.0),
        ("-0", -0.0),
        ("-0.0", -0.0),
        ("1", 1.0),
        ("0.1", 0.1),
        ("9007199254740993", 9007199254740992.0),
        ("1.7976931348623157e308", f64::MAX),
        ("5e-324", 5e-324),
        ("2.2250738585072011e-308", 2.225_073_858_507_201e-308),
        (
            "3.14159265358979323846264338327950288",
            std::f64::consts::PI,
        ),
        ("1E+2", 100.0),
        ("1e-400", 0.0),
    ];
    for (written, value) in cases {
        let body = format!(r#"{{"data":[[0,{written}]]}}"#);
        assert_eq!(response(&body, 1, "FLOAT"), [float(value)], "{written}");
    }
}

#[test]
fn doubles_that_json_cannot_write_are_the_three_strings() {
    let body = r#"{"data":[[0,"NaN"],[1,"inf"],[2,"-inf"],[3,"\u0069nf"]]}"#;
    let [inf, negative] = [f64::INFINITY, f64::NEG_INFINITY].map(float);
    assert_eq!(
        response(body, 4, "FLOAT"),
        [float(f64::NAN), inf.clone(), negative, inf]
    );
}

#[test]
fn numbers_are_exact_to_all_their_digits() {
    let body = r#"{"data":[[0,99999999999999999999999999999999999999],[1,-1],[2,2.0],[3,3e2]]}"#;
    let number = |value| Some(Value::Number(value));
    let expected = [
        number(10_i128.pow(38) - 1),
        number(-1),
        number(2),
        number(300),
    ];
    assert_eq!(response(body, 4, "NUMBER"), expected);

    let body = r#"{"data":[[0,1234567.89],[1,0.1],[2,-5],[3,1.50e1],[4,null]]}"#;
    let expected = [
        number(123_456_789),
        number(10),
        number(-500),
        number(1500),
        None,
    ];
    assert_eq!(response(body, 5, "NUMBER(10,2)"), expected);
}

#[test]
fn dates_are_days() {
    let body = r#"{"data":[[0,"1970-01-01"],[1,"2024-02-29"],[2,"0001-01-01"],[3,null]]}"#;
    let date = |days| Some(Value::Date(days));
    assert_eq!(
        response(body, 4, "DATE"),
        [date(0), date(19_782), date(-719_162), None]
    );
    let body = r#"{"data":[[0,"29-FEB-2024"],[1,"29-feb-2024"],[2,"02/29/2024"]]}"#;
    assert_eq!(response(body, 3, "DATE"), vec![date(19_782); 3]);
}

#[test]
fn a_declared_length_counts_characters_and_not_bytes() {
    assert_eq!(
        response(r#"{"data":[[0,"日本語"]]}"#, 1, "VARCHAR(3)"),
        [text("日本語")]
    );
    assert_eq!(
        response(r#"{"data":[[0,"\u65e5\ud834\udd1e"]]}"#, 1, "CHAR(2)"),
        [text("日𝄞")]
    );
}

#[test]
fn nulls_are_kept_in_columns_of_every_type() {
    for name in ["VARCHAR", "BOOLEAN", "FLOAT", "NUMBER(5,1)", "DATE"] {
        let body = r#"{"data":[[0,null],[1,null]]}"#;
        assert_eq!(response(body, 2, name), [None, None], "{name}");
        let column = decode_response(body.as_bytes(), 2, &ty(name)).unwrap();
        assert_eq!((column.len(), column.null_count()), (2, 2));
    }
}

#[test]
fn a_request_becomes_a_column_per_argument() {
    let signature = ["VARCHAR", "FLOAT", "NUMBER(4,1)", "BOOLEAN", "DATE"].map(ty);
    let body = br#"{"data":[[0,"a",1.5,2.5,true,"2000-01-01"],[1,null,null,null,null,null]]}"#;
    let columns = decode_request(body, &signature).unwrap();
    let first = [
        text("a"),
        float(1.5),
        Some(Value::Number(25)),
        Some(Value::Boolean(true)),
        Some(Value::Date(10_957)),
    ];
    for ((column, ty), first) in columns.iter().zip(signature).zip(first) {
        assert_eq!(from_array(ty, column), [first, None], "{ty}");
    }
}

#[test]
fn a_function_without_arguments_has_no_columns() {
    assert!(
        decode_request(br#"{"data":[[0],[1]]}"#, &[])
            .unwrap()
            .is_empty()
    );
}

#[test]
fn columns_sized_from_a_sample_hold_a_long_body_whole() {
    // Short rows first, so that the sample says too little about the rest.
    let texts: Vec<_> = (0..3000_usize).map(|row| "x".repeat(row / 10)).collect();
    let rows = texts
        .iter()
        .enumerate()
        .map(|(row, text)| format!("[{row},\"{text}\",{row}.5]"));
    let body = format!("{{\"data\":[{}]}}", rows.collect::<Vec<_>>().join(","));
    let types: [SqlType; 2] = [ty("VARCHAR"), ty("FLOAT")];
    let columns = decode_request(body.as_bytes(), &types).unwrap();
    assert_eq!(
        from_array(types[0], &columns[0]),
        texts.iter().map(|t| text(t)).collect::<Vec<_>>()
    );
    let floats: Vec<_> = (0..3000).map(|row| float(f64::from(row) + 0.5)).collect();
    assert_eq!(from_array(types[1], &columns[1]), floats);
}
