//! The JSON Schema that editors use is the one that this version generates.

#[test]
fn the_schema_in_the_repository_is_the_generated_one() {
    // `UPDATE_EXPECT=1 cargo test -p floe-spec --test schema` writes it anew.
    let file = expect_test::expect_file!["../../../docs/schema/service-spec.schema.json"];
    file.assert_eq(&floe_spec::json_schema());
}
