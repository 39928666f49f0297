//! The one layer of a written image: a plain tar archive, the same for the same files.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use oci_spec::image::{Descriptor, MediaType};
use tar::{Builder, EntryType, Header};

use super::{Files, LayerFile, descriptor};
use crate::digest::Hashing;
use crate::error::{ImageError, What};
use crate::store::{Blobs, sync_dir};

/// Checks the paths and puts the files in order.
pub(super) fn plan(files: &[LayerFile]) -> Result<Files<'_>, ImageError> {
    let mut planned = Files::new();
    for file in files {
        let path = file
            .path_in_image
            .strip_prefix('/')
            .unwrap_or(&file.path_in_image);
        let proper = |part: &str| !matches!(part, "" | "." | "..") && !part.starts_with(".wh.");
        if !path.split('/').all(proper) || path.contains('\0') {
            return Err(invalid(&format!(
                "'{}' is not a path in an image",
                file.path_in_image
            )));
        }
        if planned.insert(path.to_owned(), file).is_some() {
            return Err(invalid(&format!("'{}' is given twice", file.path_in_image)));
        }
    }
    for path in planned.keys() {
        if let Some(file) = directories(path).find(|parent| planned.contains_key(*parent)) {
            return Err(invalid(&format!(
                "'/{file}' is a file and a directory at once"
            )));
        }
    }
    Ok(planned)
}

/// Writes the layer as a blob.
pub(super) fn write(
    blobs: &Blobs,
    blobs_dir: &Path,
    files: &Files<'_>,
    created_ms: u64,
) -> Result<Descriptor, ImageError> {
    let scratch = blobs_dir.join("layer.new");
    let file = File::create(&scratch).map_err(ImageError::io("write", &scratch))?;
    let writing = || ImageError::io("write", &scratch);
    let mut builder = Builder::new(Hashing::new(BufWriter::new(file)));
    let seconds = created_ms / 1000;
    let mut made = BTreeSet::new();
    for (path, file) in files {
        for parent in directories(path).filter(|parent| made.insert((*parent).to_owned())) {
            let mut header = entry_header(EntryType::Directory, 0o755, 0, seconds);
            let appended = builder.append_data(&mut header, format!("{parent}/"), std::io::empty());
            appended.map_err(writing())?;
        }
        append(&mut builder, path, file, seconds)?;
    }
    let (mut buffered, size, digest) = builder.into_inner().map_err(writing())?.finish();
    buffered.flush().map_err(writing())?;
    buffered.get_ref().sync_all().map_err(writing())?;
    let place = blobs.path(&digest);
    fs::rename(&scratch, &place).map_err(ImageError::io("move into place", &place))?;
    sync_dir(blobs_dir)?;
    descriptor(What::Layer(1), MediaType::ImageLayer, size, &digest)
}

fn append<W: Write>(
    builder: &mut Builder<W>,
    path: &str,
    file: &LayerFile,
    seconds: u64,
) -> Result<(), ImageError> {
    let source = File::open(&file.source).map_err(ImageError::io("open", &file.source))?;
    let meta = source
        .metadata()
        .map_err(ImageError::io("inspect", &file.source))?;
    if !meta.is_file() {
        return Err(invalid(&format!(
            "{} is not an ordinary file",
            file.source.display()
        )));
    }
    let mut header = entry_header(EntryType::Regular, file.mode, meta.len(), seconds);
    // A file that grows meanwhile is cut, one that shrinks is an error: the header is written.
    let mut content = Hashing::new(source.take(meta.len()));
    let appended = builder.append_data(&mut header, path, &mut content);
    appended.map_err(ImageError::io("copy", &file.source))?;
    if content.count() != meta.len() {
        return Err(invalid(&format!(
            "{} changed while it was copied",
            file.source.display()
        )));
    }
    Ok(())
}

fn entry_header(kind: EntryType, mode: u32, size: u64, seconds: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode & 0o7777);
    header.set_size(size);
    header.set_mtime(seconds);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// The directories around a path, outermost first.
fn directories(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').filter_map(|(at, _)| path.get(..at))
}

fn invalid(reason: &str) -> ImageError {
    ImageError::InvalidLayoutSpec {
        reason: reason.to_owned(),
    }
}
