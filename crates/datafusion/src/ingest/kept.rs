//! The columns of a stream, kept for its whole life.

mod text;

use std::fmt::Debug;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use datafusion::arrow::datatypes::SchemaRef;
use floe_ingest::floe_notify::BoxFuture;
use tokio::task::spawn_blocking;

use super::directory::draft::Draft;
use super::error::StreamError;
use text::{from_text, to_text};

/// Keeps the columns that were inferred from the first batch, so that every later batch is read
/// with the same.
pub trait SchemaStore: Debug + Send + Sync {
    /// Returns the columns that are kept.
    ///
    /// # Errors
    /// [`StreamError::Schema`]; what cannot be read is never taken for nothing.
    fn load(&self) -> BoxFuture<'_, Result<Option<SchemaRef>, StreamError>>;

    /// Keeps columns durably and returns what is kept: these, or those of somebody who was first.
    ///
    /// # Errors
    /// [`StreamError::Schema`], [`StreamError::Output`], [`StreamError::NoRoom`].
    fn keep(&self, schema: SchemaRef) -> BoxFuture<'_, Result<SchemaRef, StreamError>>;
}

/// Keeps columns in a file of a directory, as a JSON array of names and types.
///
/// ```
/// use floe_datafusion::ingest::{FileSchemaStore, SchemaStore};
/// use floe_datafusion::datafusion::arrow::datatypes::{DataType, Field, Schema};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let directory = tempfile::tempdir()?;
/// let store = FileSchemaStore::new(directory.path());
/// assert!(store.load().await?.is_none());
/// let columns = Schema::new(vec![Field::new("a", DataType::Int64, true)]);
/// let kept = store.keep(columns.into()).await?;
/// assert_eq!(FileSchemaStore::new(directory.path()).load().await?, Some(kept));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct FileSchemaStore {
    directory: PathBuf,
}

impl FileSchemaStore {
    /// The name of the file.
    pub const FILE: &'static str = "schema.json";

    /// Keeps columns in `directory`, which is made when it is not there.
    ///
    /// ```
    /// use floe_datafusion::ingest::FileSchemaStore;
    /// let store = FileSchemaStore::new("/srv/state");
    /// assert_eq!(store.path(), std::path::Path::new("/srv/state/schema.json"));
    /// ```
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// The file.
    ///
    /// ```
    /// use floe_datafusion::ingest::FileSchemaStore;
    /// assert!(FileSchemaStore::new("/state").path().ends_with(FileSchemaStore::FILE));
    /// ```
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.directory.join(Self::FILE)
    }
}

impl SchemaStore for FileSchemaStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<SchemaRef>, StreamError>> {
        let path = self.path();
        Box::pin(async move { joined(spawn_blocking(move || read(&path)).await) })
    }

    fn keep(&self, schema: SchemaRef) -> BoxFuture<'_, Result<SchemaRef, StreamError>> {
        let (directory, path) = (self.directory.clone(), self.path());
        let work = move || {
            let text = to_text(&schema).map_err(|reason| StreamError::Schema {
                path: path.clone(),
                reason,
            })?;
            write(&directory, &text).map_err(|error| StreamError::io(&path, &error))?;
            read(&path)?.ok_or_else(|| StreamError::Schema {
                path,
                reason: "the file is gone again".to_owned(),
            })
        };
        Box::pin(async move { joined(spawn_blocking(work).await) })
    }
}

fn joined<T>(
    done: Result<Result<T, StreamError>, tokio::task::JoinError>,
) -> Result<T, StreamError> {
    done.unwrap_or_else(|error| {
        Err(StreamError::Schema {
            path: FileSchemaStore::FILE.into(),
            reason: error.to_string(),
        })
    })
}

fn read(path: &Path) -> Result<Option<SchemaRef>, StreamError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let (path, reason) = (path.to_owned(), error.to_string());
            return Err(StreamError::Schema { path, reason });
        }
    };
    let columns = from_text(&text).map_err(|reason| StreamError::Schema {
        path: path.to_owned(),
        reason: format!("the file is damaged: {reason}"),
    })?;
    Ok(Some(columns))
}

fn write(directory: &Path, text: &[u8]) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let draft = Draft::begin(directory, FileSchemaStore::FILE)?;
    draft.file().write_all(text)?;
    draft.publish().map(|_| ())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    #[test]
    fn the_columns_of_whoever_is_first_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let [first, second] = ["a", "b"].map(|name| {
            to_text(&Schema::new(vec![Field::new(name, DataType::Int64, true)])).unwrap()
        });
        write(dir.path(), &first).unwrap();
        write(dir.path(), &second).unwrap();
        let kept = read(&dir.path().join(FileSchemaStore::FILE))
            .unwrap()
            .unwrap();
        assert_eq!(kept.field(0).name(), "a");
    }
}
