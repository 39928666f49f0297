//! The top level: `spec`, `capabilities`, `serviceRoles`.

use std::collections::BTreeSet;

use super::fields::{Fields, names};
use super::{Context, Walk, scalars};
use crate::keys::{
    CAPABILITIES, EVENT_TABLE, LOG_EXPORTERS, METRIC_CONFIG, NETWORK_POLICY, PLATFORM_MONITOR,
    ROLE, SECURITY, SPEC, TOP,
};
use crate::limits::MAX_ROLES;
use crate::source::{Node, Value};
use crate::{
    Capabilities, LogLevel, MetricGroup, Observability, ScalingPolicies, ServiceRole, ValidSpec,
    codes,
};

impl Walk<'_> {
    pub(super) fn top(&mut self, root: &Node) -> Option<ValidSpec> {
        let top = self.fields(root, "", &TOP)?;
        let capabilities = self.capabilities(&top);
        let spec = self.required(&top, "spec");
        let Some(spec) = spec.and_then(|spec| self.fields(spec, "spec", &SPEC)) else {
            self.service_roles(&top, None);
            return None;
        };
        self.mixed_forms(&spec);
        let endpoints: BTreeSet<&str> = names(spec.items("endpoints"))
            .map(|(_, name, _)| name)
            .collect();
        Some(ValidSpec {
            containers: self.containers(&spec),
            endpoints: self.endpoints(&spec),
            volumes: self.volumes(&spec),
            observability: self.observability(&spec),
            scaling: self.resource_management(&spec),
            allow_internet_egress: self.network_policy(&spec),
            service_roles: self.service_roles(&top, Some(&endpoints)),
            capabilities,
            spans: Vec::new(),
        })
    }

    /// Samples of the original mix the singular and the plural form of lists, and run.
    fn mixed_forms(&mut self, spec: &Fields<'_>) {
        let lists = ["containers", "endpoints", "volumes"];
        let forms = |singular: bool| {
            lists
                .into_iter()
                .filter_map(|name| Some((name, spec.key(name)?)))
                .find(|(name, entry)| (entry.key.as_deref() != Some(name)) == singular)
        };
        let (Some((name, entry)), Some((plural, _))) = (forms(true), forms(false)) else {
            return;
        };
        let singular = entry.key.as_deref().unwrap_or(name);
        let message = format!("`{singular}` is singular, `{plural}` is plural");
        self.warn(
            codes::LOOSE_SPELLING,
            &spec.path_of(name),
            &entry.key_range,
            message,
        )
        .hint = Some(format!("write `{name}`"));
    }

    fn resource_management(&mut self, spec: &Fields<'_>) -> ScalingPolicies {
        let policies = self.scaling(spec);
        let written = spec
            .get("resourceManagement")
            .filter(|node| !node.value.is_empty());
        if let Some(node) = written.filter(|_| self.options.context == Context::Job) {
            let path = spec.path_of("resourceManagement");
            let message = "a job does not scale, so `resourceManagement` does not apply to it";
            self.error(codes::NOT_FOR_JOBS, &path, &node.range, message)
                .hint =
                Some("remove it; the number of replicas is an option of the job".to_owned());
        }
        policies
    }

    fn network_policy(&mut self, spec: &Fields<'_>) -> Option<bool> {
        let fields = self.below(spec, "networkPolicyConfig", &NETWORK_POLICY)?;
        self.boolean(&fields, "allowInternetEgress")
    }

    fn observability(&mut self, spec: &Fields<'_>) -> Observability {
        let exporters = self.below(spec, "logExporters", &LOG_EXPORTERS);
        let table =
            exporters.and_then(|fields| self.below(&fields, "eventTableConfig", &EVENT_TABLE));
        let log_level = table.and_then(|fields| self.word(&fields, "logLevel", LogLevel::WORDS));
        let monitor = self.below(spec, "platformMonitor", &PLATFORM_MONITOR);
        let config = monitor.and_then(|fields| self.below(&fields, "metricConfig", &METRIC_CONFIG));
        Observability {
            log_level,
            metric_groups: config.map_or_else(Vec::new, |fields| self.metric_groups(&fields)),
        }
    }

    fn metric_groups(&mut self, config: &Fields<'_>) -> Vec<MetricGroup> {
        self.required(config, "groups");
        let path = config.path_of("groups");
        let items = self.list(config, "groups", usize::MAX);
        let mut found = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let Some(group) = self.one_of(item, &format!("{path}[{at}]"), MetricGroup::WORDS)
            else {
                continue;
            };
            if found.contains(&group) {
                let message = "the group stands in the list already";
                self.warn(
                    codes::NO_EFFECT,
                    &format!("{path}[{at}]"),
                    &item.range,
                    message,
                );
            } else {
                found.push(group);
            }
        }
        found
    }

    fn capabilities(&mut self, top: &Fields<'_>) -> Capabilities {
        let mut capabilities = Capabilities::default();
        let fields = self.below(top, "capabilities", &CAPABILITIES);
        let fields = fields.and_then(|fields| self.below(&fields, "securityContext", &SECURITY));
        if let Some(fields) = fields {
            let mut switch = |name| self.boolean(&fields, name).unwrap_or(false);
            capabilities.execute_as_caller = switch("executeAsCaller");
            capabilities.enable_custom_credentials = switch("enableCustomCredentials");
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
        let fields = self.fields(item, path, &ROLE)?;
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
