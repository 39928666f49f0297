//! A file piece by piece.

use std::sync::Arc;

use floe_ingest::{FileSource, SourceError};

use super::BatchFile;

/// The bytes of a piece, as the source gave them.
pub(super) type Piece = Box<dyn AsRef<[u8]> + Send + Sync>;

/// Reads a file from its beginning. A file of one piece is read with one request.
#[derive(Debug)]
pub(super) struct Chunks {
    source: Arc<dyn FileSource>,
    key: Vec<u8>,
    piece: u64,
    at: u64,
    /// The length, once it is known; what was told of the file may be old.
    length: Option<u64>,
    /// Whether the length has to be asked for before anything is read: some stores refuse to give
    /// a part of an empty file.
    may_be_empty: bool,
}

impl Chunks {
    pub(super) fn new(source: &Arc<dyn FileSource>, file: &BatchFile, piece: u64) -> Self {
        Self {
            source: Arc::clone(source),
            key: file.key.clone(),
            piece,
            at: 0,
            length: None,
            may_be_empty: file.size == 0,
        }
    }

    /// The next piece, never an empty one; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Piece>, SourceError> {
        if self.length.is_none() && (self.may_be_empty || self.at > 0) {
            self.length = Some(self.look().await?);
        }
        let end = self.at.saturating_add(self.piece);
        let end = self.length.map_or(end, |length| end.min(length));
        if end <= self.at {
            return Ok(None);
        }
        let bytes = match self.source.read(&self.key, Some(self.at..end)).await {
            Ok(bytes) => bytes,
            // What was told of the file may be older than that it is empty.
            Err(error) if self.length.is_some() || self.look().await? > 0 => return Err(error),
            Err(_) => return Ok(None),
        };
        let read = bytes.len() as u64;
        if read < end - self.at {
            // It ends here, or is shorter than it was.
            self.length = Some(self.at.saturating_add(read));
        }
        self.at = self.at.saturating_add(read);
        Ok((read > 0).then(|| Box::new(bytes) as Piece))
    }

    /// Asks for the length.
    async fn look(&self) -> Result<u64, SourceError> {
        let object = self.source.head(&self.key).await?;
        let object = object.ok_or_else(|| SourceError::NotFound {
            key: String::from_utf8_lossy(&self.key).into_owned(),
        })?;
        Ok(object.size)
    }

    /// Whether the next piece is known to be none.
    pub(super) fn is_at_end(&self) -> bool {
        self.length.is_some_and(|length| self.at >= length)
    }
}
