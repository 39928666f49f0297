//! The notification configuration of a bucket: what S3 refuses, and what others write.

use std::collections::BTreeMap;

use bytes::Bytes;
use hyper::{HeaderMap, Method, Request, Response};

use super::call::Call;
use super::xml::{elements, text};
use super::{Intrusion, Shared, When, policy};

const CANNOT_VALIDATE: &str = "Unable to validate the following destination configurations";
const AMBIGUOUS: &str = "Configuration is ambiguously defined. Cannot have overlapping suffixes \
                         in two rules if the prefixes are overlapping for the same event type.";
/// An entry is of one of these elements, which holds the ARN in another.
const KINDS: [(&str, &str); 3] = [
    ("TopicConfiguration", "Topic"),
    ("QueueConfiguration", "Queue"),
    ("CloudFunctionConfiguration", "CloudFunction"),
];

#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By bucket: what was read last.
    read: BTreeMap<String, String>,
    /// By bucket: what had been read when it was written last.
    before: BTreeMap<String, String>,
    /// By ARN: how often a destination is still refused whose policy is right.
    spreading: BTreeMap<String, u32>,
}

impl Memory {
    /// What was read before the last write, and whose moment it is.
    fn note(
        &mut self,
        bucket: &str,
        is_write: bool,
        answer: &Response<Bytes>,
    ) -> (String, Vec<When>) {
        let bucket = bucket.to_owned();
        if is_write {
            let before = self.read.get(&bucket).cloned().unwrap_or_default();
            self.before.insert(bucket, before.clone());
            return (before, vec![When::AfterWrite, When::Overwriting]);
        }
        let read = String::from_utf8_lossy(answer.body()).into_owned();
        self.read.insert(bucket.clone(), read);
        match self.before.remove(&bucket) {
            Some(before) => (before, vec![When::AfterRead, When::OverwritingLate]),
            None => (String::new(), vec![When::AfterRead]),
        }
    }
}

#[derive(Debug)]
struct Entry {
    arn: String,
    events: Vec<String>,
    prefix: Vec<u8>,
    suffix: Vec<u8>,
}

pub(super) async fn pass_on(
    shared: &Shared,
    call: &Call,
    request: Request<Bytes>,
) -> Response<Bytes> {
    let path = request.uri().path().to_owned();
    let bucket = path.trim_matches('/').to_owned();
    let headers = request.headers().clone();
    let is_write = request.method() == Method::PUT;
    if is_write && let Some(refusal) = refusal(shared, call, &bucket, &headers).await {
        return refusal;
    }
    let answer = shared.upstream.send(request).await;
    if !answer.status().is_success() {
        return answer;
    }
    let (before, moments) = shared
        .state()
        .configuration
        .note(&bucket, is_write, &answer);
    for intrusion in due(shared, &moments) {
        let base = if matches!(intrusion.when, When::Overwriting | When::OverwritingLate) {
            before.clone()
        } else {
            let read = ask(shared, Method::GET, &path, &headers, String::new()).await;
            String::from_utf8_lossy(read.body()).into_owned()
        };
        let wanted = with_entry(&base, &intrusion);
        ask(shared, Method::PUT, &path, &headers, wanted).await;
    }
    answer
}

/// Takes the intrusions whose moment is now; one for each moment.
fn due(shared: &Shared, moments: &[When]) -> Vec<Intrusion> {
    let mut state = shared.state();
    let intrusions = &mut state.faults.intrusions;
    let mut due = Vec::new();
    for moment in moments {
        let Some(at) = intrusions.iter().position(|one| one.when == *moment) else {
            continue;
        };
        match intrusions.get_mut(at) {
            Some(one) if one.skip > 0 => one.skip -= 1,
            _ => due.push(intrusions.remove(at)),
        }
    }
    due
}

fn with_entry(configuration: &str, intrusion: &Intrusion) -> String {
    let inner = elements(configuration, "NotificationConfiguration");
    let inner = inner.first().copied().unwrap_or_default();
    let Intrusion {
        id, queue, prefix, ..
    } = intrusion;
    format!(
        "<NotificationConfiguration>{inner}<QueueConfiguration><Id>{id}</Id><Queue>{queue}</Queue>\
         <Event>s3:ObjectCreated:*</Event><Filter><S3Key><FilterRule><Name>prefix</Name>\
         <Value>{prefix}</Value></FilterRule></S3Key></Filter></QueueConfiguration>\
         </NotificationConfiguration>"
    )
}

