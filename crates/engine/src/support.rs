//! What becomes of each field of a specification: acted on, kept with a warning, or asked of the
//! runtime, which refuses what it can not honour.
//!
//! The table drives the engine and is printed in `docs/spec.md`, so the two can not differ.

use std::collections::BTreeSet;

use floe_runtime::{Need, NeedKind};
use floe_spec::ValidSpec;

/// What becomes of a field.
///
/// ```
/// use floe_engine::support::{Treatment, treatment};
///
/// assert_eq!(treatment("spec.containers[].image"), Treatment::Honoured);
/// let secret = treatment("spec.containers[].secrets[]");
/// assert_eq!(treatment("spec.containers[].secrets[].envVarName"), secret);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Treatment {
    /// It has its documented effect.
    Honoured,
    /// Instances are placed by it, and nothing enforces it while they run.
    Checked,
    /// It is kept and shown, and a warning says that nothing acts on it yet.
    Kept,
    /// It has no effect in the original either, or the system alone writes it.
    NoEffect,
    /// The runtime is asked, and refuses it unless it can honour it.
    Asked(Ability),
}

/// What a runtime must be able to do to honour a field.
///
/// ```
/// assert_eq!(floe_engine::support::Ability::Secrets.need().to_string(), "secrets");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ability {
    /// Hand accelerators to a container.
    Gpus,
    /// Restart a container whose probe fails.
    LivenessProbes,
    /// Hand secrets to a container.
    Secrets,
    /// Mount a session token.
    SessionTokens,
    /// Mount volumes.
    Volumes,
    /// Answer the requests with which browsers ask for permission.
    Cors,
    /// Change the number of instances by itself.
    ScalingPolicies,
}

impl Ability {
    /// The kind of need that asks for this.
    ///
    /// ```
    /// use floe_engine::support::Ability;
    /// assert_eq!(Ability::Gpus.need().to_string(), "GPUs");
    /// ```
    #[must_use]
    pub fn need(self) -> NeedKind {
        match self {
            Ability::Gpus => NeedKind::Gpu,
            Ability::LivenessProbes => NeedKind::LivenessProbe,
            Ability::Secrets => NeedKind::Secret,
            Ability::SessionTokens => NeedKind::SessionToken,
            // The source of the volume says which kind it is.
            Ability::Volumes => NeedKind::Other("volumes".to_owned()),
            Ability::Cors => NeedKind::Other("CORS settings".to_owned()),
            Ability::ScalingPolicies => NeedKind::Other("scaling policies".to_owned()),
        }
    }
}

/// Fields whose treatment differs from that of the field above them. Paths write list items
/// as `[]`.
const FIELDS: [(&str, Treatment); 16] = [
    ("spec", Treatment::Honoured),
    ("spec.containers[].sha256", Treatment::NoEffect),
    (
        "spec.containers[].livenessProbe",
        Treatment::Asked(Ability::LivenessProbes),
    ),
    ("spec.containers[].resources", Treatment::Checked),
    (
        "spec.containers[].resources.requests.nvidia.com/gpu",
        Treatment::Asked(Ability::Gpus),
    ),
    (
        "spec.containers[].resources.limits.nvidia.com/gpu",
        Treatment::Asked(Ability::Gpus),
    ),
    (
        "spec.containers[].volumeMounts[]",
        Treatment::Asked(Ability::Volumes),
    ),
    (
        "spec.containers[].mountSessionToken",
        Treatment::Asked(Ability::SessionTokens),
    ),
    (
        "spec.containers[].sessionTokenConfig",
        Treatment::Asked(Ability::SessionTokens),
    ),
    (
        "spec.containers[].secrets[]",
        Treatment::Asked(Ability::Secrets),
    ),
    (
        "spec.endpoints[].corsSettings",
        Treatment::Asked(Ability::Cors),
    ),
    ("spec.logExporters", Treatment::Kept),
    ("spec.platformMonitor", Treatment::Kept),
    (
        "spec.resourceManagement",
        Treatment::Asked(Ability::ScalingPolicies),
    ),
    ("capabilities", Treatment::Kept),
    ("serviceRoles", Treatment::Kept),
];

/// What becomes of the field at a path whose list items are written as `[]`.
///
/// ```
/// use floe_engine::support::{Ability, Treatment, treatment};
///
/// let treated = treatment("spec.endpoints[].corsSettings.Access-Control-Allow-Origin");
/// assert_eq!(treated, Treatment::Asked(Ability::Cors));
/// assert_eq!(treatment("spec.networkPolicyConfig"), Treatment::NoEffect);
/// ```
#[must_use]
pub fn treatment(pattern: &str) -> Treatment {
    if pattern.starts_with("spec.networkPolicyConfig") {
        return Treatment::NoEffect;
    }
    // A volume that no container mounts asks nothing of a runtime.
    if pattern.starts_with("spec.volumes") {
        return Treatment::Asked(Ability::Volumes);
    }
    // A list is treated as its items are.
    let items = FIELDS
        .iter()
        .find(|(known, _)| known.strip_suffix("[]") == Some(pattern));
    items
        .copied()
        .or_else(|| entry(pattern))
        .map_or(Treatment::Honoured, |(_, treatment)| treatment)
}

