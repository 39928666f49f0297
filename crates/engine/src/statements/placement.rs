//! Whether an instance fits on a node of its pool at all.

use floe_spec::ValidSpec;

use crate::catalog::PoolRecord;
use crate::error::EngineError;
use crate::families;

/// Requests that a container has when it states none (Snowflake documentation,
/// "Service specification reference"): half a virtual CPU, half a GiB.
const DEFAULT_MILLICPU: u64 = 500;
const DEFAULT_BYTES: u64 = 512 << 20;

/// Refuses a specification whose instances could not be placed on an empty node.
///
/// # Errors
///
/// [`EngineError::Placement`].
pub(crate) fn check(service: &str, spec: &ValidSpec, pool: &PoolRecord) -> Result<(), EngineError> {
    let Some(family) = families::find(&pool.instance_family) else {
        return Ok(());
    };
    let mut millicpu = 0_u64;
    let mut bytes = 0_u64;
    for container in spec.containers() {
        let (requests, limits) = (&container.resources.requests, &container.resources.limits);
        let cpu = requests
            .cpu
            .as_ref()
            .map(|cpu| cpu.millis())
            .unwrap_or_else(|| {
                limits
                    .cpu
                    .as_ref()
                    .map_or(DEFAULT_MILLICPU, |cpu| cpu.millis().max(DEFAULT_MILLICPU))
            });
        let memory = requests
            .memory
            .as_ref()
            .map(|memory| memory.bytes())
            .unwrap_or_else(|| {
                limits
                    .memory
                    .as_ref()
                    .map_or(DEFAULT_BYTES, |memory| memory.bytes().max(DEFAULT_BYTES))
            });
        millicpu = millicpu.saturating_add(cpu);
        bytes = bytes.saturating_add(memory);
    }
    let (node_millicpu, node_bytes) = (
        u64::from(family.vcpu) * 1000,
        u64::from(family.memory_gib) << 30,
    );
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
