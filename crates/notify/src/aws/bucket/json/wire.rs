//! Raw JSON, taken apart only as far as needed.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use super::{LISTS, unreadable};
use crate::aws::bucket::{BucketError, DestinationKind, Entry, Held};
use crate::aws::{FilterRule, FilterSide};

/// The members of an object in their order, with their values as they are written.
pub(super) fn object(text: &str) -> Result<Vec<(String, String)>, BucketError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let members: Members =
        serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    Ok(members.0)
}

/// The entries of a list, each with the text it was read from.
pub(super) fn entries(kind: DestinationKind, raw: &str) -> Result<Vec<Held<String>>, BucketError> {
    let list: Vec<&RawValue> =
        serde_json::from_str(raw).map_err(|error| unreadable(error.to_string()))?;
    list.into_iter().map(|raw| entry(kind, raw.get())).collect()
}

fn entry(kind: DestinationKind, raw: &str) -> Result<Held<String>, BucketError> {
    let wire: WireEntry =
        serde_json::from_str(raw).map_err(|error| unreadable(error.to_string()))?;
    let arn = match kind {
        DestinationKind::Topic => wire.topic_arn,
        DestinationKind::Queue => wire.queue_arn,
        DestinationKind::Lambda => wire.lambda_function_arn,
        // It has no list; in JSON the switch is a key of its own, which is kept as it is.
        DestinationKind::EventBridge => None,
    };
    let list = LISTS
        .iter()
        .find(|(of, ..)| *of == kind)
        .map_or("", |(_, list, _)| list);
    let arn = arn.ok_or_else(|| unreadable(format!("an entry of {list} has no destination")))?;
    let written = wire
        .filter
        .and_then(|filter| filter.key)
        .and_then(|key| key.filter_rules);
    let rules = written
        .unwrap_or_default()
        .into_iter()
        .map(rule)
        .collect::<Result<_, _>>()?;
    let entry = Entry {
        id: wire.id,
        kind,
        arn,
        events: wire.events,
        rules,
    };
    Ok(Held {
        entry,
        payload: Some(raw.to_owned()),
    })
}

fn rule(wire: WireRule) -> Result<FilterRule, BucketError> {
    let side = FilterSide::parse(&wire.name).ok_or_else(|| {
        unreadable(format!(
            "the filter rule '{}' is neither Prefix nor Suffix",
            wire.name
        ))
    })?;
    Ok(FilterRule::of_configuration(side, &wire.value))
}

/// One entry of ours as JSON, indented to its place in the list.
pub(super) fn text(entry: &Entry, arn: &str) -> String {
    let rules: Vec<OutRule> = entry
        .rules
        .iter()
        .map(|rule| OutRule {
            name: rule.side().as_str(),
            value: rule.value(),
        })
        .collect();
    let mut lines: Vec<String> = Vec::new();
    if let Some(id) = &entry.id {
        lines.push(member("Id", id));
    }
    lines.push(member(arn, &entry.arn));
    lines.push(member("Events", &entry.events));
    if !rules.is_empty() {
        let filter = OutFilter {
            key: OutKey {
                filter_rules: rules,
            },
        };
        lines.push(member("Filter", &filter));
    }
    format!("{{\n{}\n        }}", lines.join(",\n"))
}

/// A member of an entry, at the depth at which entries stand.
fn member(name: &str, value: &impl Serialize) -> String {
    const DEPTH: &str = "            ";
    let value = crate::json::indented(value, "    ").replace('\n', &format!("\n{DEPTH}"));
    format!("{DEPTH}{}: {value}", crate::json::line(&name))
}

struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with lists of notifications")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
            members.push((key, value.get().to_owned()));
        }
        Ok(Members(members))
    }
}

/// What matters of an entry; other fields are kept in its text.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireEntry {
    id: Option<String>,
    topic_arn: Option<String>,
    queue_arn: Option<String>,
    lambda_function_arn: Option<String>,
    #[serde(default)]
    events: Vec<String>,
    filter: Option<WireFilter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireFilter {
    key: Option<WireKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireKey {
    filter_rules: Option<Vec<WireRule>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireRule {
    name: String,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OutFilter<'a> {
    key: OutKey<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OutKey<'a> {
    filter_rules: Vec<OutRule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OutRule<'a> {
    name: &'static str,
    value: &'a str,
}
