//! What is printed when the user's text is wrong.

use crate::support::{Floe, POOL, spec};

#[test]
fn sql_that_does_not_parse_is_shown_with_its_place_and_runs_nothing() {
    let floe = Floe::new();
    let file = floe.file(
        "q.sql",
        &format!("{POOL}\nCREATE SERVCE s IN COMPUTE POOL p;\n"),
    );
    floe.args(&["run", file.to_str().unwrap()]).fails_with(&[
        "error[FLOE-SQL-",
        "q.sql:2:8",
        "SERVICE",
        "^^^^^^",
    ]);
    assert!(
        !floe.data_dir().exists(),
        "a script that does not parse must not run its first half"
    );
}

#[test]
fn every_statement_that_does_not_parse_is_reported_at_once() {
    let floe = Floe::new();
    let ran = floe.sql("SHOW SERVICE;\nDROP SERVICE;\nSELECT 1");
    ran.fails_with(&["-e:1:", "-e:2:"]);
}

#[test]
fn a_template_variable_without_value_is_reported_at_its_place_in_the_template() {
    let floe = Floe::new();
    let script = format!(
        "{POOL}\nCREATE SERVICE s IN COMPUTE POOL p FROM SPECIFICATION_TEMPLATE $$\nspec:\n  \
         containers:\n  - name: {{{{ container }}}}\n    image: {{{{ image_url }}}}\n$$ USING \
         (image_url => '\"/a/b/c/d\"');"
    );
    floe.sql(&script).fails_with(&[
        "error[FLOE-TEMPLATE-",
        "container",
        "-e:5:",
        "line 4, column",
        "of the template",
    ]);
}

#[test]
fn two_mistakes_of_a_specification_are_both_reported_in_the_templates_own_lines() {
    let floe = Floe::new();
    let script = format!(
        "{POOL}\nCREATE SERVICE s IN COMPUTE POOL p FROM SPECIFICATION_TEMPLATE $$\nspec:\n  \
         containers:\n  - name: Main\n    image: {{{{ image_url }}}}\n    readinesProbe:\n      \
         port: 8000\n$$ USING (image_url => '\"/floe/samples/images/echo:v1\"');"
    );
    let ran = floe.sql(&script);
    ran.fails_with(&[
        "spec.containers[0].name",
        "-e:5:",
        "line 4, column",
        "readinesProbe",
        "readinessProbe",
        "-e:7:",
        "line 6, column",
    ]);
    assert_eq!(
        ran.stderr.matches("error[FLOE-SPEC-").count(),
        2,
        "{}",
        ran.stderr
    );
}

#[test]
fn an_image_that_is_not_in_the_store_is_reported_at_the_image_with_the_nearest_one() {
    let floe = Floe::new();
    let script = format!(
        "{POOL}\nCREATE SERVICE s IN COMPUTE POOL p FROM SPECIFICATION $${}$$;",
        spec("v3", &[])
    );
    floe.sql(&script).fails_with(&[
        "error[FLOE-IMAGE-",
        "/floe/samples/images/echo:v3",
        "/floe/samples/images/echo:v1",
        "line 4, column",
        "of the specification",
    ]);
    let shown = floe.ok("SHOW SERVICES");
    assert_eq!(
        shown.stdout.lines().count(),
        1,
        "nothing was created: {}",
        shown.stdout
    );
}

#[test]
fn names_and_properties_that_are_wrong_are_refused_with_their_place() {
    let floe = Floe::new();
    floe.ok(POOL);
    for (sql, texts) in [
        (
            "DROP SERVICE nosuch",
            &["error[FLOE-ENGINE-0007]", "'NOSUCH'", "-e:1:14"][..],
        ),
        (
            "CREATE COMPUTE POOL p MIN_NODES=1 MAX_NODES=1 INSTANCE_FAMILY=CPU_X64_S",
            &["error[FLOE-ENGINE-0006]", "Object 'P' already exists."],
        ),
        (
            "CREATE COMPUTE POOL q MIN_NODES=2 MAX_NODES=1 INSTANCE_FAMILY=CPU_X64_S",
            &["error[FLOE-ENGINE-0010]", "MAX_NODES (1)"],
        ),
        (
            "CREATE COMPUTE POOL q MIN_NODES=1 MAX_NODES=1 INSTANCE_FAMILY=CPU_X64_XXL",
            &["error[FLOE-ENGINE-0012]", "CPU_X64_XS"],
        ),
        (
            "SELECT nosuch_function('x')",
            &["error[FLOE-QUERY-", "nosuch_function"],
        ),
        (
            "SELECT * FROM read_files('nosuch.csv')",
            &["error[FLOE-QUERY-0010]", "nosuch.csv"],
        ),
        (
            "SELECT SYSTEM$NO_SUCH()",
            &["error[FLOE-ENGINE-0016]", "SYSTEM$WAIT_FOR_SERVICES"],
        ),
        (
            "CALL SYSTEM$WAIT_FOR_SERVICES(1, 'nosuch')",
            &["error[FLOE-ENGINE-0007]"],
        ),
    ] {
        floe.sql(sql).fails_with(texts);
    }
}

#[test]
fn an_error_code_is_explained_and_an_unknown_one_is_not() {
    let floe = Floe::new();
    let ran = floe.args(&["explain", "floe-engine-0001"]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stdout.starts_with("# FLOE-ENGINE-0001: "),
        "{}",
        ran.stdout
    );
    assert_eq!(floe.args(&["explain", "FLOE-NOPE-1"]).code, Some(2));
}
