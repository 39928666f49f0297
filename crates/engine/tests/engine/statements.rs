//! Catalog, pinning, checks.

use std::path::Path;
use std::sync::Arc;

use floe_engine::runtime::sim::SimulatedRuntime;
use floe_engine::{DataDir, Engine, EngineOptions};

use crate::support::{POOL, code, create, eventually_open, execute, import, open, table};

#[tokio::test]
async fn a_tag_that_moves_changes_a_service_only_by_alter_from() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir.path().join("data"));
    let old = import(&engine, dir.path(), "old");
    execute(&engine, &format!("{POOL}; {}", create("")))
        .await
        .unwrap();
    let digest = async |engine: &Engine| {
        let shown = table(engine, "SHOW SERVICES").await;
        let described = table(engine, "DESCRIBE SERVICE s").await;
        let spec = described.cell(0, "spec").unwrap().to_owned();
        (shown.cell(0, "spec_digest").unwrap().to_owned(), spec)
    };
    let (first, spec) = digest(&engine).await;
    assert!(spec.contains(&format!("sha256: \"@{old}\"")), "{spec}");

    let new = import(&engine, dir.path(), "new");
    assert_ne!(old, new);
    execute(&engine, "ALTER SERVICE s SUSPEND; ALTER SERVICE s RESUME")
        .await
        .unwrap();
    assert_eq!(digest(&engine).await.0, first);

    let alter = create("").replace("CREATE SERVICE s IN COMPUTE POOL p", "ALTER SERVICE s");
    execute(&engine, &alter).await.unwrap();
    let (second, spec) = digest(&engine).await;
    assert_ne!(second, first);
    assert!(spec.contains(&format!("sha256: \"@{new}\"")), "{spec}");
}

#[tokio::test]
async fn the_next_holder_finds_what_the_last_one_made() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let engine = open(&data);
    import(&engine, dir.path(), "one");
    let script = format!(
        "{POOL}; {}",
        create("MIN_INSTANCES=2 COMMENT='two of them'")
    );
    execute(&engine, &script).await.unwrap();
    let domain = table(&engine, "SELECT SYSTEM$GET_SERVICE_DNS_DOMAIN('public')").await;
    engine.shutdown(std::time::Duration::ZERO).await;
    drop(engine);

    let engine = eventually_open(&data).await;
    let shown = table(&engine, "SHOW SERVICES LIKE 's'").await;
    assert_eq!(shown.cell(0, "min_instances"), Some("2"));
    assert_eq!(shown.cell(0, "comment"), Some("two of them"));
    assert_eq!(
        shown.cell(0, "current_instances"),
        Some("0"),
        "reading starts nothing"
    );
    assert_eq!(
        table(&engine, "SELECT SYSTEM$GET_SERVICE_DNS_DOMAIN('public')").await,
        domain
    );
    assert!(engine.start().is_empty());
    let shown = table(&engine, "SHOW SERVICES").await;
    assert_eq!(shown.cell(0, "current_instances"), Some("2"));
}

#[tokio::test]
async fn pools_and_services_guard_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir.path().join("data"));
    import(&engine, dir.path(), "one");
    assert_eq!(
        code(&engine, &create("")).await,
        "FLOE-ENGINE-0007",
        "no pool yet"
    );
    execute(&engine, &format!("{POOL}; {}", create("")))
        .await
        .unwrap();
    assert_eq!(
        code(&engine, "DROP COMPUTE POOL p").await,
        "FLOE-ENGINE-0009"
    );
    assert_eq!(code(&engine, &create("")).await, "FLOE-ENGINE-0006");
    let again = table(
        &engine,
        &create("").replace("SERVICE s", "SERVICE IF NOT EXISTS s"),
    )
    .await;
    assert_eq!(
        again.cell(0, "status"),
        Some("S already exists, statement succeeded.")
    );
    let status = table(&engine, "DROP SERVICE s").await;
    assert_eq!(status.cell(0, "status"), Some("S successfully dropped."));
    let status = table(&engine, "DROP SERVICE IF EXISTS s").await;
    assert!(
        status
            .cell(0, "status")
            .unwrap()
            .contains("already dropped")
    );
    execute(&engine, "DROP COMPUTE POOL p").await.unwrap();
}

