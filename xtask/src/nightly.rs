//! `cargo xtask nightly`: what CI has no time for, with its result kept in the repository.

use crate::report::Parts;
use crate::{Result, chaos, facade, fuzz, model_check, peers, run, simulate};

/// Where the last result is kept, seen from the root.
const RESULT: &str = "docs/nightly.md";
/// How long each fuzz target runs: ten minutes.
const FUZZ_SECONDS: &str = "600";

/// Runs the long parts and writes their result.
///
/// # Errors
///
/// Names the parts that failed, after the result was written.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let seconds = match args {
        [] => FUZZ_SECONDS,
        [option, seconds] if option == "--seconds" => seconds,
        _ => return Err("the one option is --seconds N, the time of each fuzz target".into()),
    };
    let mut parts = Parts::default();
    facade::run(&facade::all(), &mut parts);
    parts.run("upgrades of six instances, every state", || {
        model_check::run(&["--full".to_owned()])
    });
    parts.run("file streams: 1,000,000 lives", || {
        simulate::run(&["ingest", "--seeds", "1000000"].map(str::to_owned))
    });
    parts.run("file streams: 20,000 files, 200 kills", || chaos::run(&[]));
    parts.run("benchmarks", || run::check(run::cargo(&["bench"])));
    let calls = parts.run("calls beside Python", || peers::measure(false));
    parts.run(&format!("fuzz targets, {seconds} s each"), || {
        fuzz::run(&["--seconds".to_owned(), seconds.to_owned()])
    });
    let mut page = page(&parts, &said("date", &["-u", "+%F"]));
    if let Some(calls) = calls {
        page.push_str(&section("Calls beside Python", &calls));
    }
    std::fs::write(run::root().join(RESULT), page)?;
    println!("\n{}\nwrote {RESULT}", parts.table());
    parts.verdict()
}

fn page(parts: &Parts, day: &str) -> String {
    let commit = said("git", &["rev-parse", "--short", "HEAD"]);
    let machine = said("uname", &["-sm"]);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "# The last long run\n\n\
         `cargo xtask nightly` on {day}, commit {commit}, {machine}, {cores} processors.\n\n\
         | part | time | outcome |\n|---|---|---|\n{}",
        parts.markdown_rows()
    )
}

/// What a part printed, under a heading of its own.
fn section(heading: &str, printed: &str) -> String {
    format!("\n## {heading}\n\n```text\n{}\n```\n", printed.trim_end())
}

/// What a program answers, or `unknown`.
fn said(name: &str, args: &[&str]) -> String {
    run::output(run::program(name, args))
        .map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_a_row_for_every_part() {
        let mut parts = Parts::default();
        parts.run("good", || Ok(()));
        parts.run("bad", || Err::<(), _>("it broke".into()));
        let page = page(&parts, "2030-01-02");
        assert!(page.contains("2030-01-02"));
        assert!(page.contains("| good |"), "{page}");
        assert!(
            page.lines().last().unwrap().ends_with("| it broke |"),
            "{page}"
        );
    }

    #[test]
    fn what_a_part_printed_is_kept_as_it_is() {
        let section = section("Calls", "rows  time\n   1   2 |\n\n");
        assert_eq!(
            section,
            "\n## Calls\n\n```text\nrows  time\n   1   2 |\n```\n"
        );
    }
}
