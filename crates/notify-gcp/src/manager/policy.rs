//! Whether Cloud Storage may publish to a topic, and letting it.

use std::time::Duration;

use floe_notify::ResourceError;
use floe_notify::clock::Clock;
use floe_notify::gcp::PUBLISHER_ROLE;
use serde_json::{Value, json};

use super::CloudFilesGcpResourceManager;
use super::view::Policy;
use crate::failure::{Call, Failure, Kind};
use crate::rest::{Ask, path};

const READ: Call = Call::new("pubsub.topics.getIamPolicy", "read the policy of a topic");
const WRITE: Call = Call::new("pubsub.topics.setIamPolicy", "change the policy of a topic");
/// How often a policy is written before set-up gives up.
const MAX_WRITES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);
/// Roles that may publish, and that a topic's policy may have ("Access control with IAM",
/// Pub/Sub).
const MAY_PUBLISH: [&str; 5] = [
    PUBLISHER_ROLE,
    "roles/pubsub.editor",
    "roles/pubsub.admin",
    "roles/editor",
    "roles/owner",
];
/// The first version in which conditions are shown, rather than left out ("Policy", IAM).
const VERSION: u8 = 3;

/// What became of letting Cloud Storage publish.
pub(super) enum Allowed {
    Already,
    /// It takes up to some minutes to act.
    JustNow,
    /// Why it was left as it is: what Cloud Storage says decides.
    Not(String),
}

impl CloudFilesGcpResourceManager {
    pub(super) async fn policy_of(
        &self,
        clock: &dyn Clock,
        topic: &str,
    ) -> Result<Policy, ResourceError> {
        let agent = match self.service_agent(clock).await {
            Ok(agent) => agent,
            Err(failure) => return self.unknown(failure, topic).map(Policy::Unknown),
        };
        match self.read_policy(clock, topic).await {
            Ok(policy) if allows(&policy, &agent) => Ok(Policy::Allows),
            Ok(_) => Ok(Policy::Lacks),
            Err(failure) if failure.kind == Kind::Gone => Ok(Policy::Lacks),
            Err(failure) => self.unknown(failure, topic).map(Policy::Unknown),
        }
    }

    /// Lets Cloud Storage publish to a topic of ours.
    pub(super) async fn allow_publishing(
        &self,
        clock: &dyn Clock,
        topic: &str,
    ) -> Result<Allowed, ResourceError> {
        let agent = match self.service_agent(clock).await {
            Ok(agent) => agent,
            Err(failure) => return self.unknown(failure, topic).map(Allowed::Not),
        };
        let mut pause = PAUSE;
        for _ in 0..MAX_WRITES {
            let mut policy = match self.read_policy(clock, topic).await {
                Ok(policy) => policy,
                Err(failure) => return self.unknown(failure, topic).map(Allowed::Not),
            };
            if allows(&policy, &agent) {
                return Ok(Allowed::Already);
            }
            add(&mut policy, &agent);
            let body = json!({ "policy": policy });
            let ask = Ask::post(WRITE, format!("{}:setIamPolicy", path(topic)), &body);
            match self.connection.pubsub.send(clock, ask).await {
                Ok(_) => return Ok(Allowed::JustNow),
                Err(failure) if failure.kind == Kind::Aborted => {}
                Err(failure) => return self.unknown(failure, topic).map(Allowed::Not),
            }
            clock.sleep(pause).await;
            pause *= 2;
        }
        Err(ResourceError::LostRace {
            resource: format!("the policy of {topic}"),
            attempts: MAX_WRITES,
        })
    }

    async fn read_policy(&self, clock: &dyn Clock, topic: &str) -> Result<Value, Failure> {
        let version = format!("options.requestedPolicyVersion={VERSION}");
        let ask = Ask::get(READ, format!("{}:getIamPolicy?{version}", path(topic)));
        let text = self.connection.pubsub.send(clock, ask).await?;
        let policy: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::new(READ, Kind::Unreadable, "", &error.to_string()))?;
        if policy.is_object() {
            return Ok(policy);
        }
        let reason = "the policy is no JSON object";
        Err(Failure::new(READ, Kind::Unreadable, "", reason))
    }

    /// The documented permissions do not include those for policies, because the documented way is
    /// to let the service agent publish in the whole project; and emulators have no policies.
    fn unknown(&self, failure: Failure, topic: &str) -> Result<String, ResourceError> {
        match failure.kind {
            Kind::Denied => Ok(format!(
                "{} is not allowed, so a policy of the project must let the service agent of \
                 Cloud Storage publish",
                failure.call.permission
            )),
            Kind::Unimplemented if self.connection.is_emulated => {
                Ok("the emulator has no policies".to_owned())
            }
            _ => Err(failure.resource(topic)),
        }
    }
}

