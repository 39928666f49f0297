//! What changes between two specifications, and what that means for a running service.

mod effect;
mod flat;
mod scaling;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::ValidSpec;
use crate::render::{pretty, shown};
use flat::{Entry, flatten};

/// Longest value in a change, in characters.
const MAX_VALUE: usize = 80;

/// What a change does to a running service; the later, the more it takes.
///
/// ```
/// use floe_spec::Effect;
///
/// assert!(Effect::InPlace < Effect::Restart && Effect::Restart < Effect::Refused);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// It takes effect without replacing an instance.
    InPlace,
    /// Instances are replaced one after the other.
    Restart,
    /// ALTER SERVICE refuses it; the service must be created anew.
    Refused,
}

/// Whether something came, went, or has another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// Only the later specification has it.
    Added,
    /// Only the earlier specification has it.
    Removed,
    /// Both have it, with different values.
    Changed,
}

/// One difference between two specifications.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What changes, with names in place of positions: `spec.containers[echo].env.PORT`. Mounts
    /// are told apart by their directory, secrets by variable or directory, conditions by metric
    /// and container (`[cpu@echo]`); `port` of an endpoint stands for `portRange`, too.
    pub path: String,
    /// Whether it came, went, or has another value.
    pub kind: ChangeKind,
    /// The earlier value, cut to 80 characters; of a whole item what is most telling in it.
    pub before: Option<String>,
    /// The later value, likewise.
    pub after: Option<String>,
    /// What it does to a running service.
    pub effect: Effect,
    /// Who calls or uses the service and is let down, in one sentence without a full stop.
    pub breaks: Option<String>,
}

/// The differences between two specifications, in the order of their paths.
///
/// The text form is for people: a line for each change below a line for each effect, and a
/// sentence at the end.
///
/// ```
/// use floe_spec::{ParseOptions, ValidSpec, diff, parse};
///
/// let spec = |port: u16| -> ValidSpec {
///     let text = format!(
///         "spec: {{containers: [{{name: a, image: /d/s/r/i, env: {{PORT: {port}}}}}]}}"
///     );
///     parse(&text, &ParseOptions::default()).spec.expect("valid")
/// };
/// assert_eq!(
///     diff(&spec(80), &spec(81)).to_string(),
///     "\
/// instances are replaced for:
///   changed spec.containers[a].env.PORT: `80` -> `81`
/// 1 change: instances are replaced one after the other
/// ",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SpecDiff {
    /// The differences.
    pub changes: Vec<Change>,
}

/// Compares what two specifications mean.
///
/// Order counts in `command` and `args` only (and among the steps of a scaling policy); elsewhere
/// things are matched by name. Quantities that are equal, and defaults that are written or not, are
/// the same. What is added or removed as a whole is one change. `networkPolicyConfig` is left out,
/// since it does nothing.
///
/// The effects are those of ALTER SERVICE; that it does not touch block volumes is said in
/// *Using block storage volumes with services* of the Snowflake documentation.
///
/// ```
/// use floe_spec::{ChangeKind, Effect, ParseOptions, diff, parse};
///
/// let spec = |cpu: &str, image: &str| {
///     let resources = format!("resources: {{limits: {{cpu: {cpu}}}}}");
///     let text = format!("spec: {{containers: [{{name: a, image: {image}, {resources}}}]}}");
///     parse(&text, &ParseOptions::default()).spec.expect("valid")
/// };
/// assert!(diff(&spec("500m", "/d/s/r/i:1"), &spec("0.5", "/d/s/r/i:1")).is_empty());
///
/// let changes = diff(&spec("1", "/d/s/r/i:1"), &spec("1", "/d/s/r/i:2")).changes;
/// assert_eq!(changes[0].path, "spec.containers[a].image");
/// assert_eq!((changes[0].kind, changes[0].effect), (ChangeKind::Changed, Effect::Restart));
/// assert_eq!(changes[0].after.as_deref(), Some("/d/s/r/i:2"));
/// ```
#[must_use]
pub fn diff(before: &ValidSpec, after: &ValidSpec) -> SpecDiff {
    let (before, after) = (flatten(before), flatten(after));
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let changes = paths
        .into_iter()
        .filter_map(|path| change(path, &before, &after))
        .collect();
    SpecDiff { changes }
}

