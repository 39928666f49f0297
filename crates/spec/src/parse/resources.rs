//! `resources`: requests and limits of one container.

use super::Walk;
use super::fields::Fields;
use crate::keys::{AMOUNTS, GPU, Map, RESOURCES};
use crate::limits::MAX_GPUS;
use crate::source::{Node, Value};
use crate::{CpuQuantity, MemoryQuantity, QuantityError, ResourceList, Resources, codes};

impl Walk<'_> {
    pub(super) fn resources(&mut self, container: &Fields<'_>) -> Resources {
        self.resources_of(container, &RESOURCES, &AMOUNTS)
    }

    /// Requests and limits by the keys that they may have here.
    pub(super) fn resources_of(
        &mut self,
        parent: &Fields<'_>,
        sides: &'static Map,
        amounts: &'static Map,
    ) -> Resources {
        let Some(fields) = self.below(parent, "resources", sides) else {
            return Resources::default();
        };
        let resources = Resources {
            requests: self.amounts(&fields, "requests", amounts),
            limits: self.amounts(&fields, "limits", amounts),
        };
        self.compare(&fields, &resources);
        resources
    }

    fn amounts(&mut self, resources: &Fields<'_>, side: &str, known: &'static Map) -> ResourceList {
        let Some(fields) = self.below(resources, side, known) else {
            return ResourceList::default();
        };
        let gpu = fields.get(GPU).and_then(|node| {
            // Quantities are often quoted, so quotes are no oddity here.
            let path = fields.path_of(GPU);
            let text = self.text(node, &path)?;
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let amount = text
                .parse()
                .ok()
                .filter(|amount| digits && *amount <= MAX_GPUS);
            if amount.is_none() {
                let message = format!("accelerators are counted in whole numbers up to {MAX_GPUS}");
                self.error(codes::BAD_QUANTITY, &path, &node.range, message);
            }
            amount
        });
        ResourceList {
            cpu: self.quantity(&fields, "cpu", CpuQuantity::parse),
            memory: self.quantity(&fields, "memory", MemoryQuantity::parse),
            gpu,
        }
    }

    /// A quantity field; what cannot be read is reported.
    pub(super) fn quantity<Q>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        read: fn(&str) -> Result<Q, QuantityError>,
    ) -> Option<Q> {
        let node: &Node = fields.get(name)?;
        let path = fields.path_of(name);
        let text = self.text(node, &path)?;
        match read(text) {
            Ok(quantity) => Some(quantity),
            Err(error) => {
                self.error(error.code(), &path, &node.range, error.to_string())
                    .hint = error.hint();
                None
            }
        }
    }

    fn compare(&mut self, fields: &Fields<'_>, resources: &Resources) {
        let Resources { requests, limits } = resources;
        let cpu =
            |list: &ResourceList| list.cpu.as_ref().map(|cpu| (cpu.millis(), cpu.to_string()));
        let memory = |list: &ResourceList| {
            list.memory
                .as_ref()
                .map(|memory| (memory.bytes(), memory.to_string()))
        };
        for (name, request, limit) in [
            ("cpu", cpu(requests), cpu(limits)),
            ("memory", memory(requests), memory(limits)),
        ] {
            let (Some(request), Some(limit)) = (request, limit) else {
                continue;
            };
            if request.0 > limit.0 {
                let path = format!("{}.requests.{name}", fields.path);
                let range =
                    amount_of(fields, "requests", name).map_or(&fields.place, |node| &node.range);
                let message = format!("{} is requested, but the limit is {}", request.1, limit.1);
                self.warn(codes::REQUEST_OVER_LIMIT, &path, range, message)
                    .hint = Some(format!("raise the limit to {} at least", request.1));
            }
        }
        self.compare_gpus(fields, requests.gpu, limits.gpu);
    }

    fn compare_gpus(&mut self, fields: &Fields<'_>, request: Option<u32>, limit: Option<u32>) {
        let at = |side: &str| format!("{}.{side}.{GPU}", fields.path);
        let range = |side: &str| {
            amount_of(fields, side, GPU).map_or_else(|| fields.place.clone(), |n| n.range.clone())
        };
        match (request, limit) {
            (Some(request), Some(limit)) if request != limit => {
                let message =
                    format!("{request} accelerators are requested, but the limit is {limit}");
                self.error(
                    codes::GPU_MISMATCH,
                    &at("requests"),
                    &range("requests"),
                    message,
                )
                .hint = Some("give both the same number".to_owned());
            }
            // An amount that is written but could not be read has its own finding.
            (Some(request), None) if !is_written(fields, "limits", GPU) => {
                let message = "accelerators are requested without a limit";
                self.error(
                    codes::GPU_MISMATCH,
                    &at("requests"),
                    &range("requests"),
                    message,
                )
                .hint = Some(format!("add `{GPU}: {request}` under `limits`"));
            }
            (None, Some(limit)) if !is_written(fields, "requests", GPU) => {
                let message = "without a request the container sees no accelerator";
                self.warn(codes::NO_EFFECT, &at("limits"), &range("limits"), message)
                    .hint = Some(format!("add `{GPU}: {limit}` under `requests`"));
            }
            _ => {}
        }
    }
}

/// Whether an amount is written, or may be: a side that is no map has a finding of its own.
fn is_written(resources: &Fields<'_>, side: &str, name: &str) -> bool {
    let map = |node: &Node| matches!(node.value, Value::Map(_));
    resources.get(side).is_some_and(|node| !map(node)) || amount_of(resources, side, name).is_some()
}

/// The value of one amount, as it is written.
fn amount_of<'n>(resources: &Fields<'n>, side: &str, name: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &resources.get(side)?.value else {
        return None;
    };
    let entry = entries
        .iter()
        .find(|entry| entry.key.as_deref() == Some(name))?;
    (!matches!(entry.value.value, Value::Null { .. })).then_some(&entry.value)
}
