//! Streams of files: by SQL and by `floe stream`.

use std::fs;
use std::path::{Path, PathBuf};

use floe_peers::chaos::Chaos;

use crate::support::{Floe, Ran, eventually};

/// A place with a directory that files land in.
struct Place {
    floe: Floe,
    dir: tempfile::TempDir,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        let place = Self {
            floe: Floe::new(),
            dir,
        };
        files.iter().for_each(|(name, text)| place.land(name, text));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn land(&self, name: &str, text: &str) {
        fs::write(self.path("in").join(name), text).unwrap();
    }

    /// The arguments of `floe stream run` over this place.
    fn run(&self, more: &[&str]) -> Vec<String> {
        let (path, out, state) = (self.text("in"), self.text("out"), self.text("state"));
        let words = ["stream", "run", &path, "--to", &out, "--checkpoint", &state];
        let words = words
            .iter()
            .chain(&["--input", "json", "--stored-as", "json"]);
        words.chain(more).map(|&word| word.to_owned()).collect()
    }

    fn now(&self, more: &[&str]) -> Ran {
        let words = self.run(&[&["--available-now", "--format", "csv"], more].concat());
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let mut ran = self.floe.args(&words);
        ran.stdout = ran.stdout.replace('\r', "");
        ran
    }

    /// All rows in the output, sorted.
    fn rows(&self) -> Vec<String> {
        let mut rows = Vec::new();
        for entry in fs::read_dir(self.path("out")).into_iter().flatten() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            rows.extend(text.lines().map(str::to_owned));
        }
        rows.sort();
        rows
    }

    fn status(&self, name: &str) -> String {
        let ran = self
            .floe
            .args(&["stream", "status", &self.text("state"), "--format", "csv"]);
        let line = ran.stdout.lines().find(|line| line.starts_with(name));
        line.unwrap_or(&ran.stderr).to_owned()
    }
}

#[test]
fn the_example_takes_every_file_once_however_often_it_runs() {
    let place = Place::new(&[]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let sql = fs::read_to_string(root.join("examples/ingest.sql")).unwrap();
    // Everything that it writes goes to this test's own place.
    let sql = sql.replace("'.floe/", &format!("'{}/", place.dir.path().display()));
    let file = place.floe.file("ingest.sql", &sql);
    let run = || {
        let ran = place
            .floe
            .args(&["run", "--format", "csv", file.to_str().unwrap()]);
        assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
        // Lines of CSV end as RFC 4180 has them.
        ran.stdout.replace('\r', "")
    };
    let first = run();
    assert!(first.contains("\n1,3,134,0,0\n"), "{first}");
    assert!(first.contains("\n5,Zoë,I said Zoë\n"), "{first}");
    let second = run();
    assert!(second.contains("\n0,0,0,0,0\n"), "{second}");
    let rows = |text: &str| {
        text.lines()
            .filter(|line| line.contains(",I said "))
            .count()
    };
    assert_eq!((rows(&first), rows(&second)), (5, 5));
}

#[test]
fn a_stream_takes_what_is_there_and_then_what_came_since() {
    let place = Place::new(&[("a", "{\"id\":1}\n"), ("b", "{\"id\":2}\n")]);
    let first = place.now(&["--option", "maxFilesPerTrigger=1"]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(first.stdout.ends_with("2,2,18,0,0\n"), "{}", first.stdout);
    place.land("c", "{\"id\":3}\n");
    let second = place.now(&["--select", "id + 1 AS next", "--where", "id > 1"]);
    assert!(second.stdout.ends_with("1,1,9,0,0\n"), "{}", second.stdout);
    assert_eq!(place.rows(), ["{\"id\":1}", "{\"id\":2}", "{\"next\":4}"]);
    assert_eq!(place.status("numFilesKnown"), "numFilesKnown,3");
    assert_eq!(place.status("isRunning"), "isRunning,false");
}

#[test]
fn files_that_land_while_it_runs_come_at_once_and_an_interrupt_ends_it_well() {
    let place = Place::new(&[("a", "{\"id\":1}\n")]);
    let words = place.run(&["--notifications", "--consumers", "2"]);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let mut running = place.floe.start(&words);
    eventually("the first file is there", || place.rows().len() == 1);
    place.land("b", "{\"id\":2}\n");
    eventually("the second file is there", || place.rows().len() == 2);
    eventually("its progress is told", || {
        place.status("numFilesOutstanding") == "numFilesOutstanding,0"
            && place.status("isRunning") == "isRunning,true"
    });
    running.signal("INT");
    assert_eq!(running.wait(), Some(130));
    assert_eq!(place.status("isRunning"), "isRunning,false");
    let after = place.now(&[]);
    assert!(after.stdout.ends_with("0,0,0,0,0\n"), "{}", after.stdout);
    assert_eq!(place.rows(), ["{\"id\":1}", "{\"id\":2}"]);
}

#[test]
fn consumers_that_are_killed_again_and_again_lose_nothing_and_repeat_nothing() {
    let chaos = Chaos::new(env!("CARGO_BIN_EXE_floe"), 300, 10, 3);
    let report = chaos.in_a_directory().unwrap();
    assert!(report.is_exact() && report.ended.is_empty(), "{report}");
    assert_eq!(report.landed, 300);
}

#[test]
fn a_stream_that_cannot_be_says_why_at_the_place() {
    let place = Place::new(&[]);
    let (path, state) = (place.text("in"), place.text("state"));
    let cases = [
        ("COPY (SELECT 1) TO 'out'".to_owned(), "FLOE-ENGINE-0030"),
        (
            format!(
                "COPY (SELECT * FROM STREAM read_files('{path}/none', format => 'json', \
                 checkpoint => '{state}')) TO 'out'"
            ),
            "FLOE-ENGINE-0029",
        ),
        (
            "COPY (SELECT * FROM STREAM read_files('s3://landing/in', format => 'json', \
             checkpoint => 's3://landing/state')) TO 'out'"
                .to_owned(),
            "FLOE-ENGINE-0032",
        ),
        (
            format!(
                "COPY (SELECT * FROM STREAM read_files('{path}', format => 'json', \
                 checkpoint => '{state}', maxFilesPerTriger => 7)) TO 'out'"
            ),
            "FLOE-",
        ),
        (
            format!(
                "COPY (SELECT * FROM STREAM read_files('{path}', format => 'json', \
                 checkpoint => '{state}')) TO '{path}/deep/out'"
            ),
            "FLOE-ENGINE-0032",
        ),
        (
            format!("SELECT * FROM STREAM read_files('{path}')"),
            "FLOE-QUERY-0017",
        ),
    ];
    for (sql, code) in cases {
        let ran = place.floe.sql(&sql);
        assert_eq!(ran.code, Some(1), "{sql}: {}", ran.stdout);
        assert!(
            ran.stderr.contains(&format!("error[{code}")),
            "{sql}\n{}",
            ran.stderr
        );
    }
    let none = place
        .floe
        .args(&["stream", "status", &place.text("nothing")]);
    assert_eq!(none.code, Some(1));
    assert!(none.stderr.contains("FLOE-ENGINE-0028"), "{}", none.stderr);
    assert!(!place.path("nothing").exists(), "asking makes nothing");
}
