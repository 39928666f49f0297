//! The event subscription as the management API takes it.

use serde::Serialize;

use super::{APIS, EVENT_TYPES, EventSubscription, MAX_ATTEMPTS, MAX_TTL_MINUTES};

#[derive(Serialize)]
struct Body<'a> {
    properties: Properties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    destination: Destination<'a>,
    event_delivery_schema: &'static str,
    filter: Filter<'a>,
    labels: [String; 1],
    retry_policy: RetryPolicy,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Destination<'a> {
    endpoint_type: &'static str,
    properties: DestinationProperties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DestinationProperties<'a> {
    resource_id: String,
    queue_name: &'a str,
    queue_message_time_to_live_in_seconds: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter<'a> {
    included_event_types: [&'static str; 3],
    subject_begins_with: &'a str,
    is_subject_case_sensitive: bool,
    advanced_filters: [AdvancedFilter; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdvancedFilter {
    operator_type: &'static str,
    key: &'static str,
    values: [&'static str; 8],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RetryPolicy {
    max_delivery_attempts: u32,
    event_time_to_live_in_minutes: u32,
}

pub(super) fn body(subscription: &EventSubscription) -> String {
    let destination = Destination {
        endpoint_type: "StorageQueue",
        properties: DestinationProperties {
            resource_id: subscription.account.id(),
            queue_name: subscription.name.as_str(),
            queue_message_time_to_live_in_seconds: subscription.queue_ttl_secs,
        },
    };
    let filter = Filter {
        included_event_types: EVENT_TYPES,
        subject_begins_with: &subscription.subject,
        is_subject_case_sensitive: true,
        advanced_filters: [AdvancedFilter {
            operator_type: "StringIn",
            key: "data.api",
            values: APIS,
        }],
    };
    crate::json::pretty(&Body {
        properties: Properties {
            destination,
            event_delivery_schema: "EventGridSchema",
            filter,
            labels: [subscription.tags.to_label()],
            retry_policy: RetryPolicy {
                max_delivery_attempts: MAX_ATTEMPTS,
                event_time_to_live_in_minutes: MAX_TTL_MINUTES,
            },
        },
    })
}
