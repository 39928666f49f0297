//! Whether the policy of a topic or queue lets S3 send to it.

use serde_json::Value;

/// Whether S3 may do `action` for a bucket that `account` owns; what is not understood says no.
pub(super) fn lets_s3(policy: &str, action: &str, bucket: &str, account: &str) -> bool {
    let document: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    let applies = |effect: &str| {
        statements.iter().any(|one| {
            one.get("Effect").and_then(Value::as_str) == Some(effect)
                && is_for_s3(one.get("Principal"))
                && texts(one.get("Action")).iter().any(|pattern| {
                    matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
                })
                && holds(one, bucket, account)
        })
    };
    applies("Allow") && !applies("Deny")
}

fn is_for_s3(principal: Option<&Value>) -> bool {
    let of = |key: &str| texts(principal.and_then(|principal| principal.get(key)));
    texts(principal) == ["*"]
        || of("AWS").iter().any(|one| one == "*")
        || of("Service").iter().any(|one| one == "s3.amazonaws.com")
}

/// Conditions on what a call of S3 does not have, such as `aws:SourceOwner`, do not hold.
fn holds(statement: &Value, bucket: &str, account: &str) -> bool {
    let operators = statement.get("Condition").and_then(Value::as_object);
    let mut pairs = operators
        .into_iter()
        .flatten()
        .filter_map(|(_, pairs)| pairs.as_object())
        .flatten();
    pairs.all(|(key, values)| {
        let actual = match key.to_ascii_lowercase().as_str() {
            "aws:sourcearn" => format!("arn:aws:s3:::{bucket}"),
            "aws:sourceaccount" => account.to_owned(),
            _ => return false,
        };
        texts(Some(values)).iter().any(|one| matches(one, &actual))
    })
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(all)) => {
            let texts = all.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|behind| {
            let ends = (0..=behind.len()).filter_map(|at| behind.get(at..));
            let mut ends = ends;
            ends.any(|end| matches(rest, end))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::lets_s3;

    fn allowed(condition: &str) -> bool {
        let policy = format!(
            r#"{{"Statement": [{{"Effect": "Allow", "Principal": {{"Service": "s3.amazonaws.com"}},
                "Action": ["SNS:Publish"], "Condition": {condition}}}]}}"#
        );
        lets_s3(&policy, "sns:Publish", "landing", "111122223333")
    }

    #[test]
    fn conditions_on_source_and_account_must_hold_and_others_never_do() {
        assert!(allowed("{}"));
        assert!(allowed(
            r#"{"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:landing"}}"#
        ));
        assert!(!allowed(
            r#"{"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:other"}}"#
        ));
        assert!(!allowed(
            r#"{"StringEquals": {"aws:SourceAccount": "999999999999"}}"#
        ));
        assert!(!allowed(
            r#"{"StringEquals": {"AWS:SourceOwner": "111122223333"}}"#
        ));
        assert!(!lets_s3("", "sns:Publish", "landing", "1"));
    }
}
