//! Finds the files and their columns.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::DataFusionError;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::execution::context::SessionState;
use futures::TryStreamExt;

use super::{Format, ReadFiles};
use crate::error::QueryError;

/// The most files that one `read_files` reads.
const MAX_FILES: usize = 100_000;

/// The files as a table, with columns inferred from their first rows.
///
/// A directory stands for the files directly in it; a pattern for the files that match it.
pub(crate) async fn table(
    state: &SessionState,
    base_dir: &Path,
    files: &ReadFiles,
) -> Result<Arc<dyn TableProvider>, QueryError> {
    let path = absolute(base_dir, &files.path);
    let url = url_of(&path).map_err(|error| files.unreadable("a path", error))?;
    let names = list(state, &url, files).await?;
    let format = match (names.first(), files.format) {
        (None, _) => return Err(files.missing(&path)),
        (Some(_), Some(format)) => format,
        (Some(name), None) => format_of(name).ok_or_else(|| files.unknown_format(name))?,
    };
    listing_table(state, url, files, format)
        .await
        .map_err(|error| files.unreadable(&format.to_string(), error))
}

fn absolute(base_dir: &Path, written: &str) -> PathBuf {
    let path = base_dir.join(written.strip_prefix("file://").unwrap_or(written));
    // An unreadable working directory leaves the path as it is; the error says where we looked.
    std::path::absolute(&path).unwrap_or(path)
}

/// A directory is recognised by DataFusion when it exists; a pattern by its characters.
fn url_of(path: &Path) -> Result<ListingTableUrl, DataFusionError> {
    ListingTableUrl::parse(path.to_string_lossy())
}

async fn list(
    state: &SessionState,
    url: &ListingTableUrl,
    files: &ReadFiles,
) -> Result<Vec<String>, QueryError> {
    let store = state
        .runtime_env()
        .object_store(url)
        .map_err(|error| files.unreadable("a path", error))?;
    let found = async {
        let all = url.list_all_files(state, store.as_ref(), "").await?;
        let names = all.map_ok(|file| file.location.to_string());
        futures::StreamExt::take(names, MAX_FILES + 1)
            .try_collect::<Vec<_>>()
            .await
    };
    match found.await {
        Ok(mut names) if names.len() <= MAX_FILES => {
            names.sort_unstable();
            Ok(names)
        }
        Ok(_) => Err(files.too_many()),
        Err(error) if is_not_found(&error) => Ok(Vec::new()),
        Err(error) => Err(files.unreadable("a path", error)),
    }
}

fn is_not_found(error: &DataFusionError) -> bool {
    use datafusion::object_store::Error;
    match error.find_root() {
        DataFusionError::ObjectStore(error) => matches!(**error, Error::NotFound { .. }),
        DataFusionError::IoError(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

fn format_of(name: &str) -> Option<Format> {
    let extension = Path::new(name).extension()?.to_str()?;
    match extension.to_ascii_lowercase().as_str() {
        "csv" | "tsv" => Some(Format::Csv),
        "json" | "jsonl" | "ndjson" => Some(Format::Json),
        "parquet" => Some(Format::Parquet),
        _ => None,
    }
}

async fn listing_table(
    state: &SessionState,
    url: ListingTableUrl,
    files: &ReadFiles,
    format: Format,
) -> Result<Arc<dyn TableProvider>, DataFusionError> {
    let format: Arc<dyn FileFormat> = match format {
        Format::Csv => Arc::new(
            CsvFormat::default()
                .with_has_header(files.header.unwrap_or(true))
                .with_delimiter(
                    files
                        .delimiter
                        .unwrap_or_else(|| default_delimiter(&files.path)),
                )
                // A quoted field may hold line breaks; the files are not split among cores anyway.
                .with_newlines_in_values(true),
        ),
        Format::Json => Arc::new(JsonFormat::default()),
        // Texts as every other text of the session, so that functions take them.
        Format::Parquet => Arc::new(ParquetFormat::default().with_force_view_types(false)),
    };
    let options = ListingOptions::new(format).with_file_extension("");
    let config = ListingTableConfig::new(url).with_listing_options(options);
    let config = config.infer_schema(state).await?;
    Ok(Arc::new(ListingTable::try_new(config)?))
}

fn default_delimiter(path: &str) -> u8 {
    if path.to_ascii_lowercase().ends_with(".tsv") {
        b'\t'
    } else {
        b','
    }
}

// === impl ReadFiles ===

impl ReadFiles {
    fn missing(&self, path: &Path) -> QueryError {
        QueryError::NoSuchFile {
            path: self.path.clone(),
            looked_at: path.display().to_string(),
            location: self.location,
        }
    }

    fn too_many(&self) -> QueryError {
        let message = format!(
            "`{}` stands for more than {MAX_FILES} files; give a narrower pattern",
            self.path
        );
        QueryError::ReadFilesArgument {
            message,
            location: self.location,
        }
    }

    fn unknown_format(&self, name: &str) -> QueryError {
        let file = name.rsplit('/').next().unwrap_or(name);
        let message = format!(
            "the name of `{file}` does not tell its format; add format => 'csv', \
             format => 'json' or format => 'parquet' (known endings: .csv, .tsv, .json, .jsonl, \
             .ndjson, .parquet)"
        );
        QueryError::ReadFilesArgument {
            message,
            location: self.location,
        }
    }

    fn unreadable(&self, format: &str, source: DataFusionError) -> QueryError {
        QueryError::UnreadableFile {
            path: self.path.clone(),
            format: format.to_owned(),
            location: self.location,
            source: Arc::new(source),
        }
    }
}
