//! Who may depend on whom.

use serde_json::Value;

use super::Finding;
use crate::{Result, run};

/// The workspace as `cargo metadata` describes it.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    pub(super) members: Vec<Member>,
}

/// One package of the workspace.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) targets: Vec<Target>,
    /// The other packages of the house that it depends on.
    pub(super) needs: Vec<Need>,
}

/// One thing that cargo builds from a package.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: String,
    /// Its root file, seen from the workspace's root.
    pub(super) path: String,
    pub(super) is_library_or_program: bool,
    pub(super) is_bench: bool,
}

/// A dependency on another package of the house.
#[derive(Debug)]
pub(super) struct Need {
    pub(super) name: String,
    /// Whether only its tests need it.
    pub(super) for_tests: bool,
}

/// The floors of the house. A crate may use the floors below its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Floor {
    /// Pure: data in, data out.
    Ground,
    /// Drivers: one outside world each.
    First,
    /// The engine, and beside it the sample services, which it does not know.
    Second,
    /// What users start or depend on.
    Roof,
    /// What only the repository itself uses.
    Tools,
}

const FLOORS: &[(Floor, &[&str])] = &[
    (
        Floor::Ground,
        &[
            "floe-batch",
            "floe-dns",
            "floe-notify",
            "floe-rollout",
            "floe-scale",
            "floe-spec",
            "floe-sql",
            "floe-template",
        ],
    ),
    (
        Floor::First,
        &[
            "floe-datafusion",
            "floe-function",
            "floe-image",
            "floe-ingest",
            "floe-notify-aws",
            "floe-notify-azure",
            "floe-notify-gcp",
            "floe-notify-local",
            "floe-runtime",
            "floe-runtime-docker",
            "floe-runtime-kube",
            "floe-runtime-process",
        ],
    ),
    (
        Floor::Second,
        &["floe-engine", "floe-sample-echo", "floe-sample-rates"],
    ),
    (Floor::Roof, &["floe", "floe-cli", "floe-server"]),
    (Floor::Tools, &["floe-benches", "floe-peers", "xtask"]),
];

/// Crates of one floor do not know each other, but for these: who, and whom.
const NEIGHBOURS: &[(&str, &str)] = &[
    ("floe-datafusion", "floe-function"),
    ("floe-datafusion", "floe-ingest"),
    // The trait and its contract suite, and those who implement it.
    ("floe-runtime-docker", "floe-runtime"),
    ("floe-runtime-kube", "floe-runtime"),
    ("floe-runtime-process", "floe-runtime"),
];

/// What a pure crate may not pull in: async runtimes, TLS, HTTP.
const NOT_PURE: &[&str] = &[
    "async-io",
    "async-std",
    "aws-lc-rs",
    "aws-lc-sys",
    "axum",
    "curl",
    "h2",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "isahc",
    "mio",
    "native-tls",
    "openssl",
    "openssl-sys",
    "reqwest",
    "ring",
    "rustls",
    "smol",
    "socket2",
    "tokio",
    "tonic",
    "tower",
    "ureq",
];
/// Not on the ground floor, and as pure: implementers choose their own async runtime.
const PURE_TOO: &[&str] = &["floe-runtime"];

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    ///
    /// When cargo fails or answers something that is not understood.
    pub(super) fn ask() -> Result<Self> {
        let args = ["metadata", "--no-deps", "--format-version", "1"];
        Self::parse(&run::output(run::cargo(&args))?)
    }

    fn parse(metadata: &str) -> Result<Self> {
        let metadata: Value = serde_json::from_str(metadata)?;
        let root = text(&metadata, "workspace_root");
        let members = list(&metadata, "packages").iter().map(|package| Member {
            name: text(package, "name").to_owned(),
            targets: list(package, "targets")
                .iter()
                .map(|target| parse_target(root, target))
                .collect(),
            needs: list(package, "dependencies")
                .iter()
                .filter_map(parse_need)
                .collect(),
        });
        let members: Vec<Member> = members.collect();
        if members.is_empty() {
            return Err("`cargo metadata` names no packages".into());
        }
        Ok(Self { members })
    }
}

fn parse_target(root: &str, target: &Value) -> Target {
    let kinds: Vec<&str> = list(target, "kind")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let path = text(target, "src_path");
    let path = path
        .strip_prefix(root)
        .unwrap_or(path)
        .trim_start_matches('/');
    Target {
        name: text(target, "name").to_owned(),
        path: path.to_owned(),
        is_library_or_program: kinds.iter().any(|kind| *kind == "lib" || *kind == "bin"),
        is_bench: kinds.contains(&"bench"),
    }
}

/// A dependency by path is one on the house's own; all others are third parties.
fn parse_need(dependency: &Value) -> Option<Need> {
    dependency.get("path")?.as_str()?;
    let for_tests = dependency.get("kind").and_then(Value::as_str) == Some("dev");
    Some(Need {
        name: text(dependency, "name").to_owned(),
        for_tests,
    })
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// No arrow runs upwards, and neighbours do not know each other.
pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in &workspace.members {
        let Some(floor) = floor(&member.name) else {
            let message = format!("`{}` has no floor: xtask/src/tidy/crates.rs", member.name);
            findings.push(Finding::error("Cargo.toml", 0, message));
            continue;
        };
        for need in &member.needs {
            if let Some(wrong) = wrong(&member.name, floor, need) {
                findings.push(Finding::error("Cargo.toml", 0, wrong));
            }
        }
    }
    findings
}

fn floor(name: &str) -> Option<Floor> {
    FLOORS
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map(|(floor, _)| *floor)
}

