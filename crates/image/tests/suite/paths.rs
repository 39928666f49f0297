//! Image paths in all their forms.

use floe_image::{Digest, ImagePath};
use proptest::prelude::*;

fn parsed(text: &str) -> Result<String, String> {
    ImagePath::parse(text)
        .map(|path| path.to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn all_documented_forms_are_read() {
    for (text, path) in [
        (
            "/tutorial_db/data_schema/repo/echo:v1",
            "/tutorial_db/data_schema/repo/echo:v1",
        ),
        (
            "/snowcli_db/public/repo/test_counter",
            "/snowcli_db/public/repo/test_counter:latest",
        ),
        ("/DB/Schema/REPO/Echo:Latest", "/db/schema/repo/echo:Latest"),
        (
            "org-acct.registry.snowflakecomputing.com/db/s/r/i:1",
            "/db/s/r/i:1",
        ),
        (
            "org-acct.registry.snowflakecomputing.cn/db/s/r/i:1",
            "/db/s/r/i:1",
        ),
        ("localhost:5000/db/s/r/i:1", "/db/s/r/i:1"),
        ("localhost/db/s/r/i", "/db/s/r/i:latest"),
        (
            "/db/s/r/team/i.x__y--z:1.0_a-b",
            "/db/s/r/team/i.x__y--z:1.0_a-b",
        ),
        ("/_db/s$1/r/i", "/_db/s$1/r/i:latest"),
    ] {
        assert_eq!(parsed(text), Ok(path.to_owned()), "{text}");
    }
}

#[test]
fn a_relative_path_is_completed_from_where_the_service_is() {
    let path = ImagePath::parse_in("repo/job:v1", "DB", "PUBLIC").unwrap();
    assert_eq!(path.as_str(), "/db/public/repo/job:v1");
    assert_eq!((path.name(), path.tag()), ("/db/public/repo/job", "v1"));
    let absolute = ImagePath::parse_in("/a/b/c/d", "DB", "PUBLIC").unwrap();
    assert_eq!(absolute.as_str(), "/a/b/c/d:latest");
}

#[test]
fn everything_else_is_refused_with_the_reason() {
    for (text, reason) in [
        ("", "neither with /"),
        ("repo/image:1", "neither with /"),
        ("/db/schema/image:1", "it has 3 parts"),
        ("/db/schema//image", "'' is not the name of an object"),
        (
            "/db/sche-ma/r/image",
            "'sche-ma' is not the name of an object",
        ),
        ("/1db/s/r/image", "'1db' is not the name of an object"),
        ("/db/s/r/-image", "'-image' is not the name of an image"),
        ("/db/s/r/ima..ge", "'ima..ge' is not the name of an image"),
        ("/db/s/r/ima___ge", "'ima___ge' is not the name of an image"),
        ("/db/s/r/../image", "'..' is not the name of an image"),
        ("/db/s/r/image:", "'' is not a tag"),
        ("/db/s/r/image:-1", "'-1' is not a tag"),
        ("/db/s/r/image:a/b", "'a/b' is not a tag"),
        ("/db/s/r/image@sha256:00", "names a digest"),
        ("/db/s/r/bild-größe", "is not the name of an image"),
    ] {
        let error = parsed(text).unwrap_err();
        assert!(error.contains(reason), "{text}: {error}");
    }
    let long = format!("/db/s/r/{}", "i".repeat(250));
    assert!(parsed(&long).unwrap_err().contains("longer than 255"));
    assert!(parsed(&format!("/db/s/r/i:{}", "t".repeat(129))).is_err());
}

proptest! {
    #[test]
    fn a_path_that_is_read_is_read_again_as_itself(text in "[/a-zA-Z0-9._:$@-]{0,60}") {
        if let Ok(path) = ImagePath::parse(&text) {
            prop_assert_eq!(&ImagePath::parse(path.as_str()).unwrap(), &path);
            prop_assert_eq!(format!("{}:{}", path.name(), path.tag()), path.as_str());
        }
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in "\\PC{0,300}") {
        let _ = ImagePath::parse(&text);
        let _ = ImagePath::parse_in(&text, "DB", "S");
        let _ = Digest::parse(&text);
    }
}
