//! What becomes of processed files.

use crate::codes;
use crate::finding::Finding;
use crate::options::{CleanSource, Interval, Options, keys};

/// Files are deleted after more than so long.
const LEAST_BEFORE_DELETE: Interval = Interval::from_days(7);

pub(super) fn check(options: &Options) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mode = options.get(keys::CLEAN_SOURCE);
    let name = keys::CLEAN_SOURCE.info().name;
    let retention_name = keys::CLEAN_SOURCE_RETENTION.info().name;
    let destination_name = keys::CLEAN_SOURCE_MOVE_DESTINATION.info().name;
    if mode != CleanSource::Off && options.get(keys::ALLOW_OVERWRITES) {
        let message = "a file that may still change cannot be deleted or moved; the option does \
                       not go together with `cloudFiles.allowOverwrites`";
        let finding = Finding::error(codes::EXCLUDING_OPTIONS, name, message);
        findings.push(finding.with_hint("leave out one of the two options"));
    }
    if mode == CleanSource::Move && !options.has(destination_name) {
        let message = "files are to be moved, but it is not said where";
        findings.push(Finding::error(
            codes::MISSING_OPTION,
            destination_name,
            message,
        ));
    }
    if mode != CleanSource::Move && options.has(destination_name) {
        let message = "files are not moved, because `cloudFiles.cleanSource` is not MOVE";
        findings.push(Finding::warning(
            codes::DOUBTFUL_OPTION,
            destination_name,
            message,
        ));
    }
    if mode == CleanSource::Off && options.has(retention_name) {
        let message = "files stay for ever, because `cloudFiles.cleanSource` is OFF";
        findings.push(Finding::warning(
            codes::DOUBTFUL_OPTION,
            retention_name,
            message,
        ));
    }
    findings.extend(retention(options, mode));
    findings
}

fn retention(options: &Options, mode: CleanSource) -> Vec<Finding> {
    let mut findings = Vec::new();
    let retention = options.get(keys::CLEAN_SOURCE_RETENTION);
    let name = keys::CLEAN_SOURCE_RETENTION.info().name;
    if mode == CleanSource::Delete && retention <= LEAST_BEFORE_DELETE {
        let message = format!(
            "files are deleted after more than {LEAST_BEFORE_DELETE}, not after {retention}"
        );
        findings.push(Finding::error(codes::OUT_OF_RANGE, name, message));
    }
    let age = options.find(keys::MAX_FILE_AGE);
    if let Some(age) = age.filter(|age| mode != CleanSource::Off && retention > *age) {
        let message = format!(
            "files stay for {retention}, but are forgotten after {age} and would be found again"
        );
        let finding = Finding::error(codes::OUT_OF_RANGE, name, message);
        findings.push(finding.with_hint("give `cloudFiles.maxFileAge` at least the same length"));
    }
    findings
}
