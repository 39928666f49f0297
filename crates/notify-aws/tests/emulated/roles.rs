//! Roles that are assumed: what STS is asked, where, and who calls afterwards.

use floe_notify::ResourceManager;
use floe_peers::s3::{Call, Proxy};

use crate::peer::{Now, Peer};
use crate::world::World;

/// S3, SNS and SQS.
const CLIENTS: usize = 3;
const ROLE: &str = "arn:aws:iam::000000000000:role/ingest";

async fn called_with(options: &[(&str, &str)], of_sts: Option<&Proxy>) -> Option<Vec<Call>> {
    let proxy = Proxy::start(&Peer::Ministack.url()?).await.unwrap();
    let world = World::new(Peer::Ministack, &proxy.url()).await;
    let before = proxy.calls().len();
    let mut builder = world.builder(&proxy.url()).role(ROLE);
    if let Some(of_sts) = of_sts {
        builder = builder.option("cloudFiles.stsEndpoint", of_sts.url());
    }
    for (name, value) in options {
        builder = builder.option(*name, *value);
    }
    let manager = builder.create().await.unwrap();
    manager.list_notification_services(&Now).await.unwrap();
    manager.list_notification_services(&Now).await.unwrap();
    Some(proxy.calls().split_off(before))
}

/// The fields of the form with which a role is asked for.
fn field<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    let mut pairs = call.body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

#[tokio::test]
async fn a_role_is_assumed_with_external_id_and_session_name_and_signs_all_that_follows() {
    let options = [
        ("cloudFiles.roleExternalId", "external/42"),
        ("cloudFiles.roleSessionName", "nightly-load"),
    ];
    let Some(calls) = called_with(&options, None).await else {
        return;
    };
    let assumed: Vec<&Call> = calls
        .iter()
        .filter(|one| one.operation == "AssumeRole")
        .collect();
    // Each client keeps what it was given, where the configuration has no cache for all.
    assert!((1..=CLIENTS).contains(&assumed.len()), "{calls:?}");
    let role = ROLE.replace(':', "%3A").replace('/', "%2F");
    for call in &assumed {
        assert_eq!(field(call, "RoleArn"), Some(role.as_str()));
        assert_eq!(field(call, "ExternalId"), Some("external%2F42"));
        assert_eq!(field(call, "RoleSessionName"), Some("nightly-load"));
    }
    let others: Vec<&Call> = calls
        .iter()
        .filter(|one| one.operation != "AssumeRole")
        .collect();
    assert!(!others.is_empty());
    for call in others {
        assert_ne!(call.access_key, assumed[0].access_key, "{call:?}");
        assert!(
            call.access_key.starts_with("ASIA"),
            "a temporary one: {call:?}"
        );
    }
}

#[tokio::test]
async fn sessions_that_nobody_names_are_called_floe_and_have_no_external_id() {
    let Some(calls) = called_with(&[], None).await else {
        return;
    };
    let assumed = calls
        .iter()
        .find(|one| one.operation == "AssumeRole")
        .unwrap();
    assert_eq!(field(assumed, "RoleSessionName"), Some("floe"));
    assert_eq!(field(assumed, "ExternalId"), None);
}

#[tokio::test]
async fn sts_has_an_endpoint_of_its_own_where_one_is_given() {
    let Some(url) = Peer::Ministack.url() else {
        return;
    };
    let of_sts = Proxy::start(&url).await.unwrap();
    let calls = called_with(&[], Some(&of_sts)).await.unwrap();
    assert!(calls.iter().all(|call| call.operation != "AssumeRole"));
    let asked = of_sts.calls();
    let asked: Vec<&str> = asked.iter().map(|call| call.operation.as_str()).collect();
    assert!(!asked.is_empty() && asked.len() <= CLIENTS, "{asked:?}");
    assert!(asked.iter().all(|call| *call == "AssumeRole"), "{asked:?}");
}
