//! How long each part of a command took, and whether it passed.

use std::fmt::Write as _;
use std::time::Duration;

use crate::Result;

/// The parts of one command in the order in which they ran.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    done: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    name: String,
    took: Duration,
    failure: Option<String>,
}

impl Parts {
    /// Runs one part, keeps its time and, when it fails, the reason; later parts still run.
    pub(crate) fn run<T>(&mut self, name: &str, part: impl FnOnce() -> Result<T>) -> Option<T> {
        println!("\n== {name}");
        let watch = Stopwatch::start();
        let result = part();
        let failure = result.as_ref().err().map(ToString::to_string);
        if let Some(reason) = &failure {
            eprintln!("error: {name}: {reason}");
        }
        self.done.push(Part {
            name: name.to_owned(),
            took: watch.elapsed(),
            failure,
        });
        result.ok()
    }

    /// A table of names, times and outcomes.
    pub(crate) fn table(&self) -> String {
        let width = self
            .done
            .iter()
            .map(|part| part.name.chars().count())
            .max()
            .unwrap_or(0);
        let mut text = String::new();
        for part in &self.done {
            let outcome = if part.failure.is_some() {
                "FAILED"
            } else {
                "ok"
            };
            let _ = writeln!(
                text,
                "  {:<width$}  {:>8}  {outcome}",
                part.name,
                seconds(part.took)
            );
        }
        text
    }

    /// Rows for a Markdown table: part, time, outcome.
    pub(crate) fn markdown_rows(&self) -> String {
        let mut text = String::new();
        for part in &self.done {
            let outcome = part
                .failure
                .as_deref()
                .unwrap_or("passed")
                .replace('|', "\\|");
            let outcome = outcome.lines().next().unwrap_or_default();
            let _ = writeln!(
                text,
                "| {} | {} | {outcome} |",
                part.name,
                seconds(part.took)
            );
        }
        text
    }

    /// `Ok` when every part passed.
    ///
    /// # Errors
    ///
    /// Names the parts that failed.
    pub(crate) fn verdict(&self) -> Result<()> {
        let failed: Vec<&str> = self
            .done
            .iter()
            .filter(|part| part.failure.is_some())
            .map(|part| part.name.as_str())
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        Err(format!("failed: {}", failed.join(", ")).into())
    }
}

/// Seconds with one digit, as people compare them.
pub(crate) fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

/// The one place in this crate that looks at a clock.
#[derive(Debug)]
pub(crate) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "a tool that prints how long its parts took"
    )]
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_fails_is_named_and_the_next_part_still_runs() {
        let mut parts = Parts::default();
        assert_eq!(parts.run("first", || Err::<(), _>("broken".into())), None);
        assert_eq!(parts.run("second", || Ok(7)), Some(7));
        assert_eq!(parts.verdict().unwrap_err().to_string(), "failed: first");
        assert!(parts.table().lines().next().unwrap().ends_with("FAILED"));
        assert!(parts.table().lines().nth(1).unwrap().ends_with("ok"));
        assert!(parts.markdown_rows().contains("| broken |"));
    }

    #[test]
    fn parts_that_all_pass_give_a_good_verdict() {
        let mut parts = Parts::default();
        parts.run("only", || Ok(()));
        assert!(parts.verdict().is_ok());
    }
}
