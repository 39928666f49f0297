//! The segments of the log on disk.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::LocalError;

/// A segment that is larger gets no more records; the next one is begun.
pub(super) const SEGMENT_BYTES: u64 = 4 << 20;
/// What every segment begins with; behind it stands the first number that was not used yet.
pub(super) const MAGIC: [u8; 16] = *b"floe-queue-log 1";
/// Bytes of the magic and of the number.
pub(super) const HEADER_BYTES: usize = 24;
const ENDING: &str = ".log";
const DAMAGED: &str = ".damaged";

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u64,
    pub(super) at: u64,
    pub(super) bytes: u32,
}

/// Files that are written at their end only, and deleted from the oldest on.
#[derive(Debug)]
pub(super) struct Log {
    folder: PathBuf,
    handle: File,
    /// All but the newest may be read only; empty files are allowed.
    segments: BTreeMap<u64, Segment>,
    /// Whether something was written since the last sync.
    dirty: bool,
    /// Why nothing may be written any more.
    broken: Option<String>,
}

#[derive(Debug)]
struct Segment {
    file: File,
    bytes: u64,
}

impl Log {
    /// Opens all segments of a folder; the caller reads them.
    pub(super) fn open(folder: &Path) -> Result<Self, LocalError> {
        let mut log = Self {
            folder: folder.to_owned(),
            handle: File::open(folder).map_err(|error| LocalError::io("open", folder, error))?,
            segments: BTreeMap::new(),
            dirty: false,
            broken: None,
        };
        for number in numbers(folder)? {
            let path = log.path(number);
            let file = OpenOptions::new().read(true).write(true).open(&path);
            let file = file.map_err(|error| LocalError::io("open", &path, error))?;
            let metadata = file.metadata();
            let metadata = metadata.map_err(|error| LocalError::io("read", &path, error))?;
            let bytes = metadata.len();
            log.segments.insert(number, Segment { file, bytes });
        }
        Ok(log)
    }

    pub(super) fn numbers(&self) -> Vec<u64> {
        self.segments.keys().copied().collect()
    }

    pub(super) fn oldest(&self) -> Option<u64> {
        self.segments.keys().next().copied()
    }

    /// The segment that is written to, if there is one.
    pub(super) fn newest(&self) -> Option<u64> {
        self.segments.keys().next_back().copied()
    }

    /// Bytes of all segments together.
    pub(super) fn bytes(&self) -> u64 {
        self.segments.values().map(|segment| segment.bytes).sum()
    }

    pub(super) fn read_whole(&self, number: u64) -> Result<Vec<u8>, LocalError> {
        let Some(segment) = self.segments.get(&number) else {
            return Ok(Vec::new());
        };
        let bytes = usize::try_from(segment.bytes).unwrap_or(usize::MAX);
        self.read_at(number, 0, bytes)
    }

    pub(super) fn read(&self, place: Place) -> Result<Vec<u8>, LocalError> {
        let bytes = usize::try_from(place.bytes).unwrap_or(usize::MAX);
        self.read_at(place.segment, place.at, bytes)
    }

    fn read_at(&self, number: u64, at: u64, bytes: usize) -> Result<Vec<u8>, LocalError> {
        let path = self.path(number);
        let failed = |error| LocalError::io("read", &path, error);
        let segment = self.segments.get(&number);
        let segment = segment.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        let mut buffer = vec![0; bytes];
        segment
            .file
            .read_exact_at(&mut buffer, at)
            .map_err(failed)?;
        Ok(buffer)
    }

    /// Writes records at the end; where the first one begins. They are not durable yet.
    ///
    /// After an error nothing was written, or the log is broken. Should a segment begin, it notes
    /// that messages below `next` have been there.
    pub(super) fn append(&mut self, next: u64, records: &[u8]) -> Result<(u64, u64), LocalError> {
        let number = self.writable(next)?;
        let path = self.path(number);
        let Some(segment) = self.segments.get_mut(&number) else {
            return Err(LocalError::io(
                "write",
                path,
                io::ErrorKind::NotFound.into(),
            ));
        };
        let at = segment.bytes;
        self.dirty = true;
        if let Err(error) = segment.file.write_all_at(records, at) {
            if let Err(undo) = segment.file.set_len(at) {
                self.broken = Some(format!("{error}, and then {undo}"));
            }
            return Err(LocalError::io("write", path, error));
        }
        segment.bytes += records.len() as u64;
        Ok((number, at))
    }

