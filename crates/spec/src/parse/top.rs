//! The top level: `spec`, `capabilities`, `serviceRoles`.

use std::collections::BTreeSet;

use super::fields::{Fields, Key, Kind, list, names, typed, untyped};
use super::{Context, Walk, scalars};
use crate::source::{Node, Value};
use crate::{Capabilities, ServiceRole, ValidSpec, codes};

pub(super) const TOP: &[Key] = &[typed("spec"), typed("capabilities"), typed("serviceRoles")];
pub(super) const SPEC: &[Key] = &[
    list("containers", "container"),
    list("endpoints", "endpoint"),
    list("volumes", "volume"),
    untyped("logExporters"),
    untyped("platformMonitor"),
    untyped("resourceManagement"),
    Key {
        name: "networkPolicyConfig",
        alias: None,
        kind: Kind::Legacy,
    },
];
pub(super) const CAPABILITIES: &[Key] = &[typed("securityContext")];
pub(super) const SECURITY: &[Key] = &[typed("executeAsCaller"), typed("enableCustomCredentials")];
const ROLE: &[Key] = &[typed("name"), typed("endpoints")];

/// Service roles of one service; the documentation names no limit.
const MAX_ROLES: usize = 1000;

impl Walk<'_> {
    pub(super) fn top(&mut self, root: &Node) -> Option<ValidSpec> {
        let (top, _) = self.fields(root, "", TOP)?;
        let capabilities = self.capabilities(&top);
        let spec = self.required(&top, "spec");
        let Some((spec, extras)) = spec.and_then(|spec| self.fields(spec, "spec", SPEC)) else {
            self.service_roles(&top, None);
            return None;
        };
        let endpoints: BTreeSet<&str> = names(spec.items("endpoints"))
            .map(|(_, name, _)| name)
            .collect();
        if self.options.context == Context::Job {
            self.jobs(&spec);
        }
        Some(ValidSpec {
            containers: self.containers(&spec),
            endpoints: self.endpoints(&spec),
            volumes: self.volumes(&spec),
            service_roles: self.service_roles(&top, Some(&endpoints)),
            capabilities,
            extras,
            unsupported: Vec::new(),
            spans: std::collections::BTreeMap::new(),
        })
    }

    fn jobs(&mut self, spec: &Fields<'_>) {
        if let Some(node) = spec
            .get("resourceManagement")
            .filter(|node| !node.value.is_empty())
        {
            let path = spec.path_of("resourceManagement");
            let message = "a job does not scale, so `resourceManagement` does not apply to it";
            self.error(codes::NOT_FOR_JOBS, &path, &node.range, message)
                .hint =
                Some("remove it; the number of replicas is an option of the job".to_owned());
        }
    }

    fn capabilities(&mut self, top: &Fields<'_>) -> Capabilities {
        let mut capabilities = Capabilities::default();
        let Some(node) = top.get("capabilities") else {
            return capabilities;
        };
        let Some((fields, _)) = self.fields(node, "capabilities", CAPABILITIES) else {
            return capabilities;
        };
        let Some(node) = fields.get("securityContext") else {
            return capabilities;
        };
        if let Some((fields, _)) = self.fields(node, "capabilities.securityContext", SECURITY) {
            capabilities.execute_as_caller =
                self.boolean(&fields, "executeAsCaller").unwrap_or(false);
            capabilities.enable_custom_credentials = self
                .boolean(&fields, "enableCustomCredentials")
                .unwrap_or(false);
        }
        capabilities
    }

    /// The roles; `endpoints` is none when they could not be read.
    fn service_roles(
        &mut self,
        top: &Fields<'_>,
        endpoints: Option<&BTreeSet<&str>>,
    ) -> Vec<ServiceRole> {
        let items = self.list(top, "serviceRoles", MAX_ROLES);
        self.unique("service role", "serviceRoles", items);
        items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| {
                self.service_role(item, &format!("serviceRoles[{at}]"), endpoints)
            })
            .collect()
    }

    fn service_role(
        &mut self,
        item: &Node,
        path: &str,
        endpoints: Option<&BTreeSet<&str>>,
    ) -> Option<ServiceRole> {
        let (fields, _) = self.fields(item, path, ROLE)?;
        let name = self.role_name(&fields);
        let used = self.required(&fields, "endpoints");
        let used = used.and_then(|_| self.texts(&fields, "endpoints", "[endpoint]"));
        if let (Some(node), Some(known)) = (fields.get("endpoints"), endpoints) {
            self.known_endpoints(node, &fields.path_of("endpoints"), known);
        }
        Some(ServiceRole {
            name: name?,
            endpoints: used?,
        })
    }

    fn role_name(&mut self, fields: &Fields<'_>) -> Option<String> {
        let node = self.required(fields, "name")?;
        let path = fields.path_of("name");
        let name = self.text(node, &path)?;
        if scalars::is_role_name(name) {
            return Some(name.to_owned());
        }
        let shown: String = name.chars().take(60).collect();
        self.error(
            codes::BAD_NAME,
            &path,
            &node.range,
            format!("`{shown}` is not a name for a service role"),
        )
        .hint = Some(
            "use letters, digits and `_`, beginning with a letter and not ending with `_`"
                .to_owned(),
        );
        None
    }

    fn known_endpoints(&mut self, node: &Node, path: &str, known: &BTreeSet<&str>) {
        let Value::List(items) = &node.value else {
            return;
        };
        for (at, item) in items.iter().enumerate() {
            let Some(name) = item.value.scalar().filter(|name| !known.contains(name)) else {
                continue;
            };
            let shown: String = name.chars().take(63).collect();
            self.error(
                codes::UNKNOWN_ENDPOINT,
                &format!("{path}[{at}]"),
                &item.range,
                format!("there is no endpoint `{shown}`"),
            )
            .hint = Some("name an endpoint of `spec.endpoints`".to_owned());
        }
    }
}
