//! Tokens of short texts.

use super::{Lexer, Opened, TokenKind};

#[track_caller]
fn check(text: &str, expected: &[(TokenKind, &str)]) {
    let mut lexer = Lexer::new(text);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next_token();
        if token.kind == TokenKind::End {
            break;
        }
        tokens.push((token.kind, &text[token.span()]));
    }
    assert_eq!(tokens, expected);
}

#[test]
fn comments_of_all_three_kinds_are_skipped_and_nest() {
    check(
        "a -- b\nc",
        &[(TokenKind::Word, "a"), (TokenKind::Word, "c")],
    );
    check(
        "a // b\nc",
        &[(TokenKind::Word, "a"), (TokenKind::Word, "c")],
    );
    check(
        "a /* b /* c */ d */ e",
        &[(TokenKind::Word, "a"), (TokenKind::Word, "e")],
    );
    check("/**/ /*/ */ a", &[(TokenKind::Word, "a")]);
    check("a/", &[(TokenKind::Word, "a"), (TokenKind::Char('/'), "/")]);
    check(
        "/* a /* b */",
        &[(TokenKind::Unterminated(Opened::Comment), "/* a /* b */")],
    );
    check("\u{feff}a -- no line break", &[(TokenKind::Word, "a")]);
}

#[test]
fn quotes_inside_of_quotes_do_not_end_a_string() {
    check(
        r"'a''b' 'c\'d'",
        &[(TokenKind::Text, "'a''b'"), (TokenKind::Text, r"'c\'d'")],
    );
    check(
        r"'a\\' b",
        &[(TokenKind::Text, r"'a\\'"), (TokenKind::Word, "b")],
    );
    check(
        r#""a""b" "c\""#,
        &[
            (TokenKind::QuotedIdent, r#""a""b""#),
            (TokenKind::QuotedIdent, r#""c\""#),
        ],
    );
    check("''", &[(TokenKind::Text, "''")]);
    check("'''", &[(TokenKind::Unterminated(Opened::Text), "'''")]);
    check(r"'a\", &[(TokenKind::Unterminated(Opened::Text), r"'a\")]);
}

#[test]
fn dollars_mean_a_string_a_variable_or_a_part_of_a_word() {
    check("$$a'b$c$$", &[(TokenKind::DollarText, "$$a'b$c$$")]);
    check("$$$$", &[(TokenKind::DollarText, "$$$$")]);
    check(
        "$$$",
        &[(TokenKind::Unterminated(Opened::DollarText), "$$$")],
    );
    check(
        "SYSTEM$F a$",
        &[(TokenKind::Word, "SYSTEM$F"), (TokenKind::Word, "a$")],
    );
    check(
        "AS$$b$$",
        &[(TokenKind::Word, "AS"), (TokenKind::DollarText, "$$b$$")],
    );
    check(
        "$a $",
        &[(TokenKind::Variable, "$a"), (TokenKind::Char('$'), "$")],
    );
}

#[test]
fn numbers_have_a_fraction_and_an_exponent() {
    check(
        "1 2.5 .5 3. 1e5 2E-7 1st 4e",
        &["1", "2.5", ".5", "3.", "1e5", "2E-7", "1st", "4e"].map(|n| (TokenKind::Number, n)),
    );
    check("a.1", &[(TokenKind::Word, "a"), (TokenKind::Number, ".1")]);
    check(
        "-1",
        &[(TokenKind::Char('-'), "-"), (TokenKind::Number, "1")],
    );
}

#[test]
fn a_stage_location_ends_at_a_blank_outside_of_quotes() {
    check(
        "@a.b/c-d.e SPEC",
        &[(TokenKind::Stage, "@a.b/c-d.e"), (TokenKind::Word, "SPEC")],
    );
    check(
        "@\"a b\"/c;",
        &[
            (TokenKind::Stage, "@\"a b\"/c"),
            (TokenKind::Semicolon, ";"),
        ],
    );
    check(
        "@\"a b",
        &[(TokenKind::Unterminated(Opened::Stage), "@\"a b")],
    );
}

#[test]
fn everything_else_is_one_character() {
    check(
        "a=>b=é!\u{0}",
        &[
            (TokenKind::Word, "a"),
            (TokenKind::Arrow, "=>"),
            (TokenKind::Word, "b"),
            (TokenKind::Char('='), "="),
            (TokenKind::Word, "é"),
            (TokenKind::Char('!'), "!"),
            (TokenKind::Char('\0'), "\0"),
        ],
    );
}