type Entries = BTreeMap<String, Entry>;

fn change(path: &str, before: &Entries, after: &Entries) -> Option<Change> {
    let (old, new) = (before.get(path), after.get(path));
    let kind = match (old, new) {
        (Some(old), Some(new)) if old.meaning == new.meaning => return None,
        (Some(_), Some(_)) => ChangeKind::Changed,
        (Some(_), None) => ChangeKind::Removed,
        (None, Some(_)) => ChangeKind::Added,
        (None, None) => return None,
    };
    let entry = old.or(new)?;
    // What belongs to an item that comes or goes as a whole needs no change of its own.
    let alone = |item: &String| before.contains_key(item) != after.contains_key(item);
    if entry.item.as_ref().is_some_and(alone) {
        return None;
    }
    let value = |entry: &Entry| cut(&entry.shown);
    let (before, after) = (old.map(value), new.map(value));
    let effect = [old, new].into_iter().flatten().map(|entry| entry.effect);
    Some(Change {
        path: path.to_owned(),
        kind,
        breaks: old.and_then(|old| old.breaks.told(&old.shown, new.map(|new| &*new.shown))),
        effect: effect.max().unwrap_or(entry.effect),
        before,
        after,
    })
}

/// The text, or its beginning with dots behind it.
fn cut(text: &str) -> String {
    if text.chars().nth(MAX_VALUE).is_none() {
        return text.to_owned();
    }
    let beginning = text.chars().take(MAX_VALUE - 3);
    beginning.chain("...".chars()).collect()
}

impl SpecDiff {
    /// Whether both specifications mean the same.
    ///
    /// ```
    /// assert!(floe_spec::SpecDiff::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether a change replaces instances.
    ///
    /// ```
    /// use floe_spec::{ParseOptions, diff, parse};
    ///
    /// let spec = |image: &str| {
    ///     let text = format!("spec: {{containers: [{{name: a, image: {image}}}]}}");
    ///     parse(&text, &ParseOptions::default()).spec.expect("valid")
    /// };
    /// assert!(diff(&spec("/d/s/r/i:1"), &spec("/d/s/r/i:2")).needs_restart());
    /// assert!(!diff(&spec("/d/s/r/i:1"), &spec("/d/s/r/i:1")).needs_restart());
    /// ```
    #[must_use]
    pub fn needs_restart(&self) -> bool {
        self.has(Effect::Restart)
    }

    /// Whether a change lets down who calls the service or was granted a role of it.
    ///
    /// ```
    /// use floe_spec::{ParseOptions, diff, parse};
    ///
    /// let spec = |public: bool| {
    ///     let text = format!(
    ///         "spec: {{containers: [{{name: a, image: /d/s/r/i}}],
    ///           endpoints: [{{name: api, port: 80, public: {public}}}]}}"
    ///     );
    ///     parse(&text, &ParseOptions::default()).spec.expect("valid")
    /// };
    /// assert!(diff(&spec(true), &spec(false)).breaks_callers());
    /// assert!(!diff(&spec(false), &spec(true)).breaks_callers());
    /// ```
    #[must_use]
    pub fn breaks_callers(&self) -> bool {
        self.changes.iter().any(|change| change.breaks.is_some())
    }

