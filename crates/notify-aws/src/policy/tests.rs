use super::*;

const BUCKET: &str = "arn:aws:s3:::landing";

fn s3(policy: &str) -> bool {
    allows(policy, "s3.amazonaws.com", "sns:Publish", BUCKET)
}

fn policy(statement: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#)
}

#[test]
fn what_is_generated_is_understood() {
    use floe_notify::aws::{Place, policy};
    let place = Place::new("eu-west-1", "111122223333");
    let of_topic = policy::topic(&place, "p", "t", "landing", Some("111122223333")).to_line();
    assert!(s3(&of_topic));
    assert!(!allows(
        &of_topic,
        "s3.amazonaws.com",
        "sns:Publish",
        "arn:aws:s3:::other"
    ));
    assert_eq!(sources(&of_topic), ["arn:aws:s3:*:*:landing"]);
    let of_queue = policy::queue(&place, "q", "t").to_line();
    let topic = place.topic("t");
    assert!(allows(
        &of_queue,
        "sns.amazonaws.com",
        "sqs:SendMessage",
        &topic
    ));
    assert!(!allows(
        &of_queue,
        "sns.amazonaws.com",
        "sqs:SendMessage",
        &place.topic("t2")
    ));
    assert!(!is_untouched(&of_queue));
}

#[test]
fn older_forms_are_understood() {
    assert!(s3(&policy(
        r#"{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "SNS:Publish",
            "Condition": {"ArnEquals": {"aws:SourceArn": ["arn:aws:s3:::landing"]}}}"#
    )));
    assert!(s3(&policy(
        r#"{"Effect": "Allow", "Principal": "*", "Action": ["sns:*"]}"#
    )));
}

#[test]
fn what_does_not_allow_it_says_no() {
    for statement in [
        r#"{"Effect": "Deny", "Principal": "*", "Action": "sns:*"}"#,
        r#"{"Effect": "Allow", "Principal": "*", "Action": "sns:Subscribe"}"#,
        r#"{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sns:*"}"#,
        r#"{"Effect": "Allow", "Principal": "*", "Action": "sns:*",
            "Condition": {"StringEquals": {"AWS:SourceOwner": "111122223333"}}}"#,
    ] {
        assert!(!s3(&policy(statement)), "{statement}");
    }
    assert!(!s3("") && !s3("{") && !s3("[]"));
}

#[test]
fn the_default_policy_of_a_topic_is_nobodys() {
    assert!(is_untouched(""));
    assert!(is_untouched(&policy(
        r#"{"Sid": "__default_statement_ID", "Effect": "Allow"}"#
    )));
    assert!(!is_untouched(&policy(
        r#"{"Sid": "mine", "Effect": "Allow"}"#
    )));
}

#[test]
fn stars_and_question_marks_match() {
    for (pattern, text) in [
        ("*", ""),
        ("a*c", "abbc"),
        ("a?c", "abc"),
        ("a*b*", "axxbyy"),
    ] {
        assert!(matches(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in [("", "a"), ("a*c", "abd"), ("a?c", "ac"), ("ab", "abc")] {
        assert!(!matches(pattern, text), "{pattern} {text}");
    }
}
