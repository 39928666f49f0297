//! A directory that nothing written through this module can leave.
//!
//! Paths here are relative to the root and *real*: none of their parents is a symbolic link. They
//! come from [`Tree::enter`] alone. The directory is private to one unpacking process under a
//! lock, so what was looked at does not change before it is used.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use super::bad;
use crate::error::{ImageError, What};
use crate::limits::MAX_LINKS;

/// What of a mode is kept: permissions and the sticky bit. A set-user-id program of some image
/// must not become one on this machine.
const KEPT_MODE: u32 = 0o1777;

pub(super) struct Tree {
    root: PathBuf,
}

impl Tree {
    pub(super) fn create(root: &Path) -> Result<Self, ImageError> {
        fs::create_dir(root).map_err(ImageError::io("make the directory", root))?;
        let tree = Self {
            root: root.to_owned(),
        };
        tree.set_mode(Path::new(""), 0o755)?;
        Ok(tree)
    }

    /// The real path of a directory of the image, following symbolic links as they would be
    /// followed inside it. Directories that do not exist are made, or the answer is `None`.
    pub(super) fn enter(
        &self,
        what: What,
        parts: Vec<OsString>,
        make: bool,
    ) -> Result<Option<PathBuf>, ImageError> {
        let mut ahead: VecDeque<OsString> = parts.into();
        let mut real = PathBuf::new();
        let mut links = 0;
        while let Some(part) = ahead.pop_front() {
            if part == ".." {
                if !real.pop() {
                    return Err(escapes(what, &ahead));
                }
                continue;
            }
            let next = real.join(&part);
            match self.look(&next)? {
                Some(meta) if meta.is_dir() => real = next,
                Some(meta) if meta.is_symlink() => {
                    links += 1;
                    if links > MAX_LINKS {
                        let reason = format!("'{}' leads through too many links", next.display());
                        return Err(bad(what, &reason));
                    }
                    self.follow(&next, &mut real, &mut ahead)?;
                }
                Some(_) => {
                    return Err(bad(
                        what,
                        &format!("'{}' is not a directory", next.display()),
                    ));
                }
                None if make => {
                    self.make_dir(&next, 0o755)?;
                    real = next;
                }
                None => return Ok(None),
            }
        }
        Ok(Some(real))
    }

