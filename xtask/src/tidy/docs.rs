//! What ARCHITECTURE.md and README.md say exists.

use super::Finding;
use super::crates::Workspace;
use super::mask::find_word;
use super::tree::Tree;
use crate::COMMANDS;

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const README: &str = "README.md";

/// Languages of the fences that hold commands.
const SHELLS: &[&str] = &["console", "sh", "bash", "shell"];
/// Cargo's own commands that a README may name.
const CARGO_COMMANDS: &[&str] = &[
    "add", "bench", "build", "clippy", "doc", "fmt", "fuzz", "install", "run", "test", "xtask",
];
/// Folders whose files commands name.
const FOLDERS: &[&str] = &[
    "benches/",
    "crates/",
    "docs/",
    "examples/",
    "fuzz/",
    "xtask/",
];
/// Where the commands of the program `floe` are written down.
const CLI: &str = "crates/cli/src/";

/// Every crate of the workspace is named.
pub(super) fn architecture(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let Some(text) = tree.text(ARCHITECTURE) else {
        return vec![Finding::error(ARCHITECTURE, 0, "is missing")];
    };
    let missing = workspace.members.iter().filter(|member| {
        let name = format!("`{}`", member.name);
        !text.contains(&name)
    });
    missing
        .map(|member| {
            let message = format!("does not say what `{}` is", member.name);
            Finding::error(ARCHITECTURE, 0, message)
        })
        .collect()
}

/// The commands of the README exist, and the files that they name.
pub(super) fn readme(tree: &Tree, workspace: &Workspace) -> Vec<Finding> {
    let Some(text) = tree.text(README) else {
        return vec![Finding::error(README, 0, "is missing")];
    };
    let mut findings = Vec::new();
    for (line, command) in commands(text) {
        let words: Vec<&str> = command.split_whitespace().collect();
        let wrong = match words.as_slice() {
            ["cargo", rest @ ..] => cargo(rest, tree, workspace),
            ["floe", rest @ ..] => floe(rest, tree),
            _ => continue,
        };
        let files = missing_files(&words, tree);
        for message in wrong.into_iter().chain(files) {
            findings.push(Finding::error(README, line, message));
        }
    }
    findings
}

/// The lines of all shell fences that are commands, without the prompt. In a
/// `console` fence only lines with a prompt are; the others are output.
fn commands(text: &str) -> Vec<(usize, &str)> {
    let mut commands = Vec::new();
    let mut fence: Option<&str> = None;
    for (index, line) in text.lines().enumerate() {
        if let Some(info) = line.trim_start().strip_prefix("```") {
            fence = if fence.is_some() {
                None
            } else {
                Some(info.trim())
            };
            continue;
        }
        let Some(language) = fence.filter(|language| SHELLS.contains(language)) else {
            continue;
        };
        let prompted = line.trim_start().strip_prefix("$ ");
        let command = if language == "console" {
            prompted
        } else {
            prompted.or(Some(line))
        };
        commands.extend(command.map(|command| (index + 1, command.trim())));
    }
    commands
}

fn cargo(words: &[&str], tree: &Tree, workspace: &Workspace) -> Vec<String> {
    let mut wrong = Vec::new();
    let words = match words {
        [toolchain, rest @ ..] if toolchain.starts_with('+') => rest,
        _ => words,
    };
    let (own, passed_on) = match words.iter().position(|word| *word == "--") {
        Some(at) => (&words[..at], &words[at + 1..]),
        None => (words, [].as_slice()),
    };
    match own {
        ["xtask", command, ..] if COMMANDS.iter().all(|(name, _)| name != command) => {
            wrong.push(format!("`cargo xtask {command}` does not exist"));
        }
        [command, ..] if !CARGO_COMMANDS.contains(command) => {
            wrong.push(format!("`cargo {command}` does not exist"));
        }
        _ => {}
    }
    for pair in own.windows(2) {
        let known = match pair {
            ["-p" | "--package", name] => workspace.members.iter().any(|m| m.name == *name),
            ["--bench", name] => {
                let targets = workspace.members.iter().flat_map(|member| &member.targets);
                targets
                    .filter(|target| target.is_bench)
                    .any(|target| target.name == *name)
            }
            _ => continue,
        };
        if !known {
            wrong.push(format!("`{}` does not exist", pair.join(" ")));
        }
    }
    if own.first() == Some(&"run") && !own.contains(&"-p") {
        wrong.extend(floe(passed_on, tree));
    }
    wrong
}

