//! Which entries of a notification configuration S3 refuses side by side.
//!
//! The rules are those of "Configuring event notifications using object key name filtering" in the
//! user guide of Amazon S3: of two entries for one event type, the prefixes or the suffixes must
//! exclude each other. An entry without a prefix (or suffix) is about every key.

use super::FilterSide;
use super::bucket::Entry;
use crate::codes;
use crate::finding::Finding;

/// All pairs of entries that overlap, each a finding that names both.
///
/// ```
/// use floe_notify::aws::bucket::Entry;
/// use floe_notify::aws::overlap;
///
/// let parent = Entry::topic("logs", "arn:aws:sns:eu-west-1:1:logs", "prod-logs/");
/// let child = Entry::topic("usage", "arn:aws:sns:eu-west-1:1:usage", "prod-logs/usage/");
/// let findings = overlap::check(&[&parent, &child]);
/// assert_eq!(findings.len(), 1);
/// assert!(findings[0].message.contains("`logs`") && findings[0].message.contains("`usage`"));
///
/// let other = Entry::topic("orders", "arn:aws:sns:eu-west-1:1:orders", "orders/");
/// assert!(overlap::check(&[&parent, &other]).is_empty());
/// ```
#[must_use]
pub fn check(entries: &[&Entry]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, first) in entries.iter().enumerate() {
        for second in entries.iter().skip(at + 1) {
            findings.extend(between(first, second));
        }
    }
    findings
}

/// The finding about two entries, when they overlap.
///
/// ```
/// use floe_notify::aws::bucket::Entry;
/// use floe_notify::aws::overlap;
///
/// let whole = Entry::topic("whole", "arn:aws:sns:eu-west-1:1:whole", "");
/// let part = Entry::topic("part", "arn:aws:sns:eu-west-1:1:part", "orders/");
/// assert_eq!(overlap::between(&whole, &part).unwrap().code, "FLOE-NOTIFY-0032");
/// ```
#[must_use]
pub fn between(first: &Entry, second: &Entry) -> Option<Finding> {
    let (one, other) = shared_event(first, second)?;
    let prefixes = (
        key(first, FilterSide::Prefix),
        key(second, FilterSide::Prefix),
    );
    let suffixes = (
        key(first, FilterSide::Suffix),
        key(second, FilterSide::Suffix),
    );
    let can_both = |(a, b): (&[u8], &[u8])| a.starts_with(b) || b.starts_with(a);
    let can_both_end = |(a, b): (&[u8], &[u8])| a.ends_with(b) || b.ends_with(a);
    if !can_both((&prefixes.0, &prefixes.1)) || !can_both_end((&suffixes.0, &suffixes.1)) {
        return None;
    }
    let events = if one == other {
        one.to_owned()
    } else {
        format!("{one} and {other}")
    };
    let message = format!(
        "{} and {} are both told of {events} for the same keys, which S3 refuses",
        described(first),
        described(second),
    );
    let finding = Finding::error(codes::OVERLAPPING_ENTRIES, &second.name(), message);
    Some(finding.with_hint(
        "share one topic among several queues, watch directories of which none lies in another, \
         or tell them apart by suffixes",
    ))
}

/// Whether one event type includes another: itself, or every one of its family.
///
/// ```
/// use floe_notify::aws::overlap::includes;
///
/// assert!(includes("s3:ObjectCreated:*", "s3:ObjectCreated:Put"));
/// assert!(!includes("s3:ObjectCreated:Put", "s3:ObjectCreated:*"));
/// assert!(!includes("s3:ObjectRemoved:*", "s3:ObjectCreated:Put"));
/// ```
#[must_use]
pub fn includes(event: &str, other: &str) -> bool {
    let family = event
        .strip_suffix('*')
        .filter(|family| family.ends_with(':'));
    event == other || family.is_some_and(|family| other.starts_with(family))
}

fn shared_event<'a>(first: &'a Entry, second: &'a Entry) -> Option<(&'a str, &'a str)> {
    let pairs = first
        .events
        .iter()
        .flat_map(|a| second.events.iter().map(move |b| (a, b)));
    pairs
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .find(|(a, b)| includes(a, b) || includes(b, a))
}

/// What keys begin or end with, decoded: `a+b` and `a%20b` are one prefix.
fn key(entry: &Entry, side: FilterSide) -> Vec<u8> {
    let rule = entry.rules.iter().find(|rule| rule.side() == side);
    rule.map_or_else(Vec::new, super::FilterRule::decoded)
}

fn described(entry: &Entry) -> String {
    let rules: Vec<String> = entry
        .rules
        .iter()
        .filter(|rule| !rule.value().is_empty())
        .map(|rule| format!("{} `{}`", rule.side().as_str().to_lowercase(), rule.value()))
        .collect();
    if rules.is_empty() {
        return format!("`{}` (the whole bucket)", entry.name());
    }
    format!("`{}` ({})", entry.name(), rules.join(", "))
}
