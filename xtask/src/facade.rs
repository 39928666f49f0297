//! The test crate `xtask/facade-user`: Floe as somebody else's dependency.
//!
//! It stands outside the workspace, so that nothing but its own manifest
//! decides which features are on, and it imports only `floe::`.

use crate::report::Parts;
use crate::{Result, run};

/// The crate's folder, seen from the root.
const FOLDER: &str = "xtask/facade-user";

/// One choice of features of the facade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Name of the feature, or empty for the default features.
    feature: &'static str,
    /// Whether CI has the time for it.
    in_ci: bool,
}

/// Every feature of the facade, the light ones first. Without the rest of the
/// workspace, those that stand on tokio or arrow ask for fewer features of them
/// (the clouds ask for more), so all of that would be built a second time; the
/// workspace's own tests build the facade with all features, and the nightly run
/// builds these.
const CHOICES: &[Choice] = &[
    Choice {
        feature: "",
        in_ci: true,
    },
    Choice {
        feature: "notify",
        in_ci: true,
    },
    Choice {
        feature: "local",
        in_ci: true,
    },
    Choice {
        feature: "ingest",
        in_ci: false,
    },
    Choice {
        feature: "function",
        in_ci: false,
    },
    Choice {
        feature: "runtime-process",
        in_ci: false,
    },
    Choice {
        feature: "sql",
        in_ci: false,
    },
    Choice {
        feature: "aws",
        in_ci: false,
    },
    Choice {
        feature: "azure",
        in_ci: false,
    },
    Choice {
        feature: "gcp",
        in_ci: false,
    },
    Choice {
        feature: "full",
        in_ci: false,
    },
];

/// The choices that `cargo xtask test` runs.
pub(crate) fn in_ci() -> Vec<Choice> {
    CHOICES
        .iter()
        .copied()
        .filter(|choice| choice.in_ci)
        .collect()
}

/// All choices.
pub(crate) fn all() -> Vec<Choice> {
    CHOICES.to_vec()
}

/// Builds and runs the crate once for every choice.
pub(crate) fn run(choices: &[Choice], parts: &mut Parts) {
    for choice in choices {
        let name = match choice.feature {
            "" => "facade, default features".to_owned(),
            feature => format!("facade, feature {feature}"),
        };
        parts.run(&name, || build_and_run(choice.feature));
    }
}

fn build_and_run(feature: &str) -> Result<()> {
    let root = run::root();
    // The same versions as the workspace's, so that dependencies with equal
    // features are built once in the target directory that both share.
    std::fs::copy(
        root.join("Cargo.lock"),
        root.join(FOLDER).join("Cargo.lock"),
    )?;
    let manifest = format!("{FOLDER}/Cargo.toml");
    let mut command = run::cargo(&["run", "--release", "--manifest-path", &manifest]);
    if !feature.is_empty() {
        command.args(["--features", feature]);
    }
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        command.env("CARGO_TARGET_DIR", root.join("target"));
    }
    run::check(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_of_the_test_crate_is_built_somewhere() {
        let manifest = run::root().join(FOLDER).join("Cargo.toml");
        let text = std::fs::read_to_string(manifest).unwrap();
        let (_, features) = text.split_once("[features]\n").unwrap();
        let names: Vec<&str> = features
            .lines()
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(" = "))
            .map(|(name, _)| name)
            .collect();
        let built: Vec<&str> = all().iter().skip(1).map(|choice| choice.feature).collect();
        assert_eq!(names, built);
        assert!(in_ci().len() < all().len());
    }
}
