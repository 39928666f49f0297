//! From pairs of texts to options.

use std::collections::BTreeSet;

use super::values::Value;
use super::{Info, MAX_OPTIONS, MAX_VALUE_BYTES, Options, keys};
use crate::codes;
use crate::finding::{Finding, Level};
use crate::suggest;

/// Prefixes whose options are ours; a name with one of them is never passed on.
const STARTS: [&str; 3] = [keys::START, "databricks.", "floe."];

/// What people write that never was an option, or is one elsewhere, and what to do instead.
const ELSEWHERE: [(&str, &str); 8] = [
    (
        "fullDirectoryScanInterval",
        "it is no option; `cloudFiles.backfillInterval` lists regularly",
    ),
    (
        "backfillMaxFiles",
        "it is no option; `cloudFiles.maxFilesPerTrigger` bounds every batch",
    ),
    (
        "resourceTag",
        "write one option for each tag: `cloudFiles.resourceTag.<key>`",
    ),
    (
        "resourceTags",
        "write one option for each tag: `cloudFiles.resourceTag.<key>`",
    ),
    (
        "ignoreDirRenames",
        "renamed directories are listed; leave the option out",
    ),
    (
        "adlsBlobSuffix",
        "the host is taken from the path; leave the option out",
    ),
    (
        "adlsDfsSuffix",
        "the host is taken from the path; leave the option out",
    ),
    (
        "authenticationEndpoint",
        "the cloud is told by the host of the path; leave the option out",
    ),
];

pub(super) fn pairs<K: AsRef<str>, V: AsRef<str>>(
    pairs: impl IntoIterator<Item = (K, V)>,
) -> (Options, Vec<Finding>) {
    let mut reader = Reader::default();
    let mut rest = pairs.into_iter();
    for (name, value) in rest.by_ref().take(MAX_OPTIONS) {
        reader.read(name.as_ref(), value.as_ref());
    }
    if rest.next().is_some() {
        let message = format!("there are more than {MAX_OPTIONS} options; the rest is not read");
        reader
            .findings
            .push(Finding::error(codes::OUT_OF_RANGE, "options", message));
    }
    let Reader {
        options,
        mut findings,
        ..
    } = reader;
    if !options.get(keys::VALIDATE_OPTIONS) {
        for finding in findings
            .iter_mut()
            .filter(|it| it.code == codes::UNKNOWN_OPTION)
        {
            finding.level = Level::Warning;
        }
    }
    (options, findings)
}

#[derive(Default)]
struct Reader {
    options: Options,
    findings: Vec<Finding>,
    /// Names that were read, whatever their value was.
    seen: BTreeSet<String>,
}

impl Reader {
    fn read(&mut self, name: &str, value: &str) {
        if value.len() > MAX_VALUE_BYTES {
            let length = value.len();
            let message = format!("the value has {length} bytes; {MAX_VALUE_BYTES} are read");
            self.findings
                .push(Finding::error(codes::BAD_VALUE, name, message));
            return;
        }
        if let Some(key) = strip_start(name, keys::TAG_START) {
            return self.tag(name, key, value);
        }
        let Some(info) = find(name) else {
            return self.unknown(name, value);
        };
        if self.is_repeated(name, info.name) {
            return;
        }
        match Value::read(info.kind, value) {
            Ok(value) => {
                self.options.values.insert(info.name, value);
            }
            Err(problem) => {
                self.findings
                    .push(Finding::error(codes::BAD_VALUE, info.name, problem));
            }
        }
    }

    fn tag(&mut self, name: &str, key: &str, value: &str) {
        if key.is_empty() {
            let message = "the tag has no key";
            let finding = Finding::error(codes::BAD_TAG, name, message);
            self.findings
                .push(finding.with_hint("write cloudFiles.resourceTag.<key>"));
        } else if !self.is_repeated(name, name) {
            self.options.tags.insert(key.to_owned(), value.to_owned());
        }
    }

    fn unknown(&mut self, name: &str, value: &str) {
        if STARTS
            .iter()
            .any(|start| strip_start(name, start).is_some())
        {
            let mut finding =
                Finding::error(codes::UNKNOWN_OPTION, name, "there is no such option");
            finding.hint = hint(name);
            self.findings.push(finding);
            return;
        }
        if self.is_repeated(name, name) {
            return;
        }
        if let Some(meant) = meant_with_prefix(name) {
            let message = "the option goes to the reader of files as it is";
            let finding = Finding::warning(codes::UNKNOWN_OPTION, name, message);
            self.findings
                .push(finding.with_hint(format!("did you mean `{meant}`?")));
        }
        self.options
            .others
            .insert(name.to_owned(), value.to_owned());
    }

    /// Tells of a name that stands twice; the first value counts. Case does not make a name
    /// another one.
    fn is_repeated(&mut self, name: &str, canonical: &str) -> bool {
        if self.seen.insert(canonical.to_ascii_lowercase()) {
            return false;
        }
        let message = "the option is given twice";
        self.findings
            .push(Finding::error(codes::GIVEN_TWICE, name, message));
        true
    }
}

fn find(name: &str) -> Option<&'static Info> {
    keys::ALL.iter().find(|info| {
        let names = std::iter::once(info.name).chain(info.alias);
        names
            .into_iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    })
}

/// What stands behind a prefix, which may be written in any case.
fn strip_start<'a>(name: &'a str, start: &str) -> Option<&'a str> {
    let head = name.get(..start.len())?;
    head.eq_ignore_ascii_case(start)
        .then(|| name.get(start.len()..))
        .flatten()
}

/// A name without our prefixes.
fn bare(name: &str) -> &str {
    STARTS
        .iter()
        .find_map(|start| strip_start(name, start))
        .unwrap_or(name)
}

fn hint(name: &str) -> Option<String> {
    let plain = bare(name);
    let elsewhere = ELSEWHERE
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(plain));
    if let Some((_, advice)) = elsewhere {
        return Some((*advice).to_owned());
    }
    let meant = suggest::nearest(plain, keys::ALL.iter().map(|info| bare(info.name)))?;
    let info = keys::ALL.iter().find(|info| bare(info.name) == meant)?;
    Some(format!("did you mean `{}`?", info.name))
}

/// The option of ours that was meant by a name without prefix, beyond doubt.
fn meant_with_prefix(name: &str) -> Option<&'static str> {
    let mut known = keys::ALL.iter().filter(|info| info.name != "path");
    known
        .find(|info| suggest::is_slip(name, bare(info.name)))
        .map(|info| info.name)
}
