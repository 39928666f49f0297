//! Bodies that are wrong: each violation with its code, its byte and its row.

use floe_batch::{MAX_BODY_BYTES, MAX_DEPTH, MAX_NUMBER_BYTES, decode_request, decode_response};

use crate::model::ty;

/// Decodes a response of `rows` rows of type `name` and expects the error
/// `code` at the byte marked `¶` (which is taken out) in row `row`.
#[track_caller]
fn refuses(marked: &str, rows: usize, name: &str, code: u16, row: Option<u64>) -> String {
    let offset = marked.find('¶').unwrap();
    let body = marked.replacen('¶', "", 1);
    refuses_bytes(body.as_bytes(), rows, name, code, offset, row)
}

#[track_caller]
fn refuses_bytes(
    body: &[u8],
    rows: usize,
    name: &str,
    code: u16,
    offset: usize,
    row: Option<u64>,
) -> String {
    let error = decode_response(body, rows, &ty(name)).unwrap_err();
    let shown = String::from_utf8_lossy(body);
    assert_eq!(
        error.code(),
        format!("FLOE-BATCH-{code:04}"),
        "{shown}: {error}"
    );
    let place = error.place().unwrap();
    assert_eq!((place.offset, place.row), (offset, row), "{shown}: {error}");
    error.to_string()
}

