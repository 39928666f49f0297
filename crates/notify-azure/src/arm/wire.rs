//! What the management plane answers.

use azure_core::http::Url;
use floe_notify::Tags;
use serde_json::Value;

/// The types that every event of a file has, as far as a subscription must let them pass.
const CREATED: &str = "Microsoft.Storage.BlobCreated";
const SUCCEEDED: &str = "Succeeded";

/// An event subscription of a storage account.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) name: String,
    pub(crate) state: String,
    /// The resource id of the account and the queue, when it delivers to a queue.
    pub(crate) queue: Option<(String, String)>,
    pub(crate) filter: Filter,
    pub(crate) tags: Tags,
}

/// What passes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) begins_with: String,
    ends_with: String,
    is_case_sensitive: bool,
    /// Empty for all.
    types: Vec<String>,
    /// The operations that pass; none when that is not asked.
    apis: Option<Vec<String>>,
    /// Whether it asks for something that files may or may not have.
    asks_more: bool,
}

impl Subscription {
    pub(crate) fn works(&self) -> bool {
        self.state.is_empty() || self.state.eq_ignore_ascii_case(SUCCEEDED)
    }

    /// Whether Azure is at work on it.
    pub(crate) fn is_busy(&self) -> bool {
        let is = |word: &&str| self.state.eq_ignore_ascii_case(word);
        ["Creating", "Updating", "Deleting"].iter().any(is)
    }

    /// Whether it fills this queue of this account.
    pub(crate) fn fills(&self, account: &str, queue: &str) -> bool {
        // Azure writes resource ids in other cases than they were given in.
        let fills =
            |(id, name): &(String, String)| id.eq_ignore_ascii_case(account) && name == queue;
        self.queue.as_ref().is_some_and(fills)
    }
}

impl Filter {
    /// Whether all subjects with this beginning pass.
    pub(crate) fn covers(&self, subject: &str) -> bool {
        let begins = if self.is_case_sensitive {
            subject.starts_with(&self.begins_with)
        } else {
            let subject = subject.to_lowercase();
            subject.starts_with(&self.begins_with.to_lowercase())
        };
        begins && self.ends_with.is_empty()
    }

    /// Whether it watches just this.
    pub(crate) fn is_for(&self, subject: &str) -> bool {
        self.begins_with.trim_end_matches('/') == subject.trim_end_matches('/')
    }

    /// Whether at least some events of files pass.
    pub(crate) fn passes_files(&self) -> bool {
        self.types.is_empty() || self.types.iter().any(|one| one == CREATED)
    }

    /// Whether all of these types and operations pass.
    pub(crate) fn passes(&self, types: &[&str], apis: &[&str]) -> bool {
        let all = |wanted: &[&str], there: &[String]| {
            let mut wanted = wanted.iter();
            wanted.all(|one| there.iter().any(|other| other == one))
        };
        let types = self.types.is_empty() || all(types, &self.types);
        let apis = self.apis.as_ref().is_none_or(|there| all(apis, there));
        types && apis && !self.asks_more
    }
}

pub(super) fn subscription(item: &Value) -> Option<Subscription> {
    let name = item.get("name")?.as_str()?.to_owned();
    let properties = item.get("properties").unwrap_or(&Value::Null);
    let labels = texts(properties.get("labels"));
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    Some(Subscription {
        name,
        state: text(properties, "provisioningState").to_owned(),
        queue: queue(properties),
        filter: filter(properties.get("filter").unwrap_or(&Value::Null)),
        tags: Tags::of_labels(&labels),
    })
}

/// With an identity, the destination stands one level deeper.
fn queue(properties: &Value) -> Option<(String, String)> {
    let nested = properties.pointer("/deliveryWithResourceIdentity/destination");
    let destination = properties.get("destination").filter(|one| !one.is_null());
    let destination = destination.or(nested)?;
    if text(destination, "endpointType") != "StorageQueue" {
        return None;
    }
    let properties = destination.get("properties")?;
    let (id, name) = (
        text(properties, "resourceId"),
        text(properties, "queueName"),
    );
    Some((id.to_owned(), name.to_owned()))
}

