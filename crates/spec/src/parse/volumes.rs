//! `volumes`: what the containers of one instance share.

use super::Walk;
use super::fields::Fields;
use super::suggest;
use crate::keys::{BLOCK, CONTENTS, STAGE, STAGE_AMOUNTS, STAGE_RESOURCES, VOLUME};
use crate::limits::{MAX_BLOCK_VOLUMES, MAX_STAGE_PATH_VOLUMES, MAX_VOLUMES};
use crate::source::Node;
use crate::{
    BlockConfig, CacheTime, Encryption, MemoryQuantity, Retention, StageConfig, Volume,
    VolumeSource, codes,
};

const SOURCES: [&str; 4] = ["local", "memory", "block", "stage"];
/// Sizes of block volumes in `Gi`: the widest range of the three clouds.
const BLOCK_GIBIBYTES: std::ops::RangeInclusive<u64> = 1..=65_536;
/// Operations a second: from the least of the three clouds to what the greatest throughput that
/// one of them allows comes to at 16 operations a MiB and more.
const IOPS: std::ops::RangeInclusive<u32> = 2_000..=19_200_000;
/// MiB a second, on any of the three clouds.
const THROUGHPUT: std::ops::RangeInclusive<u32> = 125..=1_200_000;

impl Walk<'_> {
    pub(super) fn volumes(&mut self, spec: &Fields<'_>) -> Vec<Volume> {
        let items = self.list(spec, "volumes", MAX_VOLUMES);
        let path = spec.path_of("volumes");
        self.unique("volume", &path, items);
        let volumes: Vec<Volume> = items
            .iter()
            .enumerate()
            .filter_map(|(at, item)| self.volume(item, &format!("{path}[{at}]")))
            .collect();
        let block = |volume: &&Volume| volume.source == VolumeSource::Block;
        let named =
            |volume: &&Volume| matches!(volume.source, VolumeSource::Stage { path: Some(_) });
        let blocks = volumes.iter().filter(block).count();
        self.at_most(spec, "block volumes", MAX_BLOCK_VOLUMES, blocks);
        let stages = volumes.iter().filter(named).count();
        let what = "volumes of the form `\"@stage\"`";
        self.at_most(spec, what, MAX_STAGE_PATH_VOLUMES, stages);
        volumes
    }

    fn at_most(&mut self, spec: &Fields<'_>, what: &str, limit: usize, count: usize) {
        if count > limit {
            let message = format!("a service may have {limit} {what}, these are {count}");
            let path = spec.path_of("volumes");
            self.error(codes::TOO_MANY, &path, spec.range("volumes"), message);
        }
    }

    fn volume(&mut self, item: &Node, path: &str) -> Option<Volume> {
        let fields = self.fields(item, path, &VOLUME)?;
        let name = self.name(&fields, "a volume");
        let source = self.source(&fields);
        let size = self.quantity(&fields, "size", MemoryQuantity::parse);
        let uid = self.whole(&fields, "uid", 0..=u32::MAX);
        let gid = self.whole(&fields, "gid", 0..=u32::MAX);
        let block = self.block(&fields, size.as_ref());
        let stage = self.stage(&fields);
        if let Some(source) = &source {
            self.sized(&fields, source, size.as_ref());
            self.settings(&fields, source);
        }
        Some(Volume {
            name: name?,
            source: source?,
            size,
            uid,
            gid,
            block,
            stage,
        })
    }

    fn source(&mut self, fields: &Fields<'_>) -> Option<VolumeSource> {
        let node = self.required(fields, "source")?;
        let path = fields.path_of("source");
        let text = self.text(node, &path)?;
        match text {
            "local" => return Some(VolumeSource::Local),
            "memory" => return Some(VolumeSource::Memory),
            "block" => return Some(VolumeSource::Block),
            "stage" => return Some(VolumeSource::Stage { path: None }),
            _ => {}
        }
        if is_stage(text) {
            let message = "this is the older form of a stage volume";
            self.warn(codes::DEPRECATED, &path, &node.range, message)
                .hint = Some(format!(
                "write `source: stage` and `stageConfig: {{name: \"{}\"}}`",
                text.chars().take(100).collect::<String>()
            ));
            return Some(VolumeSource::Stage {
                path: Some(text.to_owned()),
            });
        }
        let shown: String = text.chars().take(60).collect();
        let hint = match suggest::nearest(text, SOURCES.into_iter()) {
            Some(source) => format!("did you mean `{source}`?"),
            None => "write `local`, `memory`, `block`, `stage` or `\"@stage/folder\"`".to_owned(),
        };
        let message = format!("`{shown}` is not a source of volumes");
        self.error(codes::UNKNOWN_VALUE, &path, &node.range, message)
            .hint = Some(hint);
        None
    }

    /// Whether the volume has a size exactly where it needs one, and one it can have.
    fn sized(&mut self, fields: &Fields<'_>, source: &VolumeSource, size: Option<&MemoryQuantity>) {
        let path = fields.path_of("size");
        let range = fields.range("size");
        match (source, fields.get("size"), size) {
            (VolumeSource::Memory | VolumeSource::Block, None, _) => {
                let message = "a memory or block volume needs a `size`";
                self.error(codes::SIZE_MISSING, &fields.path, &fields.place, message)
                    .hint = Some("add for example `size: 10Gi`".to_owned());
            }
            (VolumeSource::Block, Some(_), Some(size)) if !is_block_size(size) => {
                let (from, to) = (BLOCK_GIBIBYTES.start(), BLOCK_GIBIBYTES.end());
                let message = format!(
                    "the size of a block volume is a whole number of `Gi` from {from} to {to}"
                );
                self.error(codes::BLOCK_SIZE, &path, range, message);
            }
            (VolumeSource::Memory, Some(_), Some(size)) if size.bytes() == 0 => {
                let message = "a memory volume must be larger than nothing";
                self.error(codes::BAD_QUANTITY, &path, range, message);
            }
            (VolumeSource::Local | VolumeSource::Stage { .. }, Some(_), _) => {
                let message = "a size has an effect on memory and block volumes only";
                self.warn(codes::NO_EFFECT, &path, range, message);
            }
            _ => {}
        }
    }

    /// Whether the other settings belong to this source.
    fn settings(&mut self, fields: &Fields<'_>, source: &VolumeSource) {
        let owned = matches!(source, VolumeSource::Block | VolumeSource::Stage { .. });
        for name in ["uid", "gid"] {
            if fields.has(name) && !owned {
                let message = format!("`{name}` has an effect on stage and block volumes only");
                self.warn(
                    codes::NO_EFFECT,
                    &fields.path_of(name),
                    fields.range(name),
                    message,
                );
            }
        }
        if fields.has("blockConfig") && *source != VolumeSource::Block {
            let message = "`blockConfig` needs `source: block`";
            let path = fields.path_of("blockConfig");
            self.error(
                codes::WRONG_SOURCE,
                &path,
                fields.range("blockConfig"),
                message,
            );
        }
        match (source, fields.has("stageConfig")) {
            (VolumeSource::Stage { path: None }, false) => {
                let message = "a volume of a stage needs `stageConfig` with the stage's `name`";
                self.error(codes::MISSING_FIELD, &fields.path, &fields.place, message);
            }
            (VolumeSource::Stage { path: None }, true) | (_, false) => {}
            (_, true) => {
                let message = "`stageConfig` needs `source: stage`";
                let path = fields.path_of("stageConfig");
                self.error(
                    codes::WRONG_SOURCE,
                    &path,
                    fields.range("stageConfig"),
                    message,
                );
            }
        }
    }

    fn block(&mut self, volume: &Fields<'_>, size: Option<&MemoryQuantity>) -> Option<BlockConfig> {
        let fields = self.below(volume, "blockConfig", &BLOCK)?;
        let contents = self.below(&fields, "initialContents", &CONTENTS);
        let from_snapshot = contents.and_then(|contents| {
            self.required(&contents, "fromSnapshot")?;
            self.text_of(&contents, "fromSnapshot")
        });
        let iops = self.speed(&fields, "iops", IOPS);
        let throughput = self.speed(&fields, "throughput", THROUGHPUT);
        self.speeds(&fields, size, iops, throughput);
        let after = fields.get("snapshotDeleteAfter").and_then(|node| {
            let path = fields.path_of("snapshotDeleteAfter");
            let text = self.text(node, &path)?;
            let time = Retention::parse(text);
            if time.is_none() {
                let message = "a time to keep snapshots is a number of hours or days";
                self.error(codes::BAD_DURATION, &path, &node.range, message)
                    .hint = Some("write for example `12h` or `7d`".to_owned());
            }
            time
        });
        let config = BlockConfig {
            from_snapshot,
            iops,
            throughput,
            encryption: self.word(&fields, "encryption", Encryption::WORDS),
            snapshot_on_delete: self.boolean(&fields, "snapshotOnDelete"),
            snapshot_delete_after: after,
        };
        // An empty map says nothing, as if it were not written.
        Some(config).filter(|config| *config != BlockConfig::default())
    }

    fn speed(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let node = fields.get(name)?;
        self.number(node, &fields.path_of(name), codes::BLOCK_SPEED, range)
    }

    /// What no cloud allows together: a MiB takes four operations at least.
    fn speeds(
        &mut self,
        fields: &Fields<'_>,
        size: Option<&MemoryQuantity>,
        iops: Option<u32>,
        throughput: Option<u32>,
    ) {
        if let (Some(iops), Some(throughput)) = (iops, throughput)
            && throughput > iops / 4
        {
            let message = format!(
                "{throughput} MiB a second are more than {iops} operations carry, four for a MiB"
            );
            let path = fields.path_of("throughput");
            self.error(
                codes::BLOCK_SPEED,
                &path,
                fields.range("throughput"),
                message,
            )
            .hint = Some(format!("write at most {}", iops / 4));
        }
        let gibibytes = size.and_then(MemoryQuantity::whole_gibibytes);
        if let (Some(iops), Some(gibibytes)) = (iops, gibibytes)
            && u64::from(iops) > gibibytes.saturating_mul(500).max(3_000)
        {
            let message = format!(
                "{iops} operations a second are more than 500 for each of {gibibytes}Gi, which two \
                 of three clouds refuse"
            );
            let path = fields.path_of("iops");
            self.warn(codes::BLOCK_SPEED, &path, fields.range("iops"), message);
        }
    }

    fn stage(&mut self, volume: &Fields<'_>) -> Option<StageConfig> {
        let fields = self.below(volume, "stageConfig", &STAGE)?;
        let name = self.stage_name(&fields);
        let metadata_cache = fields.get("metadataCache").and_then(|node| {
            let path = fields.path_of("metadataCache");
            let text = self.text(node, &path)?;
            let time = CacheTime::parse(text);
            if time.is_none() {
                let message = "a duration is hours, minutes and seconds in this order";
                self.error(codes::BAD_DURATION, &path, &node.range, message)
                    .hint = Some("write for example `90s`, `5m` or `1h30m`".to_owned());
            }
            time
        });
        let resources = self.resources_of(&fields, &STAGE_RESOURCES, &STAGE_AMOUNTS);
        Some(StageConfig {
            name: name?,
            metadata_cache,
            resources,
        })
    }

    fn stage_name(&mut self, fields: &Fields<'_>) -> Option<String> {
        let node = self.required(fields, "name")?;
        let path = fields.path_of("name");
        let text = self.text(node, &path)?;
        if is_stage(text) {
            return Some(text.to_owned());
        }
        let named = format!("@{text}");
        if text.starts_with('@') || !is_stage(&named) {
            let message = "the stage has no name, or control characters in it";
            self.error(codes::BAD_STAGE, &path, &node.range, message)
                .hint = Some("write `\"@stage\"` or `\"@stage/folder\"`".to_owned());
            return None;
        }
        let shown: String = named.chars().take(100).collect();
        self.loose(node, &path, &format!("write `\"{shown}\"`"));
        Some(named)
    }
}

/// A stage or a folder in it, by its `@`.
fn is_stage(text: &str) -> bool {
    text.len() > 1 && text.starts_with('@') && !text.contains(char::is_control)
}

fn is_block_size(size: &MemoryQuantity) -> bool {
    size.whole_gibibytes()
        .is_some_and(|size| BLOCK_GIBIBYTES.contains(&size))
}
