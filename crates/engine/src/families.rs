//! Instance families of compute pools: what one node offers to services.
//!
//! Names and sizes: Snowflake documentation, "CREATE COMPUTE POOL", instance
//! families on AWS (the part of a node that services can use).

/// One instance family.
///
/// ```
/// let family = floe_engine::families::find("cpu_x64_xs").unwrap();
/// assert_eq!((family.vcpu, family.memory_gib), (1, 6));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceFamily {
    /// Upper-case name, as INSTANCE_FAMILY takes it.
    pub name: &'static str,
    /// Virtual CPUs of a node that services can use.
    pub vcpu: u32,
    /// Memory of a node that services can use, in GiB.
    pub memory_gib: u32,
}

const fn family(name: &'static str, vcpu: u32, memory_gib: u32) -> InstanceFamily {
    InstanceFamily {
        name,
        vcpu,
        memory_gib,
    }
}

/// Every family that CREATE COMPUTE POOL accepts.
///
/// Families with GPUs are not among them: no runtime of this version has any.
pub const FAMILIES: &[InstanceFamily] = &[
    family("CPU_X64_XS", 1, 6),
    family("CPU_X64_S", 3, 13),
    family("CPU_X64_M", 6, 28),
    family("CPU_X64_SL", 14, 58),
    family("CPU_X64_L", 28, 116),
    family("HIGHMEM_X64_S", 6, 58),
    family("HIGHMEM_X64_M", 28, 240),
    family("HIGHMEM_X64_L", 124, 984),
    family("GEN_X64_G2_2", 1, 6),
    family("GEN_X64_G2_4", 3, 13),
    family("GEN_X64_G2_8", 6, 28),
    family("GEN_X64_G2_32", 28, 116),
    family("MEM_X64_G2_8", 6, 58),
    family("MEM_X64_G2_32", 28, 240),
    family("MEM_X64_G2_64", 60, 492),
    family("MEM_X64_G2_192", 188, 1436),
];

/// The family of this name, in any case.
///
/// ```
/// assert!(floe_engine::families::find("CPU_X64_XXS").is_none());
/// ```
#[must_use]
pub fn find(name: &str) -> Option<&'static InstanceFamily> {
    FAMILIES
        .iter()
        .find(|family| family.name.eq_ignore_ascii_case(name))
}
