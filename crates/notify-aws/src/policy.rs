//! What the access policies of topics and queues that are there say.

use serde_json::Value;

/// Whether `service` may do `action` for a source with this ARN; a policy that is not understood
/// says no.
pub(crate) fn allows(policy: &str, service: &str, action: &str, source: &str) -> bool {
    statements(policy).iter().any(|statement| {
        text(statement, "Effect") == "Allow"
            && has_principal(statement, service)
            && has_action(statement, action)
            && takes_source(statement, source)
    })
}

/// The sources that the statements name, as they are written.
pub(crate) fn sources(policy: &str) -> Vec<String> {
    let statements = statements(policy);
    let conditions = statements.iter().flat_map(conditions);
    let sources = conditions.filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn"));
    sources.flat_map(|(_, values)| values).collect()
}

/// Whether nobody wrote the policy: there is none, or the one that SNS gives every topic.
pub(crate) fn is_untouched(policy: &str) -> bool {
    statements(policy)
        .iter()
        .all(|statement| text(statement, "Sid").starts_with("__default"))
}

fn statements(policy: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(policy).unwrap_or_default();
    match document.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(statement @ Value::Object(_)) => vec![statement.clone()],
        _ => Vec::new(),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// One text, or a list of texts.
fn texts(value: &Value) -> Vec<String> {
    let all = match value {
        Value::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    let texts = all.iter().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

fn has_principal(statement: &Value, service: &str) -> bool {
    let Some(principal) = statement.get("Principal") else {
        return false;
    };
    let everybody = |value: &Value| texts(value).iter().any(|text| text == "*");
    let of = |key: &str| principal.get(key).map(texts).unwrap_or_default();
    everybody(principal)
        || principal.get("AWS").is_some_and(everybody)
        || of("Service").iter().any(|name| name == service)
}

fn has_action(statement: &Value, action: &str) -> bool {
    let wanted = action.to_ascii_lowercase();
    let actions = statement.get("Action").map(texts).unwrap_or_default();
    let mut actions = actions.iter().map(|action| action.to_ascii_lowercase());
    actions.any(|pattern| matches(&pattern, &wanted))
}

/// Every condition on the source must hold; one on the account may, its owner is not known here.
fn takes_source(statement: &Value, source: &str) -> bool {
    conditions(statement).iter().all(|(key, values)| {
        if key.eq_ignore_ascii_case("aws:SourceArn") {
            return values.iter().any(|pattern| matches(pattern, source));
        }
        key.eq_ignore_ascii_case("aws:SourceAccount")
    })
}

/// Keys and values of all conditions, whatever their operator.
fn conditions(statement: &Value) -> Vec<(String, Vec<String>)> {
    let operators = statement.get("Condition").and_then(Value::as_object);
    let operators = operators.into_iter().flatten();
    let pairs = operators.filter_map(|(_, pairs)| pairs.as_object());
    let pairs = pairs.flat_map(|pairs| pairs.iter());
    pairs
        .map(|(key, value)| (key.clone(), texts(value)))
        .collect()
}

/// `*` stands for any text and `?` for any character.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(one) if *one == '?' || one == c => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, t) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|one| *one == '*')
}

#[cfg(test)]
mod tests;
