//! What an upgrade from one specification to another means to who uses the service: what is
//! refused, and what callers lose.
//!
//! The upgrade decider knows revisions as numbers. What only the specifications tell is found here,
//! as plain [`Notice`]s for its plan: `ALTER SERVICE … FROM` and `floe plan` say the same.

use floe_rollout::Notice;
use floe_spec::{Endpoint, Port, Protocol, ValidSpec, Volume, VolumeSource};

/// A function that calls an endpoint of the service.
///
/// ```
/// use floe_engine::upgrade::Caller;
/// let caller = Caller { function: "ECHO(VARCHAR)".into(), endpoint: "api".into() };
/// assert_eq!(caller.endpoint, "api");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Its name, as it is shown.
    pub function: String,
    /// The endpoint's name.
    pub endpoint: String,
}

/// Why a service with the specification `before` cannot be upgraded to `after`; empty when it can.
///
/// The block volumes of a service stay as they are: none can be added or taken away, and size,
/// IOPS, throughput and encryption cannot change. Public source: *Using block storage volumes with
/// services* of the Snowflake documentation.
///
/// ```
/// use floe_engine::spec::{ParseOptions, parse};
/// use floe_engine::upgrade::refusals;
///
/// let text = |size| format!("
/// spec:
///   containers:
///   - {{name: main, image: /d/s/r/i, volumeMounts: [{{name: data, mountPath: /data}}]}}
///   volumes:
///   - {{name: data, source: block, size: {size}}}
/// ");
/// let spec = |size| parse(&text(size), &ParseOptions::default()).spec.expect("it is valid");
/// assert!(refusals(&spec("10Gi"), &spec("10Gi")).is_empty());
/// let refused = refusals(&spec("10Gi"), &spec("20Gi"));
/// assert_eq!(refused[0].code(), "block-volume-changed");
/// assert!(refused[0].to_string().contains("size"));
/// ```
#[must_use]
pub fn refusals(before: &ValidSpec, after: &ValidSpec) -> Vec<Notice> {
    let mut found = Vec::new();
    let advice = "create another service, or keep the volume as it is";
    for old in block_volumes(before) {
        let name = &old.name;
        let Some(new) = block_volumes(after).find(|new| new.name == *name) else {
            let text = format!("block volume {name} cannot be taken away by an upgrade; {advice}");
            found.push(other("block-volume-removed", text));
            continue;
        };
        let changed = changed_settings(old, new);
        if !changed.is_empty() {
            let what = changed.join(", ");
            let text = format!("{what} of block volume {name} cannot be changed; {advice}");
            found.push(other("block-volume-changed", text));
        }
    }
    for new in block_volumes(after) {
        if block_volumes(before).all(|old| old.name != new.name) {
            let name = &new.name;
            let text = format!("block volume {name} cannot be added by an upgrade; {advice}");
            found.push(other("block-volume-added", text));
        }
    }
    found
}