#[tokio::test]
async fn properties_of_a_service_are_checked_together_and_go_back_to_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir.path().join("data"));
    import(&engine, dir.path(), "one");
    execute(&engine, POOL).await.unwrap();
    for wrong in [
        "MIN_INSTANCES=0",
        "MIN_INSTANCES=3 MAX_INSTANCES=2",
        "MIN_INSTANCES=2 MIN_READY_INSTANCES=3",
        "AUTO_SUSPEND_SECS=10",
        "MIN_INSTANCES=100001",
    ] {
        assert_eq!(
            code(&engine, &create(wrong)).await,
            "FLOE-ENGINE-0010",
            "{wrong}"
        );
    }
    execute(&engine, &create("MIN_INSTANCES=2 MIN_READY_INSTANCES=1"))
        .await
        .unwrap();
    assert_eq!(
        code(&engine, "ALTER SERVICE s SET MIN_INSTANCES=3").await,
        "FLOE-ENGINE-0010"
    );
    execute(
        &engine,
        "ALTER SERVICE s SET MIN_INSTANCES=3 MAX_INSTANCES=3",
    )
    .await
    .unwrap();
    let shown = table(&engine, "SHOW SERVICES").await;
    assert_eq!(shown.cell(0, "target_instances"), Some("3"));
    execute(
        &engine,
        "ALTER SERVICE s UNSET MIN_INSTANCES, MAX_INSTANCES",
    )
    .await
    .unwrap();
    let shown = table(&engine, "SHOW SERVICES").await;
    assert_eq!(shown.cell(0, "max_instances"), Some("1"));
}

#[tokio::test]
async fn an_instance_larger_than_a_node_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir.path().join("data"));
    import(&engine, dir.path(), "one");
    execute(&engine, POOL).await.unwrap();
    let large = create("").replace(
        "app:v1\n",
        "app:v1\n    resources:\n      requests:\n        cpu: 1500m\n        memory: 1Gi\n",
    );
    let failure = execute(&engine, &large).await.unwrap_err();
    assert_eq!(failure.diagnostics[0].code, "FLOE-ENGINE-0013");
    assert!(failure.to_string().contains("1.500 CPU"), "{failure}");
}

fn service_with_endpoints() -> String {
    let with_endpoints = create("").replace(
        "app:v1\n",
        "app:v1\n  endpoints:\n  - {name: web, port: 80}\n  - {name: raw, port: 81, protocol: TCP}\n",
    );
    format!("{POOL}; {with_endpoints}")
}

/// An engine with one service, for functions over its endpoint `web`.
async fn for_functions(dir: &Path) -> Engine {
    let engine = open(&dir.join("data"));
    import(&engine, dir, "one");
    execute(&engine, &service_with_endpoints()).await.unwrap();
    engine
}

/// `head` is what stands before SERVICE.
fn function(head: &str) -> String {
    format!("CREATE {head} SERVICE=s ENDPOINT=web AS '/f'")
}

#[tokio::test]
async fn functions_are_told_apart_by_types_and_not_by_their_parameters() {
    let dir = tempfile::tempdir().unwrap();
    let engine = for_functions(dir.path()).await;
    for head in [
        "FUNCTION f(a VARCHAR(10)) RETURNS VARCHAR",
        "FUNCTION f(a VARIANT) RETURNS VARCHAR",
        "FUNCTION f(a NUMBER(10,2)) RETURNS VARCHAR",
    ] {
        execute(&engine, &function(head)).await.unwrap();
    }
    for head in [
        "FUNCTION f(a VARCHAR) RETURNS VARCHAR",
        "FUNCTION f(a INT) RETURNS VARCHAR",
    ] {
        assert_eq!(code(&engine, &function(head)).await, "FLOE-ENGINE-0006");
    }
    let head = "OR REPLACE FUNCTION f(a VARCHAR) RETURNS DATE";
    execute(&engine, &function(head)).await.unwrap();
    let shown = table(&engine, "SHOW FUNCTIONS").await;
    let arguments: Vec<_> = (0..shown.rows.len())
        .filter_map(|row| shown.cell(row, "arguments"))
        .collect();
    assert_eq!(
        arguments,
        [
            "F(NUMBER) RETURN VARCHAR",
            "F(VARCHAR) RETURN DATE",
            "F(VARIANT) RETURN VARCHAR",
        ]
    );
    let drop = "DROP FUNCTION f(VARCHAR(20)); DROP FUNCTION f(INT); DROP FUNCTION f(VARIANT)";
    execute(&engine, drop).await.unwrap();
    assert!(table(&engine, "SHOW FUNCTIONS").await.rows.is_empty());
}