    /// Makes everything durable that was appended.
    pub(super) fn sync(&mut self) -> Result<(), LocalError> {
        self.whole()?;
        if !std::mem::take(&mut self.dirty) {
            return Ok(());
        }
        let Some((number, segment)) = self.segments.last_key_value() else {
            return Ok(());
        };
        // After a failed sync nobody knows what is on the disk, so nothing more is written.
        let result = segment.file.sync_data();
        let result = result.map_err(|error| LocalError::io("sync", self.path(*number), error));
        if let Err(error) = &result {
            self.broken = Some(error.to_string());
        }
        result
    }

    /// False when somebody has deleted the folder, or the segment that is written to.
    pub(super) fn is_there(&self) -> bool {
        let newest = self.segments.values().next_back();
        let newest = newest.map(|segment| &segment.file);
        let mut files = std::iter::once(&self.handle).chain(newest);
        // What is deleted and still open has no name any more.
        files.all(|file| file.metadata().is_ok_and(|metadata| metadata.nlink() > 0))
    }

    /// Cuts a segment after its last good record.
    pub(super) fn cut(&mut self, number: u64, bytes: u64) -> Result<(), LocalError> {
        let path = self.path(number);
        let Some(segment) = self.segments.get_mut(&number) else {
            return Ok(());
        };
        let cut = segment.file.set_len(bytes);
        let cut = cut.and_then(|()| segment.file.sync_all());
        cut.map_err(|error| LocalError::io("shorten", path, error))?;
        segment.bytes = bytes;
        Ok(())
    }

    pub(super) fn delete(&mut self, number: u64) -> Result<(), LocalError> {
        let path = self.path(number);
        self.segments.remove(&number);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(LocalError::io("delete", path, error))
            }
            _ => Ok(()),
        }
    }

    /// Keeps a damaged segment for people to look at, outside of the log.
    pub(super) fn set_aside(&mut self, number: u64) -> Result<(), LocalError> {
        let path = self.path(number);
        self.segments.remove(&number);
        let aside = path.with_extension(DAMAGED.trim_start_matches('.'));
        let renamed = std::fs::rename(&path, aside);
        renamed.map_err(|error| LocalError::io("rename", path, error))
    }

    /// Begins a new segment, whatever the size of the newest is.
    pub(super) fn begin(&mut self, next: u64) -> Result<u64, LocalError> {
        // Durable in order: what comes later in the log is never on the disk alone.
        self.sync()?;
        let number = self.newest().map_or(1, |newest| newest + 1);
        let path = self.path(number);
        let failed = |error| LocalError::io("create", &path, error);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(failed)?;
        let mut header = MAGIC.to_vec();
        header.extend(next.to_le_bytes());
        let written = file.write_all_at(&header, 0).and_then(|()| file.sync_all());
        if let Err(error) = written.and_then(|()| sync_folder(&self.folder)) {
            // Without its header the file would be taken for a damaged one.
            drop(std::fs::remove_file(&path));
            return Err(failed(error));
        }
        let bytes = header.len() as u64;
        self.segments.insert(number, Segment { file, bytes });
        Ok(number)
    }

    fn writable(&mut self, next: u64) -> Result<u64, LocalError> {
        self.whole()?;
        match self.segments.last_key_value() {
            Some((number, segment)) if segment.bytes < SEGMENT_BYTES => Ok(*number),
            _ => self.begin(next),
        }
    }

    fn whole(&self) -> Result<(), LocalError> {
        match &self.broken {
            Some(reason) => Err(LocalError::Broken {
                path: self.folder.clone(),
                reason: reason.clone(),
            }),
            None => Ok(()),
        }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:020}{ENDING}"))
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Whether a file in the folder of a queue is one of its own.
pub(crate) fn is_own(name: &str) -> bool {
    number_of(name, ENDING).is_some() || number_of(name, DAMAGED).is_some()
}

fn number_of(name: &str, ending: &str) -> Option<u64> {
    // As many digits as the largest number has.
    let digits = name
        .strip_suffix(ending)
        .filter(|digits| digits.len() == 20)?;
    digits.parse().ok()
}

fn numbers(folder: &Path) -> Result<Vec<u64>, LocalError> {
    let failed = |error| LocalError::io("list", folder, error);
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        numbers.extend(name.to_str().and_then(|name| number_of(name, ENDING)));
    }
    numbers.sort_unstable();
    Ok(numbers)
}
