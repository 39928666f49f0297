//! What the statements of the dialect become.
#![expect(
    clippy::panic,
    clippy::expect_used,
    reason = "a test stops by panicking"
)]

#[path = "support/statements.rs"]
mod statements;

use floe_sql::{
    AlterComputePoolAction, AlterFunctionAction, AlterServiceAction, FunctionProperty, JobFilter,
    Literal, NullHandling, OnBatchFailure, PoolProperty, ServiceProperty, ShowScope, SpecKind,
    SpecLocation, SpecSource, SqlErrorKind, Statement, UsingLiteral, Volatility, parse_script,
};

/// The only statement of a script.
#[track_caller]
fn one(script: &str) -> Statement {
    let parsed = parse_script(script).unwrap_or_else(|errors| panic!("{script}: {errors:#?}"));
    assert_eq!(parsed.len(), 1, "{script}");
    parsed[0].statement.clone()
}

/// The first error of a script.
#[track_caller]
fn error(script: &str) -> floe_sql::SqlError {
    parse_script(script).expect_err(script).remove(0)
}

#[track_caller]
fn source(script: &str) -> SpecSource {
    match one(script) {
        Statement::CreateService(create) => create.source,
        Statement::AlterService(alter) => match alter.action {
            AlterServiceAction::From(source) => source,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_statements_of_the_documentation_parse() {
    for script in statements::SUPPORTED {
        one(script);
    }
}

#[test]
fn statements_for_later_are_refused_by_name() {
    for (script, name) in statements::NOT_SUPPORTED {
        let error = error(script);
        assert_eq!(*error.kind(), SqlErrorKind::NotSupported, "{script}");
        assert_eq!(error.message, format!("`{name}` is not supported yet"));
    }
}

#[test]
fn a_service_is_created_with_its_clauses_in_any_order() {
    let clauses = [
        "IN COMPUTE POOL p",
        "FROM SPECIFICATION_TEMPLATE $$x$$",
        "MIN_INSTANCES = 1",
        "COMMENT = 'c'",
    ];
    let expected = one(&format!("CREATE SERVICE s {}", clauses.join(" ")));
    let Statement::CreateService(expected) = expected else {
        panic!()
    };
    for turn in 1..clauses.len() {
        let mut turned = clauses;
        turned.rotate_left(turn);
        let script = format!("create service s {}", turned.join("\n"));
        let Statement::CreateService(create) = one(&script) else {
            panic!()
        };
        assert_eq!(create.pool, expected.pool);
        assert_eq!(create.source.inline().unwrap().text.value, "x");
        assert_eq!(create.properties.comment.unwrap().value, "c");
        assert_eq!(create.properties.min_instances.unwrap().value, 1);
    }
}

#[test]
fn using_may_stand_apart_from_its_template() {
    let script = "CREATE SERVICE s IN COMPUTE POOL p FROM SPECIFICATION_TEMPLATE $$x$$
                  MIN_INSTANCES = 1 USING (a => 1)";
    assert_eq!(source(script).using.len(), 1);
}

#[test]
fn every_service_property_is_read() {
    let script = "ALTER SERVICE s SET MIN_INSTANCES=1 MAX_INSTANCES=2 MIN_READY_INSTANCES=3
        AUTO_SUSPEND_SECS=600 AUTO_RESUME=False QUERY_WAREHOUSE=IDENTIFIER('xs') LOG_LEVEL=INFO
        EXTERNAL_ACCESS_INTEGRATIONS=(a, \"b\") COMMENT='it''s'";
    let Statement::AlterService(alter) = one(script) else {
        panic!()
    };
    let AlterServiceAction::Set(set) = alter.action else {
        panic!()
    };
    assert_eq!(set.min_instances.unwrap().value, 1);
    assert_eq!(set.max_instances.unwrap().value, 2);
    assert_eq!(set.min_ready_instances.unwrap().value, 3);
    assert_eq!(set.auto_suspend_secs.unwrap().value, 600);
    assert!(!set.auto_resume.unwrap().value);
    assert_eq!(set.query_warehouse.unwrap().value.as_str(), "XS");
    assert_eq!(set.log_level.unwrap().value, "INFO");
    let integrations = set.external_access_integrations.unwrap();
    assert_eq!(&script[integrations.span], "(a, \"b\")");
    let written: Vec<&str> = integrations
        .value
        .iter()
        .map(|name| name.written())
        .collect();
    assert_eq!(written, ["a", "b"]);
    let comment = set.comment.unwrap();
    assert_eq!(
        (comment.value.as_str(), &script[comment.span]),
        ("it's", "'it''s'")
    );
}

#[test]
fn every_property_can_be_unset() {
    let all = ServiceProperty::ALL.map(ServiceProperty::as_str).join(",");
    let Statement::AlterService(alter) = one(&format!("ALTER SERVICE s UNSET {all}")) else {
        panic!()
    };
    let AlterServiceAction::Unset(list) = alter.action else {
        panic!()
    };
    assert_eq!(list.len(), ServiceProperty::ALL.len());
    for property in PoolProperty::ALL {
        let fixed = matches!(
            property,
            PoolProperty::MinNodes
                | PoolProperty::MaxNodes
                | PoolProperty::InstanceFamily
                | PoolProperty::InitiallySuspended
        );
        let script = format!("ALTER COMPUTE POOL p UNSET {}", property.as_str());
        assert_eq!(parse_script(&script).is_err(), fixed, "{script}");
    }
    for property in FunctionProperty::ALL {
        let fixed = matches!(
            property,
            FunctionProperty::Service | FunctionProperty::Endpoint
        );
        let script = format!("ALTER FUNCTION f() UNSET {}", property.as_str());
        assert_eq!(parse_script(&script).is_err(), fixed, "{script}");
    }
}

#[test]
fn two_dollar_strings_of_one_statement_are_two_strings() {
    let script = "ALTER SERVICE s FROM SPECIFICATION_TEMPLATE $$args: {{ARGS}}$$
                  USING (ARGS=$$[\"-c 'x'\", \"b\"]$$ )";
    let source = source(script);
    assert_eq!(source.kind, SpecKind::Template);
    assert_eq!(source.inline().unwrap().text.value, "args: {{ARGS}}");
    assert_eq!(source.using[0].key.value, "ARGS");
    assert_eq!(
        source.using[0].value,
        UsingLiteral::Text("[\"-c 'x'\", \"b\"]".to_owned())
    );
    assert_eq!(
        &script[source.using[0].span.clone()],
        "$$[\"-c 'x'\", \"b\"]$$"
    );
}

#[test]
fn the_values_of_using_keep_their_kind() {
    let script = "ALTER SERVICE s FROM SPECIFICATION $$x$$ USING (
        a => 'blah123', b => 111, C => true, d => -1.2, \"e\" = 1e-3, f => $$false$$, from => '')";
    let source = source(script);
    assert_eq!(
        source.kind,
        SpecKind::Template,
        "USING makes a plain text a template"
    );
    let args: Vec<_> = source
        .using
        .iter()
        .map(|arg| (arg.key.value.as_str(), arg.value.clone()))
        .collect();
    let text = |text: &str| UsingLiteral::Text(text.to_owned());
    let number = |number: &str| UsingLiteral::Number(number.to_owned());
    let expected = [
        ("a", text("blah123")),
        ("b", number("111")),
        ("C", UsingLiteral::Bool(true)),
        ("d", number("-1.2")),
        ("e", number("1e-3")),
        ("f", text("false")),
        ("from", text("")),
    ];
    assert_eq!(args, expected);
}

#[test]
fn a_specification_is_found_again_in_the_script() {
    let script = "ALTER SERVICE s FROM SPECIFICATION $$\nspec:\n  größe: 1\n$$;";
    let source = source(script);
    let spec = source.inline().unwrap();
    assert!(spec.is_verbatim());
    assert_eq!(spec.text.value, &script[spec.body.clone()]);
    assert_eq!(&script[spec.text.span.clone()], "$$\nspec:\n  größe: 1\n$$");
    let at = spec.text.value.find('1').unwrap();
    assert_eq!(&script[spec.origin(at..at + 1)], "1");
    assert_eq!(
        &script[source.span],
        "FROM SPECIFICATION $$\nspec:\n  größe: 1\n$$"
    );
}

#[test]
fn escapes_are_decoded_and_found_again() {
    let script = r"ALTER SERVICE s FROM SPECIFICATION 'a\n\'b\' ''c'' \x41\101\u00e9\0\q\\z'";
    let source = source(script);
    let spec = source.inline().unwrap();
    assert_eq!(spec.text.value, "a\n'b' 'c' AAé\0q\\z");
    assert_eq!(
        &script[spec.body.clone()],
        r"a\n\'b\' ''c'' \x41\101\u00e9\0\q\\z"
    );
    for (part, written) in [
        ("\n", r"\n"),
        ("'b", r"\'b"),
        ("c", "c"),
        ("é", r"\u00e9"),
        ("\\", r"\\"),
        ("z", "z"),
    ] {
        let at = spec.text.value.find(part).unwrap();
        assert_eq!(&script[spec.origin(at..at + part.len())], written);
    }
    assert_eq!(spec.origin(900..999), spec.body.end..spec.body.end);
}

#[test]
fn a_stage_location_is_kept_as_it_is_written() {
    let file = |clause: &str| match source(&format!("ALTER SERVICE s FROM {clause}")).location {
        SpecLocation::File { stage, path } => (stage.map(|stage| stage.value), path.value),
        other => panic!("{other:?}"),
    };
    let at = |stage: &str, path: &str| (Some(stage.to_owned()), path.to_owned());
    assert_eq!(
        file("@a.b.c/d-e/f SPECIFICATION_FILE = 'g/h.yaml'"),
        at("@a.b.c/d-e/f", "g/h.yaml")
    );
    assert_eq!(
        file(r#"@"A b"."c/d".e SPEC='f'"#),
        at(r#"@"A b"."c/d".e"#, "f")
    );
    assert_eq!(
        file(r#"'@\"A\".b/c' SPECIFICATION_TEMPLATE_FILE='f'"#),
        at(r#"@"A".b/c"#, "f")
    );
    assert_eq!(file("@~/specs SPECIFICATION='f'"), at("@~/specs", "f"));
    assert_eq!(file("SPECIFICATION_FILE='f'"), (None, "f".to_owned()));
}

#[test]
fn names_fold_and_quote_as_documented() {
    let name = |script: &str| match one(script) {
        Statement::DescribeService(describe) => describe.name,
        other => panic!("{other:?}"),
    };
    assert_eq!(name("DESC SERVICE a.b.c").to_string(), "A.B.C");
    assert_eq!(name("DESC SERVICE \"UP\""), name("DESC SERVICE up"));
    assert_eq!(
        name("DESC SERVICE \"a \"\"b\"\"\"").name.as_str(),
        "a \"b\""
    );
    assert_eq!(name("DESC SERVICE a . b").to_string(), "A.B");
    assert_eq!(name("DESC SERVICE _x$1").to_string(), "_X$1");
    let script = "DESC SERVICE IDENTIFIER('db.\"s c\".x')";
    let called = name(script);
    assert_eq!(called.to_string(), "DB.\"s c\".X");
    assert_eq!(&script[called.span], "IDENTIFIER('db.\"s c\".x')");
    assert_eq!(&script[called.name.span()], "IDENTIFIER('db.\"s c\".x')");
    assert_eq!(name("DESC SERVICE identifier").to_string(), "IDENTIFIER");
    assert_eq!(name("DESC SERVICE if").to_string(), "IF");
}

#[test]
fn a_compute_pool_is_created_with_every_property() {
    let script = "CREATE COMPUTE POOL IF NOT EXISTS p FOR APPLICATION app MIN_NODES=1 MAX_NODES=3
        INSTANCE_FAMILY='cpu_x64_xs' AUTO_RESUME=FALSE INITIALLY_SUSPENDED=TRUE
        AUTO_SUSPEND_SECS=0 PLACEMENT_GROUP=DISTRIBUTED
        BACKUP_INSTANCE_FAMILIES=('CPU_X64_M', cpu_x64_s) COMMENT='c'";
    let Statement::CreateComputePool(create) = one(script) else {
        panic!()
    };
    assert!(create.if_not_exists);
    assert_eq!(create.for_application.unwrap().as_str(), "APP");
    assert_eq!((create.min_nodes.value, create.max_nodes.value), (1, 3));
    assert_eq!(create.instance_family.value, "CPU_X64_XS");
    assert!(!create.auto_resume.unwrap().value);
    assert!(create.initially_suspended.unwrap().value);
    assert_eq!(create.auto_suspend_secs.unwrap().value, 0);
    assert_eq!(create.placement_group.unwrap().value, "DISTRIBUTED");
    assert_eq!(
        create.backup_instance_families.unwrap().value,
        ["CPU_X64_M", "CPU_X64_S"]
    );
    assert_eq!(create.comment.unwrap().value, "c");
}

#[test]
fn a_compute_pool_is_altered() {
    let action = |action: &str| match one(&format!("ALTER COMPUTE POOL IF EXISTS p {action}")) {
        Statement::AlterComputePool(alter) => alter.action,
        other => panic!("{other:?}"),
    };
    assert_eq!(action("SUSPEND"), AlterComputePoolAction::Suspend);
    assert_eq!(action("RESUME"), AlterComputePoolAction::Resume);
    let AlterComputePoolAction::StopAll { of_type } = action("STOP ALL OF TYPE user, notebook")
    else {
        panic!()
    };
    assert_eq!(of_type[1].as_str(), "NOTEBOOK");
    let AlterComputePoolAction::Unset(list) = action("unset auto_resume,comment") else {
        panic!()
    };
    assert_eq!(list[0].value, PoolProperty::AutoResume);
    let AlterComputePoolAction::Set(set) = action("SET MIN_NODES = 2 MAX_NODES = 3") else {
        panic!()
    };
    assert_eq!(
        (set.min_nodes.unwrap().value, set.max_nodes.unwrap().value),
        (2, 3)
    );
}

#[test]
fn a_function_is_created_with_every_clause() {
    let script = "CREATE OR REPLACE FUNCTION sc.f(a NUMBER(38, 0), \"b\" double precision)
        RETURNS ARRAY(VARCHAR(10)) NOT NULL RETURNS NULL ON NULL INPUT IMMUTABLE
        SERVICE = db.sc.svc ENDPOINT = \"echo-Endpoint\" COMMENT = 'c'
        CONTEXT_HEADERS = (CURRENT_USER, CURRENT_DATE) MAX_BATCH_ROWS = 10 MAX_BATCH_RETRIES = 0
        ON_BATCH_FAILURE = return_null BATCH_TIMEOUT_SECS = 60 AS '/a/b'";
    let Statement::CreateFunction(def) = one(script) else {
        panic!()
    };
    assert!(def.or_replace && def.returns_not_null && !def.if_not_exists);
    assert_eq!(def.name.to_string(), "SC.F");
    let args: Vec<String> = def
        .args
        .iter()
        .map(|(name, ty)| format!("{name} {ty}"))
        .collect();
    assert_eq!(args, ["A NUMBER(38,0)", "\"b\" DOUBLE PRECISION"]);
    assert_eq!(&script[def.args[1].1.span.clone()], "double precision");
    assert_eq!(def.returns.to_string(), "ARRAY(VARCHAR(10))");
    assert_eq!(def.null_handling.unwrap().value, NullHandling::Strict);
    assert_eq!(def.volatility.unwrap().value, Volatility::Immutable);
    assert_eq!(def.service.to_string(), "DB.SC.SVC");
    assert_eq!(def.endpoint.value, "echo-Endpoint");
    assert_eq!(def.comment.unwrap().value, "c");
    assert_eq!(
        def.context_headers.unwrap().value[1].as_str(),
        "CURRENT_DATE"
    );
    assert_eq!(def.max_batch_rows.unwrap().value, 10);
    assert_eq!(def.max_batch_retries.unwrap().value, 0);
    assert_eq!(
        def.on_batch_failure.unwrap().value,
        OnBatchFailure::ReturnNull
    );
    assert_eq!(def.batch_timeout_secs.unwrap().value, 60);
    assert_eq!(def.path.value, "/a/b");
}

#[test]
fn a_function_is_altered_dropped_and_described() {
    let script = "ALTER FUNCTION test_udf(VARCHAR) SET SERVICE = 'db.sc.other' ENDPOINT='e-1'";
    let Statement::AlterFunction(alter) = one(script) else {
        panic!()
    };
    let AlterFunctionAction::Set(set) = alter.action else {
        panic!()
    };
    assert_eq!(set.service.unwrap().value.to_string(), "DB.SC.OTHER");
    assert_eq!(set.endpoint.unwrap().value, "e-1");
    let Statement::DropFunction(drop) = one("DROP FUNCTION IF EXISTS f(INT, CHAR VARYING(3))")
    else {
        panic!()
    };
    assert_eq!(drop.function.to_string(), "F(INT,CHAR VARYING(3))");
    let types = "NATIONAL CHARACTER VARYING(3), timestamp(3) with local time zone, \
                 TIMESTAMP WITH TIME ZONE, NATIONAL CHAR, TIMESTAMP, CHARACTER";
    let Statement::DropFunction(drop) = one(&format!("DROP FUNCTION f({types})")) else {
        panic!()
    };
    let types = drop.function.arg_types.iter().map(ToString::to_string);
    assert_eq!(
        types.collect::<Vec<_>>(),
        [
            "NATIONAL CHARACTER VARYING(3)",
            "TIMESTAMP WITH LOCAL TIME ZONE(3)",
            "TIMESTAMP WITH TIME ZONE",
            "NATIONAL CHAR",
            "TIMESTAMP",
            "CHARACTER",
        ]
    );
    let Statement::DescribeFunction(describe) = one("DESCRIBE FUNCTION f()") else {
        panic!()
    };
    assert!(!describe.if_exists && describe.function.arg_types.is_empty());
}

#[test]
fn types_nested_too_deeply_are_refused() {
    let nested = |depth: usize| {
        format!(
            "DROP FUNCTION f({}INT{})",
            "ARRAY(".repeat(depth),
            ")".repeat(depth)
        )
    };
    one(&nested(floe_sql::MAX_NESTING));
    assert_eq!(
        error(&nested(floe_sql::MAX_NESTING + 1)).code(),
        "FLOE-SQL-0014"
    );
    assert_eq!(error(&nested(100_000)).code(), "FLOE-SQL-0014");
}

#[test]
fn show_statements_take_their_options_in_any_order() {
    let script = "SHOW SERVICES LIMIT 10 FROM 'B' STARTS WITH 'A' OF TYPE ALL, USER EXCLUDE JOBS
                  IN DATABASE LIKE 'a%'";
    let Statement::ShowServices(show) = one(script) else {
        panic!()
    };
    assert_eq!(show.jobs, JobFilter::Exclude);
    assert_eq!(show.scope, Some(ShowScope::Database(None)));
    assert_eq!(show.like.unwrap().value, "a%");
    assert_eq!(show.starts_with.unwrap().value, "A");
    assert_eq!(show.of_type.len(), 2);
    let limit = show.limit.unwrap();
    assert_eq!(
        (limit.rows.value, limit.from.unwrap().value),
        (10, "B".to_owned())
    );
}

#[test]
fn a_scope_may_be_named_or_current() {
    let scope = |of: &str| match one(&format!("SHOW SERVICES {of} LIKE 'x'")) {
        Statement::ShowServices(show) => show.scope.unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(scope("IN ACCOUNT"), ShowScope::Account);
    assert_eq!(scope("IN SCHEMA"), ShowScope::Schema(None));
    for named in ["IN SCHEMA a.\"b\"", "IN a.\"b\""] {
        let ShowScope::Schema(Some(name)) = scope(named) else {
            panic!("{named}")
        };
        assert_eq!(name.to_string(), "A.\"b\"");
    }
    let ShowScope::Database(Some(name)) = scope("IN DATABASE d") else {
        panic!()
    };
    assert_eq!(name.as_str(), "D");
    assert_eq!(
        error("SHOW SERVICES IN SCHEMA a.b.c").code(),
        "FLOE-SQL-0013"
    );
    assert_eq!(
        error("SHOW FUNCTIONS IN COMPUTE POOL p").code(),
        "FLOE-SQL-0007"
    );
}

#[test]
fn a_query_that_is_copied_somewhere_is_passed_on_as_it_stands() {
    let script =
        "COPY (SELECT a FROM STREAM read_files('in;', checkpoint => 'c')) TO 'out'; SELECT 1";
    let parsed = parse_script(script).expect(script);
    assert_eq!(parsed[0].statement, Statement::Copy);
    assert!(parsed[0].text.ends_with("TO 'out'"));
    assert_eq!(
        one("copy /* all of it */ (SELECT 1) TO 'out'"),
        Statement::Copy
    );
    for refused in ["COPY INTO t FROM @s", "COPY FILES INTO @a FROM @b", "COPY"] {
        assert_eq!(error(refused).code(), "FLOE-SQL-0006", "{refused}");
    }
}

#[test]
fn a_lone_system_function_is_a_call_and_anything_more_a_query() {
    for script in [
        "CALL system$f('a', -1, 2.5, TRUE, NULL, $$b$$)",
        "SELECT SYSTEM$F ( 'a' , -1, +2.5, true, null, 'b' ) ;",
    ] {
        let Statement::Call(call) = one(script) else {
            panic!("{script}")
        };
        assert_eq!(call.name.value, "SYSTEM$F");
        let args: Vec<Literal> = call.args.into_iter().map(|arg| arg.value).collect();
        let expected = [
            Literal::String("a".to_owned()),
            Literal::Number("-1".to_owned()),
            Literal::Number("2.5".to_owned()),
            Literal::Bool(true),
            Literal::Null,
            Literal::String("b".to_owned()),
        ];
        assert_eq!(args, expected);
    }
    for script in ["SELECT SYSTEM$F() AS logs", "SELECT SYSTEM$F() \"LOGS\""] {
        let Statement::Call(call) = one(script) else {
            panic!("{script}")
        };
        assert_eq!(call.alias.unwrap().as_str(), "LOGS");
    }
    for script in [
        "SELECT SYSTEM$F('a'), 1",
        "SELECT SYSTEM$F(a) FROM t",
        "SELECT SYSTEM$F('a') FROM t",
        "SELECT PARSE_JSON(SYSTEM$F('a'))",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "VALUES (1)",
        "(SELECT 1)",
        "EXPLAIN SELECT 1",
        "SELECT {}[] ~ 'a;b' \"c;d\" $$e;f$$ /* ; */ -- ;",
    ] {
        assert_eq!(one(script), Statement::Query, "{script}");
    }
}

#[test]
fn statements_are_cut_at_semicolons_that_stand_alone() {
    let script =
        ";; -- a;\nSELECT ';', \"a;b\" // c;\n, $$;$$ /* ; /* ; */ ; */ ;\n\nSHOW SERVICES";
    let parsed = parse_script(script).unwrap();
    assert_eq!(parsed.len(), 2);
    assert_eq!(parsed[0].text, "SELECT ';', \"a;b\" // c;\n, $$;$$");
    assert_eq!(parsed[1].text, "SHOW SERVICES");
    assert_eq!(parse_script(" -- nothing\n").unwrap(), []);
}

#[test]
fn the_order_of_errors_is_the_order_of_the_script() {
    let errors = parse_script("DROP; SHOW SERVICES; ALTER; SELECT 1; 'x").unwrap_err();
    let starts: Vec<usize> = errors.iter().map(|error| error.span().start).collect();
    assert_eq!(starts, [4, 26, 38]);
}

#[test]
fn a_script_is_bounded_in_bytes_and_statements() {
    let long = " ".repeat(floe_sql::MAX_SCRIPT_BYTES + 1);
    assert_eq!(error(&long).code(), "FLOE-SQL-0001");
    let many = "SELECT 1;".repeat(floe_sql::MAX_STATEMENTS);
    assert_eq!(parse_script(&many).unwrap().len(), floe_sql::MAX_STATEMENTS);
    let errors = parse_script(&(many + "SELECT 1")).unwrap_err();
    assert_eq!((errors.len(), errors[0].code()), (1, "FLOE-SQL-0002"));
}

#[test]
fn every_error_code_has_its_page() {
    let kinds = [
        SqlErrorKind::ScriptTooLong,
        SqlErrorKind::TooManyStatements,
        SqlErrorKind::Unterminated,
        SqlErrorKind::UnexpectedCharacter,
        SqlErrorKind::UnknownStatement,
        SqlErrorKind::NotSupported,
        SqlErrorKind::UnexpectedToken,
        SqlErrorKind::UnexpectedEnd,
        SqlErrorKind::UnknownProperty,
        SqlErrorKind::Duplicate,
        SqlErrorKind::MissingClause,
        SqlErrorKind::InvalidValue,
        SqlErrorKind::InvalidName,
        SqlErrorKind::TooDeep,
        SqlErrorKind::InvalidEscape,
    ];
    for (index, kind) in kinds.iter().enumerate() {
        assert_eq!(kind.code(), format!("FLOE-SQL-{:04}", index + 1));
        let page = format!(
            "{}/../../docs/errors/{}.md",
            env!("CARGO_MANIFEST_DIR"),
            kind.code()
        );
        let page = std::fs::read_to_string(&page).expect(&page);
        assert!(page.starts_with(&format!("# {}: ", kind.code())), "{page}");
        assert!(page.contains("\n## What happened\n") && page.contains("\n## What to do\n"));
    }
}
