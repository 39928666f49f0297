//! Python programs at exact versions, each set in a virtual environment of its own in `.tools/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, run};

/// A copy of the requirements in the environment tells what was installed.
const REQUIREMENTS: &str = "requirements.txt";

/// A virtual environment.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes the environment in this folder, seen from the root, unless it is there with the same
    /// requirements.
    ///
    /// # Errors
    ///
    /// When there is no python3, or it can not install something.
    pub(crate) fn prepare(folder: &str, requirements: &Path) -> Result<Self> {
        let environment = Self {
            folder: run::root().join(folder),
        };
        let wanted = std::fs::read_to_string(requirements)?;
        let installed = environment.folder.join(REQUIREMENTS);
        if std::fs::read_to_string(&installed).ok().as_ref() != Some(&wanted) {
            let mut make = run::program("python3", &["-m", "venv", "--clear"]);
            make.arg(&environment.folder);
            run::check(make)?;
            let mut install = environment.program("python");
            install.args(["-m", "pip", "install", "--quiet"]);
            install.args(["--disable-pip-version-check", "--requirement"]);
            install.arg(requirements);
            run::check(install)?;
            // Written last: an environment that is not complete is made anew.
            std::fs::write(&installed, &wanted)?;
        }
        Ok(environment)
    }

    /// Where a program of the environment lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// Where its packages lie.
    ///
    /// # Errors
    ///
    /// When its Python does not start.
    pub(crate) fn packages(&self) -> Result<PathBuf> {
        let mut ask = self.program("python");
        ask.args([
            "-c",
            "import sysconfig; print(sysconfig.get_path('purelib'))",
        ]);
        Ok(PathBuf::from(run::output(ask)?.trim()))
    }

    /// A program of the environment.
    pub(crate) fn program(&self, name: &str) -> Command {
        run::program::<&str>(&self.path(name).to_string_lossy(), &[])
    }
}

/// Whether every requirement in the text is at one version.
#[cfg(test)]
pub(crate) fn is_exact(requirements: &str) -> bool {
    requirements.lines().all(|line| {
        let exact = line.split_once("==").is_some_and(|(name, version)| {
            let is_number = |part: &str| part.parse::<u32>().is_ok();
            // A release that was corrected afterwards ends in `post` and a number, one before the
            // first in `b` and a number.
            let fits = |part: &str| {
                let part = part.strip_prefix("post").unwrap_or(part);
                part.split('b').all(is_number)
            };
            !name.is_empty() && version.split('.').all(fits)
        });
        exact || line.is_empty() || line.starts_with('#')
    })
}
