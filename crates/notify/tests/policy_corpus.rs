//! Policies and configurations from the wild: what is documented, and what people made of it.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::path::PathBuf;

use floe_notify::aws::bucket::{Change, DestinationKind, Entry, JsonConfiguration};
use floe_notify::aws::policy::{self, Document, Setup, Use};
use floe_notify::aws::{Place, action_of_operation};
use floe_notify::{azure, gcp};
use serde_json::Value;

/// A file from the wild, when the folder of them is there.
fn corpus(name: &str) -> Option<String> {
    let root = std::env::var_os("FLOE_CORPUS").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../shared/corpus"
            ))
        },
        PathBuf::from,
    );
    let folder = root.join("policies");
    if folder.is_dir() {
        return Some(std::fs::read_to_string(folder.join(name)).unwrap());
    }
    assert!(
        std::env::var_os("FLOE_CORPUS_REQUIRED").is_none(),
        "FLOE_CORPUS_REQUIRED is set, but {} is not there",
        folder.display()
    );
    println!(
        "{} is not there: set FLOE_CORPUS to the folder of files from the wild",
        folder.display()
    );
    None
}

fn json(name: &str) -> Option<Value> {
    Some(serde_json::from_str(&corpus(name)?).unwrap())
}

/// Compares as JSON: the files are indented by hand.
#[track_caller]
fn same(file: &str, ours: &str) {
    let Some(theirs) = json(file) else { return };
    let ours: Value = serde_json::from_str(ours).unwrap();
    assert_eq!(ours, theirs, "{file}");
}

/// All actions of a policy from the wild, in order.
fn actions(policy: &Value) -> Vec<String> {
    let statements = policy["Statement"].as_array().unwrap();
    let lists = statements.iter().map(|statement| &statement["Action"]);
    lists
        .flat_map(|list| match list {
            Value::Array(items) => items.clone(),
            one => vec![one.clone()],
        })
        .map(|action| action.as_str().unwrap().to_owned())
        .collect()
}

fn ours(document: &Document) -> Vec<String> {
    let statements = document.statements().iter();
    statements
        .flat_map(|it| it.actions.iter().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn documented() -> Place {
    Place::new("<region>", "<account-number>")
}

#[test]
fn the_documents_are_those_of_the_documentation() {
    let (setup, _) = policy::setup(&Setup::new(documented(), "<bucket-name>"));
    same(
        "001__seed-docs__databricks_autoloader_aws_setup.json",
        &setup.to_json(),
    );
    let (reduced, _) = policy::reduced(&Use {
        place: documented(),
        bucket: "<bucket-name>".to_owned(),
        queue: "<queue-name>".to_owned(),
        topic: "<topic-name>".to_owned(),
    });
    same(
        "002__seed-docs__databricks_autoloader_aws_reduced.json",
        &reduced.to_json(),
    );
    let (role, _) = azure::role::custom();
    same(
        "003__seed-docs__databricks_autoloader_azure_custom_role.json",
        &role,
    );
    if let Some(text) = corpus("004__seed-docs__databricks_autoloader_gcp_permissions.txt") {
        assert_eq!(gcp::permissions().0, text);
    }
}

#[test]
fn a_policy_that_somebody_wrote_after_the_documentation_is_made_by_other_arguments() {
    let me = "${data.aws_caller_identity.current.account_id}";
    let (setup, _) = policy::setup(&Setup::new(Place::new("${var.region}", me), "*"));
    same(
        "005__index__tf_file_notification_instance_profile.json",
        &setup.to_json(),
    );
}

#[test]
fn another_prefix_makes_the_setup_statement_of_a_related_service_but_for_one_action() {
    let Some(theirs) = json("011__index__managed_file_events_standard.json") else {
        return;
    };
    let mut setup = Setup::new(Place::new("*", "*"), "<bucket name>");
    setup.prefix = "csms".to_owned();
    let (document, _) = policy::setup(&setup);
    let statement: Value = serde_json::from_str(&document.statements()[0].to_json()).unwrap();
    assert_eq!(statement["Resource"], theirs["Statement"][0]["Resource"]);
    let mut left = actions(&theirs);
    left.retain(|action| !ours(&document).contains(action));
    assert_eq!(left, ["sqs:PurgeQueue"]);
}

#[test]
fn what_a_consumer_was_given_by_hand_includes_what_ours_is_given() {
    let Some(theirs) = json("008__index__consume_only_chargeminder.json") else {
        return;
    };
    let given = actions(&theirs);
    let document = policy::consume(&Place::new("*", "*"), "chargeminder-2", "q");
    for action in ours(&document) {
        assert!(given.contains(&action), "{action}");
    }
}

#[test]
fn names_of_operations_in_place_of_actions_are_told() {
    for (file, expected) in [
        (
            "010__index__wrong_action_names.json",
            vec![
                "s3:GetBucketNotificationConfiguration",
                "s3:PutBucketNotificationConfiguration",
            ],
        ),
        (
            "007__index__legacy_visualeditor_partial.json",
            vec!["sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"],
        ),
        (
            "001__seed-docs__databricks_autoloader_aws_setup.json",
            vec![],
        ),
    ] {
        let Some(theirs) = json(file) else { return };
        let mut wrong = actions(&theirs);
        wrong.retain(|action| {
            let (service, name) = action.split_once(':').unwrap();
            action_of_operation(service, name) != *action
        });
        assert_eq!(wrong, expected, "{file}");
    }
}

#[test]
fn a_configuration_of_somebody_else_is_kept_as_it_is() {
    let Some(text) = corpus("009__index__s3_notification_config_chargeminder.json") else {
        return;
    };
    let read = JsonConfiguration::parse(&text).unwrap();
    let held = &read.configuration().entries()[0];
    assert_eq!(held.entry.kind, DestinationKind::Queue);
    let payload = held.payload.as_deref().unwrap();
    assert!(text.contains(payload));
    let topic = "arn:aws:sns:us-east-1:1:databricks-auto-ingest-orders";
    let merged = read
        .merge(&Entry::topic("orders", topic, "orders/"))
        .unwrap();
    let Change::Write(merged) = merged else {
        panic!("something is to be written")
    };
    assert!(merged.to_json().contains(payload));
    let refused = read.merge(&Entry::topic("all", topic, "")).unwrap_err();
    assert_eq!(refused.code(), "FLOE-NOTIFY-0032");
}
