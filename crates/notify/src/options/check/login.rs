//! Credentials that are whole.

use crate::codes;
use crate::finding::Finding;
use crate::options::{Group, Options, keys};

/// Options that are given all together or not at all.
const TOGETHER: [&[&str]; 3] = [
    &["cloudFiles.awsAccessKey", "cloudFiles.awsSecretKey"],
    &[
        "cloudFiles.clientId",
        "cloudFiles.clientSecret",
        "cloudFiles.tenantId",
    ],
    &[
        "cloudFiles.client",
        "cloudFiles.clientEmail",
        "cloudFiles.privateKey",
        "cloudFiles.privateKeyId",
    ],
];
/// Options that are about a role.
const OF_ROLE: [&str; 3] = [
    "cloudFiles.roleExternalId",
    "cloudFiles.roleSessionName",
    "cloudFiles.stsEndpoint",
];

pub(super) fn check(options: &Options) -> Vec<Finding> {
    let mut findings = Vec::new();
    for set in TOGETHER {
        let (given, missing): (Vec<&str>, Vec<&str>) =
            set.iter().copied().partition(|name| options.has(name));
        if let Some(first) = given.first().filter(|_| !missing.is_empty()) {
            let message = format!("the option needs {} beside it", quoted(&missing));
            findings.push(Finding::error(codes::INCOMPLETE_OPTIONS, first, message));
        }
    }
    let role = keys::ROLE_ARN.info().name;
    if !options.has(role) {
        let given = OF_ROLE.into_iter().filter(|name| options.has(name));
        findings.extend(given.map(|name| {
            let message = format!("the option is about a role and needs `{role}` beside it");
            Finding::error(codes::INCOMPLETE_OPTIONS, name, message)
        }));
    }
    let credential = keys::SERVICE_CREDENTIAL.info().name;
    let others: Vec<&str> = keys::ALL
        .iter()
        .filter(|info| matches!(info.group, Group::Login(_)) && options.has(info.name))
        .map(|info| info.name)
        .collect();
    if options.has(credential) && !others.is_empty() {
        let message = format!(
            "the option stands in place of {}; give one or the other",
            quoted(&others)
        );
        findings.push(Finding::error(
            codes::EXCLUDING_OPTIONS,
            credential,
            message,
        ));
    }
    findings
}

fn quoted(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
