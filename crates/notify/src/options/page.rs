//! The page about options, made from the table.

use std::fmt::Write as _;

use super::{Group, Info, keys};
use crate::location::Cloud;

const HEAD: &str = "\
# Options of file notification

This page is generated from the table that the reader of options uses; a test compares them. Names, types and defaults are those
of the page *Auto Loader options* of the Databricks documentation; options that begin with `floe.` are our own. Names are
compared without regard to case. A name without prefix that is not listed here goes to the reader of files.

Everything that is wrong with the options of a stream is told at once, each with a code that `floe explain` explains. With
`cloudFiles.validateOptions` set to `false`, unknown and inconsistent options are warnings.

- A **size** is a whole number and `b`, `k`, `m`, `g`, `t` or `p`, each 1024 times the one before.
- An **interval** is one or more whole numbers with units from `microseconds` to `weeks`, such as `1 day 12 hours`.
- **Change** tells what another value does when a stream is started again.
";

const TAIL: &str = "
## Tags

`cloudFiles.resourceTag.<key>` gives every resource that is set up the tag `<key>`: tags of topic and queue on AWS, metadata of
the queue and a label (as JSON) of the event subscription on Azure, labels on GCP. The keys `vendor`, `path`,
`checkpointLocation`, `streamId` and `floe` are set by the system and cannot be given; GCP gets no `path` and no
`checkpointLocation`, whose values no label can hold, and the others in lower case.

## What does not go together

| options | what is told |
|---|---|
| `useNotifications` with `useIncrementalListing` | FLOE-NOTIFY-0043 |
| `useManagedFileEvents` with `useIncrementalListing`, `useNotifications`, `fetchParallelism`, `backfillInterval`, `pathRewrites` or `resourceTag` | FLOE-NOTIFY-0043 |
| `cleanSource` with `allowOverwrites` | FLOE-NOTIFY-0043 |
| `databricks.serviceCredential` with other credentials | FLOE-NOTIFY-0043 |
| queues of several clouds | FLOE-NOTIFY-0043 |
| a part of credentials that are given together | FLOE-NOTIFY-0044 |
| `roleExternalId`, `roleSessionName` or `stsEndpoint` without `roleArn` | FLOE-NOTIFY-0044 |
| credentials without `useNotifications` | FLOE-NOTIFY-0045 |
| a bound of zero, a retention that is too short or longer than `maxFileAge` | FLOE-NOTIFY-0046 |
| no `format`, neither a path nor a queue, a queue without path and schema | FLOE-NOTIFY-0047 |
| `includeExistingFiles`, `floe.resourcePrefix` or the path changed after the first start | FLOE-NOTIFY-0048 |
";

/// The page `docs/notification-options.md`.
///
/// ```
/// let page = floe_notify::options::page();
/// assert!(page.contains("| `cloudFiles.maxFilesPerTrigger` | whole number | `1000` |"));
/// ```
#[must_use]
pub fn page() -> String {
    let mut text = HEAD.to_owned();
    for (title, includes) in sections() {
        let _ = write!(
            text,
            "\n## {title}\n\n| option | value | default | change | about |\n|---|---|---|---|---|\n"
        );
        for info in keys::ALL.iter().filter(|info| includes(info.group)) {
            let _ = writeln!(text, "{}", row(info));
        }
    }
    text.push_str(TAIL);
    text
}

type Includes = fn(Group) -> bool;

fn sections() -> [(&'static str, Includes); 6] {
    [
        ("All streams", |group| group == Group::Common),
        ("Listing", |group| group == Group::Listing),
        ("Notification", |group| group == Group::Notification),
        ("AWS", |group| group.cloud() == Some(Cloud::Aws)),
        ("Azure", |group| group.cloud() == Some(Cloud::Azure)),
        ("GCP", |group| group.cloud() == Some(Cloud::Gcp)),
    ]
}

fn row(info: &Info) -> String {
    let alias = info
        .alias
        .map_or_else(String::new, |alias| format!(" (also `{alias}`)"));
    let default = match info.default {
        "" => String::new(),
        words if !info.has_default() => words.to_owned(),
        written => format!("`{written}`"),
    };
    format!(
        "| `{}`{alias} | {} | {default} | {} | {} |",
        info.name, info.kind, info.change, info.about
    )
}
