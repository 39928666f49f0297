//! What a stream keeps from its first start.

use std::collections::BTreeMap;

use super::values::Value;
use super::{Change, Options, keys};
use crate::codes;
use crate::finding::Finding;

impl Options {
    /// Compares with what the checkpoint keeps ([`to_pairs`](Self::to_pairs) of the first start).
    /// Options that are only looked at then keep their old values, with a warning; another path is
    /// an error, because files that are already there would be missed.
    ///
    /// ```
    /// use floe_notify::Options;
    /// use floe_notify::options::keys;
    ///
    /// let (first, _) = Options::parse([("cloudFiles.format", "json")]);
    /// let kept = first.to_pairs(true);
    ///
    /// let (mut again, _) = Options::parse([
    ///     ("cloudFiles.format", "json"),
    ///     ("cloudFiles.includeExistingFiles", "false"),
    /// ]);
    /// let findings = again.restart(&kept);
    /// assert_eq!(findings[0].code, "FLOE-NOTIFY-0048");
    /// assert!(again.get(keys::INCLUDE_EXISTING_FILES));
    /// ```
    pub fn restart(&mut self, kept: &BTreeMap<String, String>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for info in keys::ALL
            .iter()
            .filter(|info| info.change != Change::NextStart)
        {
            let Some(old) = kept.get(info.name) else {
                continue;
            };
            let Ok(old) = Value::read(info.kind, old) else {
                let message = "the value that the checkpoint keeps cannot be read";
                findings.push(Finding::error(codes::FROZEN_OPTION, info.name, message));
                continue;
            };
            let given = self.values.get(info.name);
            let differs = given.is_some_and(|new| *new != old);
            if differs && info.change == Change::Fixed {
                let message = format!("the stream was started with {old}; it cannot be changed");
                let finding = Finding::error(codes::FROZEN_OPTION, info.name, message);
                findings.push(finding.with_hint("start a new stream with a new checkpoint"));
                continue;
            }
            if differs {
                let message = format!("the stream was started with {old}; that stays so");
                let finding = Finding::warning(codes::FROZEN_OPTION, info.name, message);
                findings.push(finding.with_hint("only the first start looks at it"));
            }
            self.values.insert(info.name, old);
        }
        findings
    }
}
