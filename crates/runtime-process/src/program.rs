//! Finds a container's program and working directory in its unpacked image.
//!
//! There is no chroot: a path is used under the image's root when it exists there, and on the
//! host otherwise. Symbolic links are followed as if the image's root were `/`.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// Most symbolic links on the way to one file; Linux itself allows 40.
const LINKS: usize = 40;

/// Returns the file to execute for the program `name`, or why there is none.
pub(crate) fn find(
    root: &Path,
    working_dir: &Path,
    search: &str,
    name: &str,
) -> Result<PathBuf, String> {
    if name.starts_with('/') {
        let inside = in_root(root, Path::new(name)).filter(|path| path.exists());
        return executable(inside.unwrap_or_else(|| name.into()), name);
    }
    if name.contains('/') {
        return executable(working_dir.join(name), name);
    }
    let directories = || {
        search
            .split(':')
            .filter(|directory| directory.starts_with('/'))
    };
    let inside = directories().filter_map(|d| in_root(root, &Path::new(d).join(name)));
    let outside = directories().map(|directory| Path::new(directory).join(name));
    let mut candidates = inside.chain(outside);
    candidates
        .find(|path| is_executable_file(path))
        .ok_or_else(|| format!("no program `{name}` in the directories {search}"))
}

fn executable(path: PathBuf, name: &str) -> Result<PathBuf, String> {
    if is_executable_file(&path) {
        return Ok(path);
    }
    Err(match fs::metadata(&path) {
        Ok(data) if data.is_file() => format!("`{name}` is not executable ({})", path.display()),
        Ok(_) => format!("`{name}` is not a file ({})", path.display()),
        Err(error) => format!("`{name}` cannot be found ({}: {error})", path.display()),
    })
}

fn is_executable_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

/// Returns the directory to work in, or why there is none.
pub(crate) fn working_dir(root: &Path, wanted: Option<&str>) -> Result<PathBuf, String> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else {
        return if root.is_dir() {
            Ok(root.to_owned())
        } else {
            Err(format!(
                "the unpacked image is missing ({})",
                root.display()
            ))
        };
    };
    let absolute = Path::new("/").join(wanted);
    let inside = in_root(root, &absolute).filter(|path| path.is_dir());
    match inside.unwrap_or(absolute) {
        path if path.is_dir() => Ok(path),
        _ => Err(format!(
            "the working directory `{wanted}` exists neither in the image nor here"
        )),
    }
}

/// Resolves a path with `root` as `/`; none when it has too many links. It need not exist.
fn in_root(root: &Path, path: &Path) -> Option<PathBuf> {
    let mut inside = PathBuf::new();
    let mut ahead: VecDeque<OsString> = names(path);
    let mut links = 0;
    while let Some(name) = ahead.pop_front() {
        if name == ".." {
            // Above the root there is the root, as in a chroot.
            inside.pop();
            continue;
        }
        let next = root.join(&inside).join(&name);
        let Ok(target) = fs::read_link(&next) else {
            inside.push(name);
            continue;
        };
        links += 1;
        if links > LINKS {
            return None;
        }
        if target.is_absolute() {
            inside.clear();
        }
        for name in names(&target).into_iter().rev() {
            ahead.push_front(name);
        }
    }
    Some(root.join(inside))
}

fn names(path: &Path) -> VecDeque<OsString> {
    let name = |component| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    };
    path.components().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn image() -> tempfile::TempDir {
        let image = tempfile::tempdir().unwrap();
        fs::create_dir_all(image.path().join("app/bin")).unwrap();
        for (name, mode) in [("app/bin/server", 0o755), ("app/data", 0o644)] {
            let path = image.path().join(name);
            fs::write(&path, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        image
    }

    fn search(image: &tempfile::TempDir, name: &str) -> Result<PathBuf, String> {
        find(
            image.path(),
            &image.path().join("app"),
            "/app/bin:relative:/bin",
            name,
        )
    }

    #[test]
    fn a_program_is_taken_from_the_image_and_else_from_the_host() {
        let image = image();
        let server = image.path().join("app/bin/server");
        assert_eq!(search(&image, "/app/bin/server"), Ok(server.clone()));
        assert_eq!(search(&image, "server"), Ok(server.clone()));
        assert_eq!(search(&image, "bin/server"), Ok(server));
        assert_eq!(search(&image, "/bin/sh"), Ok("/bin/sh".into()));
        assert_eq!(search(&image, "sh"), Ok("/bin/sh".into()));
    }

    #[test]
    fn links_are_followed_inside_the_image() {
        let image = image();
        let server = fs::canonicalize(image.path().join("app/bin/server")).unwrap();
        symlink("/app/bin", image.path().join("absolute")).unwrap();
        symlink("../../../../app/bin/server", image.path().join("app/up")).unwrap();
        symlink("loop", image.path().join("loop")).unwrap();
        for name in ["/absolute/server", "/app/up"] {
            let found = search(&image, name).unwrap();
            assert_eq!(fs::canonicalize(found).unwrap(), server, "{name}");
        }
        assert!(search(&image, "/loop").is_err());
    }

    #[test]
    fn what_cannot_be_run_is_explained() {
        let image = image();
        let explains = |name: &str, words: &str| {
            let reason = search(&image, name).unwrap_err();
            assert!(reason.contains(words), "{reason}");
        };
        explains("/app/data", "not executable");
        explains("/app", "not a file");
        explains("/nowhere/to/be/found", "cannot be found");
        explains("no-such-program-here", "no program `no-such-program-here`");
    }

    #[test]
    fn the_working_directory_is_taken_from_the_image_and_else_from_the_host() {
        let image = image();
        let root = image.path();
        assert_eq!(working_dir(root, None), Ok(root.to_owned()));
        assert_eq!(working_dir(root, Some("")), Ok(root.to_owned()));
        assert_eq!(working_dir(root, Some("/app")), Ok(root.join("app")));
        assert_eq!(working_dir(root, Some("app/bin")), Ok(root.join("app/bin")));
        assert_eq!(working_dir(root, Some("/proc")), Ok("/proc".into()));
        assert!(working_dir(root, Some("/no/where")).is_err());
        assert!(
            working_dir(&root.join("gone"), None)
                .unwrap_err()
                .contains("is missing")
        );
    }
}
