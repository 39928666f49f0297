//! What people read when a statement is wrong.
#![expect(clippy::expect_used, reason = "a test stops by panicking")]

use expect_test::{Expect, expect};
use floe_sql::{line_column, parse_script};

/// Every error of the script as `code line:column "text at the span"` and what it says.
fn check(script: &str, expected: &Expect) {
    let errors = parse_script(script).expect_err("the script has errors");
    let mut shown = String::new();
    for error in errors {
        let (line, column) = line_column(script, error.span().start);
        let text = &script[error.span()];
        shown += &format!(
            "{} {line}:{column} {text:?}\n  {}\n",
            error.code(),
            error.message
        );
        if !error.expected.is_empty() {
            shown += &wrapped("  expected:", &error.expected);
        }
        if let Some(hint) = error.hint {
            shown += &format!("  hint: {hint}\n");
        }
    }
    expected.assert_eq(&shown);
}

/// The items behind `lead`, in lines that fit between the margins.
fn wrapped(lead: &str, items: &[String]) -> String {
    let mut lines = vec![lead.to_owned()];
    for (index, item) in items.iter().enumerate() {
        let comma = if index + 1 < items.len() { "," } else { "" };
        let item = format!(" {item}{comma}");
        match lines.last_mut() {
            Some(line) if line.chars().count() + item.chars().count() <= 85 => *line += &item,
            _ => lines.push(format!("   {item}")),
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn a_misspelt_keyword_gets_a_suggestion() {
    check(
        "SHOW SERVCES;
CREATE SERVICE s IN COMPUTE POL p;
DESCRIBE SERVICES s;
ALTER SERVICE s SUSPND;
CRAETE SERVICE s;
CREATE SERVICE s IN COMPUTE POOL p FORM SPECIFICATION $$x$$;
CREATE SERVICE s IN COMPUTE POOL p FROM SPECIFICATON $$x$$",
        &expect![[r#"
            FLOE-SQL-0007 1:6 "SERVCES"
              `SERVCES` is not expected here
              expected: COMPUTE POOLS, SERVICE INSTANCES, SERVICE CONTAINERS, ENDPOINTS,
                USER FUNCTIONS, FUNCTIONS, JOB SERVICES, SERVICES
              hint: did you mean `SERVICES`?
            FLOE-SQL-0007 2:29 "POL"
              `POL` is not expected here: expected `POOL`
              expected: POOL
              hint: did you mean `POOL`?
            FLOE-SQL-0007 3:10 "SERVICES"
              `SERVICES` is not expected here: expected `COMPUTE POOL`, `SERVICE` or `FUNCTION`
              expected: COMPUTE POOL, SERVICE, FUNCTION
              hint: did you mean `SERVICE`?
            FLOE-SQL-0007 4:17 "SUSPND"
              `SUSPND` is not expected here
              expected: SUSPEND, RESUME, UNSET, SET, FROM
              hint: did you mean `SUSPEND`?
            FLOE-SQL-0005 5:1 "CRAETE"
              no statement starts with `CRAETE`
              expected: CREATE, ALTER, DROP, SHOW, DESCRIBE, DESC, CALL, SELECT, WITH, EXPLAIN,
                VALUES
              hint: did you mean `CREATE`?
            FLOE-SQL-0007 6:36 "FORM"
              `FORM` is not expected here
              expected: IN COMPUTE POOL, FROM, WITH, MIN_INSTANCES, MAX_INSTANCES,
                MIN_READY_INSTANCES, AUTO_SUSPEND_SECS, AUTO_RESUME, QUERY_WAREHOUSE,
                EXTERNAL_ACCESS_INTEGRATIONS, LOG_LEVEL, COMMENT
              hint: did you mean `FROM`?
            FLOE-SQL-0007 7:41 "SPECIFICATON"
              `SPECIFICATON` is not expected here
              expected: a stage location such as `@stage/path`, SPECIFICATION,
                SPECIFICATION_TEMPLATE, SPECIFICATION_FILE, SPECIFICATION_TEMPLATE_FILE
              hint: did you mean `SPECIFICATION`?
        "#]],
    );
}

#[test]
fn a_misspelt_property_gets_a_suggestion() {
    check(
        "ALTER SERVICE s SET MIN_INSTANCE = 1;
ALTER SERVICE s UNSET COMENT;
CREATE COMPUTE POOL p MIN_NODES = 1 MAX_NODE = 1 INSTANCE_FAMILY = CPU_X64_XS;
ALTER FUNCTION f() SET CONTEXT_HEADER = (CURRENT_USER);
ALTER SERVICE s SET FROBNICATE = 1",
        &expect![[r#"
            FLOE-SQL-0009 1:21 "MIN_INSTANCE"
              this statement has no property `MIN_INSTANCE`
              expected: MIN_INSTANCES, MAX_INSTANCES, MIN_READY_INSTANCES, AUTO_SUSPEND_SECS,
                AUTO_RESUME, QUERY_WAREHOUSE, EXTERNAL_ACCESS_INTEGRATIONS, LOG_LEVEL, COMMENT
              hint: did you mean `MIN_INSTANCES`?
            FLOE-SQL-0009 2:23 "COMENT"
              this statement has no property `COMENT`
              expected: MIN_INSTANCES, MAX_INSTANCES, MIN_READY_INSTANCES, AUTO_SUSPEND_SECS,
                AUTO_RESUME, QUERY_WAREHOUSE, EXTERNAL_ACCESS_INTEGRATIONS, LOG_LEVEL, COMMENT
              hint: did you mean `COMMENT`?
            FLOE-SQL-0009 3:37 "MAX_NODE"
              this statement has no property `MAX_NODE`
              expected: FOR APPLICATION, WITH, MIN_NODES, MAX_NODES, INSTANCE_FAMILY,
                AUTO_RESUME, INITIALLY_SUSPENDED, AUTO_SUSPEND_SECS, PLACEMENT_GROUP,
                BACKUP_INSTANCE_FAMILIES, COMMENT
              hint: did you mean `MAX_NODES`?
            FLOE-SQL-0009 4:24 "CONTEXT_HEADER"
              this statement has no property `CONTEXT_HEADER`
              expected: SERVICE, ENDPOINT, MAX_BATCH_ROWS, MAX_BATCH_RETRIES, ON_BATCH_FAILURE,
                BATCH_TIMEOUT_SECS, CONTEXT_HEADERS, COMMENT
              hint: did you mean `CONTEXT_HEADERS`?
            FLOE-SQL-0009 5:21 "FROBNICATE"
              this statement has no property `FROBNICATE`
              expected: MIN_INSTANCES, MAX_INSTANCES, MIN_READY_INSTANCES, AUTO_SUSPEND_SECS,
                AUTO_RESUME, QUERY_WAREHOUSE, EXTERNAL_ACCESS_INTEGRATIONS, LOG_LEVEL, COMMENT
        "#]],
    );
}

#[test]
fn a_property_written_twice_is_reported_at_the_second_one() {
    check(
        "ALTER SERVICE s SET
  COMMENT = 'a'
  comment = 'b';
ALTER SERVICE s UNSET COMMENT, AUTO_RESUME, COMMENT;
SHOW SERVICES LIKE 'a' LIKE 'b';
CREATE SERVICE s IN COMPUTE POOL p IN COMPUTE POOL q FROM SPECIFICATION $$x$$;
ALTER SERVICE s FROM SPECIFICATION $$x$$ FROM SPECIFICATION $$y$$;
ALTER SERVICE s FROM SPECIFICATION_TEMPLATE $$x$$ USING (a => 1, A => 2, \"a\" => 3);
CREATE FUNCTION f(a INT, \"A\" INT) RETURNS INT;
CREATE FUNCTION f() RETURNS INT STRICT CALLED ON NULL INPUT",
        &expect![[r#"
            FLOE-SQL-0010 3:3 "comment"
              `COMMENT` is written twice
              hint: remove one; the first stands in line 2
            FLOE-SQL-0010 4:45 "COMMENT"
              `COMMENT` is written twice
              hint: remove one; the first stands in line 4
            FLOE-SQL-0010 5:24 "LIKE"
              `LIKE` is written twice
              hint: remove one; the first stands in line 5
            FLOE-SQL-0010 6:36 "IN COMPUTE POOL"
              `IN COMPUTE POOL` is written twice
              hint: remove one; the first stands in line 6
            FLOE-SQL-0010 7:42 "FROM"
              `FROM` is written twice
              hint: remove one; the first stands in line 7
            FLOE-SQL-0010 8:74 "\"a\""
              the variable `a` is written twice
              hint: remove one; the first stands in line 8
            FLOE-SQL-0010 9:26 "\"A\""
              the argument `A` is written twice
              hint: remove one; the first stands in line 9
            FLOE-SQL-0010 10:40 "CALLED"
              `null handling` is written twice
              hint: remove one; the first stands in line 10
        "#]],
    );
}

#[test]
fn a_number_must_be_a_whole_one() {
    check(
        "ALTER SERVICE s SET MIN_INSTANCES = '2';
ALTER SERVICE s SET MIN_INSTANCES = two;
ALTER SERVICE s SET MIN_INSTANCES = 1.5;
ALTER SERVICE s SET MIN_INSTANCES = -1;
ALTER SERVICE s SET MIN_INSTANCES = 4294967296;
ALTER SERVICE s SET MIN_INSTANCES = 1st",
        &expect![[r#"
            FLOE-SQL-0012 1:37 "'2'"
              `MIN_INSTANCES` takes a whole number, found `'2'`
              expected: a whole number
              hint: write it without quotes
            FLOE-SQL-0012 2:37 "two"
              `MIN_INSTANCES` takes a whole number, found `two`
              expected: a whole number
            FLOE-SQL-0012 3:37 "1.5"
              `MIN_INSTANCES` takes a whole number, found `1.5`
              expected: a whole number
            FLOE-SQL-0012 4:37 "-1"
              `MIN_INSTANCES` takes a whole number without a sign
              expected: a whole number
            FLOE-SQL-0012 5:37 "4294967296"
              `MIN_INSTANCES` takes a whole number up to 4294967295, found `4294967296`
            FLOE-SQL-0012 6:37 "1st"
              `MIN_INSTANCES` takes a whole number, found `1st`
              expected: a whole number
        "#]],
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_reported_with_the_property() {
    check(
        "ALTER SERVICE s SET AUTO_RESUME = 'true';
ALTER SERVICE s SET AUTO_RESUME = FALES;
ALTER SERVICE s SET AUTO_RESUME =;
ALTER SERVICE s SET LOG_LEVEL = 3;
ALTER SERVICE s SET COMMENT = hello;
ALTER FUNCTION f() SET ON_BATCH_FAILURE = RETURN_NUL;
ALTER SERVICE s FROM SPECIFICATION_TEMPLATE $$x$$ USING (a => b);
CALL SYSTEM$F(a)",
        &expect![[r#"
            FLOE-SQL-0012 1:35 "'true'"
              `AUTO_RESUME` takes TRUE or FALSE, found `'true'`
              expected: TRUE, FALSE
              hint: write it without quotes
            FLOE-SQL-0012 2:35 "FALES"
              `AUTO_RESUME` takes TRUE or FALSE, found `FALES`
              expected: TRUE, FALSE
              hint: did you mean `FALSE`?
            FLOE-SQL-0008 3:34 ""
              the statement ends too early: expected `TRUE` or `FALSE`
              expected: TRUE, FALSE
            FLOE-SQL-0012 4:33 "3"
              `LOG_LEVEL` takes a string or a name, found `3`
              expected: a string, a name
            FLOE-SQL-0012 5:31 "hello"
              `COMMENT` takes a string, found `hello`
              expected: a string
            FLOE-SQL-0012 6:43 "RETURN_NUL"
              `ON_BATCH_FAILURE` takes ABORT or RETURN_NULL, found `RETURN_NUL`
              expected: ABORT, RETURN_NULL
              hint: did you mean `RETURN_NULL`?
            FLOE-SQL-0012 7:63 "b"
              the value of `a` is a number, TRUE, FALSE or a string
              expected: a string, TRUE, FALSE, a number
              hint: put a text in single quotes
            FLOE-SQL-0007 8:15 "a"
              `a` is not expected here
              expected: ), a string, TRUE, FALSE, NULL, a number
        "#]],
    );
}

#[test]
fn what_is_missing_is_named_all_at_once() {
    check(
        "CREATE SERVICE db.sc.s;
CREATE COMPUTE POOL p;
CREATE FUNCTION f(a INT) RETURNS INT SERVICE = s",
        &expect![[r#"
            FLOE-SQL-0011 1:16 "db.sc.s"
              `CREATE SERVICE` needs `IN COMPUTE POOL` and `FROM SPECIFICATION`
              expected: IN COMPUTE POOL, FROM SPECIFICATION
            FLOE-SQL-0011 2:21 "p"
              `CREATE COMPUTE POOL` needs `MIN_NODES`, `MAX_NODES` and `INSTANCE_FAMILY`
              expected: MIN_NODES, MAX_NODES, INSTANCE_FAMILY
            FLOE-SQL-0011 3:17 "f"
              `CREATE FUNCTION` needs `ENDPOINT` and `AS '<path>'`
              expected: ENDPOINT, AS '<path>'
        "#]],
    );
}

#[test]
fn a_statement_that_ends_too_early_says_what_could_follow() {
    check(
        "DROP SERVICE;
ALTER SERVICE s;
ALTER SERVICE s SET;
ALTER COMPUTE POOL p STOP;
CREATE SERVICE s IN;
ALTER SERVICE s SET MIN_INSTANCES =;
SHOW ENDPOINTS;
CREATE COMPUTE POOL IF NOT;
DROP",
        &expect![[r#"
            FLOE-SQL-0008 1:13 ""
              the statement ends too early: expected `IF EXISTS` or a name
              expected: IF EXISTS, a name
            FLOE-SQL-0008 2:16 ""
              the statement ends too early
              expected: SUSPEND, RESUME, UNSET, SET, FROM
            FLOE-SQL-0008 3:20 ""
              the statement ends too early
              expected: MIN_INSTANCES, MAX_INSTANCES, MIN_READY_INSTANCES, AUTO_SUSPEND_SECS,
                AUTO_RESUME, QUERY_WAREHOUSE, EXTERNAL_ACCESS_INTEGRATIONS, LOG_LEVEL, COMMENT
            FLOE-SQL-0008 4:26 ""
              the statement ends too early: expected `ALL`
              expected: ALL
            FLOE-SQL-0008 5:20 ""
              the statement ends too early: expected `COMPUTE POOL`
              expected: COMPUTE POOL
            FLOE-SQL-0008 6:36 ""
              the statement ends too early: expected a whole number
              expected: a whole number
            FLOE-SQL-0008 7:15 ""
              the statement ends too early: expected `IN SERVICE`
              expected: IN SERVICE
            FLOE-SQL-0008 8:27 ""
              the statement ends too early: expected `EXISTS`
              expected: EXISTS
            FLOE-SQL-0008 9:5 ""
              the statement ends too early: expected `COMPUTE POOL`, `SERVICE` or `FUNCTION`
              expected: COMPUTE POOL, SERVICE, FUNCTION
        "#]],
    );
}

#[test]
fn what_is_not_closed_is_shown_where_it_starts() {
    check(
        "ALTER SERVICE s SET COMMENT = 'it''s; SHOW SERVICES;",
        &expect![[r#"
            FLOE-SQL-0003 1:31 "'"
              the string that starts here is not closed
              expected: '
              hint: close it with `'`
        "#]],
    );
    check(
        "ALTER SERVICE s FROM SPECIFICATION $$\nspec: {}\n",
        &expect![[r#"
            FLOE-SQL-0003 1:36 "$$"
              the string that starts here is not closed
              expected: $$
              hint: close it with `$$`
        "#]],
    );
    check(
        "DROP SERVICE \"s",
        &expect![[r#"
        FLOE-SQL-0003 1:14 "\""
          the quoted name that starts here is not closed
          expected: "
          hint: close it with `"`
    "#]],
    );
    check(
        "ALTER SERVICE s FROM @\"s",
        &expect![[r#"
        FLOE-SQL-0003 1:22 "@"
          the quoted name in the stage location that starts here is not closed
          expected: "
          hint: close it with `"`
    "#]],
    );
    check(
        "SHOW SERVICES; /* a /* b */",
        &expect![[r#"
        FLOE-SQL-0003 1:16 "/*"
          the comment that starts here is not closed
          expected: */
          hint: close it with `*/`
    "#]],
    );
    check(
        "SELECT 'a",
        &expect![[r#"
        FLOE-SQL-0003 1:8 "'"
          the string that starts here is not closed
          expected: '
          hint: close it with `'`
    "#]],
    );
}

#[test]
fn names_that_are_none_say_why() {
    check(
        "DROP SERVICE a.b.c.d;
DROP SERVICE \"\";
DROP SERVICE 1st;
DROP SERVICE größe;
CREATE SERVICE IN COMPUTE POOL p;
DESC SERVICE IDENTIFIER('a b');
DESC SERVICE IDENTIFIER('<% name %>');
ALTER SERVICE s FROM @a.b.c.d/e SPECIFICATION_FILE = 'f';
ALTER FUNCTION f() SET SERVICE = s ENDPOINT = echo-endpoint",
        &expect![[r#"
            FLOE-SQL-0013 1:14 "a.b.c.d"
              a name has at most three parts: database, schema and name
            FLOE-SQL-0013 2:14 "\"\""
              a quoted name must not be empty
            FLOE-SQL-0013 3:14 "1st"
              `1st` is not a name
              expected: IF EXISTS, a name
              hint: a name starts with a letter or `_`, or stands in double quotes
            FLOE-SQL-0013 4:14 "größe"
              `größe` is not a name without quotes
              expected: IF EXISTS, a name
              hint: letters other than A to Z need double quotes
            FLOE-SQL-0007 5:16 "IN"
              `IN` is not expected here: expected `IF NOT EXISTS` or a name
              expected: IF NOT EXISTS, a name
              hint: `IN` is a keyword; a name spelt like it needs double quotes
            FLOE-SQL-0013 6:14 "IDENTIFIER('a b')"
              `a b` is not a name
              hint: a name has up to three parts joined by dots, such as `db.schema.name`
            FLOE-SQL-0013 7:14 "IDENTIFIER('<% name %>')"
              `<% name %>` is not a name
              hint: this looks like a placeholder of another tool; put the value in its place
            FLOE-SQL-0013 8:22 "@a.b.c.d/e"
              `@a.b.c.d/e` is not a stage location
              hint: write `@stage/path` or `@db.schema.stage/path`
            FLOE-SQL-0013 9:47 "echo-endpoint"
              an endpoint's name with `-` stands in quotes
              hint: write `ENDPOINT = 'echo-endpoint'`
        "#]],
    );
}

#[test]
fn placeholders_and_variables_are_recognised() {
    check(
        "DROP SERVICE {{ name }};
DROP SERVICE $name;
SHOW SERVICES LIKE ?;
SHOW SERVICES [ LIKE 'a' ];
SHOW SERVICES \u{7}",
        &expect![[r#"
            FLOE-SQL-0004 1:14 "{"
              the character `{` has no meaning here
              expected: IF EXISTS, a name
              hint: this looks like a placeholder of another tool; put the value in its place
            FLOE-SQL-0006 2:14 "$name"
              session variables such as `$name` are not supported yet
              expected: IF EXISTS, a name
              hint: write the value itself
            FLOE-SQL-0004 3:20 "?"
              the character `?` has no meaning here
              expected: a string
              hint: bind variables are not supported; write the value itself
            FLOE-SQL-0004 4:15 "["
              the character `[` has no meaning here
              expected: LIKE, IN, STARTS WITH, LIMIT, OF TYPE, EXCLUDE JOBS
              hint: brackets and bars of a syntax description are not part of it
            FLOE-SQL-0004 5:15 "\u{7}"
              the character `\u{7}` has no meaning here
              expected: LIKE, IN, STARTS WITH, LIMIT, OF TYPE, EXCLUDE JOBS
        "#]],
    );
}

#[test]
fn what_is_not_supported_yet_is_named() {
    check(
        "EXECUTE JOB SERVICE IN COMPUTE POOL p FROM SPECIFICATION $$x$$;
  GRANT SERVICE ROLE s!r TO ROLE a;
USE DATABASE d; USE SCHEMA s;
CREATE OR REPLACE IMAGE REPOSITORY r;
CREATE OR ALTER FUNCTION f();
CALL s!spcs_wait_for('DONE', 120);
CALL sc.my_procedure(1);
ALTER SERVICE s RESTORE VOLUME \"v\" INSTANCES 0,2 FROM SNAPSHOT n;
ALTER SERVICE s SET TAG t = 'v';
CREATE FUNCTION f() RETURNS INT LANGUAGE PYTHON AS $$x$$;
SHOW SERVICES IN APPLICATION a;
SHOW IMAGES IN IMAGE REPOSITORY r",
        &expect![[r#"
            FLOE-SQL-0006 1:1 "EXECUTE JOB SERVICE"
              `EXECUTE JOB SERVICE` is not supported yet
            FLOE-SQL-0006 2:3 "GRANT SERVICE ROLE"
              `GRANT SERVICE ROLE` is not supported yet
            FLOE-SQL-0006 3:1 "USE DATABASE"
              `USE DATABASE` is not supported yet
            FLOE-SQL-0006 3:17 "USE SCHEMA"
              `USE SCHEMA` is not supported yet
            FLOE-SQL-0006 4:1 "CREATE OR REPLACE IMAGE REPOSITORY"
              `CREATE IMAGE REPOSITORY` is not supported yet
            FLOE-SQL-0006 5:1 "CREATE OR ALTER"
              `CREATE OR ALTER` is not supported yet
            FLOE-SQL-0006 6:1 "CALL s!spcs_wait_for"
              `CALL S!SPCS_WAIT_FOR` is not supported yet
            FLOE-SQL-0006 7:1 "CALL sc.my_procedure"
              `CALL SC.MY_PROCEDURE` is not supported yet
              hint: only `SYSTEM$…` functions can be called
            FLOE-SQL-0006 8:17 "RESTORE VOLUME"
              `ALTER SERVICE … RESTORE VOLUME` is not supported yet
            FLOE-SQL-0006 9:21 "TAG"
              `TAG` is not supported yet
            FLOE-SQL-0006 10:33 "LANGUAGE"
              `LANGUAGE` is not supported yet
              hint: only functions with SERVICE and ENDPOINT can be created
            FLOE-SQL-0006 11:18 "APPLICATION"
              `IN APPLICATION` is not supported yet
            FLOE-SQL-0006 12:1 "SHOW IMAGES"
              `SHOW IMAGES` is not supported yet
        "#]],
    );
}

#[test]
fn what_exists_is_replaced_or_kept_and_not_both() {
    check(
        "CREATE OR REPLACE FUNCTION IF NOT EXISTS f() RETURNS INT SERVICE=s ENDPOINT=e AS '/'",
        &expect![[r#"
            FLOE-SQL-0007 1:28 "IF NOT EXISTS"
              `OR REPLACE` and `IF NOT EXISTS` exclude each other
              hint: leave one of them out: what exists is replaced, or it is kept
        "#]],
    );
}

#[test]
fn what_the_dialect_has_not_is_refused_with_the_way_out() {
    check(
        "CREATE OR REPLACE SERVICE s IN COMPUTE POOL p FROM SPECIFICATION $$x$$;
SHOW JOB SERVICES EXCLUDE JOBS;
ALTER SERVICE s SET MIN_INSTANCES = 1, MAX_INSTANCES = 2;
ALTER SERVICE s FROM SPECIFICATION = 'f.yaml';
DROP SERVICE IF NOT EXISTS s;
FROBNICATE;
'a'",
        &expect![[r#"
            FLOE-SQL-0007 1:8 "OR REPLACE"
              a service cannot be created with `OR REPLACE`
              hint: use `IF NOT EXISTS`, or change the existing one with `ALTER SERVICE … FROM …`
            FLOE-SQL-0007 2:19 "EXCLUDE JOBS"
              `SHOW JOB SERVICES` cannot exclude jobs
              hint: leave out `JOB` or `EXCLUDE JOBS`
            FLOE-SQL-0007 3:38 ","
              `,` is not expected here
              expected: MIN_INSTANCES, MAX_INSTANCES, MIN_READY_INSTANCES, AUTO_SUSPEND_SECS,
                AUTO_RESUME, QUERY_WAREHOUSE, EXTERNAL_ACCESS_INTEGRATIONS, LOG_LEVEL, COMMENT
              hint: the properties of SET are separated by blanks
            FLOE-SQL-0007 4:36 "="
              `=` is not expected here: expected a string
              expected: a string
              hint: write `FROM @stage SPECIFICATION_FILE = '…'`, or the text itself without `=`
            FLOE-SQL-0007 5:17 "NOT"
              `NOT` is not expected here: expected `EXISTS`
              expected: EXISTS
            FLOE-SQL-0005 6:1 "FROBNICATE"
              no statement starts with `FROBNICATE`
              expected: CREATE, ALTER, DROP, SHOW, DESCRIBE, DESC, CALL, SELECT, WITH, EXPLAIN,
                VALUES
            FLOE-SQL-0007 7:1 "'a'"
              `'a'` is not expected here
              expected: CREATE, ALTER, DROP, SHOW, DESCRIBE, DESC, CALL, SELECT, WITH, EXPLAIN,
                VALUES
        "#]],
    );
}

#[test]
fn a_forgotten_semicolon_is_guessed() {
    check(
        "DROP SERVICE a\nDROP SERVICE b;",
        &expect![[r#"
        FLOE-SQL-0007 2:1 "DROP"
          `DROP` is not expected here: expected `FORCE` or the end of the statement
          expected: FORCE, the end of the statement
          hint: if a statement starts here, put a `;` before it
    "#]],
    );
}

#[test]
fn a_bad_escape_is_shown_where_it_stands() {
    check(
        r"ALTER SERVICE s SET COMMENT = 'C:\users';
ALTER SERVICE s SET COMMENT = 'a\xg0';
ALTER SERVICE s SET COMMENT = '\uD83D'",
        &expect![[r#"
            FLOE-SQL-0015 1:34 "\\u"
              this escape names no character
              hint: `\x` takes two and `\u` four hexadecimal digits; write `\\` for a backslash
            FLOE-SQL-0015 2:33 "\\x"
              this escape names no character
              hint: `\x` takes two and `\u` four hexadecimal digits; write `\\` for a backslash
            FLOE-SQL-0015 3:32 "\\uD83D"
              this escape names no character
              hint: `\x` takes two and `\u` four hexadecimal digits; write `\\` for a backslash
        "#]],
    );
}
