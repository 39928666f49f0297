//! Chaos over a directory of this machine.

use std::path::Path;

use super::{Chaos, Consumer, Random, Report, content, count, name};

impl Chaos {
    /// Runs the stream over a directory: one process with all consumers, because the ledger of a
    /// directory belongs to one process. Each life is with notifications or without.
    ///
    /// # Errors
    ///
    /// What kept it from being done; a stream that loses or repeats is a [`Report`].
    ///
    /// See [`Chaos`] for an example.
    pub fn in_a_directory(&self) -> Result<Report, String> {
        let root = Scratch::new()?;
        let place = root.path();
        let landing = place.join("landing");
        std::fs::create_dir_all(&landing).map_err(|error| error.to_string())?;
        let mut random = self.random();
        let mut report = Report::default();
        for turn in 0..self.kills {
            let mut consumer = self.consume(place, random.below(3) > 0, false)?;
            self.land(&landing, turn, &mut random, &mut report)?;
            std::thread::sleep(random.life());
            match consumer.kill()? {
                None => report.kills += 1,
                Some(words) => report.ended.push(words),
            }
        }
        self.consume(place, false, true)?.finish()?;
        count(&place.join("out"), report.landed, &mut report)?;
        Ok(report)
    }

    fn consume(&self, place: &Path, notified: bool, is_last: bool) -> Result<Consumer, String> {
        let path = place.join("landing");
        let (data, out, state) = (place.join("data"), place.join("out"), place.join("state"));
        let mut command = self.command(
            &data,
            &path.to_string_lossy(),
            &out,
            &state.to_string_lossy(),
        );
        command.args(["--consumers", &self.consumers.to_string()]);
        if notified {
            command.arg("--notifications");
        }
        if is_last {
            command.arg("--available-now");
        }
        Consumer::start(command, place.join("log"))
    }

    /// Files land as programs write them: under a hidden name, and then under their own.
    fn land(
        &self,
        landing: &Path,
        turn: u64,
        random: &mut Random,
        report: &mut Report,
    ) -> Result<(), String> {
        let told = |error: std::io::Error| error.to_string();
        for _ in 0..self.share(turn) {
            let number = report.landed;
            let folder = match random.below(4) {
                0 => landing.to_path_buf(),
                one => landing
                    .join(format!("day={one}"))
                    .join(format!("{}", number % 7)),
            };
            std::fs::create_dir_all(&folder).map_err(told)?;
            let hidden = folder.join(format!(".{}", name(number)));
            std::fs::write(&hidden, content(number)).map_err(told)?;
            std::fs::rename(hidden, folder.join(name(number))).map_err(told)?;
            report.landed += 1;
        }
        Ok(())
    }
}

/// A directory that is removed in the end.
pub(super) struct Scratch(std::path::PathBuf);

impl Scratch {
    pub(super) fn new() -> Result<Self, String> {
        let id = std::process::id();
        let unique = |number: u32| std::env::temp_dir().join(format!("floe-chaos-{id}-{number}"));
        for number in 0..1_000 {
            let path = unique(number);
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(format!("{}: {error}", path.display())),
            }
        }
        Err("there is no room for a directory of its own".to_owned())
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed stays in the directory for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
