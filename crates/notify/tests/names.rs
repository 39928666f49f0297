//! Paths and names: what each cloud takes, and what is said about the rest.

use expect_test::{Expect, expect};
use floe_notify::aws::{Arn, QueueUrl};
use floe_notify::{Cloud, Location, ResourceName, Store, StreamId, has_prefix};
use proptest::prelude::*;

const STREAM: &str = "0a1b2c3d-0000-4000-8000-00000000000f";

// === Paths ===

/// Cloud, container, directory and watched prefix of a path, or what is wrong with it.
#[track_caller]
fn path(text: &str, expected: Expect) {
    let shown = match Location::parse(text) {
        Ok(it) => format!(
            "{} '{}' '{}' '{}'",
            it.cloud(),
            it.container(),
            it.directory(),
            it.key_prefix()
        ),
        Err(error) => format!("[{}] {error}", error.code()),
    };
    expected.assert_eq(&shown);
}

#[test]
fn paths_of_all_stores_are_taken_apart() {
    path(
        "s3://acme/orders/2026/",
        expect![[r#"AWS 'acme' 'orders/2026' 'orders/2026/'"#]],
    );
    path(
        "S3A://acme/orders",
        expect![[r#"AWS 'acme' 'orders' 'orders/'"#]],
    );
    path("s3n://acme", expect![[r#"AWS 'acme' '' ''"#]]);
    path("s3://acme/", expect![[r#"AWS 'acme' '' ''"#]]);
    path(
        "gs://acme.example.com/a b/",
        expect![[r#"GCP 'acme.example.com' 'a b' 'a b/'"#]],
    );
    path(
        "abfss://landing@acme.dfs.core.windows.net/orders",
        expect![[r#"Azure 'landing' 'orders' 'orders/'"#]],
    );
    path(
        "wasbs://$root@acme.blob.core.chinacloudapi.cn/",
        expect![[r#"Azure '$root' '' ''"#]],
    );
    path(
        "/srv/landing/",
        expect![[r#"this machine '' '/srv/landing' '/srv/landing/'"#]],
    );
    path(
        "file:///srv/landing",
        expect![[r#"this machine '' '/srv/landing' '/srv/landing/'"#]],
    );
    path("file:/srv", expect![[r#"this machine '' '/srv' '/srv/'"#]]);
    path("/", expect![[r#"this machine '' '/' '/'"#]]);
}

#[test]
fn keys_are_opaque_and_only_slashes_at_the_ends_are_taken_off() {
    path(
        "s3://acme/a//b%20c+d/",
        expect![[r#"AWS 'acme' 'a//b%20c+d' 'a//b%20c+d/'"#]],
    );
    path(
        "s3://acme/ü/=1 ",
        expect![[r#"AWS 'acme' 'ü/=1 ' 'ü/=1 /'"#]],
    );
}

#[test]
fn of_a_glob_the_directory_before_it_is_watched() {
    path("s3://acme/a/b*/c", expect![[r#"AWS 'acme' 'a/b*/c' 'a/'"#]]);
    path("s3://acme/{a,b}/c", expect![[r#"AWS 'acme' '{a,b}/c' ''"#]]);
    path(
        "/srv/a[0-9]/c",
        expect![[r#"this machine '' '/srv/a[0-9]/c' '/srv/'"#]],
    );
    path("/*/c", expect![[r#"this machine '' '/*/c' '/'"#]]);
}

#[test]
fn paths_that_cannot_be_watched_are_refused_with_a_code() {
    path(
        "adl://acme.azuredatalakestore.net/orders",
        expect![[
            r#"[FLOE-NOTIFY-0021] 'adl://acme.azuredatalakestore.net/orders' is in Azure Data Lake Storage Gen1, which has no file notification; move the files to Gen2 and give an abfss:// path"#
        ]],
    );
    path(
        "dbfs:/mnt/landing",
        expect![[
            r#"[FLOE-NOTIFY-0020] 'dbfs:/mnt/landing' leads through a mount point; give the path in the storage that is mounted there, such as s3://bucket/directory"#
        ]],
    );
    path(
        "landing/orders",
        expect![[
            r#"[FLOE-NOTIFY-0020] 'landing/orders' is of no storage that can be watched: a path begins with s3://, s3a://, abfss://, wasbs://, gs:// or file://, or is an absolute path of this machine"#
        ]],
    );
    path(
        "s3:///orders",
        expect![[r#"[FLOE-NOTIFY-0022] 's3:///orders' does not name an S3 bucket: it is empty"#]],
    );
    path(
        "s3://a/orders",
        expect![[
            r#"[FLOE-NOTIFY-0022] 's3://a/orders' does not name an S3 bucket: 'a' is 1 long; 3 to 255 characters are allowed"#
        ]],
    );
    path(
        "gs://Acme/orders",
        expect![[
            r#"[FLOE-NOTIFY-0022] 'gs://Acme/orders' does not name a Cloud Storage bucket: it holds 'A'"#
        ]],
    );
    path(
        "abfss://landing/orders",
        expect![[
            r#"[FLOE-NOTIFY-0022] 'abfss://landing/orders' does not name a container and an account: the form is abfss://container@account.dfs.core.windows.net/directory"#
        ]],
    );
    path(
        "abfss://landing@acme.queue.core.windows.net/orders",
        expect![[
            r#"[FLOE-NOTIFY-0022] 'abfss://landing@acme.queue.core.windows.net/orders' does not name a storage account: its host ends with 'queue.core.windows.net'; that of an account goes on with dfs. or blob., such as acme.dfs.core.windows.net"#
        ]],
    );
}

#[test]
fn a_sovereign_cloud_is_told_by_the_host() {
    let location = Location::parse("abfss://landing@acme.dfs.core.usgovcloudapi.net/").unwrap();
    let Store::Azure {
        account, endpoint, ..
    } = location.store()
    else {
        panic!("the path is of Azure")
    };
    assert_eq!(
        (account.as_str(), endpoint.as_str()),
        ("acme", "dfs.core.usgovcloudapi.net")
    );
}

proptest! {
    #[test]
    fn any_path_is_read_or_refused_and_keeps_its_text(text in "\\PC{0,40}") {
        for text in [text.clone(), format!("s3://acme/{text}"), format!("abfss://c@a.dfs/{text}")] {
            match Location::parse(&text) {
                Ok(location) => prop_assert_eq!(location.to_string(), text),
                Err(error) => prop_assert!(error.code().starts_with("FLOE-NOTIFY-002")),
            }
        }
    }

    #[test]
    fn what_is_below_the_directory_is_watched_and_what_is_beside_it_is_not(
        directory in "[a-z]{1,5}(/[a-z]{1,5}){0,3}",
        rest in "[a-z]{1,8}",
    ) {
        let location = Location::parse(&format!("s3://acme/{directory}")).unwrap();
        let below = format!("{directory}/{rest}");
        let beside = format!("{directory}{rest}");
        prop_assert!(location.watches(&below));
        prop_assert!(!location.watches(&beside));
    }
}

// === Names ===

#[track_caller]
fn name(cloud: Cloud, prefix: Option<&str>, suffix: &str, expected: Expect) {
    let shown = match ResourceName::new(cloud, prefix, suffix) {
        Ok(name) => name.to_string(),
        Err(error) => format!("[{}] {error}", error.code()),
    };
    expected.assert_eq(&shown);
}

#[test]
fn names_are_prefix_hyphen_suffix() {
    name(
        Cloud::Aws,
        None,
        "Trades",
        expect![[r#"databricks-auto-ingest-Trades"#]],
    );
    name(
        Cloud::Azure,
        None,
        "trades",
        expect![[r#"databricks-trades"#]],
    );
    name(
        Cloud::Gcp,
        None,
        "a.b~c+d%e_f",
        expect![[r#"databricks-auto-ingest-a.b~c+d%e_f"#]],
    );
    name(Cloud::Aws, Some("acme"), "a-b", expect![[r#"acme-a-b"#]]);
    let name = ResourceName::new(Cloud::Aws, Some("acme-x"), "a-b").unwrap();
    assert_eq!((name.prefix(), name.suffix()), ("acme-x", "a-b"));
}

#[test]
fn every_cloud_has_its_own_characters_and_all_wrong_ones_are_named() {
    name(
        Cloud::Aws,
        None,
        "a.b/c.d",
        expect![[
            r#"[FLOE-NOTIFY-0024] the resource suffix 'a.b/c.d' holds '.', '/'; AWS takes letters, digits, '-' and '_'"#
        ]],
    );
    name(
        Cloud::Azure,
        None,
        "Trades_1",
        expect![[
            r#"[FLOE-NOTIFY-0024] the resource suffix 'Trades_1' holds 'T', '_'; Azure takes lower-case letters, digits and '-'"#
        ]],
    );
    name(
        Cloud::Gcp,
        None,
        "a/ü",
        expect![[
            r#"[FLOE-NOTIFY-0024] the resource suffix 'a/ü' holds '/', 'ü'; GCP takes letters, digits, '-', '_', '.', '~', '+' and '%'"#
        ]],
    );
    name(
        Cloud::Aws,
        Some(""),
        "x",
        expect![[
            r#"[FLOE-NOTIFY-0023] the resource prefix is empty; give at least one letter or digit"#
        ]],
    );
}

#[test]
fn lengths_are_those_of_the_cloud_with_the_prefix_counted() {
    // 80 − 23 characters are left on AWS, 63 − 11 on Azure.
    for (cloud, room) in [(Cloud::Aws, 57), (Cloud::Azure, 52), (Cloud::Gcp, 232)] {
        assert!(
            ResourceName::new(cloud, None, &"x".repeat(room)).is_ok(),
            "{cloud}"
        );
        let error = ResourceName::new(cloud, None, &"x".repeat(room + 1)).unwrap_err();
        assert_eq!(error.code(), "FLOE-NOTIFY-0025");
        assert!(
            error
                .to_string()
                .ends_with(&format!("leaves {room} for the suffix")),
            "{error}"
        );
    }
}

#[test]
fn names_with_a_shape_that_a_cloud_refuses_are_refused() {
    name(
        Cloud::Azure,
        None,
        "a--b",
        expect![[
            r#"[FLOE-NOTIFY-0024] the resource name 'databricks-a--b' holds two hyphens in a row, which Azure does not take"#
        ]],
    );
    name(
        Cloud::Azure,
        None,
        "a-",
        expect![[
            r#"[FLOE-NOTIFY-0024] the resource name 'databricks-a-' begins or ends with a hyphen, which Azure does not take"#
        ]],
    );
    name(
        Cloud::Gcp,
        Some("1a"),
        "x",
        expect![[
            r#"[FLOE-NOTIFY-0024] the resource name '1a-x' does not begin with a letter, which GCP does not take"#
        ]],
    );
    name(
        Cloud::Gcp,
        Some("google"),
        "x",
        expect![[
            r#"[FLOE-NOTIFY-0024] the resource name 'google-x' begins with 'goog', which GCP does not take"#
        ]],
    );
}

#[test]
fn a_stream_s_own_name_fits_on_every_cloud() {
    let id = StreamId::parse(STREAM).unwrap();
    for cloud in [Cloud::Aws, Cloud::Azure, Cloud::Gcp] {
        let name = ResourceName::of_stream(cloud, None, &id).unwrap();
        assert_eq!(name.suffix(), format!("query-{STREAM}"));
        assert!(has_prefix(name.as_str(), name.prefix()));
    }
}

#[test]
fn arns_have_six_parts_of_which_two_may_be_empty() {
    let arn = Arn::parse("arn:aws:sqs:us-east-2:111122223333:databricks-auto-ingest-x").unwrap();
    assert_eq!(
        (arn.partition(), arn.service(), arn.region()),
        ("aws", "sqs", "us-east-2")
    );
    for text in [
        "",
        "arn",
        "arn:aws:s3:::",
        "arn:aws::::x",
        "urn:aws:s3:::x",
        "arn:aws:s3:::a b",
    ] {
        assert_eq!(
            Arn::parse(text).unwrap_err().code(),
            "FLOE-NOTIFY-0028",
            "{text}"
        );
    }
}

#[test]
fn queue_urls_tell_region_account_and_queue() {
    for (text, region) in [
        (
            "https://sqs.us-east-2.amazonaws.com/111122223333/q",
            Some("us-east-2"),
        ),
        (
            "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q",
            Some("cn-north-1"),
        ),
        (
            "https://us-east-2.queue.amazonaws.com/111122223333/q",
            Some("us-east-2"),
        ),
        ("https://queue.amazonaws.com/111122223333/q", None),
        ("http://localhost:4566/111122223333/q", None),
        ("http://localhost:4566/queue/us-east-1/111122223333/q", None),
    ] {
        let url = QueueUrl::parse(text).unwrap();
        assert_eq!(url.region(), region, "{text}");
        assert_eq!(
            (url.account(), url.queue()),
            ("111122223333", "q"),
            "{text}"
        );
    }
    for text in [
        "",
        "q",
        "https://",
        "https://h/q",
        "https://h/account/q",
        "sqs://h/1/q",
        "https://h/1/",
        "https://h/1/q?x",
    ] {
        assert_eq!(
            QueueUrl::parse(text).unwrap_err().code(),
            "FLOE-NOTIFY-0028",
            "{text}"
        );
    }
}
