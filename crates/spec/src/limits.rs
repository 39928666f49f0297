//! Bounds on what is read, and the documented limits of one service (*Guidelines and limitations*
//! of the Snowflake documentation).

/// Longest text in bytes: 1 MiB, the length of the longest SQL statement that carries one.
pub const MAX_SPEC_BYTES: usize = 1 << 20;
/// Levels of nesting; the deepest documented field lies at level 12.
pub const MAX_DEPTH: usize = 32;
/// Values in one text, each alias counted with all it stands for: more than a text of
/// [`MAX_SPEC_BYTES`] has that is not made to be many.
pub const MAX_NODES: usize = 250_000;
/// Uses of aliases.
pub const MAX_ALIASES: usize = 100;
/// Parser events that aliases may stand for together.
pub const MAX_REPLAYED: usize = 10_000;
/// Keys of one map; a variable of `env` takes ten bytes at least.
pub const MAX_KEYS: usize = 100_000;
/// Longest key in bytes. YAML allows 1024 characters for a key on one line, and the
/// canonical form of one byte takes up to four.
pub const MAX_KEY_BYTES: usize = 250;
/// Findings of one text; what is behind them is not told.
pub const MAX_FINDINGS: usize = 1_000;
/// Containers of one service.
pub const MAX_CONTAINERS: usize = 20;
/// Endpoints of one service.
pub const MAX_ENDPOINTS: usize = 100;
/// Volumes of one service.
pub const MAX_VOLUMES: usize = 20;
/// Block volumes of one service.
pub const MAX_BLOCK_VOLUMES: usize = 3;
/// Volumes of one service whose source names the stage itself (`"@stage"`).
pub const MAX_STAGE_PATH_VOLUMES: usize = 5;
/// Secrets of one service, over all containers.
pub const MAX_SECRETS: usize = 50;
/// Volume mounts of one container; the documentation names no limit.
pub const MAX_MOUNTS: usize = 1_000;
/// Service roles of one service; the documentation names no limit.
pub const MAX_ROLES: usize = 1_000;
/// Conditions of one scaling policy; the documentation names no limit.
pub const MAX_CONDITIONS: usize = 100;
/// Steps of one condition; the documentation names no limit.
pub const MAX_STEPS: usize = 100;
/// Most accelerators of one container; the largest documented machine has eight.
pub const MAX_GPUS: u32 = 1_024;