#[tokio::test]
async fn a_query_may_name_the_schema_of_a_function() {
    let dir = tempfile::tempdir().unwrap();
    let engine = for_functions(dir.path()).await;
    let head = "FUNCTION f(a VARCHAR) RETURNS VARCHAR";
    execute(&engine, &function(head)).await.unwrap();
    for name in ["f", "public.f", "floe.public.f"] {
        let sql = format!("SELECT {name}('a')");
        assert!(execute(&engine, &sql).await.is_ok(), "{name}");
    }
    let sql = "SELECT other.public.f('a')";
    assert_eq!(code(&engine, sql).await, "FLOE-QUERY-0012");
}

/// "Summary of data types" in Snowflake's documentation, without what no batch carries, and the
/// names in full of the types with time zones.
const TYPES: &str = "NUMBER DECIMAL DEC NUMERIC INT INTEGER BIGINT SMALLINT TINYINT BYTEINT FLOAT \
    FLOAT4 FLOAT8 DOUBLE DOUBLE_PRECISION REAL VARCHAR CHAR CHARACTER NCHAR STRING TEXT NVARCHAR \
    NVARCHAR2 CHAR_VARYING NCHAR_VARYING CHARACTER_VARYING NATIONAL_CHAR NATIONAL_CHARACTER \
    NATIONAL_CHAR_VARYING NATIONAL_CHARACTER_VARYING BINARY VARBINARY BOOLEAN DATE DATETIME TIME \
    TIMESTAMP TIMESTAMPLTZ TIMESTAMPNTZ TIMESTAMPTZ TIMESTAMP_WITH_TIME_ZONE \
    TIMESTAMP_WITHOUT_TIME_ZONE TIMESTAMP_WITH_LOCAL_TIME_ZONE VARIANT OBJECT ARRAY";

