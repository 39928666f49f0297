//! Fields of a volume.

use super::{Key, Map, Shape};

/// The words that `source` takes, besides `@stage`.
pub(crate) const SOURCE_PATTERN: &str = "^(local|memory|block|stage|@.+)$";

pub(crate) static VOLUME: Map = Map {
    place: "in a volume",
    keys: &[
        super::top::NAME,
        Key::new(
            "source",
            Shape::Pattern(SOURCE_PATTERN),
            "`local`, `memory`, `block`, `stage`; the older form `\"@stage/folder\"` is a warning",
        )
        .required(),
        Key::new(
            "size",
            Shape::Memory,
            "required for `memory` and `block`; of a block volume a whole number of `Gi`, \
             1 to 65536",
        ),
        Key::new("uid", Shape::Whole(0, u32::MAX), "stage and block volumes"),
        Key::new("gid", Shape::Whole(0, u32::MAX), "stage and block volumes"),
        Key::new("blockConfig", Shape::Map(&BLOCK), "block volumes"),
        Key::new(
            "stageConfig",
            Shape::Map(&STAGE),
            "stage volumes, which need it",
        ),
    ],
};

pub(crate) static BLOCK: Map = Map {
    place: "under `blockConfig`",
    keys: &[
        Key::new("initialContents", Shape::Map(&CONTENTS), ""),
        Key::new(
            "iops",
            Shape::Whole(2_000, 19_200_000),
            "operations a second; the range depends on the cloud, at most 500 for each Gi on two \
             of them",
        )
        .default("3000"),
        Key::new(
            "throughput",
            Shape::Whole(125, 1_200_000),
            "MiB a second; the range depends on the cloud",
        )
        .default("125"),
        Key::new(
            "encryption",
            Shape::Words(&["SNOWFLAKE_SSE", "SNOWFLAKE_FULL"]),
            "",
        )
        .default("SNOWFLAKE_SSE"),
        Key::new("snapshotOnDelete", Shape::Boolean, "")
            .default("true for services, false for jobs"),
        Key::new(
            "snapshotDeleteAfter",
            Shape::Pattern("^[1-9][0-9]*[hd]$"),
            "hours or days: `12h`, `7d`",
        )
        .default("7d"),
    ],
};
pub(crate) static CONTENTS: Map = Map {
    place: "under `initialContents`",
    keys: &[Key::new("fromSnapshot", Shape::Text, "the name of a snapshot").required()],
};

pub(crate) static STAGE: Map = Map {
    place: "under `stageConfig`",
    keys: &[
        Key::new(
            "name",
            Shape::Pattern("^@?.+$"),
            "a stage or a folder in it, quoted: `\"@stage/folder\"`",
        )
        .required(),
        Key::new(
            "metadataCache",
            Shape::Pattern("^([0-9]+h)?([0-9]+m)?([0-9]+s)?$"),
            "a duration such as `90s`, `5m`, `1h30m`",
        )
        .default("nothing is cached"),
        Key::new(
            "resources",
            Shape::Map(&STAGE_RESOURCES),
            "of the container that mounts the stage",
        ),
    ],
};
pub(crate) static STAGE_RESOURCES: Map = Map {
    place: "under `stageConfig.resources`",
    keys: &[
        Key::new("limits", Shape::Map(&STAGE_AMOUNTS), "").default("1Gi and 0.5 processors"),
        Key::new("requests", Shape::Map(&STAGE_AMOUNTS), "").default("0.5Gi and 0 processors"),
    ],
};
pub(crate) static STAGE_AMOUNTS: Map = Map {
    place: "under `requests` or `limits` of a stage",
    keys: &[
        Key::new("memory", Shape::Memory, "a unit is required"),
        Key::new("cpu", Shape::Cpu, "virtual processors: `0.5` or `500m`"),
    ],
};