fn filter(value: &Value) -> Filter {
    let flag = value.get("isSubjectCaseSensitive").and_then(Value::as_bool);
    let mut filter = Filter {
        begins_with: text(value, "subjectBeginsWith").to_owned(),
        ends_with: text(value, "subjectEndsWith").to_owned(),
        is_case_sensitive: flag.unwrap_or(false),
        types: texts(value.get("includedEventTypes")),
        ..Filter::default()
    };
    // The interface of 2018 wrote the list as this one word.
    filter.types.retain(|one| !one.eq_ignore_ascii_case("All"));
    let advanced = value.get("advancedFilters").and_then(Value::as_array);
    for one in advanced.into_iter().flatten() {
        let is_of_api = text(one, "key").eq_ignore_ascii_case("data.api");
        if is_of_api && text(one, "operatorType") == "StringIn" && filter.apis.is_none() {
            filter.apis = Some(texts(one.get("values")));
        } else {
            filter.asks_more = true;
        }
    }
    filter
}

/// Name and queue endpoint of a storage account; none for one without queues.
pub(super) fn account(item: &Value) -> Option<(String, Url)> {
    let name = item.get("name")?.as_str()?.to_owned();
    let queues = item.pointer("/properties/primaryEndpoints/queue")?;
    Some((name, Url::parse(queues.as_str()?).ok()?))
}

/// The state of a resource.
pub(super) fn state(body: &Value) -> &str {
    let state = body.pointer("/properties/provisioningState");
    state.and_then(Value::as_str).unwrap_or_default()
}

/// The status of an operation.
pub(super) fn status(body: &Value) -> &str {
    text(body, "status")
}

/// Code and message of an error; empty when there is none.
pub(super) fn error(body: &Value) -> (String, String) {
    let error = body.get("error").unwrap_or(&Value::Null);
    let (code, message) = (text(error, "code"), text(error, "message"));
    (code.to_owned(), message.to_owned())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    let texts = items.filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{account, subscription};

    const ACCOUNT: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/\
                           storageAccounts/acme";

    #[test]
    fn resource_ids_are_compared_without_regard_to_case() {
        let item = json!({"name": "one", "properties": {
            "provisioningState": "Succeeded",
            "destination": {"endpointType": "StorageQueue", "properties": {
                "resourceId": ACCOUNT.to_lowercase(), "queueName": "q"}},
            "labels": ["{\"vendor\":\"Databricks\"}", "by hand"],
        }});
        let read = subscription(&item).unwrap();
        assert!(read.fills(ACCOUNT, "q") && !read.fills(ACCOUNT, "p"));
        assert!(read.works() && read.tags.is_auto_loader());
    }

    #[test]
    fn an_identity_moves_the_destination_one_level_deeper() {
        let item = json!({"name": "one", "properties": {"deliveryWithResourceIdentity": {
            "identity": {"type": "SystemAssigned"},
            "destination": {"endpointType": "StorageQueue", "properties": {
                "resourceId": ACCOUNT, "queueName": "q"}}}}});
        assert!(subscription(&item).unwrap().fills(ACCOUNT, "q"));
        let item = json!({"name": "one", "properties": {
            "destination": {"endpointType": "WebHook", "properties": {}}}});
        assert_eq!(subscription(&item).unwrap().queue, None);
    }

    #[test]
    fn what_passes_a_filter_is_known() {
        let of = |filter: serde_json::Value| {
            let item = json!({"name": "one", "properties": {"filter": filter}});
            subscription(&item).unwrap().filter
        };
        let (types, apis) = (["Microsoft.Storage.BlobCreated"], ["PutBlob", "CopyBlob"]);
        let open = of(json!({"subjectBeginsWith": "/A/", "includedEventTypes": null}));
        assert!(open.covers("/a/b") && open.passes(&types, &apis) && open.passes_files());
        let exact = of(json!({"subjectBeginsWith": "/A/", "isSubjectCaseSensitive": true}));
        assert!(!exact.covers("/a/b") && exact.covers("/A/b") && exact.is_for("/A"));
        let ends = of(json!({"subjectEndsWith": ".csv"}));
        assert!(!ends.covers("/a"));
        let deleted = of(json!({"includedEventTypes": ["Microsoft.Storage.BlobDeleted"]}));
        assert!(!deleted.passes_files() && !deleted.passes(&types, &apis));
        let some = json!({"operatorType": "StringIn", "key": "data.api", "values": ["PutBlob"]});
        let some = of(json!({"advancedFilters": [some]}));
        assert!(!some.passes(&types, &apis) && some.passes(&types, &["PutBlob"]));
        let more = json!({"operatorType": "NumberGreaterThan", "key": "data.contentLength",
            "value": 5});
        assert!(!of(json!({"advancedFilters": [more]})).passes(&types, &apis));
    }

    #[test]
    fn accounts_without_queues_are_passed_over() {
        let premium = json!({"name": "fast", "properties": {"primaryEndpoints": {}}});
        assert!(account(&premium).is_none());
    }
}