/// The entry for the field itself or for the nearest one above it.
fn entry(pattern: &str) -> Option<(&'static str, Treatment)> {
    let above = |known: &str| {
        let rest = pattern.strip_prefix(known);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    FIELDS
        .into_iter()
        .filter(|(known, _)| above(known))
        .max_by_key(|(known, _)| known.len())
}

/// What the specification asks of a runtime, volumes aside, which are asked for by their source.
pub(crate) fn needs(spec: &ValidSpec) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for (path, _) in spec.written() {
        let ability = match entry(&pattern(path)) {
            // Only the field that the table names; those below it come with it.
            Some((known, Treatment::Asked(ability))) if known == pattern(path) => ability,
            _ => continue,
        };
        let container = container_of(path).and_then(|at| spec.containers().get(at));
        let asked = match ability {
            Ability::Volumes => false,
            Ability::Gpus => container.is_some_and(|container| container.resources.gpus() > 0),
            Ability::SessionTokens => container.is_some_and(|container| {
                container.mount_session_token || container.session_token.is_some()
            }),
            Ability::ScalingPolicies => !spec.scaling().is_empty(),
            Ability::LivenessProbes | Ability::Secrets | Ability::Cors => true,
        };
        if asked {
            needs.push(Need::new(ability.need(), path));
        }
    }
    needs
}

/// Paths of written fields that nothing acts on yet.
pub(crate) fn kept(spec: &ValidSpec) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let empty = [
        (
            "capabilities",
            *spec.capabilities() == floe_spec::Capabilities::default(),
        ),
        ("serviceRoles", spec.service_roles().is_empty()),
    ];
    spec.written()
        .map(|(path, _)| path)
        .filter(|path| {
            let named = FIELDS
                .iter()
                .find(|(known, treatment)| known == path && *treatment == Treatment::Kept);
            let says_nothing = empty.contains(&(path, true));
            named.is_some_and(|(known, _)| !says_nothing && seen.insert(*known))
        })
        .collect()
}

/// A path with the numbers of list items taken out.
fn pattern(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('[') {
        out.push_str(before);
        out.push('[');
        let digits = behind.trim_start_matches(|c: char| c.is_ascii_digit());
        rest = if digits.starts_with(']') {
            digits
        } else {
            behind
        };
    }
    out.push_str(rest);
    out
}

/// The number of the container that a path leads into.
fn container_of(path: &str) -> Option<usize> {
    let rest = path.strip_prefix("spec.containers[")?;
    rest.split(']').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use floe_spec::ParseOptions;

    fn spec(fields: &str) -> Option<ValidSpec> {
        let text = format!(
            "spec: {{containers: [{{name: a, image: i}}, {{name: b, image: i, {fields}}}]}}"
        );
        floe_spec::parse(&text, &ParseOptions::default()).spec
    }

    #[test]
    fn what_is_asked_of_a_runtime_names_the_field_that_asks() {
        for (fields, kind, path) in [
            (
                "livenessProbe: {port: 1, path: /}",
                NeedKind::LivenessProbe,
                "spec.containers[1].livenessProbe",
            ),
            (
                "secrets: [{snowflakeSecret: s, directoryPath: /s}]",
                NeedKind::Secret,
                "spec.containers[1].secrets[0]",
            ),
            (
                "mountSessionToken: true",
                NeedKind::SessionToken,
                "spec.containers[1].mountSessionToken",
            ),
            (
                "resources: {requests: {nvidia.com/gpu: 1}, limits: {nvidia.com/gpu: 1}}",
                NeedKind::Gpu,
                "spec.containers[1].resources.limits.nvidia.com/gpu",
            ),
        ] {
            let needs = spec(fields).map(|spec| needs(&spec)).unwrap_or_default();
            assert_eq!(needs.first(), Some(&Need::new(kind, path)), "{fields}");
        }
    }

    #[test]
    fn what_a_process_has_anyway_is_not_asked() {
        for fields in [
            "mountSessionToken: false",
            "secrets: []",
            "resources: {requests: {nvidia.com/gpu: 0}, limits: {nvidia.com/gpu: 0}}",
            "env: {A: b}",
        ] {
            assert_eq!(
                spec(fields).map(|spec| needs(&spec)),
                Some(Vec::new()),
                "{fields}"
            );
        }
    }

    #[test]
    fn numbers_of_items_are_taken_out_of_paths_and_nothing_else_is() {
        assert_eq!(
            pattern("spec.containers[12].env[\"A[0]\"]"),
            "spec.containers[].env[\"A[]\"]"
        );
        assert_eq!(container_of("spec.containers[3].image"), Some(3));
    }
}
