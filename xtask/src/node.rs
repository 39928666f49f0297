//! Node programs at exact versions, each with its packages in a folder of its own in `.tools/`.

use std::path::{Path, PathBuf};

use crate::{Result, run};

/// What npm reads. The lock file names versions and checksums, and no place to load them from.
const MANIFEST: &str = "package.json";
const LOCK: &str = "package-lock.json";

/// A folder of packages.
pub(crate) struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// Installs what the lock file beside `manifest` names into this folder, seen from the root,
    /// unless it is there.
    ///
    /// # Errors
    ///
    /// When there is no npm, or it can not install something.
    pub(crate) fn prepare(folder: &str, manifest: &Path) -> Result<Self> {
        let packages = Self {
            folder: run::root().join(folder),
        };
        let wanted = std::fs::read_to_string(manifest.join(LOCK))?;
        let done = packages.folder.join("installed.json");
        if std::fs::read_to_string(&done).ok().as_ref() != Some(&wanted) {
            std::fs::create_dir_all(&packages.folder)?;
            for name in [MANIFEST, LOCK] {
                std::fs::copy(manifest.join(name), packages.folder.join(name))?;
            }
            // Scripts of packages are not run: nothing here needs one.
            let quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
            let mut install = run::program("npm", &["ci"]);
            install.args(quiet).current_dir(&packages.folder);
            run::check(install)?;
            // Written last: a folder that is not complete is made anew.
            std::fs::write(&done, &wanted)?;
        }
        Ok(packages)
    }

    /// Where a file of a package lies, for example `azurite/dist/src/azurite.js`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join("node_modules").join(name)
    }
}
