//! `volumes`: what the containers of one instance share.

use super::Walk;
use super::fields::{Fields, Key, typed, untyped};
use super::limits::{MAX_BLOCK_VOLUMES, MAX_STAGE_PATH_VOLUMES, MAX_VOLUMES};
use super::suggest;
use crate::source::Node;
use crate::{MemoryQuantity, Volume, VolumeSource, codes};

pub(super) const VOLUME: &[Key] = &[
    typed("name"),
    typed("source"),
    typed("size"),
    untyped("uid"),
    untyped("gid"),
    untyped("blockConfig"),
    untyped("stageConfig"),
];

const SOURCES: [&str; 4] = ["local", "memory", "block", "stage"];
/// Sizes of block volumes in `Gi`: the widest range of the three clouds.
const BLOCK_GIBIBYTES: std::ops::RangeInclusive<u64> = 1..=65_536;

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
        self.at_most(
            &path,
            "block volumes",
            MAX_BLOCK_VOLUMES,
            volumes.iter().filter(block).count(),
        );
        let stages = volumes.iter().filter(named).count();
        self.at_most(
            &path,
            "volumes of the form `\"@stage\"`",
            MAX_STAGE_PATH_VOLUMES,
            stages,
        );
        volumes
    }

    fn at_most(&mut self, path: &str, what: &str, limit: usize, count: usize) {
        if count > limit {
            let range = self.range_of(path);
            let message = format!("a service may have {limit} {what}, these are {count}");
            self.error(codes::TOO_MANY, path, &range, message);
        }
    }

    fn volume(&mut self, item: &Node, path: &str) -> Option<Volume> {
        let (fields, extras) = self.fields(item, path, VOLUME)?;
        let name = self.name(&fields, "a volume");
        let source = self.source(&fields);
        let size = self.quantity(&fields, "size", MemoryQuantity::parse);
        if let Some(source) = &source {
            self.sized(&fields, source, size.as_ref());
        }
        let source = source?;
        if source == (VolumeSource::Stage { path: None })
            && !extras.iter().any(|(key, _)| *key == "stageConfig")
        {
            let message = "a volume of a stage needs `stageConfig` with the stage's `name`";
            self.error(codes::MISSING_FIELD, path, &fields.place, message);
        }
        Some(Volume {
            name: name?,
            source,
            size,
            extras,
        })
    }

    fn source(&mut self, fields: &Fields<'_>) -> Option<VolumeSource> {
        let node = self.required(fields, "source")?;
        let path = fields.path_of("source");
        let text = self.text(node, &path)?;
        match text {
            "local" => Some(VolumeSource::Local),
            "memory" => Some(VolumeSource::Memory),
            "block" => Some(VolumeSource::Block),
            "stage" => Some(VolumeSource::Stage { path: None }),
            _ if text.len() > 1 && text.starts_with('@') => Some(VolumeSource::Stage {
                path: Some(text.to_owned()),
            }),
            _ => {
                let shown: String = text.chars().take(60).collect();
                let hint = match suggest::nearest(text, SOURCES.into_iter()) {
                    Some(source) => format!("did you mean `{source}`?"),
                    None => "write `local`, `memory`, `block`, `stage` or `\"@stage/folder\"`"
                        .to_owned(),
                };
                self.error(
                    codes::UNKNOWN_VALUE,
                    &path,
                    &node.range,
                    format!("`{shown}` is not a source of volumes"),
                )
                .hint = Some(hint);
                None
            }
        }
    }

    /// Whether the volume has a size exactly where it needs one, and one it can have.
    fn sized(&mut self, fields: &Fields<'_>, source: &VolumeSource, size: Option<&MemoryQuantity>) {
        let path = fields.path_of("size");
        let range = self.range_of(&path);
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
                self.error(codes::BLOCK_SIZE, &path, &range, message);
            }
            (VolumeSource::Memory, Some(_), Some(size)) if size.bytes() == 0 => {
                self.error(
                    codes::BAD_QUANTITY,
                    &path,
                    &range,
                    "a memory volume must be larger than nothing",
                );
            }
            (VolumeSource::Local | VolumeSource::Stage { .. }, Some(_), _) => {
                let message = "a size has an effect on memory and block volumes only";
                self.warn(codes::NO_EFFECT, &path, &range, message);
            }
            _ => {}
        }
    }
}

fn is_block_size(size: &MemoryQuantity) -> bool {
    size.whole_gibibytes()
        .is_some_and(|size| BLOCK_GIBIBYTES.contains(&size))
}
