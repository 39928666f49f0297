//! Tags: what each cloud takes, and how they come back.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use expect_test::{Expect, expect};
use floe_notify::{Cloud, StreamId, StreamTags, Tags};

const STREAM: &str = "0a1b2c3d-0000-4000-8000-00000000000f";

fn stream<'a>(id: &'a StreamId) -> StreamTags<'a> {
    StreamTags {
        path: Some("s3://acme/orders"),
        checkpoint_location: Some("s3://acme/checkpoints/orders"),
        id: Some(id),
    }
}

#[track_caller]
fn tags(cloud: Cloud, user: &[(&str, &str)], expected: Expect) {
    let id = StreamId::parse(STREAM).unwrap();
    let (tags, findings) = Tags::new(cloud, stream(&id), user.iter().copied());
    let mut shown: String = tags
        .pairs()
        .map(|(key, value)| format!("{key}={value}\n"))
        .collect();
    shown.extend(findings.iter().map(|finding| format!("{finding}\n")));
    expected.assert_eq(&shown);
}

#[test]
fn default_tags_are_set_as_far_as_the_cloud_takes_them() {
    tags(
        Cloud::Aws,
        &[("team", "sales")],
        expect![[r#"
            checkpointLocation=s3://acme/checkpoints/orders
            path=s3://acme/orders
            streamId=0a1b2c3d-0000-4000-8000-00000000000f
            team=sales
            vendor=Databricks
        "#]],
    );
    tags(
        Cloud::Azure,
        &[],
        expect![[r#"
            checkpointLocation=s3://acme/checkpoints/orders
            path=s3://acme/orders
            streamId=0a1b2c3d-0000-4000-8000-00000000000f
            vendor=Databricks
        "#]],
    );
    tags(
        Cloud::Gcp,
        &[("team", "sales")],
        expect![[r#"
            streamid=0a1b2c3d-0000-4000-8000-00000000000f
            team=sales
            vendor=databricks
        "#]],
    );
}

#[test]
fn reserved_keys_cannot_be_given_in_any_case() {
    tags(
        Cloud::Aws,
        &[
            ("vendor", "Acme"),
            ("STREAMID", "x"),
            ("Path", "y"),
            ("checkpointlocation", "z"),
        ],
        expect![[r#"
            checkpointLocation=s3://acme/checkpoints/orders
            path=s3://acme/orders
            streamId=0a1b2c3d-0000-4000-8000-00000000000f
            vendor=Databricks
            error[FLOE-NOTIFY-0026] vendor: the tag `vendor` is set by the system and cannot be given
            error[FLOE-NOTIFY-0026] STREAMID: the tag `streamId` is set by the system and cannot be given
            error[FLOE-NOTIFY-0026] Path: the tag `path` is set by the system and cannot be given
            error[FLOE-NOTIFY-0026] checkpointlocation: the tag `checkpointLocation` is set by the system and cannot be given
        "#]],
    );
}

#[test]
fn tags_that_a_cloud_does_not_take_are_told_and_defaults_are_left_out() {
    tags(
        Cloud::Gcp,
        &[("Team", "sales"), ("team", "Sales"), ("", "x"), ("ok", "")],
        expect![[r#"
            ok=
            streamid=0a1b2c3d-0000-4000-8000-00000000000f
            vendor=databricks
            error[FLOE-NOTIFY-0027] Team: a key begins with a lower-case letter on GCP
            error[FLOE-NOTIFY-0027] team: the value holds 'S'
            error[FLOE-NOTIFY-0027] : a tag needs a key
        "#]],
    );
    tags(
        Cloud::Azure,
        &[("cost-center", "1"), ("cost_center", "1")],
        expect![[r#"
            checkpointLocation=s3://acme/checkpoints/orders
            cost_center=1
            path=s3://acme/orders
            streamId=0a1b2c3d-0000-4000-8000-00000000000f
            vendor=Databricks
            error[FLOE-NOTIFY-0027] cost-center: the key holds '-'
        "#]],
    );
    let long = format!("s3://acme/{}", "x".repeat(300));
    let stream = StreamTags {
        path: Some(&long),
        ..StreamTags::default()
    };
    let (tags, findings) = Tags::new(Cloud::Aws, stream, []);
    assert_eq!(tags.get("path"), None);
    assert!(!findings[0].is_error());
    expect![[r#"warning[FLOE-NOTIFY-0027] path: the tag is left out: the value has 310 characters; 256 are allowed"#]]
        .assert_eq(&findings[0].to_string());
}

#[test]
fn too_many_tags_are_told_once() {
    let keys: Vec<String> = (0..60).map(|n| format!("k{n}")).collect();
    let user = keys.iter().map(|key| (key.as_str(), ""));
    let (_, findings) = Tags::new(Cloud::Aws, StreamTags::default(), user);
    expect![[r#"error[FLOE-NOTIFY-0027] all tags: there are 61 tags; AWS takes 49"#]]
        .assert_eq(&findings[0].to_string());
    assert_eq!(findings.len(), 1);
}

#[test]
fn tags_come_back_from_labels_and_from_metadata_in_lower_case() {
    let id = StreamId::parse(STREAM).unwrap();
    let (tags, _) = Tags::new(Cloud::Azure, stream(&id), [("team", "a \"b\"")]);
    let label = tags.to_label();
    let back = Tags::of_labels(&["somebody's", "[1]", &label]);
    assert_eq!(back, tags);
    assert_eq!(back.stream_id(), Some(id));
    let lower = tags
        .pairs()
        .map(|(key, value)| (key.to_lowercase(), value.to_owned()));
    let metadata = Tags::of_resource(Cloud::Azure, lower);
    assert_eq!(
        metadata.get("checkpointLocation"),
        Some("s3://acme/checkpoints/orders")
    );
    assert!(metadata.is_auto_loader() && !metadata.is_ours());
    assert!(metadata.marked_as_ours().is_ours());
}
