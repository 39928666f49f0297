//! Blobs on disk: read with their size and digest proved, written whole or not at all.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use oci_spec::image::Descriptor;

use crate::digest::{Digest, Hashing};
use crate::error::{ImageError, What};
use crate::limits::{BUFFER_BYTES, MAX_JSON_BYTES};

/// The `blobs/sha256` directory of an image layout.
#[derive(Debug, Clone)]
pub(crate) struct Blobs {
    dir: PathBuf,
}

impl Blobs {
    pub(crate) fn new(layout: &Path) -> Self {
        Self {
            dir: layout.join("blobs/sha256"),
        }
    }

    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(digest.hex())
    }

    /// Opens a blob for reading. Anything but an ordinary file is refused: a device or a pipe
    /// could be read for ever.
    pub(crate) fn open(&self, what: What, blob: &Descriptor) -> Result<File, ImageError> {
        let file = self.open_file(what, &Digest::parse(blob.digest().as_ref())?)?;
        let size = file
            .metadata()
            .map_err(ImageError::io("inspect", &self.dir))?
            .len();
        if size != blob.size() {
            let (expected, found) = (blob.size(), size);
            return Err(ImageError::SizeMismatch {
                what,
                expected,
                found,
            });
        }
        Ok(file)
    }

    fn open_file(&self, what: What, digest: &Digest) -> Result<File, ImageError> {
        let path = self.path(digest);
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_file() => {}
            Ok(_) => return Err(ImageError::MissingBlob { what, path }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ImageError::MissingBlob { what, path });
            }
            Err(error) => return Err(ImageError::io("inspect", &path)(error)),
        }
        File::open(&path).map_err(ImageError::io("open", &path))
    }

    /// Reads a small blob into memory, proved.
    pub(crate) fn read(&self, what: What, blob: &Descriptor) -> Result<Vec<u8>, ImageError> {
        if blob.size() > MAX_JSON_BYTES {
            return Err(ImageError::TooLarge {
                what,
                limit: MAX_JSON_BYTES,
                unit: "bytes",
            });
        }
        let mut file = self.open(what, blob)?;
        let path = self.path(&Digest::parse(blob.digest().as_ref())?);
        let mut bytes = Vec::new();
        let proof = Proof::of(what, blob)?;
        copy_proved(&mut file, &mut bytes, &proof, (&path, &path))?;
        Ok(bytes)
    }

    /// Reads a small blob of which only the digest is known.
    pub(crate) fn read_by_digest(
        &self,
        what: What,
        digest: &Digest,
    ) -> Result<Vec<u8>, ImageError> {
        let (file, path) = (self.open_file(what, digest)?, self.path(digest));
        let mut bytes = Vec::new();
        let read = file.take(MAX_JSON_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(ImageError::io("read", &path))?;
        if bytes.len() as u64 > MAX_JSON_BYTES {
            return Err(ImageError::TooLarge {
                what,
                limit: MAX_JSON_BYTES,
                unit: "bytes",
            });
        }
        let found = Digest::of(&bytes);
        if found != *digest {
            return Err(ImageError::DigestMismatch {
                what,
                expected: digest.clone(),
                found,
            });
        }
        Ok(bytes)
    }

    /// Whether a blob is here already. Blobs get their name only when proved and durable.
    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.path(digest).is_file()
    }

    /// Copies a blob from another layout: proved on the way, durable before it gets its name.
    pub(crate) fn copy_from(
        &self,
        source: &Self,
        what: What,
        blob: &Descriptor,
        scratch: &Path,
    ) -> Result<(), ImageError> {
        let proof = Proof::of(what, blob)?;
        if self.has(&proof.digest) {
            return Ok(());
        }
        let mut from = source.open(what, blob)?;
        let mut to = File::create(scratch).map_err(ImageError::io("write", scratch))?;
        let places = (source.path(&proof.digest), scratch);
        copy_proved(&mut from, &mut to, &proof, (&places.0, places.1))?;
        to.sync_all().map_err(ImageError::io("write", scratch))?;
        let path = self.path(&proof.digest);
        fs::rename(scratch, &path).map_err(ImageError::io("move into place", &path))?;
        sync_dir(&self.dir)
    }
}

/// What a blob must turn out to be.
pub(crate) struct Proof {
    what: What,
    size: u64,
    digest: Digest,
}

impl Proof {
    pub(crate) fn of(what: What, blob: &Descriptor) -> Result<Self, ImageError> {
        let digest = Digest::parse(blob.digest().as_ref())?;
        Ok(Self {
            what,
            size: blob.size(),
            digest,
        })
    }
}

/// Copies exactly the declared bytes and proves their digest. `places` are the paths for messages:
/// read from, written to.
pub(crate) fn copy_proved(
    from: &mut dyn Read,
    to: &mut dyn Write,
    proof: &Proof,
    places: (&Path, &Path),
) -> Result<(), ImageError> {
    let Proof {
        what,
        size,
        ref digest,
    } = *proof;
    let mut to = Hashing::new(to);
    let mut buffer = vec![0; BUFFER_BYTES];
    // One byte more than declared is enough to know that there are too many.
    let mut from = from.take(size.saturating_add(1));
    loop {
        let read = from
            .read(&mut buffer)
            .map_err(ImageError::io("read", places.0))?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        to.write_all(bytes)
            .map_err(ImageError::io("write", places.1))?;
    }
    let (_, found, found_digest) = to.finish();
    if found != size {
        return Err(ImageError::SizeMismatch {
            what,
            expected: size,
            found,
        });
    }
    if found_digest != *digest {
        let (expected, found) = (digest.clone(), found_digest);
        return Err(ImageError::DigestMismatch {
            what,
            expected,
            found,
        });
    }
    Ok(())
}

/// Writes a small file whole or not at all, and durably. Its directory's `.new` file is in use
/// meanwhile, so callers hold a lock or own the directory.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), ImageError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let scratch = path.with_extension("new");
    let mut file = File::create(&scratch).map_err(ImageError::io("write", &scratch))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(ImageError::io("write", &scratch))?;
    fs::rename(&scratch, path).map_err(ImageError::io("move into place", path))?;
    sync_dir(dir)
}

/// Makes renames in a directory durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), ImageError> {
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(ImageError::io("write", dir))
}

/// Removes a file or a directory with all that is in it, if it is there.
pub(crate) fn remove_tree(path: &Path) -> Result<(), ImageError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(ImageError::io("remove", path)),
    }
}
