//! What holds for every text.

#[path = "support/statements.rs"]
mod statements;

use floe_sql::{LineIndex, ObjectName, blank_comments, incomplete, line_column, parse_script};
use proptest::prelude::*;

/// What holds for a text, whatever it is.
fn check(text: &str) {
    match parse_script(text) {
        Ok(parsed) => {
            let mut end = 0;
            for statement in &parsed {
                assert!(
                    end <= statement.span.start && !statement.span.is_empty(),
                    "{text:?}"
                );
                assert_eq!(
                    text.get(statement.span.clone()),
                    Some(statement.text),
                    "{text:?}"
                );
                assert_eq!(statement.text.trim(), statement.text, "{text:?}");
                end = statement.span.end;
            }
            // The line break ends a comment that runs to the end of the text.
            let closed = format!("{text}\n;");
            assert!(!incomplete(&closed), "{text:?}");
            assert_eq!(
                parse_script(&closed).map(|all| all.len()),
                Ok(parsed.len()),
                "{text:?}"
            );
            let more = format!("{text}\n; SHOW SERVICES");
            let count = parse_script(&more).map(|all| all.len());
            assert_eq!(count, Ok(parsed.len() + 1), "{text:?}");
            if !incomplete(text) {
                let next = format!("{text}\nSHOW SERVICES");
                let count = parse_script(&next).map(|all| all.len());
                assert_eq!(count, Ok(parsed.len() + 1), "{text:?}");
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "{text:?}");
            let mut start = 0;
            for error in &errors {
                assert!(text.get(error.span()).is_some(), "{text:?}: {error:?}");
                assert!(start <= error.span().start, "{text:?}: {errors:?}");
                assert!(!error.message.is_empty());
                start = error.span().start;
            }
        }
    }
    let blanked = blank_comments(text);
    assert_eq!(blanked.len(), text.len(), "{text:?}");
    assert_eq!(incomplete(&blanked), incomplete(text), "{text:?}");
    assert_eq!(spans(&blanked), spans(text), "{text:?}");
}

/// The places of the statements, when there is nothing wrong with any.
fn spans(text: &str) -> Option<Vec<std::ops::Range<usize>>> {
    let parsed = parse_script(text).ok()?;
    Some(parsed.into_iter().map(|statement| statement.span).collect())
}

/// Pieces that make most texts nearly statements.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "CREATE",
        "ALTER",
        "DROP",
        "SHOW",
        "SERVICE",
        "SERVICES",
        "COMPUTE",
        "POOL",
        "POOLS",
        "FUNCTION",
        "IF",
        "NOT",
        "EXISTS",
        "IN",
        "FROM",
        "SPECIFICATION",
        "USING",
        "SET",
        "UNSET",
        "MIN_INSTANCES",
        "COMMENT",
        "RETURNS",
        "AS",
        "CALL",
        "SELECT",
        "SYSTEM$F",
        "IDENTIFIER",
        "TRUE",
        "a",
        "\"b\"",
        "'c'",
        "'\\x41'",
        "'\\u12'",
        "$$d$$",
        "1",
        "-",
        "2.5e3",
        "@s/p",
        "$v",
        "(",
        ")",
        ",",
        ".",
        "=",
        "=>",
        ";",
        "!",
        "--",
        "//",
        "/*",
        "*/",
        "'",
        "\"",
        "$$",
        "@",
        "\\",
        "\n",
        "{",
        "é",
        "\u{feff}",
        "\0",
    ]);
    (fixed, prop::sample::select(vec!["", " ", "\n"]))
        .prop_map(|(piece, gap)| format!("{piece}{gap}"))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_text_makes_the_parser_panic_or_lose_its_place(text in "\\PC{0,80}") {
        check(&text);
    }

    #[test]
    fn no_heap_of_tokens_makes_the_parser_panic_or_lose_its_place(
        pieces in prop::collection::vec(piece(), 0..24),
    ) {
        check(&pieces.concat());
    }

    #[test]
    fn no_bytes_thrown_into_a_statement_do(
        which in 0..statements::SUPPORTED.len(),
        at in any::<prop::sample::Index>(),
        noise in piece(),
    ) {
        let statement = statements::SUPPORTED[which];
        let mut at = at.index(statement.len());
        while !statement.is_char_boundary(at) {
            at -= 1;
        }
        check(&format!("{}{noise}{}", &statement[..at], &statement[at..]));
    }

    #[test]
    fn a_string_is_found_again_character_by_character(text in "[ab\\\\'\n\té😀]{0,20}") {
        let written = text.replace('\\', "\\\\").replace('\'', "''").replace('\n', "\\n");
        let script = format!("ALTER SERVICE s FROM SPECIFICATION '{written}'");
        let parsed = parse_script(&script).unwrap();
        let floe_sql::Statement::AlterService(alter) = &parsed[0].statement else { panic!() };
        let floe_sql::AlterServiceAction::From(source) = &alter.action else { panic!() };
        let spec = source.inline().unwrap();
        prop_assert_eq!(&spec.text.value, &text);
        for (at, c) in text.char_indices() {
            let origin = spec.origin(at..at + c.len_utf8());
            let expected = match c {
                '\\' => "\\\\".to_owned(),
                '\'' => "''".to_owned(),
                '\n' => "\\n".to_owned(),
                other => other.to_string(),
            };
            prop_assert_eq!(&script[origin], expected);
        }
    }

    #[test]
    fn a_displayed_name_is_read_as_the_same_name(
        parts in prop::collection::vec("[a-zA-Z_\" .$é]{1,8}", 1..4),
    ) {
        let quoted: Vec<String> =
            parts.iter().map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
        let name = ObjectName::parse(&quoted.join(".")).unwrap();
        prop_assert_eq!(name.name.as_str(), parts.last().unwrap());
        prop_assert_eq!(ObjectName::parse(&name.to_string()).unwrap(), name);
    }

    #[test]
    fn the_line_index_counts_like_the_plain_walk(
        text in "[a\né😀\r]{0,30}",
        offset in 0_usize..80,
    ) {
        let lines = LineIndex::new(&text);
        prop_assert_eq!(lines.line_column(offset), line_column(&text, offset));
    }
}

#[test]
fn a_statement_cut_at_any_byte_never_panics() {
    let all = statements::SUPPORTED.iter();
    let refused = statements::NOT_SUPPORTED
        .iter()
        .map(|(statement, _)| statement);
    for statement in all.chain(refused) {
        for end in (0..=statement.len()).filter(|end| statement.is_char_boundary(*end)) {
            check(&statement[..end]);
            check(&statement[end..]);
            check(&format!("{}\0{}", &statement[..end], &statement[end..]));
        }
    }
}

#[test]
fn a_prompt_reads_on_until_the_statement_is_closed() {
    for statement in statements::SUPPORTED {
        let open = statement.trim_end_matches(';');
        for end in (1..=open.len()).filter(|end| open.is_char_boundary(*end)) {
            assert!(incomplete(&open[..end]), "{:?}", &open[..end]);
        }
        assert!(!incomplete(&format!("{open};")));
        assert!(!incomplete(&format!("{open}; -- done")));
        assert!(!incomplete(&format!("{open}; /* done */ \n")));
    }
}

#[test]
fn the_seeds_of_the_fuzz_target_hold() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/sql_parse");
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        check(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds >= 10, "{folder} has {seeds} seeds");
}
