//! Action and resource out of the messages with which clouds refuse.

use crate::location::Cloud;

pub(super) fn parts(cloud: Cloud, message: &str) -> Option<(&str, &str)> {
    match cloud {
        Cloud::Aws => aws(message),
        Cloud::Azure => crate::azure::refused(message),
        Cloud::Gcp => gcp(message),
        Cloud::Local => None,
    }
}

/// `… is not authorized to perform: <action> on resource: <arn> because …` ("Troubleshoot access
/// denied error messages", IAM); the resource may stand in quotes.
fn aws(message: &str) -> Option<(&str, &str)> {
    let (_, behind) = message.split_once("not authorized to perform: ")?;
    let (action, behind) = behind.split_once(" on resource: ")?;
    let resource = behind.split_whitespace().next()?.trim_matches('"');
    let (service, name) = action.split_once(':')?;
    let plain = !service.is_empty() && !name.is_empty() && !action.contains(char::is_whitespace);
    plain.then_some((action, resource))
}

/// `Permission '<permission>' denied on resource (or it may not exist).`, or with the resource in
/// quotes behind it; or `<account> does not have <permission> access to the …`.
fn gcp(message: &str) -> Option<(&str, &str)> {
    /// What is named when the message names no resource.
    const UNNAMED: &str = "the resource of the call";
    // What Cloud Storage says when its service agent lacks the role on the topic.
    if let Some((_, behind)) = message.split_once("permission to publish messages") {
        let (_, behind) = behind.split_once("topic '")?;
        let (topic, _) = behind.split_once('\'')?;
        return Some(("pubsub.topics.publish", topic));
    }
    if let Some((_, behind)) = message.split_once("Permission '") {
        let (permission, behind) = behind.split_once('\'')?;
        let named = behind
            .split_once("resource '")
            .and_then(|(_, rest)| rest.split_once('\''));
        return Some((permission, named.map_or(UNNAMED, |(resource, _)| resource)));
    }
    let (_, behind) = message.split_once(" does not have ")?;
    let (permission, _) = behind.split_once(" access to ")?;
    (permission.split('.').count() == 3).then_some((permission, UNNAMED))
}
