//! Policies as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Document, Items, Statement};

/// The version of the policy language, the only one that knows policy variables ("IAM JSON policy
/// elements: Version").
const VERSION: &str = "2012-10-17";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireDocument<'a> {
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    statement: Vec<WireStatement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireStatement<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<WirePrincipal<'a>>,
    action: &'a Items,
    resource: &'a Items,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WirePrincipal<'a> {
    service: &'a str,
}

pub(super) fn document(document: &Document) -> WireDocument<'_> {
    WireDocument {
        version: VERSION,
        id: document.id.as_deref(),
        statement: document.statements.iter().map(statement).collect(),
    }
}

pub(super) fn statement(statement: &Statement) -> WireStatement<'_> {
    let mut condition: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for one in &statement.conditions {
        condition
            .entry(one.operator)
            .or_default()
            .insert(one.key, &one.value);
    }
    WireStatement {
        sid: statement.sid.as_deref(),
        effect: "Allow",
        principal: statement
            .principal
            .as_deref()
            .map(|service| WirePrincipal { service }),
        action: &statement.actions,
        resource: &statement.resources,
        condition,
    }
}

pub(super) fn json(value: &impl Serialize) -> String {
    crate::json::pretty(value)
}

pub(super) fn line(value: &impl Serialize) -> String {
    crate::json::line(value)
}