/// Tests of a crate may use neighbours, and nothing above them.
fn wrong(name: &str, mine: Floor, need: &Need) -> Option<String> {
    let theirs = floor(&need.name)?;
    let other = &need.name;
    // Tests may use the repository's own tools: nobody who depends on the crate sees them.
    let is_tool_of_tests = need.for_tests && theirs == Floor::Tools;
    if theirs > mine && !is_tool_of_tests {
        return Some(format!(
            "`{name}` ({mine:?}) depends on `{other}` ({theirs:?}), which is above"
        ));
    }
    let known = NEIGHBOURS.contains(&(name, other));
    if theirs == mine && !need.for_tests && !known && mine < Floor::Roof {
        return Some(format!(
            "`{name}` depends on `{other}`, its neighbour ({mine:?})"
        ));
    }
    None
}

/// The default dependency trees of the pure crates.
///
/// # Errors
///
/// When cargo can not tell them.
pub(super) fn ground_trees(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for member in &workspace.members {
        let name = member.name.as_str();
        if floor(name) == Some(Floor::Ground) || PURE_TOO.contains(&name) {
            let args = ["tree", "-p", name, "--edges", "normal", "--prefix", "none"];
            findings.extend(impure(name, &run::output(run::cargo(&args))?));
        }
    }
    Ok(findings)
}

/// What is not pure in the output of `cargo tree --prefix none`.
fn impure(name: &str, tree: &str) -> Vec<Finding> {
    let mut found: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|package| NOT_PURE.contains(package) || package.starts_with("tokio-"))
        .collect();
    found.sort_unstable();
    found.dedup();
    let finding = |package: &str| {
        let message = format!("`{name}` is pure, and its dependencies pull in `{package}`");
        Finding::error("Cargo.toml", 0, message)
    };
    found.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(name: &str, needs: &[(&str, bool)]) -> Vec<String> {
        let need = |(name, for_tests): &(&str, bool)| Need {
            name: (*name).to_owned(),
            for_tests: *for_tests,
        };
        let needs = needs.iter().map(need).collect();
        let member = Member {
            name: name.to_owned(),
            targets: Vec::new(),
            needs,
        };
        let found = check(&Workspace {
            members: vec![member],
        });
        found.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn an_arrow_that_runs_upwards_is_found() {
        assert_eq!(
            messages("floe-spec", &[("floe-engine", false)]),
            ["`floe-spec` (Ground) depends on `floe-engine` (Second), which is above"]
        );
        let peers = "`floe-notify` (Ground) depends on `floe-peers` (Tools), which is above";
        assert_eq!(messages("floe-notify", &[("floe-peers", false)]), [peers]);
        assert!(messages("floe-notify", &[("floe-peers", true)]).is_empty());
        assert_eq!(messages("floe-function", &[("floe-engine", true)]).len(), 1);
        assert!(
            messages(
                "floe-engine",
                &[("floe-spec", false), ("floe-runtime", false)]
            )
            .is_empty()
        );
    }

    #[test]
    fn neighbours_do_not_know_each_other_but_for_the_named_ones() {
        assert_eq!(
            messages("floe-function", &[("floe-runtime", false)]),
            ["`floe-function` depends on `floe-runtime`, its neighbour (First)"]
        );
        assert_eq!(
            messages("floe-engine", &[("floe-sample-echo", false)]).len(),
            1
        );
        assert!(messages("floe-function", &[("floe-runtime", true)]).is_empty());
        assert!(messages("floe-datafusion", &[("floe-function", false)]).is_empty());
        assert_eq!(
            messages("floe-function", &[("floe-datafusion", false)]).len(),
            1
        );
        assert!(messages("floe-cli", &[("floe", false)]).is_empty());
    }

    #[test]
    fn a_crate_without_a_floor_is_found() {
        assert_eq!(messages("floe-attic", &[]).len(), 1);
    }

    #[test]
    fn what_is_not_pure_is_found_in_a_tree() {
        let tree =
            "floe-x v0.1.0 (/x)\nserde v1.0.0\ntokio v1.0.0\ntokio v1.0.0 (*)\ntokio-util v1\n";
        let found: Vec<String> = impure("floe-x", tree)
            .into_iter()
            .map(|f| f.message)
            .collect();
        assert_eq!(
            found,
            [
                "`floe-x` is pure, and its dependencies pull in `tokio`",
                "`floe-x` is pure, and its dependencies pull in `tokio-util`",
            ]
        );
        assert!(impure("floe-x", "floe-x v0.1.0 (/x)\ntokio_like v1\n").is_empty());
    }

    #[test]
    fn the_answer_of_cargo_is_read() {
        let workspace = Workspace::parse(
            r#"{"workspace_root": "/w", "packages": [{
                "name": "floe-a",
                "targets": [
                    {"name": "floe_a", "kind": ["lib"], "src_path": "/w/crates/a/src/lib.rs"},
                    {"name": "fast", "kind": ["bench"], "src_path": "/w/crates/a/benches/fast.rs"}
                ],
                "dependencies": [
                    {"name": "serde", "kind": null},
                    {"name": "floe-b", "kind": null, "path": "/w/crates/b"},
                    {"name": "floe-c", "kind": "dev", "path": "/w/crates/c"}
                ]
            }]}"#,
        )
        .unwrap();
        let member = &workspace.members[0];
        assert_eq!(member.targets[0].path, "crates/a/src/lib.rs");
        assert!(member.targets[0].is_library_or_program && member.targets[1].is_bench);
        let needs: Vec<_> = member
            .needs
            .iter()
            .map(|n| (n.name.as_str(), n.for_tests))
            .collect();
        assert_eq!(needs, [("floe-b", false), ("floe-c", true)]);
        assert!(Workspace::parse("{}").is_err());
    }
}