#[tokio::test]
async fn every_name_of_a_type_is_one_for_functions() {
    let dir = tempfile::tempdir().unwrap();
    let engine = for_functions(dir.path()).await;
    let underscored = ["TIMESTAMP_LTZ", "TIMESTAMP_NTZ", "TIMESTAMP_TZ"].map(str::to_owned);
    let names = TYPES.split_whitespace().map(|name| name.replace('_', " "));
    for ty in names.chain(underscored) {
        let head = format!("OR REPLACE FUNCTION f(a {ty}) RETURNS {ty} NOT NULL");
        execute(&engine, &function(&head)).await.unwrap();
        execute(&engine, &format!("DROP FUNCTION f({ty})"))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn describe_function_says_what_must_not_be_null() {
    let dir = tempfile::tempdir().unwrap();
    let engine = for_functions(dir.path()).await;
    for (returns, described) in [
        ("VARCHAR NOT NULL", "VARCHAR NOT NULL"),
        ("INT NULL", "NUMBER(38,0)"),
    ] {
        let head = format!("OR REPLACE FUNCTION f() RETURNS {returns}");
        execute(&engine, &function(&head)).await.unwrap();
        let table = table(&engine, "DESCRIBE FUNCTION f()").await;
        assert_eq!(table.cell(1, "property"), Some("returns"));
        assert_eq!(table.cell(1, "value"), Some(described));
    }
}

#[tokio::test]
async fn functions_are_checked_against_the_endpoints_of_their_service() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir.path().join("data"));
    import(&engine, dir.path(), "one");
    execute(&engine, &service_with_endpoints()).await.unwrap();
    let function = |endpoint: &str, rest: &str| {
        format!(
            "CREATE FUNCTION f(a VARCHAR) RETURNS VARCHAR SERVICE=s ENDPOINT={endpoint} {rest} \
             AS '/f'"
        )
    };
    assert_eq!(
        code(&engine, &function("nosuch", "")).await,
        "FLOE-ENGINE-0014"
    );
    assert_eq!(
        code(&engine, &function("raw", "")).await,
        "FLOE-ENGINE-0014"
    );
    assert_eq!(
        code(&engine, &function("web", "MAX_BATCH_ROWS=0")).await,
        "FLOE-ENGINE-0010"
    );
    execute(&engine, &function("web", "MAX_BATCH_ROWS=7"))
        .await
        .unwrap();
    assert_eq!(
        code(&engine, &function("web", "")).await,
        "FLOE-ENGINE-0006"
    );
    let described = table(&engine, "DESCRIBE FUNCTION f(VARCHAR)").await;
    let value = |property: &str| {
        let row = described
            .rows
            .iter()
            .find(|row| row[0].as_deref() == Some(property))
            .unwrap();
        row[1].clone()
    };
    assert_eq!(value("signature").as_deref(), Some("(A VARCHAR)"));
    assert_eq!(value("max_batch_rows").as_deref(), Some("7"));
    assert_eq!(value("batch_timeout_secs").as_deref(), Some("not set"));
    execute(&engine, "ALTER FUNCTION f(VARCHAR) UNSET MAX_BATCH_ROWS")
        .await
        .unwrap();
    execute(&engine, "DROP FUNCTION f(VARCHAR)").await.unwrap();
    assert_eq!(
        code(&engine, "DROP FUNCTION f(VARCHAR)").await,
        "FLOE-ENGINE-0018"
    );
}

#[tokio::test]
async fn a_damaged_catalog_is_reported_and_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = dir.path().join("catalog.redb");
    std::fs::write(&catalog, "this is no catalog").unwrap();
    let data = DataDir::hold(dir.path()).unwrap();
    let runtime = Arc::new(SimulatedRuntime::default());
    let failure = Engine::open(data, runtime, EngineOptions::default()).unwrap_err();
    assert_eq!(failure.diagnostics[0].code, "FLOE-ENGINE-0003");
    assert_eq!(
        std::fs::read_to_string(&catalog).unwrap(),
        "this is no catalog"
    );
}

#[tokio::test]
async fn during_an_upgrade_an_old_instance_shows_the_image_that_it_runs() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(floe_engine::runtime::clock::ManualClock::default());
    let runtime = Arc::new(SimulatedRuntime::new(clock.clone()));
    let data = DataDir::hold(&dir.path().join("data")).unwrap();
    let engine = Engine::open(data, runtime, EngineOptions::default()).unwrap();
    let old = import(&engine, dir.path(), "old");
    let create_two = create("MIN_INSTANCES=2");
    execute(&engine, &format!("{POOL}; {create_two}"))
        .await
        .unwrap();
    let ready = async || {
        for _ in 0..100_000 {
            clock.advance(std::time::Duration::from_millis(10));
            let shown = table(&engine, "SHOW SERVICES").await;
            if shown.cell(0, "status") == Some("RUNNING") {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the instances did not become ready");
    };
    ready().await;
    import(&engine, dir.path(), "new");
    let alter = create("").replace("CREATE SERVICE s IN COMPUTE POOL p", "ALTER SERVICE s");
    execute(&engine, &alter).await.unwrap();
    let shown = table(&engine, "SHOW SERVICE CONTAINERS IN SERVICE s").await;
    assert_eq!(shown.cell(0, "instance_status"), Some("READY"));
    assert_eq!(shown.cell(0, "image_digest"), Some(old.as_str()));
}
