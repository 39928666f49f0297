//! The fields of the format, each in one place: what the reader knows, what the schema says and
//! what the reference page shows are all taken from these tables.

mod containers;
mod scaling;
mod top;
mod volumes;

pub(crate) use containers::{
    AMOUNTS, CONTAINER, LIVENESS, MOUNT, READINESS, RESOURCES, SECRET, SECRET_NAME, SESSION_TOKEN,
};
pub(crate) use scaling::{
    AUTO_SCALING, CONDITION, METRIC, RESOURCE_MANAGEMENT, SCALE_DOWN, SCALE_UP, STEP, STEPS,
    SUSPEND, TARGET,
};
pub(crate) use top::{
    CAPABILITIES, CORS, ENDPOINT, EVENT_TABLE, LOG_EXPORTERS, METRIC_CONFIG, NETWORK_POLICY,
    PLATFORM_MONITOR, ROLE, SECURITY, SPEC, TOP,
};
pub(crate) use volumes::{BLOCK, CONTENTS, STAGE, STAGE_AMOUNTS, STAGE_RESOURCES, VOLUME};

/// The accelerator resource.
pub(crate) const GPU: &str = "nvidia.com/gpu";

/// A map of the format and the keys it knows.
#[derive(Debug)]
pub(crate) struct Map {
    /// Where its keys stand, for hints: `in a container`.
    pub(crate) place: &'static str,
    pub(crate) keys: &'static [Key],
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// The singular form, which samples of the original use for lists.
    pub(crate) alias: Option<&'static str>,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    /// What holds when the key is not written, in words; empty when there is nothing to say.
    pub(crate) default: &'static str,
    /// What a value must fulfil beyond its shape, in words.
    pub(crate) rule: &'static str,
    pub(crate) kind: Kind,
}

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is read into the model.
    Field,
    /// It is a leftover that does nothing: read, with a warning.
    Legacy,
    /// Only the system writes it: dropped, with a warning.
    OutputOnly,
}

/// What the value of a key looks like.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Any text; numbers and booleans count as the text they are written with.
    Text,
    /// A text that matches a regular expression.
    Pattern(&'static str),
    /// One of some words.
    Words(&'static [&'static str]),
    Boolean,
    /// A whole number from the first to the second.
    Whole(u32, u32),
    /// Any decimal number.
    Number,
    Cpu,
    Memory,
    /// A list of texts.
    Texts,
    /// A list of some words.
    WordList(&'static [&'static str]),
    /// A map whose keys are the user's own and whose values are texts.
    TextMap,
    Map(&'static Map),
    /// A list of maps, and how many a service may have.
    List(&'static Map, usize),
    /// A text, or a map that says the same with more words.
    TextOr(&'static Map),
}

impl Key {
    pub(crate) const fn new(name: &'static str, shape: Shape, rule: &'static str) -> Self {
        Key {
            name,
            alias: None,
            shape,
            required: false,
            default: "",
            rule,
            kind: Kind::Field,
        }
    }

    pub(crate) const fn alias(mut self, singular: &'static str) -> Self {
        self.alias = Some(singular);
        self
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn default(mut self, words: &'static str) -> Self {
        self.default = words;
        self
    }

    pub(crate) const fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// The maps that a value of this key is made of.
    pub(crate) fn map(&self) -> Option<&'static Map> {
        match self.shape {
            Shape::Map(map) | Shape::List(map, _) | Shape::TextOr(map) => Some(map),
            _ => None,
        }
    }
}

/// All maps of the format from the top down, each once.
pub(crate) fn maps() -> Vec<&'static Map> {
    let mut maps: Vec<&'static Map> = vec![&TOP];
    let mut at = 0;
    while let Some(map) = maps.get(at) {
        let below = map.keys.iter().filter_map(Key::map);
        let fresh: Vec<&'static Map> = below
            .filter(|below| !maps.iter().any(|known| std::ptr::eq(*known, *below)))
            .collect();
        maps.extend(fresh);
        at += 1;
    }
    maps
}
