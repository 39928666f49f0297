//! Event subscriptions: what is taken, what is filled in, and what passes.

use serde_json::{Map, Value, json};

/// What a storage account sends when a subscription does not choose.
const ALL_TYPES: [&str; 9] = [
    "Microsoft.Storage.BlobCreated",
    "Microsoft.Storage.BlobDeleted",
    "Microsoft.Storage.DirectoryCreated",
    "Microsoft.Storage.DirectoryDeleted",
    "Microsoft.Storage.BlobRenamed",
    "Microsoft.Storage.DirectoryRenamed",
    "Microsoft.Storage.BlobTierChanged",
    "Microsoft.Storage.AsyncOperationInitiated",
    "Microsoft.Storage.BlobInventoryPolicyCompleted",
];
const OPERATORS: [&str; 10] = [
    "StringIn",
    "StringNotIn",
    "StringBeginsWith",
    "StringEndsWith",
    "StringContains",
    "NumberIn",
    "NumberGreaterThan",
    "NumberGreaterThanOrEquals",
    "NumberLessThan",
    "NumberLessThanOrEquals",
];
/// "Azure Event Grid quotas and limits".
const MAX_ADVANCED: usize = 25;

/// Why a body is not taken, as code and message.
pub(super) fn refused(name: &str, body: &Value) -> Option<(&'static str, String)> {
    let invalid = |words: String| Some(("InvalidRequest", words));
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !(3..=64).contains(&name.len()) || !name.chars().all(fits) {
        return invalid(format!(
            "The event subscription name '{name}' is invalid: 3 to 64 letters, digits and hyphens."
        ));
    }
    let properties = body.get("properties").unwrap_or(&Value::Null);
    let destination = properties.get("destination").unwrap_or(&Value::Null);
    let of_destination = destination.get("properties").unwrap_or(&Value::Null);
    let text = |key: &str| of_destination.get(key).and_then(Value::as_str);
    if destination.get("endpointType").and_then(Value::as_str) != Some("StorageQueue") {
        return invalid("This fake knows the endpoint type StorageQueue alone.".to_owned());
    }
    if text("resourceId").is_none() || text("queueName").is_none_or(str::is_empty) {
        return invalid("A StorageQueue endpoint needs resourceId and queueName.".to_owned());
    }
    let life = of_destination.get("queueMessageTimeToLiveInSeconds");
    let life = life.and_then(Value::as_i64).unwrap_or(604_800);
    if life < 1 && life != -1 {
        return invalid(format!(
            "queueMessageTimeToLiveInSeconds {life} is invalid."
        ));
    }
    let advanced = advanced(properties);
    if advanced.len() > MAX_ADVANCED {
        return invalid(format!(
            "At most {MAX_ADVANCED} advanced filters are supported."
        ));
    }
    let unknown = advanced.iter().find(|one| {
        let operator = one.get("operatorType").and_then(Value::as_str);
        !operator.is_some_and(|operator| OPERATORS.contains(&operator))
    });
    unknown.and_then(|one| invalid(format!("The advanced filter {one} is not supported.")))
}

/// The resource that is made of a body: defaults are filled in, and the topic is in small letters,
/// as Azure has it.
pub(super) fn made(scope: &str, name: &str, body: &Value, state: &str) -> Value {
    let given = body.get("properties").and_then(Value::as_object);
    let given = given.cloned().unwrap_or_default();
    let filter = given.get("filter").and_then(Value::as_object);
    let mut filter = filter.cloned().unwrap_or_default();
    fill(&mut filter, "subjectBeginsWith", json!(""));
    fill(&mut filter, "subjectEndsWith", json!(""));
    fill(&mut filter, "includedEventTypes", json!(ALL_TYPES));
    let mut properties = given;
    properties.insert("filter".to_owned(), Value::Object(filter));
    fill(
        &mut properties,
        "eventDeliverySchema",
        json!("EventGridSchema"),
    );
    let retry = json!({"maxDeliveryAttempts": 30, "eventTimeToLiveInMinutes": 1440});
    fill(&mut properties, "retryPolicy", retry);
    properties.insert("topic".to_owned(), json!(scope.to_lowercase()));
    properties.insert("provisioningState".to_owned(), json!(state));
    json!({
        "id": format!("{scope}/providers/Microsoft.EventGrid/eventSubscriptions/{name}"),
        "name": name,
        "type": "Microsoft.EventGrid/eventSubscriptions",
        "properties": properties,
    })
}