/// Asks the emulator itself, as who made the request.
async fn ask(
    shared: &Shared,
    method: Method,
    path: &str,
    headers: &HeaderMap,
    body: String,
) -> Response<Bytes> {
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = method;
    if let Ok(uri) = format!("{path}?notification").parse() {
        *request.uri_mut() = uri;
    }
    for name in ["authorization", "host", "x-amz-date"] {
        if let Some(value) = headers.get(name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    shared.upstream.send(request).await
}

async fn refusal(
    shared: &Shared,
    call: &Call,
    bucket: &str,
    headers: &HeaderMap,
) -> Option<Response<Bytes>> {
    let (validates, refuses_overlaps) = {
        let state = shared.state();
        let faults = &state.faults;
        (faults.policies_act_after, faults.refuses_overlaps)
    };
    let entries = entries(&call.body);
    if refuses_overlaps && any_overlap(&entries) {
        return Some(call.refuse(400, "InvalidArgument", AMBIGUOUS));
    }
    let acts_after = validates?;
    let mut refused = String::new();
    let mut number = 0;
    for entry in &entries {
        let kind = match entry.arn.split(':').nth(2) {
            Some("sns") => "topic",
            Some("sqs") => "queue",
            _ => continue,
        };
        if may_publish(shared, call, bucket, headers, &entry.arn).await
            && has_spread(shared, &entry.arn, acts_after)
        {
            continue;
        }
        number += 1;
        refused.push_str(&format!(
            "<ArgumentName{number}>{}</ArgumentName{number}><ArgumentValue{number}>Permissions on \
             the destination {kind} do not allow S3 to publish notifications from this bucket\
             </ArgumentValue{number}>",
            entry.arn
        ));
    }
    if number == 0 {
        return None;
    }
    let message = format!("{CANNOT_VALIDATE}</Message>{refused}<Message>");
    let refusal = call.refuse(400, "InvalidArgument", &message);
    // The arguments are beside the message, not in it.
    let text = String::from_utf8_lossy(refusal.body()).replace("<Message></Message>", "");
    Some(refusal.map(|_| Bytes::from(text)))
}

/// Counts how often a destination is asked for since its policy is right.
fn has_spread(shared: &Shared, arn: &str, acts_after: u32) -> bool {
    let mut state = shared.state();
    let left = &mut state.configuration.spreading;
    let left = left.entry(arn.to_owned()).or_insert(acts_after);
    if *left == 0 {
        return true;
    }
    *left -= 1;
    false
}

async fn may_publish(
    shared: &Shared,
    call: &Call,
    bucket: &str,
    headers: &HeaderMap,
    arn: &str,
) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    let (account, name) = match parts.as_slice() {
        [.., account, name] => (*account, *name),
        _ => return false,
    };
    let is_topic = parts.get(2) == Some(&"sns");
    let body = if is_topic {
        format!(
            "Action=GetTopicAttributes&Version=2010-03-31&TopicArn={}",
            arn.replace(':', "%3A")
        )
    } else {
        let url = format!("http://localhost/{account}/{name}");
        serde_json::json!({"QueueUrl": url, "AttributeNames": ["Policy"]}).to_string()
    };
    let mut request = Request::new(Bytes::from(body));
    *request.method_mut() = Method::POST;
    let authorization = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    let service = if is_topic { "/sns/" } else { "/sqs/" };
    let authorization = authorization.unwrap_or_default().replace("/s3/", service);
    let (content, target) = if is_topic {
        ("application/x-www-form-urlencoded", None)
    } else {
        let target = Some("AmazonSQS.GetQueueAttributes");
        ("application/x-amz-json-1.0", target)
    };
    let all = [
        ("authorization", Some(authorization.as_str())),
        ("content-type", Some(content)),
        ("x-amz-target", target),
    ];
    for (name, value) in all {
        if let Some(value) = value.and_then(|value| value.parse().ok()) {
            request.headers_mut().insert(name, value);
        }
    }
    let answer = shared.upstream.send(request).await;
    let answer = String::from_utf8_lossy(answer.body()).into_owned();
    let policy = if is_topic {
        let pairs = elements(&answer, "entry");
        let mut pairs = pairs.iter().filter(|pair| text(pair, "key") == "Policy");
        pairs.next().map(|pair| text(pair, "value"))
    } else {
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
        let policy = answer.pointer("/Attributes/Policy");
        policy.and_then(|policy| policy.as_str()).map(str::to_owned)
    };
    let action = if is_topic {
        "sns:Publish"
    } else {
        "sqs:SendMessage"
    };
    // The emulator takes an access key of twelve digits for the account.
    policy.is_some_and(|policy| policy::lets_s3(&policy, action, bucket, &call.access_key))
}

fn entries(body: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    for (element, destination) in KINDS {
        for entry in elements(body, element) {
            let rules = elements(entry, "FilterRule");
            let rule = |side: &str| {
                let mut rules = rules.iter();
                let rule = rules.find(|rule| text(rule, "Name").eq_ignore_ascii_case(side));
                rule.map(|rule| decoded(&text(rule, "Value")))
                    .unwrap_or_default()
            };
            found.push(Entry {
                arn: text(entry, destination),
                events: elements(entry, "Event")
                    .iter()
                    .map(|one| (*one).to_owned())
                    .collect(),
                prefix: rule("prefix"),
                suffix: rule("suffix"),
            });
        }
    }
    found
}

/// A `+` is a space, and `%` begins two hexadecimal digits.
fn decoded(value: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let digits = behind
            .get(..2)
            .and_then(|two| std::str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            (b'+', _) => bytes.push(b' '),
            (other, _) => bytes.push(*other),
        }
    }
    bytes
}

fn any_overlap(entries: &[Entry]) -> bool {
    let mut pairs = entries
        .iter()
        .enumerate()
        .flat_map(|(at, one)| entries.iter().skip(at + 1).map(move |other| (one, other)));
    pairs.any(|(one, other)| {
        let events = one
            .events
            .iter()
            .any(|a| other.events.iter().any(|b| is_shared(a, b)));
        let starts = one.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&one.prefix);
        let ends = one.suffix.ends_with(&other.suffix) || other.suffix.ends_with(&one.suffix);
        events && starts && ends
    })
}

fn is_shared(one: &str, other: &str) -> bool {
    let family = |event: &str| event.strip_suffix('*').map(str::to_owned);
    one == other
        || family(one).is_some_and(|family| other.starts_with(&family))
        || family(other).is_some_and(|family| one.starts_with(&family))
}
