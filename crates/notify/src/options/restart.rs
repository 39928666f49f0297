//! What a stream keeps from its first start.

use std::collections::BTreeMap;

use super::values::Value;
use super::{Change, Info, Options, keys};
use crate::codes;
use crate::finding::Finding;

/// What a checkpoint keeps of the options of a stream's first start, as pairs of name and text.
///
/// The defaults are kept, too: a stream keeps those that it was made with, whatever a later version
/// has.
///
/// ```
/// use floe_notify::Options;
///
/// let (options, _) = Options::parse([("cloudFiles.format", "json")]);
/// let kept = options.keep();
/// assert_eq!(kept.given["cloudFiles.format"], "json");
/// assert_eq!(kept.defaults["cloudFiles.includeExistingFiles"], "true");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The options that were given, but for secrets and the options of the reader.
    pub given: BTreeMap<String, String>,
    /// The defaults that held.
    pub defaults: BTreeMap<String, String>,
}

impl Options {
    /// What a checkpoint has to keep after the first start.
    ///
    /// ```
    /// assert!(floe_notify::Options::default().keep().given.is_empty());
    /// ```
    #[must_use]
    pub fn keep(&self) -> Kept {
        let defaults = keys::ALL.iter().filter(|info| info.has_default());
        Kept {
            given: self.to_pairs(),
            defaults: defaults
                .map(|info| (info.name.to_owned(), info.default.to_owned()))
                .collect(),
        }
    }

    /// Takes over what the checkpoint keeps of the first start, and tells what cannot be changed.
    ///
    /// An option that is not given has the default of the first start. One that only the first
    /// start looks at keeps its old value, with a warning; another path is an error, because files
    /// that are already there would be missed.
    ///
    /// ```
    /// use floe_notify::Options;
    /// use floe_notify::options::keys;
    ///
    /// let (first, _) = Options::parse([("cloudFiles.format", "json")]);
    /// let kept = first.keep();
    ///
    /// let (mut again, _) = Options::parse([
    ///     ("cloudFiles.format", "json"),
    ///     ("cloudFiles.includeExistingFiles", "false"),
    /// ]);
    /// let findings = again.restart(&kept);
    /// assert_eq!(findings[0].code, "FLOE-NOTIFY-0048");
    /// assert!(again.get(keys::INCLUDE_EXISTING_FILES));
    /// ```
    pub fn restart(&mut self, kept: &Kept) -> Vec<Finding> {
        let mut findings = Vec::new();
        for info in keys::ALL.iter().filter(|info| !info.secret) {
            let default = kept.defaults.get(info.name);
            let old = match info.change {
                Change::NextStart => default,
                Change::FirstStart | Change::Fixed => kept.given.get(info.name).or(default),
            };
            let Some(old) = old else { continue };
            let Ok(old) = Value::read(info.kind, old) else {
                let message = "the value that the checkpoint keeps cannot be read";
                findings.push(Finding::error(codes::FROZEN_OPTION, info.name, message));
                continue;
            };
            findings.extend(self.settle(info, old));
        }
        findings
    }

    /// Takes over the old value of an option, unless another one may be given.
    fn settle(&mut self, info: &Info, old: Value) -> Option<Finding> {
        let given = self.values.get(info.name);
        let finding = match info.change {
            _ if given.is_none_or(|new| *new == old) => None,
            Change::NextStart => return None,
            Change::FirstStart => {
                let message = format!("the stream was started with {old}; that stays so");
                let finding = Finding::warning(codes::FROZEN_OPTION, info.name, message);
                Some(finding.with_hint("only the first start looks at it"))
            }
            Change::Fixed => {
                let message = format!("the stream was started with {old}; it cannot be changed");
                let finding = Finding::error(codes::FROZEN_OPTION, info.name, message);
                return Some(finding.with_hint("start a new stream with a new checkpoint"));
            }
        };
        self.values.insert(info.name, old);
        finding
    }
}