#[test]
fn a_missing_row_is_named() {
    refuses(
        r#"{"data":[¶]}"#.replace("[¶]", "[]¶").as_str(),
        1,
        "TEXT",
        20,
        None,
    );
    refuses(r#"{"data":[[0,"a"]]¶}"#, 2, "TEXT", 20, Some(0));
    let message = refuses(r#"{"data":[[0,"a"],[¶2,"c"]]}"#, 3, "TEXT", 20, Some(1));
    assert!(message.contains("row number 1 is missing"), "{message}");
    // Rows counted from one are a missing row 0, whatever comes later.
    refuses(r#"{"data":[[¶1,"a"],[2,"b"]]}"#, 3, "TEXT", 20, Some(0));
}

#[test]
fn a_duplicated_row_is_named() {
    let message = refuses(
        r#"{"data":[[0,"a"],[1,"b"],[¶0,"c"]]}"#,
        3,
        "TEXT",
        21,
        Some(2),
    );
    assert!(
        message.contains("row number 0 was already answered"),
        "{message}"
    );
}

#[test]
fn rows_out_of_order_are_told_from_missing_rows() {
    let message = refuses(r#"{"data":[[¶1,"b"],[0,"a"]]}"#, 2, "TEXT", 22, Some(0));
    assert!(
        message.contains("row number 1 comes before row number 0"),
        "{message}"
    );
    refuses(
        r#"{"data":[[0,1],[ ¶2 ,{"x":[1]}],[3],[1,2]]}"#,
        4,
        "FLOAT",
        22,
        Some(1),
    );
    // A body that is broken further on cannot prove that the row comes.
    refuses(r#"{"data":[[¶1,"b"],[0"#, 2, "TEXT", 22, Some(0));
    refuses(r#"{"data":[[¶1,"b" x],[0,"a"]]}"#, 2, "TEXT", 20, Some(0));
}

#[test]
fn a_row_number_beyond_the_batch_is_named() {
    let message = refuses(r#"{"data":[[0,"a"],[¶7,"b"]]}"#, 2, "TEXT", 23, Some(1));
    assert!(message.contains("rows 0 to 1"), "{message}");
    refuses(
        r#"{"data":[[¶18446744073709551615,1]]}"#,
        1,
        "FLOAT",
        23,
        Some(0),
    );
}

#[test]
fn a_row_too_many_is_named_even_with_a_right_number() {
    refuses(r#"{"data":[[0,"a"],¶[1,"b"]]}"#, 1, "TEXT", 24, Some(1));
    refuses(r#"{"data":[¶[0,"a"]]}"#, 0, "TEXT", 24, Some(0));
}

#[test]
fn a_row_number_is_a_plain_whole_number() {
    for number in [
        "-1", "0.0", "1e0", "00", "\"0\"", "null", "true", "[0]", "{}",
    ] {
        let body = format!(r#"{{"data":[[¶{number},"a"]]}}"#);
        refuses(&body, 1, "TEXT", 25, Some(0));
    }
    refuses(
        r#"{"data":[[¶99999999999999999999,"a"]]}"#,
        1,
        "TEXT",
        25,
        Some(0),
    );
    refuses(r#"{"data":[[¶]]}"#, 1, "TEXT", 25, Some(0));
}

#[test]
fn a_row_has_exactly_two_elements() {
    let message = refuses(r#"{"data":[[0¶]]}"#, 1, "TEXT", 26, Some(0));
    assert!(message.contains("1 elements, expected 2"), "{message}");
    let message = refuses(
        r#"{"data":[[0,"a"¶,"b",{"c":[]}]]}"#,
        1,
        "TEXT",
        26,
        Some(0),
    );
    assert!(message.contains("4 elements, expected 2"), "{message}");
}

#[test]
fn a_request_row_has_an_element_per_argument() {
    let signature = [ty("TEXT"), ty("FLOAT")];
    for (body, offset) in [
        (r#"{"data":[[0,"a"]]}"#, 15),
        (r#"{"data":[[0,"a",1,2]]}"#, 17),
    ] {
        let error = decode_request(body.as_bytes(), &signature).unwrap_err();
        assert_eq!(error.code(), "FLOE-BATCH-0026", "{body}");
        assert_eq!(error.place().unwrap().offset, offset, "{body}");
    }
    let error = decode_request(br#"{"data":[[0,"a"]]}"#, &[]).unwrap_err();
    assert_eq!(error.code(), "FLOE-BATCH-0026");
}

#[test]
fn request_rows_are_numbered_from_zero() {
    for (body, code) in [
        (r#"{"data":[[4,50.0]]}"#, "FLOE-BATCH-0020"),
        (r#"{"data":[[0,1],[0,1]]}"#, "FLOE-BATCH-0021"),
        (r#"{"data":[[1,1],[0,1]]}"#, "FLOE-BATCH-0022"),
    ] {
        let error = decode_request(body.as_bytes(), &[ty("FLOAT")]).unwrap_err();
        assert_eq!(error.code(), code, "{body}");
    }
}

#[test]
fn no_type_is_converted_into_another() {
    let wrong: [(&str, &[&str]); 5] = [
        ("TEXT", &["1", "true", "[]", "{}", "1.5"]),
        ("BOOLEAN", &["1", "0", "\"true\"", "[]", "{}"]),
        (
            "FLOAT",
            &[
                "true",
                "\"1\"",
                "\"nan\"",
                "\"Infinity\"",
                "\"\"",
                "[]",
                "{}",
            ],
        ),
        ("NUMBER(10,2)", &["true", "\"1\"", "\"NaN\"", "[]", "{}"]),
        ("DATE", &["1", "true", "20000101", "[]", "{}"]),
    ];
    for (name, values) in wrong {
        for value in values {
            let body = format!(r#"{{"data":[[0,null],[1, ¶{value}]]}}"#);
            let message = refuses(&body, 2, name, 30, Some(1));
            assert!(message.contains(&ty(name).to_string()), "{message}");
        }
    }
}

#[test]
fn a_number_that_does_not_fit_is_refused_and_never_rounded() {
    refuses(r#"{"data":[[0,¶1e309]]}"#, 1, "FLOAT", 31, Some(0));
    refuses(
        r#"{"data":[[0,¶100000000]]}"#,
        1,
        "NUMBER(10,2)",
        31,
        Some(0),
    );
    refuses(r#"{"data":[[0,¶-1e99]]}"#, 1, "NUMBER", 31, Some(0));
    refuses(r#"{"data":[[0,¶0.001]]}"#, 1, "NUMBER(10,2)", 32, Some(0));
    let message = refuses(r#"{"data":[[0,¶2.5]]}"#, 1, "INT", 32, Some(0));
    assert!(message.contains("NUMBER(38,0)"), "{message}");
}

#[test]
fn a_text_that_is_no_date_is_refused() {
    for text in [
        "2024-2-1",
        "2024/02/01",
        "13/01/2024",
        "01/32/2024",
        "1/2/2024",
        "01/02/24",
        "01-02-2024",
        "30-FEB-2024",
        "01-FEBR-2024",
        "Thu, 01 Feb 2024",
        "2023-02-29",
        "2024-01-01 00:00:00",
        "",
        "\\u0032024",
    ] {
        let body = format!(r#"{{"data":[[0,¶"{text}"]]}}"#);
        let message = refuses(&body, 1, "DATE", 33, Some(0));
        assert!(message.contains("DD-MON-YYYY, MM/DD/YYYY"), "{message}");
    }
}

#[test]
fn a_text_longer_than_declared_is_refused() {
    let message = refuses(
        r#"{"data":[[0,"abc"],[1,¶"日本語!"]]}"#,
        2,
        "VARCHAR(3)",
        34,
        Some(1),
    );
    assert!(message.contains("4 characters"), "{message}");
}

#[test]
fn what_is_not_json_is_refused_at_the_byte_where_it_ends_to_be() {
    for body in [
        "¶",
        "  ¶",
        "¶x",
        "{¶",
        "{¶data:[]}",
        r#"{"data"¶}"#,
        r#"{"data":¶}"#,
        r#"{"data":[]¶"#,
        r#"{"data":[],¶}"#,
        r#"{"data":[] ¶"x":1}"#,
        r#"{"a":1¶;"data":[]}"#,
        r#"{"a":[1 ¶2],"data":[]}"#,
        r#"{"a":[1,¶],"data":[]}"#,
        r#"{"a":{"b":1,¶},"data":[]}"#,
        r#"{"a":{"b":¶},"data":[]}"#,
        r#"{"a":{1¶:2},"data":[]}"#.replace("1¶", "¶1").as_str(),
        r#"{"a":tru¶},"data":[]}"#,
        r#"{"a":-¶,"data":[]}"#,
        r#"{"a":0¶1,"data":[]}"#,
        r#"{"a":1.¶,"data":[]}"#,
        r#"{"a":1e+¶,"data":[]}"#,
        "\u{feff}{}".replacen('\u{feff}', "¶\u{feff}", 1).as_str(),
    ] {
        refuses(body, 0, "TEXT", 11, None);
    }
}

#[test]
fn what_is_not_json_inside_a_row_is_refused_with_the_row() {
    for body in [
        r#"{"data":[[0,"a"],¶]}"#.replace(",¶]", ",¶x]").as_str(),
        r#"{"data":[[0,"a"],[1,"b"]¶"#,
        r#"{"data":[[0,"a"],[1,"b¶"#,
        r#"{"data":[[0,"a"],[1 ¶"b"]]}"#,
        r#"{"data":[[0,"a"],[1,"b"¶}]}"#,
        r#"{"data":[[0,"a"],[1,"b",¶]]}"#,
        r#"{"data":[[0,"a"],[1,¶]]}"#,
        r#"{"data":[[0,"a"],[1,nul¶]]}"#,
        r#"{"data":[[0,"a"],[1,¶'b']]}"#,
        r#"{"data":[[0,"a"],[1,¶NaN]]}"#,
        r#"{"data":[[0,"a"],[1,"b"]¶ [2,"c"]]}"#.replace("¶ ", " ¶").as_str(),
    ] {
        refuses(body, 2, "TEXT", 11, Some(1));
    }
    refuses(r#"{"data":[[0,¶]]}"#, 1, "FLOAT", 11, Some(0));
    refuses(r#"{"data":[[0,0¶1]]}"#, 1, "FLOAT", 11, Some(0));
    refuses(r#"{"data":[[0,1.¶]]}"#, 1, "NUMBER", 11, Some(0));
    refuses(r#"{"data":[[0,fals¶]]}"#, 1, "BOOLEAN", 11, Some(0));
}

#[test]
fn a_trailing_comma_after_the_last_row_is_refused() {
    // Inside an array every value but a row is the wrong shape; `]` is none.
    refuses(r#"{"data":[[0,"a"],¶]}"#, 2, "TEXT", 11, Some(1));
    refuses(r#"{"data":[¶,[0,"a"]]}"#, 1, "TEXT", 11, Some(0));
}

#[test]
fn bytes_after_the_body_are_refused() {
    refuses(r#"{"data":[]} ¶x"#, 0, "TEXT", 12, None);
    refuses(r#"{"data":[[0,1]]}¶{"data":[]}"#, 1, "FLOAT", 12, None);
    refuses_bytes(b"{}\0", 0, "TEXT", 12, 2, None);
}

#[test]
fn text_that_is_not_utf_8_is_found_in_its_row() {
    let bad: [(&[u8], usize); 6] = [
        (b"\xff", 0),
        (b"ab\xc3", 2),
        (b"a\xc3\\u00a9", 1),
        (b"\xed\xa0\x80", 0),
        (b"\xc0\xaf", 0),
        (b"\xf4\x90\x80\x80", 0),
    ];
    for (text, at) in bad {
        let mut body = br#"{"data":[[0,"ok"],[1,""#.to_vec();
        let begin = body.len();
        body.extend_from_slice(text);
        body.extend_from_slice(br#""],[2,"x"]]}"#);
        refuses_bytes(&body, 3, "TEXT", 13, begin + at, Some(1));
    }
}

#[test]
fn a_character_broken_across_two_values_does_not_pass() {
    let body = b"{\"data\":[[0,\"a\xc3\"],[1,\"\xa9b\"]]}";
    refuses_bytes(body, 2, "TEXT", 13, 14, Some(0));
}

#[test]
fn keys_and_skipped_values_are_held_to_the_same_rules() {
    refuses_bytes(b"{\"a\xff\":1,\"data\":[]}", 0, "TEXT", 13, 3, None);
    refuses_bytes(b"{\"a\":\"\xff\",\"data\":[]}", 0, "TEXT", 13, 6, None);
    refuses(r#"{"a":["¶\x"],"data":[]}"#, 0, "TEXT", 14, None);
    refuses("{\"a\":\"x¶\ny\",\"data\":[]}", 0, "TEXT", 14, None);
}

#[test]
fn strings_that_json_does_not_allow_are_refused() {
    for text in [
        "¶\\x",
        "a¶\\u12g4",
        "¶\\ud834",
        "¶\\udd1e",
        "¶\\ud834\\u0041",
        "\\u0041¶\\ud834x",
        "¶\n",
        "abcdefghijk¶\u{1}",
        "¶\0",
        "é¶\t",
    ] {
        refuses(
            &format!("{{\"data\":[[0,\"{text}\"]]}}"),
            1,
            "TEXT",
            14,
            Some(0),
        );
    }
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |levels: usize| {
        format!(
            r#"{{"a":{}{},"data":[]}}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    assert!(decode_response(nested(MAX_DEPTH).as_bytes(), 0, &ty("TEXT")).is_ok());
    let body = nested(MAX_DEPTH + 1);
    refuses_bytes(body.as_bytes(), 0, "TEXT", 15, 5 + MAX_DEPTH, None);
    let endless = format!(r#"{{"a":{}"#, "{\"a\":".repeat(1_000_000));
    let error = decode_response(endless.as_bytes(), 0, &ty("TEXT")).unwrap_err();
    assert_eq!(error.code(), "FLOE-BATCH-0015");
}

#[test]
fn numbers_end_at_the_limit() {
    let body = |digits: usize| format!(r#"{{"data":[[0,0.{}]]}}"#, "1".repeat(digits));
    let longest = body(MAX_NUMBER_BYTES - 2);
    assert!(decode_response(longest.as_bytes(), 1, &ty("FLOAT")).is_ok());
    let longer = body(MAX_NUMBER_BYTES - 1);
    refuses_bytes(longer.as_bytes(), 1, "FLOAT", 16, 12, Some(0));
}

#[test]
fn a_body_of_two_gibibytes_is_refused_unread() {
    // Zeroed memory is not touched before it is read, so this costs nothing.
    let body = vec![0; MAX_BODY_BYTES + 1];
    let error = decode_response(&body, 0, &ty("TEXT")).unwrap_err();
    assert_eq!((error.code(), error.place()), ("FLOE-BATCH-0010", None));
}

#[test]
fn json_of_another_shape_is_refused_with_the_shape_it_should_have() {
    refuses("¶[]", 0, "TEXT", 17, None);
    refuses(" ¶null", 0, "TEXT", 17, None);
    refuses("¶[[0,1]]", 1, "FLOAT", 17, None);
    refuses(r#"{"data":¶null}"#, 1, "FLOAT", 17, None);
    refuses(r#"{"data":¶{"0":1}}"#, 1, "FLOAT", 17, None);
    refuses(r#"{"data":[¶0,1]}"#, 1, "FLOAT", 17, Some(0));
    refuses(r#"{"data":[[0,1],¶{}]}"#, 2, "FLOAT", 17, Some(1));
}

#[test]
fn the_key_data_comes_exactly_once() {
    refuses("{}¶", 1, "TEXT", 18, None);
    refuses(r#"{"Data":[[0,1]]}¶"#, 1, "FLOAT", 18, None);
    refuses(r#"{"error":"no"}¶"#, 0, "TEXT", 18, None);
    refuses(r#"{"data":[[0,1]],¶"data":[[0,1]]}"#, 1, "FLOAT", 19, None);
    refuses(r#"{"data":[[0,1]], ¶"d\u0061ta":[]}"#, 1, "FLOAT", 19, None);
    assert!(
        decode_request(b"{}", &[]).is_err(),
        "a request always has data"
    );
}

#[test]
fn messages_never_quote_the_values_of_a_body() {
    let secret = "tr0ub4dor";
    let bodies = [
        format!(r#"{{"data":[[0,"{secret}"]]}}"#),
        format!(r#"{{"data":[[0,"{secret}\x"]]}}"#),
        format!(r#"{{"data":[["{secret}",1]]}}"#),
        format!(r#"{{"data":[[0,1,"{secret}"]]}}"#),
    ];
    for body in bodies {
        for name in ["FLOAT", "NUMBER", "BOOLEAN", "DATE", "CHAR"] {
            let error = decode_response(body.as_bytes(), 1, &ty(name)).unwrap_err();
            assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
        }
    }
}
