//! What containers print: cut into lines, stamped, kept in two bounded files per container.
//!
//! A line on disk is `<RFC 3339 time> <O or E> <text>`; `O` is stdout and `E` stderr.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use floe_runtime::LOG_BYTES;
use floe_runtime::clock::{Clock, Timestamp};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::ProcessError;

/// Most bytes of one log file; with the older file beside it a container keeps twice this.
const FILE_LIMIT: u64 = 1024 * 1024;

/// Longest line that is kept whole, in bytes.
const LINE_LIMIT: usize = 16 * 1024;

/// What follows a line that was longer.
const CUT_MARK: &str = " [cut by Floe at 16 KiB]";

/// Bytes read from a pipe at a time. A chunk of empty lines grows 28-fold by its stamps and
/// must still fit one file.
const CHUNK: usize = 16 * 1024;

/// Most services whose output is kept in one state directory.
const SERVICES_LIMIT: usize = 256;

/// Which stream of a container a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Error,
}

/// The two files of one container.
#[derive(Debug)]
pub(crate) struct LogFiles {
    path: PathBuf,
    open: Option<(File, u64)>,
    failing: bool,
}

/// The log files as the pumps of both streams and the readers share them.
pub(crate) type SharedLog = Arc<Mutex<LogFiles>>;

impl LogFiles {
    /// Nothing is opened before the first line.
    pub(crate) fn at(path: PathBuf) -> SharedLog {
        Arc::new(Mutex::new(Self {
            path,
            open: None,
            failing: false,
        }))
    }

    /// Appends whole lines. A disk that is full or gone costs the lines, not the container.
    fn append(&mut self, lines: &[u8]) {
        match self.try_append(lines) {
            Ok(()) => self.failing = false,
            Err(error) => {
                self.open = None;
                if !std::mem::replace(&mut self.failing, true) {
                    let path = self.path.display();
                    tracing::warn!(%path, %error, "container output is lost: cannot be written");
                }
            }
        }
    }

    fn try_append(&mut self, lines: &[u8]) -> io::Result<()> {
        let (mut file, mut size) = match self.open.take() {
            Some(open) => open,
            None => open_for_append(&self.path)?,
        };
        let grown = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        if size > 0 && size.saturating_add(grown) > FILE_LIMIT {
            fs::rename(&self.path, older(&self.path))?;
            (file, size) = open_for_append(&self.path)?;
        }
        file.write_all(lines)?;
        self.open = Some((file, size + grown));
        Ok(())
    }

    /// Returns the newest lines without their stamps, oldest first.
    fn newest(&self, lines: Option<usize>) -> Result<String, ProcessError> {
        let mut text = read_if_there(&older(&self.path))?;
        text.push_str(&read_if_there(&self.path)?);
        let mut bytes = 0;
        let mut kept: Vec<&str> = text
            .lines()
            .rev()
            .map(without_stamp)
            .take(lines.unwrap_or(usize::MAX))
            .take_while(|line| {
                bytes += line.len() + 1;
                bytes <= LOG_BYTES
            })
            .collect();
        kept.reverse();
        Ok(kept.iter().map(|line| format!("{line}\n")).collect())
    }
}

/// Reads the newest lines, away from the threads that must not block.
pub(crate) async fn read(log: SharedLog, lines: Option<usize>) -> Result<String, ProcessError> {
    let path = lock(&log).path.clone();
    let read = tokio::task::spawn_blocking(move || lock(&log).newest(lines)).await;
    read.unwrap_or_else(|error| {
        Err(ProcessError::Logs {
            path,
            source: io::Error::other(error),
        })
    })
}

/// Carries everything from a pipe into the log, until the pipe's last writer is gone.
pub(crate) async fn pump(
    mut pipe: impl AsyncRead + Unpin,
    stream: Stream,
    log: SharedLog,
    clock: Arc<dyn Clock>,
) {
    let mut cutter = LineCutter::default();
    let mut chunk = vec![0; CHUNK];
    // An error of the pipe is its end: nothing more can be read from it.
    while let Ok(count @ 1..) = pipe.read(&mut chunk).await {
        let now = clock.now();
        let read = chunk.get(..count).unwrap_or_default();
        write(&log, cutter.cut(read, stream, now)).await;
    }
    write(&log, cutter.finish(stream, clock.now())).await;
}

async fn write(log: &SharedLog, lines: Vec<u8>) {
    if lines.is_empty() {
        return;
    }
    let log = Arc::clone(log);
    // Waiting for the disk slows the container down, as any pipe does; only a lost runtime
    // makes this fail, and then the pump is being dropped as well.
    let _ = tokio::task::spawn_blocking(move || lock(&log).append(&lines)).await;
}

