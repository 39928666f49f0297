//! Whether an instance fits on a node of its pool at all.

use floe_spec::{CpuQuantity, MemoryQuantity, NodeCapacity, ValidSpec};

use crate::catalog::PoolRecord;
use crate::error::EngineError;
use crate::families::{self, InstanceFamily};

/// The specification with everything filled in that is derived from the nodes of its pool.
pub(crate) fn derived(spec: &ValidSpec, pool: &PoolRecord) -> ValidSpec {
    match families::find(&pool.instance_family) {
        Some(family) => spec.derived(&capacity(family)),
        None => spec.clone(),
    }
}

fn capacity(family: &InstanceFamily) -> NodeCapacity {
    NodeCapacity {
        millicpu: u64::from(family.vcpu) * 1000,
        bytes: u64::from(family.memory_gib) << 30,
    }
}

/// Refuses a specification whose instances could not be placed on an empty node.
///
/// # Errors
///
/// [`EngineError::Placement`].
pub(crate) fn check(service: &str, spec: &ValidSpec, pool: &PoolRecord) -> Result<(), EngineError> {
    let Some(family) = families::find(&pool.instance_family) else {
        return Ok(());
    };
    let node = capacity(family);
    let mut millicpu = 0_u64;
    let mut bytes = 0_u64;
    for container in spec.derived(&node).containers() {
        let requests = &container.resources.requests;
        millicpu = millicpu.saturating_add(requests.cpu.as_ref().map_or(0, CpuQuantity::millis));
        bytes = bytes.saturating_add(requests.memory.as_ref().map_or(0, MemoryQuantity::bytes));
    }
    let (node_millicpu, node_bytes) = (node.millicpu, node.bytes);
    if millicpu <= node_millicpu && bytes <= node_bytes {
        return Ok(());
    }
    let describe = |millicpu: u64, bytes: u64| {
        format!(
            "{}.{:03} CPU and {} MiB",
            millicpu / 1000,
            millicpu % 1000,
            bytes >> 20
        )
    };
    Err(EngineError::Placement {
        service: service.to_owned(),
        pool: pool.name.clone(),
        family: family.name.to_owned(),
        asked: describe(millicpu, bytes),
        offered: describe(node_millicpu, node_bytes),
    })
}