fn member(agent: &str) -> String {
    format!("serviceAccount:{agent}")
}

fn bindings(policy: &Value) -> impl Iterator<Item = &Value> {
    let bindings = policy.get("bindings").and_then(Value::as_array);
    bindings.into_iter().flatten()
}

/// A binding that holds under a condition may not hold when it matters.
fn is_unconditional(binding: &Value) -> bool {
    binding.get("condition").is_none_or(Value::is_null)
}

fn has_role(binding: &Value, roles: &[&str]) -> bool {
    let role = binding.get("role").and_then(Value::as_str);
    role.is_some_and(|role| roles.contains(&role))
}

fn allows(policy: &Value, agent: &str) -> bool {
    let member = member(agent);
    let names = |binding: &Value| {
        let members = binding.get("members").and_then(Value::as_array);
        let mut members = members.into_iter().flatten();
        members.any(|one| *one == *member || *one == "allUsers")
    };
    bindings(policy).any(|one| is_unconditional(one) && has_role(one, &MAY_PUBLISH) && names(one))
}

/// Adds the agent to the publishers; all else stays as it was read, the `etag` included.
fn add(policy: &mut Value, agent: &str) {
    let Some(policy) = policy.as_object_mut() else {
        return;
    };
    let bindings = policy.entry("bindings").or_insert_with(|| json!([]));
    if !bindings.is_array() {
        *bindings = json!([]);
    }
    let Some(bindings) = bindings.as_array_mut() else {
        return;
    };
    let mut known = bindings.iter_mut();
    let publishers = known.find(|one| is_unconditional(one) && has_role(one, &[PUBLISHER_ROLE]));
    let members = publishers.and_then(|one| one.get_mut("members")?.as_array_mut());
    match members {
        Some(members) => members.push(json!(member(agent))),
        None => bindings.push(json!({"role": PUBLISHER_ROLE, "members": [member(agent)]})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENT: &str = "service-1@gs-project-accounts.iam.gserviceaccount.com";

    #[test]
    fn everything_else_in_a_policy_stays_as_it_was() {
        let mut policy = json!({
            "version": 3,
            "etag": "BwXh",
            "bindings": [
                {"role": PUBLISHER_ROLE, "members": ["user:a@example.com"]},
                {"role": "roles/viewer", "members": ["user:b@example.com"], "x": 1},
            ],
            "auditConfigs": [{"service": "allServices"}],
        });
        assert!(!allows(&policy, AGENT));
        let mut wanted = policy.clone();
        wanted["bindings"][0]["members"] =
            json!(["user:a@example.com", format!("serviceAccount:{AGENT}")]);
        add(&mut policy, AGENT);
        assert_eq!(policy, wanted);
        assert!(allows(&policy, AGENT));
    }

    #[test]
    fn a_binding_with_a_condition_is_neither_trusted_nor_changed() {
        let conditional = json!({
            "role": PUBLISHER_ROLE,
            "members": [format!("serviceAccount:{AGENT}")],
            "condition": {"expression": "request.time < timestamp('2020-01-01T00:00:00Z')"},
        });
        let mut policy = json!({ "bindings": [conditional.clone()] });
        assert!(!allows(&policy, AGENT));
        add(&mut policy, AGENT);
        assert_eq!(policy["bindings"][0], conditional);
        assert!(allows(&policy, AGENT));
    }

    #[test]
    fn a_policy_without_bindings_gets_the_first_one() {
        let mut policy = json!({"etag": "ACAB"});
        add(&mut policy, AGENT);
        assert!(allows(&policy, AGENT));
        assert_eq!(policy["etag"], "ACAB");
    }
}