/// What callers of a service lose or must know when it is upgraded from `before` to `after`.
///
/// `callers` are the functions that are known to call it; who else does is not known.
///
/// ```
/// use floe_engine::spec::{ParseOptions, parse};
/// use floe_engine::upgrade::{Caller, impact};
///
/// let text = |name| format!("
/// spec:
///   containers: [{{name: main, image: /d/s/r/i}}]
///   endpoints: [{{name: {name}, port: 8000}}]
/// ");
/// let spec = |name| parse(&text(name), &ParseOptions::default()).spec.expect("it is valid");
/// let callers = [Caller { function: "ECHO(VARCHAR)".into(), endpoint: "api".into() }];
/// let lost = impact(&spec("api"), &spec("api-v2"), &callers);
/// assert_eq!(lost[0].code(), "endpoint-removed");
/// assert_eq!(
///     lost[0].to_string(),
///     "endpoint api goes away: ECHO(VARCHAR) finds fewer and fewer instances that have it, and \
///      fails once none has",
/// );
/// ```
#[must_use]
pub fn impact(before: &ValidSpec, after: &ValidSpec, callers: &[Caller]) -> Vec<Notice> {
    let mut found = Vec::new();
    for old in before.endpoints() {
        let new = after.endpoints().iter().find(|new| new.name == old.name);
        let callers: Vec<&str> = callers
            .iter()
            .filter(|caller| caller.endpoint == old.name)
            .map(|caller| caller.function.as_str())
            .collect();
        found.extend(endpoint_impact(old, new, &callers));
    }
    for role in before.service_roles() {
        let gone = after
            .service_roles()
            .iter()
            .all(|new| new.name != role.name);
        if gone {
            let name = &role.name;
            let text = format!("service role {name} goes away, and with it what was granted by it");
            found.push(other("role-removed", text));
        }
    }
    for container in after.containers() {
        let old = before
            .containers()
            .iter()
            .find(|old| old.name == container.name);
        let had = old.is_some_and(|old| old.readiness_probe.is_some());
        if had && container.readiness_probe.is_none() {
            let name = &container.name;
            let text = format!(
                "container {name} loses its readiness probe: it counts as ready as soon as it \
                 runs, and the upgrade goes on at once"
            );
            found.push(other("probe-removed", text));
        }
    }
    found
}

fn endpoint_impact(old: &Endpoint, new: Option<&Endpoint>, callers: &[&str]) -> Vec<Notice> {
    let name = &old.name;
    let Some(new) = new else {
        let text = if callers.is_empty() {
            format!("endpoint {name} goes away: whoever calls it has to stop")
        } else {
            let (who, finds, fails) = verbs(callers);
            format!(
                "endpoint {name} goes away: {who} {finds} fewer and fewer instances that have it, \
                 and {fails} once none has"
            )
        };
        return vec![other("endpoint-removed", text)];
    };
    let mut found = Vec::new();
    let callable = new.protocol == Protocol::Http && matches!(new.port, Port::Single(_));
    if !callers.is_empty() && !callable {
        let who = callers.join(", ");
        let text = format!(
            "endpoint {name} can no longer be called by functions, which speak HTTP to one port: \
             {who} will fail"
        );
        found.push(other("endpoint-not-callable", text));
    } else if old.port != new.port {
        let (from, to) = (port(old.port), port(new.port));
        let text = format!(
            "endpoint {name} moves from port {from} to {to}: functions follow each instance, \
             other callers meet both while the upgrade lasts"
        );
        found.push(other("endpoint-moved", text));
    }
    if old.public && !new.public {
        let text = format!("endpoint {name} is no longer public: requests from outside end");
        found.push(other("endpoint-not-public", text));
    }
    found
}

fn verbs(callers: &[&str]) -> (String, &'static str, &'static str) {
    match callers {
        [one] => ((*one).to_owned(), "finds", "fails"),
        many => (many.join(", "), "find", "fail"),
    }
}

fn port(port: Port) -> String {
    match port {
        Port::Single(port) => port.to_string(),
        Port::Range(first, last) => format!("{first}-{last}"),
    }
}

fn block_volumes(spec: &ValidSpec) -> impl Iterator<Item = &Volume> {
    let volumes = spec.volumes().iter();
    volumes.filter(|volume| volume.source == VolumeSource::Block)
}

fn changed_settings(old: &Volume, new: &Volume) -> Vec<&'static str> {
    let settings = |volume: &Volume| volume.block.clone().unwrap_or_default();
    let (before, after) = (settings(old), settings(new));
    let changed = [
        ("size", old.size != new.size),
        ("iops", before.iops != after.iops),
        ("throughput", before.throughput != after.throughput),
        (
            "encryption",
            before.encryption.unwrap_or_default() != after.encryption.unwrap_or_default(),
        ),
    ];
    let changed = changed.into_iter().filter(|(_, changed)| *changed);
    changed.map(|(name, _)| name).collect()
}

fn other(code: &str, text: String) -> Notice {
    Notice::Other {
        code: code.to_owned(),
        text,
    }
}

#[cfg(test)]
mod tests;
