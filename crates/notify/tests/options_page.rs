//! The page about options is the one that this version generates.

#[test]
fn the_page_in_the_repository_is_the_generated_one() {
    // `UPDATE_EXPECT=1 cargo test -p floe-notify --test options_page` writes it anew.
    let file = expect_test::expect_file!["../../../docs/notification-options.md"];
    file.assert_eq(&floe_notify::options::page());
}