    fn follow(
        &self,
        link: &Path,
        real: &mut PathBuf,
        ahead: &mut VecDeque<OsString>,
    ) -> Result<(), ImageError> {
        let place = self.root.join(link);
        let target = fs::read_link(&place).map_err(ImageError::io("read the link", &place))?;
        for component in target.components().rev() {
            match component {
                Component::Normal(part) => ahead.push_front(part.to_owned()),
                Component::ParentDir => ahead.push_front(OsString::from("..")),
                // Inside an image, an absolute link starts at the root of the image.
                Component::RootDir => *real = PathBuf::new(),
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
        Ok(())
    }

    /// A directory that is there stays, with a new mode; anything else makes way.
    pub(super) fn make_dir(&self, path: &Path, mode: u32) -> Result<(), ImageError> {
        if !self.look(path)?.is_some_and(|meta| meta.is_dir()) {
            self.clear(path)?;
            let place = self.root.join(path);
            fs::create_dir(&place).map_err(ImageError::io("make the directory", &place))?;
        }
        // Its owner can always go on working in it, and remove it.
        self.set_mode(path, mode | 0o700)
    }

    /// A new empty file in place of whatever is there, and its absolute path for messages.
    pub(super) fn make_file(&self, path: &Path) -> Result<(File, PathBuf), ImageError> {
        self.clear(path)?;
        let place = self.root.join(path);
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&place);
        let file = opened.map_err(ImageError::io("write", &place))?;
        Ok((file, place))
    }

    pub(super) fn finish_file(
        &self,
        file: &File,
        path: &Path,
        mode: u32,
        modified: Option<SystemTime>,
    ) -> Result<(), ImageError> {
        let permissions = Permissions::from_mode((mode & KEPT_MODE) | 0o400);
        let place = self.root.join(path);
        file.set_permissions(permissions)
            .map_err(ImageError::io("set the mode of", &place))?;
        match modified {
            Some(at) => file
                .set_modified(at)
                .map_err(ImageError::io("set the time of", &place)),
            None => Ok(()),
        }
    }

    /// The target is kept as it is written; it is only ever followed by [`Tree::enter`].
    pub(super) fn make_symlink(&self, path: &Path, target: &OsStr) -> Result<(), ImageError> {
        self.clear(path)?;
        let place = self.root.join(path);
        symlink(target, &place).map_err(ImageError::io("make the link", &place))
    }

    pub(super) fn make_hard_link(
        &self,
        what: What,
        path: &Path,
        existing: &Path,
    ) -> Result<(), ImageError> {
        match self.look(existing)? {
            Some(meta) if !meta.is_dir() => {}
            _ => {
                let reason = format!("the hard link '{}' leads to no file", path.display());
                return Err(bad(what, &reason));
            }
        }
        if path == existing {
            return Ok(());
        }
        self.clear(path)?;
        let place = self.root.join(path);
        // The last part is not followed when it is a symbolic link itself.
        let linked = fs::hard_link(self.root.join(existing), &place);
        linked.map_err(ImageError::io("make the link", &place))
    }

    /// Removes everything in a directory but what is in `written`.
    pub(super) fn remove_lower(
        &self,
        path: &Path,
        written: &BTreeSet<PathBuf>,
    ) -> Result<(), ImageError> {
        let place = self.root.join(path);
        for entry in fs::read_dir(&place).map_err(ImageError::io("list", &place))? {
            let name = entry.map_err(ImageError::io("list", &place))?.file_name();
            self.remove_unless_written(&path.join(name), written)?;
        }
        Ok(())
    }

    /// Removes a path of a lower layer; what this layer has written there stays.
    pub(super) fn remove_unless_written(
        &self,
        path: &Path,
        written: &BTreeSet<PathBuf>,
    ) -> Result<(), ImageError> {
        // Paths sort by their parts, so what lies below a path follows it at once.
        let from = path.to_owned();
        let kept = written
            .range(from..)
            .next()
            .is_some_and(|next| next.starts_with(path));
        match self.look(path)? {
            Some(meta) if kept && meta.is_dir() => self.remove_lower(path, written),
            Some(_) if !kept => self.clear(path),
            _ => Ok(()),
        }
    }

    /// Waits until everything written is on disk. One call for the file system is much cheaper
    /// than one for each of thousands of files.
    pub(super) fn sync(&self) -> Result<(), ImageError> {
        let root = File::open(&self.root).map_err(ImageError::io("open", &self.root))?;
        rustix::fs::syncfs(root)
            .map_err(io::Error::from)
            .map_err(ImageError::io("write", &self.root))
    }

    /// Removes whatever is at a path, without following it.
    fn clear(&self, path: &Path) -> Result<(), ImageError> {
        crate::store::remove_tree(&self.root.join(path))
    }

    fn look(&self, path: &Path) -> Result<Option<Metadata>, ImageError> {
        let place = self.root.join(path);
        match fs::symlink_metadata(&place) {
            Ok(meta) => Ok(Some(meta)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ImageError::io("inspect", place)(error)),
        }
    }

    fn set_mode(&self, path: &Path, mode: u32) -> Result<(), ImageError> {
        let place = self.root.join(path);
        let permissions = Permissions::from_mode(mode & KEPT_MODE);
        fs::set_permissions(&place, permissions).map_err(ImageError::io("set the mode of", &place))
    }
}

fn escapes(what: What, ahead: &VecDeque<OsString>) -> ImageError {
    let rest: PathBuf = ahead.iter().collect();
    ImageError::LayerEscapes {
        what,
        entry: rest.to_string_lossy().into_owned(),
        reason: "leads out of the image through a symbolic link",
    }
}