    /// Whether ALTER SERVICE refuses a change, so that the service must be created anew.
    ///
    /// ```
    /// use floe_spec::{ParseOptions, diff, parse};
    ///
    /// let spec = |size: &str| {
    ///     let text = format!(
    ///         "spec: {{containers: [{{name: a, image: /d/s/r/i}}],
    ///           volumes: [{{name: data, source: block, size: {size}}}]}}"
    ///     );
    ///     parse(&text, &ParseOptions::default()).spec.expect("valid")
    /// };
    /// assert!(diff(&spec("10Gi"), &spec("20Gi")).is_refused());
    /// ```
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.has(Effect::Refused)
    }

    /// The differences for programs: one JSON object, ending with a newline.
    ///
    /// The object has the booleans `needsRestart`, `breaksCallers` and `refused`, and `changes`; a
    /// change has `path`, `kind` (`added`, `removed` or `changed`), `before` and `after` (or null),
    /// `effect` (`inPlace`, `restart` or `refused`) and `breaks` (or null).
    ///
    /// ```
    /// let text = floe_spec::SpecDiff::default().to_json();
    /// let report: serde_json::Value = serde_json::from_str(&text)?;
    /// assert_eq!(report["refused"], false);
    /// assert_eq!(report["changes"], serde_json::json!([]));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        pretty(&JsonDiff {
            needs_restart: self.needs_restart(),
            breaks_callers: self.breaks_callers(),
            refused: self.is_refused(),
            changes: self.changes.iter().map(JsonChange::of).collect(),
        })
    }

    fn has(&self, effect: Effect) -> bool {
        self.changes.iter().any(|change| change.effect == effect)
    }
}

impl fmt::Display for SpecDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (effect, title) in [
            (Effect::Refused, "ALTER SERVICE refuses:"),
            (Effect::Restart, "instances are replaced for:"),
            (Effect::InPlace, "no instance is replaced for:"),
        ] {
            if self.has(effect) {
                writeln!(f, "{title}")?;
            }
            for change in self.changes.iter().filter(|change| change.effect == effect) {
                writeln!(f, "  {change}")?;
            }
        }
        let summary = if self.is_empty() {
            return f.write_str("nothing changes\n");
        } else if self.is_refused() {
            "the service must be created anew"
        } else if self.needs_restart() {
            "instances are replaced one after the other"
        } else {
            "no instance is replaced"
        };
        let count = self.changes.len();
        let plural = if count == 1 { "" } else { "s" };
        let breaks = if self.breaks_callers() {
            ", and callers are let down"
        } else {
            ""
        };
        writeln!(f, "{count} change{plural}: {summary}{breaks}")
    }
}

/// One line without control characters.
///
/// ```
/// use floe_spec::{ParseOptions, diff, parse};
///
/// let spec = |fields: &str| {
///     let text = format!("spec: {{containers: [{{name: a, image: /d/s/r/i}}]{fields}}}");
///     parse(&text, &ParseOptions::default()).spec.expect("valid")
/// };
/// let changes = diff(&spec(""), &spec(", endpoints: [{name: api, port: 80}]")).changes;
/// assert_eq!(changes[0].to_string(), "added spec.endpoints[api]: `80`");
/// ```
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", word(self.kind), shown(&self.path))?;
        let values: Vec<String> = [&self.before, &self.after]
            .into_iter()
            .flatten()
            .map(|value| format!("`{}`", shown(value)))
            .collect();
        f.write_str(&values.join(" -> "))?;
        match &self.breaks {
            Some(breaks) => write!(f, "; {}", shown(breaks)),
            None => Ok(()),
        }
    }
}

fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonDiff<'a> {
    needs_restart: bool,
    breaks_callers: bool,
    refused: bool,
    changes: Vec<JsonChange<'a>>,
}

#[derive(Serialize)]
struct JsonChange<'a> {
    path: &'a str,
    kind: &'static str,
    before: Option<&'a str>,
    after: Option<&'a str>,
    effect: &'static str,
    breaks: Option<&'a str>,
}

impl<'a> JsonChange<'a> {
    fn of(change: &'a Change) -> Self {
        JsonChange {
            path: &change.path,
            kind: word(change.kind),
            before: change.before.as_deref(),
            after: change.after.as_deref(),
            effect: match change.effect {
                Effect::InPlace => "inPlace",
                Effect::Restart => "restart",
                Effect::Refused => "refused",
            },
            breaks: change.breaks.as_deref(),
        }
    }
}
