//! How the program of an emulator is had.

use std::path::{Path, PathBuf};

use crate::node::Packages;
use crate::python::Environment;
use crate::{Result, run};

/// The folder of what is to be installed, seen from the root.
const FOLDER: &str = "xtask/emulators";
/// The folder of what was installed, seen from the root.
const TOOLS: &str = ".tools/emulators";
/// Where the Pub/Sub emulator lies in Google's Cloud SDK.
const PUB_SUB: &str = "platform/pubsub-emulator/lib";
/// Where Debian's package of the Cloud SDK lies.
const CLOUD_SDK: &str = "/usr/lib/google-cloud-sdk";

/// A program that has to be had first.
pub(super) enum Program {
    /// Requirements `NAME.txt`, and a program of the environment they make.
    Python(&'static str, &'static str),
    /// The same, and a program that lies in one of its packages.
    Wheel(&'static str, &'static str),
    /// A folder with a lock file, and a script of its packages.
    Node(&'static str, &'static str),
    /// Google's own, which comes with the Cloud SDK and from nowhere else.
    PubSub,
}

impl Program {
    /// Installs it when it is not there.
    ///
    /// # Errors
    ///
    /// When it can not be had.
    pub(super) fn command(&self) -> Result<PathBuf> {
        match self {
            Self::Python(package, program) => Ok(environment(package)?.path(program)),
            Self::Wheel(package, program) => Ok(environment(package)?.packages()?.join(program)),
            Self::Node(..) => Ok(PathBuf::from("node")),
            Self::PubSub => Ok(PathBuf::from("java")),
        }
    }

    /// What its command is told before everything else.
    pub(super) fn first_arguments(&self) -> Result<Vec<PathBuf>> {
        match self {
            Self::Python(..) | Self::Wheel(..) => Ok(Vec::new()),
            Self::Node(package, script) => {
                let folder = format!("{TOOLS}/{package}");
                let packages = Packages::prepare(&folder, &run::root().join(FOLDER).join(package))?;
                Ok(vec![packages.path(script)])
            }
            Self::PubSub => Ok(vec!["-Xmx512m".into(), "-jar".into(), pub_sub()?]),
        }
    }

    /// Whether it can not be installed, only found.
    pub(super) fn is_excused(&self) -> bool {
        matches!(self, Self::PubSub)
    }
}

/// A Python with the clients that the clouds' makers write themselves.
///
/// # Errors
///
/// When they can not be installed.
pub(super) fn vendor_python() -> Result<PathBuf> {
    Ok(environment("vendor")?.path("python"))
}

fn environment(package: &str) -> Result<Environment> {
    let requirements = run::root().join(FOLDER).join(format!("{package}.txt"));
    Environment::prepare(&format!("{TOOLS}/{package}"), &requirements)
}

fn pub_sub() -> Result<PathBuf> {
    let given = std::env::var_os("CLOUDSDK_ROOT_DIR").map(PathBuf::from);
    let sdk = given.unwrap_or_else(|| PathBuf::from(CLOUD_SDK));
    let missing = || {
        format!(
            "there is no Pub/Sub emulator in {}: install it with Google's Cloud SDK, or say in \
             CLOUDSDK_ROOT_DIR where that is",
            sdk.display()
        )
    };
    let files = std::fs::read_dir(sdk.join(PUB_SUB)).map_err(|_| missing())?;
    let mut jars: Vec<PathBuf> = files
        .filter_map(|file| file.ok().map(|file| file.path()))
        .filter(|path| is_emulator(path))
        .collect();
    jars.sort();
    jars.pop().ok_or_else(|| missing().into())
}

fn is_emulator(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("cloud-pubsub-emulator-") && name.ends_with("-all.jar")
}

#[cfg(test)]
mod tests {
    use super::super::table::EMULATORS;
    use super::*;

    #[test]
    fn every_requirement_is_exact() {
        let packages = EMULATORS
            .iter()
            .filter_map(|emulator| match emulator.program {
                Program::Python(package, _) | Program::Wheel(package, _) => Some(package),
                Program::Node(..) | Program::PubSub => None,
            });
        for package in packages.chain(["vendor"]) {
            let file = run::root().join(FOLDER).join(format!("{package}.txt"));
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(crate::python::is_exact(&text), "{}", file.display());
            assert!(text.contains("=="), "{}", file.display());
        }
    }

    #[test]
    fn the_emulator_is_known_by_its_name() {
        assert!(is_emulator(Path::new(
            "/x/cloud-pubsub-emulator-0.8.20-all.jar"
        )));
        assert!(!is_emulator(Path::new(
            "/x/cloud-pubsub-emulator-0.8.20.jar"
        )));
    }
}