/// What a patch makes of a resource: its members stand in place of those of the properties.
pub(super) fn patched(resource: &Value, patch: &Value) -> Value {
    let mut body = resource.clone();
    let properties = body.get_mut("properties").and_then(Value::as_object_mut);
    if let (Some(properties), Some(patch)) = (properties, patch.as_object()) {
        properties.extend(patch.clone());
    }
    body
}

/// The queue that a resource delivers to, its account, and how long messages live there in
/// seconds.
pub(super) fn queue(resource: &Value) -> Option<(String, i64)> {
    let properties = resource.pointer("/properties/destination/properties")?;
    let name = properties.get("queueName")?.as_str()?.to_owned();
    let life = properties.get("queueMessageTimeToLiveInSeconds");
    Some((name, life.and_then(Value::as_i64).unwrap_or(604_800)))
}

/// Whether an event passes the filter of a resource that works.
pub(super) fn passes(resource: &Value, event: &Value) -> bool {
    let properties = resource.get("properties").unwrap_or(&Value::Null);
    if properties.get("provisioningState") != Some(&json!("Succeeded")) {
        return false;
    }
    let filter = properties.get("filter").unwrap_or(&Value::Null);
    let cased = filter.get("isSubjectCaseSensitive") == Some(&json!(true));
    let fold = |value: Option<&Value>| {
        let text = value.and_then(Value::as_str).unwrap_or_default();
        if cased {
            text.to_owned()
        } else {
            text.to_lowercase()
        }
    };
    let subject = fold(event.get("subject"));
    let types = filter.get("includedEventTypes").and_then(Value::as_array);
    let kind = event.get("eventType").unwrap_or(&Value::Null);
    subject.starts_with(&fold(filter.get("subjectBeginsWith")))
        && subject.ends_with(&fold(filter.get("subjectEndsWith")))
        && types.is_none_or(|types| types.contains(kind))
        && advanced(properties)
            .iter()
            .all(|one| passes_advanced(one, event))
}

fn advanced(properties: &Value) -> Vec<Value> {
    let advanced = properties.pointer("/filter/advancedFilters");
    advanced
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

/// Texts are compared without regard to case.
fn passes_advanced(filter: &Value, event: &Value) -> bool {
    let key = filter
        .get("key")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut value = event;
    for part in key.split('.') {
        value = value.get(part).unwrap_or(&Value::Null);
    }
    let text = value.as_str().map(str::to_lowercase);
    let number = value.as_f64();
    let list = filter.get("values").and_then(Value::as_array);
    let list = list.cloned().unwrap_or_default();
    let any_text = |fits: &dyn Fn(&str, &str) -> bool| {
        let texts = list.iter().filter_map(Value::as_str);
        let mut texts = texts.map(str::to_lowercase);
        text.as_deref()
            .is_some_and(|text| texts.any(|one| fits(text, &one)))
    };
    let bound = filter.get("value").and_then(Value::as_f64);
    let compared = |fits: &dyn Fn(f64, f64) -> bool| {
        number
            .zip(bound)
            .is_some_and(|(number, bound)| fits(number, bound))
    };
    match filter.get("operatorType").and_then(Value::as_str) {
        Some("StringIn") => any_text(&|text, one| text == one),
        Some("StringNotIn") => !any_text(&|text, one| text == one),
        Some("StringBeginsWith") => any_text(&|text, one| text.starts_with(one)),
        Some("StringEndsWith") => any_text(&|text, one| text.ends_with(one)),
        Some("StringContains") => any_text(&|text, one| text.contains(one)),
        Some("NumberIn") => number.is_some() && list.iter().any(|one| one.as_f64() == number),
        Some("NumberGreaterThan") => compared(&|number, bound| number > bound),
        Some("NumberGreaterThanOrEquals") => compared(&|number, bound| number >= bound),
        Some("NumberLessThan") => compared(&|number, bound| number < bound),
        Some("NumberLessThanOrEquals") => compared(&|number, bound| number <= bound),
        _ => false,
    }
}

fn fill(map: &mut Map<String, Value>, key: &str, default: Value) {
    if map.get(key).is_none_or(Value::is_null) {
        map.insert(key.to_owned(), default);
    }
}