fn lock(log: &SharedLog) -> std::sync::MutexGuard<'_, LogFiles> {
    // A panic while the lock was held leaves at worst a line cut short.
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cuts a stream of bytes into stamped lines.
#[derive(Debug, Default)]
struct LineCutter {
    /// The line that has no end yet, at most [`LINE_LIMIT`] bytes of it.
    partial: Vec<u8>,
    /// True when bytes of that line have been dropped.
    cut: bool,
}

impl LineCutter {
    fn cut(&mut self, bytes: &[u8], stream: Stream, now: Timestamp) -> Vec<u8> {
        let mut lines = Vec::new();
        let mut pieces = bytes.split(|&byte| byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = LINE_LIMIT.saturating_sub(self.partial.len());
            self.cut |= piece.len() > room;
            self.partial.extend(piece.iter().take(room));
            // The last piece has no newline behind it yet.
            if pieces.peek().is_some() {
                self.end_line(&mut lines, stream, now);
            }
        }
        lines
    }

    fn finish(&mut self, stream: Stream, now: Timestamp) -> Vec<u8> {
        let mut lines = Vec::new();
        if !self.partial.is_empty() {
            self.end_line(&mut lines, stream, now);
        }
        lines
    }

    fn end_line(&mut self, lines: &mut Vec<u8>, stream: Stream, now: Timestamp) {
        let mut line = std::mem::take(&mut self.partial);
        let cut = std::mem::take(&mut self.cut);
        if cut {
            drop_split_character(&mut line);
        } else if line.last() == Some(&b'\r') {
            line.pop();
        }
        let letter = match stream {
            Stream::Out => 'O',
            Stream::Error => 'E',
        };
        let text = String::from_utf8_lossy(&line);
        let mark = if cut { CUT_MARK } else { "" };
        lines.extend_from_slice(format!("{now} {letter} {text}{mark}\n").as_bytes());
    }
}

/// Removes a character that the cut has split; other invalid bytes stay to be replaced.
fn drop_split_character(line: &mut Vec<u8>) {
    // A character has at most four bytes, so a split one has at most three here.
    for back in 1..=line.len().min(3) {
        let start = line.len() - back;
        let tail = line.get(start..).unwrap_or_default();
        if let Err(error) = std::str::from_utf8(tail)
            && error.error_len().is_none()
            && error.valid_up_to() == 0
        {
            line.truncate(start);
            return;
        }
    }
}

/// Removes `<time> <letter> ` from a line of a log file.
fn without_stamp(line: &str) -> &str {
    let mut fields = line.splitn(3, ' ');
    match (fields.next(), fields.next(), fields.next()) {
        (Some(time), Some("O" | "E"), Some(text)) if time.ends_with('Z') => text,
        _ => line,
    }
}

/// Opens a log file for appending, behind a newline, and returns its size.
fn open_for_append(path: &Path) -> io::Result<(File, u64)> {
    if let Some(directory) = path.parent() {
        make_directory(directory)?;
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .create(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    let mut size = file.seek(SeekFrom::End(0))?;
    // A crash may have cut the last line short; the next one must not be glued to it.
    let mut last = [b'\n'];
    if size > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    if last != [b'\n'] {
        file.write_all(b"\n")?;
        size += 1;
    }
    Ok((file, size))
}

/// Makes a directory that only its owner can read: output may hold secrets.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

fn older(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

fn read_if_there(path: &Path) -> Result<String, ProcessError> {
    let limit = FILE_LIMIT * 2;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(ProcessError::Logs {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Forgets the output of the services that printed least recently, beyond the limit.
pub(crate) fn forget_oldest(directory: &Path) -> io::Result<()> {
    let mut services = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        services.push((newest_change(&entry.path())?, entry.path()));
    }
    services.sort();
    let surplus = services.len().saturating_sub(SERVICES_LIMIT);
    for (_, path) in services.into_iter().take(surplus) {
        fs::remove_dir_all(path)?;
    }
    Ok(())
}

/// The latest change of the service's instance directories, which rotation and creation touch.
fn newest_change(service: &Path) -> io::Result<std::time::SystemTime> {
    let mut newest = fs::metadata(service)?.modified()?;
    for entry in fs::read_dir(service)? {
        newest = newest.max(entry?.metadata()?.modified()?);
    }
    Ok(newest)
}

#[cfg(test)]
mod tests;