/// The command of `floe` is a name in the program's sources: in the form of a
/// variant (`SampleEcho`), or as it is written (`"sample-echo"`).
fn floe(words: &[&str], tree: &Tree) -> Vec<String> {
    let Some(command) = words.first().filter(|word| !word.starts_with('-')) else {
        return Vec::new();
    };
    let variant: String = command.split('-').map(capitalized).collect();
    let quoted = format!("\"{command}\"");
    let known = tree
        .rust()
        .filter(|(path, _)| path.starts_with(CLI))
        .any(|(path, mask)| {
            find_word(&mask.code, &variant).next().is_some()
                || tree.text(path).is_some_and(|text| text.contains(&quoted))
        });
    if known {
        Vec::new()
    } else {
        vec![format!("`floe {command}` does not exist")]
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(chars)
        .collect()
}

fn missing_files(words: &[&str], tree: &Tree) -> Vec<String> {
    words
        .iter()
        .map(|word| word.trim_matches(['"', '\'', '`', ',']))
        .filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder)) && !tree.has(word))
        .map(|word| format!("there is no {word}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::crates::{Member, Target};
    use super::*;

    fn workspace() -> Workspace {
        let bench = Target {
            name: "fast".to_owned(),
            path: "benches/fast.rs".to_owned(),
            is_library_or_program: false,
            is_bench: true,
        };
        let member = |name: &str, targets| Member {
            name: name.to_owned(),
            targets,
            needs: vec![],
        };
        Workspace {
            members: vec![member("floe", vec![]), member("floe-benches", vec![bench])],
        }
    }

    fn wrong(commands: &str) -> Vec<String> {
        let readme = format!("# Floe\n\n```console\n{commands}\n```\n");
        let tree = Tree::of(&[
            ("README.md", &readme),
            ("examples/quickstart.sql", ""),
            (
                "crates/cli/src/args.rs",
                "enum Command { Run, SampleEcho }\n// Serve\n",
            ),
        ]);
        super::readme(&tree, &workspace())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn commands_that_exist_pass() {
        let commands = "$ cargo run --release -- run examples/quickstart.sql\n\
                        $ cargo xtask test\n$ cargo bench -p floe-benches --bench fast\n\
                        $ floe run -e \"SHOW SERVICES\"\n$ floe sample-echo\n$ ls nowhere\n\
                        floe vanish is a line of output";
        assert_eq!(wrong(commands), Vec::<String>::new());
    }

    #[test]
    fn commands_that_do_not_exist_are_found_with_their_line() {
        assert_eq!(
            wrong("$ cargo xtask fly"),
            ["error: README.md:4: `cargo xtask fly` does not exist"]
        );
        assert_eq!(wrong("$ cargo fly").len(), 1);
        assert_eq!(wrong("$ cargo bench --bench slow").len(), 1);
        assert_eq!(wrong("$ cargo test -p floe-attic").len(), 1);
        assert_eq!(wrong("$ floe serve").len(), 1);
        assert_eq!(wrong("$ cargo run --release -- serve").len(), 1);
        assert_eq!(
            wrong("$ cargo run -- run examples/none.sql"),
            ["error: README.md:4: there is no examples/none.sql"]
        );
    }

    #[test]
    fn only_shell_fences_hold_commands() {
        let text = "cargo fly\n```rust\ncargo fly\n```\n```sh\ncargo fly\n```\n";
        assert_eq!(commands(text), [(6, "cargo fly")]);
    }

    #[test]
    fn a_crate_that_the_map_does_not_name_is_found() {
        let tree = Tree::of(&[("ARCHITECTURE.md", "`floe` and floe-benches\n")]);
        let found = architecture(&tree, &workspace());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].message, "does not say what `floe-benches` is");
        assert_eq!(architecture(&Tree::default(), &workspace()).len(), 1);
    }
}
