//! Names of result columns.

use crate::support::Fixture;
use floe_datafusion::query;

async fn check(sql: &str, expected: &[&str]) {
    let fixture = Fixture::start().await;
    let frame = query(&fixture.context(), sql).await.unwrap();
    let names: Vec<_> = frame
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    assert_eq!(names, expected);
    let batches = frame.collect().await.unwrap();
    let schema = batches[0].schema();
    let names: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    assert_eq!(names, expected, "of the rows");
}

#[tokio::test]
async fn a_call_without_alias_is_named_by_its_text_in_upper_case() {
    check("SELECT shout('hello!')", &["SHOUT('HELLO!')"]).await;
    check(
        "SELECT upper(name) || 'x', count(*) FROM people GROUP BY name",
        &["UPPER(NAME) || 'X'", "COUNT(*)"],
    )
    .await;
    check(
        "SELECT CAST(double_it(id) AS BIGINT) + 1 FROM people",
        &["CAST(DOUBLE_IT(ID) AS BIGINT) + 1"],
    )
    .await;
    check(
        "SELECT trim(name), extract(year FROM now()) FROM people",
        &["TRIM(NAME)", "EXTRACT(YEAR FROM NOW())"],
    )
    .await;
}

#[tokio::test]
async fn columns_and_aliases_keep_their_names() {
    check(
        "SELECT id, shout(name) AS y, p.city FROM people AS p",
        &["id", "y", "city"],
    )
    .await;
    check(
        "SELECT * FROM people WHERE shout(name) = 'ANN'",
        &["id", "name", "city"],
    )
    .await;
}

#[tokio::test]
async fn equal_calls_get_numbers() {
    check(
        "SELECT shout(name), shout(name), SHOUT(name) FROM people",
        &["SHOUT(NAME)", "SHOUT(NAME)_2", "SHOUT(NAME)_3"],
    )
    .await;
}

#[tokio::test]
async fn a_union_is_named_by_its_first_part_and_subqueries_stay_as_they_are() {
    check(
        "SELECT shout('a') UNION ALL SELECT whisper('b')",
        &["SHOUT('A')"],
    )
    .await;
    check("(SELECT shout('a'))", &["SHOUT('A')"]).await;
    check("SELECT * FROM (SELECT upper('a'))", &["upper(Utf8(\"a\"))"]).await;
}

#[tokio::test]
async fn names_do_not_disturb_order_by_and_having() {
    let fixture = Fixture::start().await;
    let sql = "SELECT upper(city), count(*) FROM people GROUP BY upper(city) \
               HAVING count(*) > 1 ORDER BY count(*) DESC, upper(city)";
    assert_eq!(fixture.column(sql).await, ["OSLO", "ROME"]);
    let sql = "SELECT DISTINCT upper(city) FROM people ORDER BY upper(city) DESC";
    assert_eq!(fixture.column(sql).await, ["ROME", "OSLO"]);
}

#[tokio::test]
async fn functions_are_found_by_folded_quoted_and_qualified_names() {
    let mut fixture = Fixture::start().await;
    let shout = |fixture: &mut Fixture, name: &str| {
        fixture.add_with(
            name,
            &["VARCHAR"],
            "VARCHAR",
            "/shout",
            floe_datafusion::Volatility::Volatile,
            |_| {},
        );
    };
    shout(&mut fixture, "F");
    shout(&mut fixture, "mixed Case");
    shout(&mut fixture, "UPPER");
    let sql = "SELECT Floe.public.f('a') || \"FLOE\".\"PUBLIC\".F('b') || \"mixed Case\"('c')";
    assert_eq!(fixture.column(sql).await, ["ABC"]);
    assert_eq!(
        fixture.refused("SELECT mixed('a')").await.code(),
        "FLOE-QUERY-0012"
    );
    // A service function takes precedence over a built-in one.
    assert_eq!(fixture.service.log().len(), 3);
    assert_eq!(fixture.column("SELECT upper('a')").await, ["A"]);
    assert_eq!(fixture.service.log().len(), 4);
}

#[tokio::test]
async fn one_name_carries_functions_of_different_types() {
    let mut fixture = Fixture::start().await;
    let volatile = floe_datafusion::Volatility::Volatile;
    fixture.add_with("TWICE", &["VARCHAR"], "VARCHAR", "/shout", volatile, |_| {});
    fixture.add_with(
        "TWICE",
        &["NUMBER(38,0)"],
        "NUMBER(38,0)",
        "/double",
        volatile,
        |_| {},
    );
    fixture.add_with(
        "TWICE",
        &["VARCHAR", "VARCHAR"],
        "VARCHAR",
        "/join",
        volatile,
        |_| {},
    );
    let sql = "SELECT twice('a') || twice(CAST(21 AS BIGINT)) || twice('a', 'b')";
    assert_eq!(fixture.column(sql).await, ["A42a+b"]);
}
