//! `resources`: requests and limits of one container.

use super::Walk;
use super::fields::{Fields, Key, typed};
use crate::source::Node;
use crate::{CpuQuantity, MemoryQuantity, QuantityError, ResourceList, Resources, codes};

pub(super) const RESOURCES: &[Key] = &[typed("limits"), typed("requests")];
pub(super) const AMOUNTS: &[Key] = &[typed("memory"), typed("cpu"), typed(GPU)];

/// The one accelerator resource.
const GPU: &str = "nvidia.com/gpu";
/// Most accelerators of one container; the largest documented machine has eight.
const MAX_GPUS: u32 = 1024;

impl Walk<'_> {
    pub(super) fn resources(&mut self, container: &Fields<'_>) -> Resources {
        let Some(node) = container.get("resources") else {
            return Resources::default();
        };
        let path = container.path_of("resources");
        let Some((fields, _)) = self.fields(node, &path, RESOURCES) else {
            return Resources::default();
        };
        let resources = Resources {
            requests: self.amounts(&fields, "requests"),
            limits: self.amounts(&fields, "limits"),
        };
        self.compare(&fields, &resources);
        resources
    }

    fn amounts(&mut self, resources: &Fields<'_>, side: &str) -> ResourceList {
        let Some(node) = resources.get(side) else {
            return ResourceList::default();
        };
        let path = resources.path_of(side);
        let Some((fields, _)) = self.fields(node, &path, AMOUNTS) else {
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
                let range = self.range_of(&path);
                let message = format!("{} is requested, but the limit is {}", request.1, limit.1);
                self.error(codes::REQUEST_OVER_LIMIT, &path, &range, message);
            }
        }
        self.compare_gpus(fields, requests.gpu, limits.gpu);
    }

    fn compare_gpus(&mut self, fields: &Fields<'_>, request: Option<u32>, limit: Option<u32>) {
        let at = |side: &str| format!("{}.{side}.{GPU}", fields.path);
        match (request, limit) {
            (Some(request), Some(limit)) if request != limit => {
                let path = at("requests");
                let range = self.range_of(&path);
                let message =
                    format!("{request} accelerators are requested, but the limit is {limit}");
                self.error(codes::GPU_MISMATCH, &path, &range, message).hint =
                    Some("give both the same number".to_owned());
            }
            // A limit that is written but could not be read has its own finding.
            (Some(request), None) if !self.spans.contains_key(&at("limits")) => {
                let path = at("requests");
                let range = self.range_of(&path);
                self.error(
                    codes::GPU_MISMATCH,
                    &path,
                    &range,
                    "accelerators are requested without a limit",
                )
                .hint = Some(format!("add `{GPU}: {request}` under `limits`"));
            }
            (None, Some(limit)) if !self.spans.contains_key(&at("requests")) => {
                let path = at("limits");
                let range = self.range_of(&path);
                let message = "without a request the container sees no accelerator";
                self.warn(codes::NO_EFFECT, &path, &range, message).hint =
                    Some(format!("add `{GPU}: {limit}` under `requests`"));
            }
            _ => {}
        }
    }
}
