//! Texts that commands read: files, or standard input for `-`.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Longest text that is taken in; specifications, templates and traces have limits of their own
/// below it.
const MAX_BYTES: u64 = 64 << 20;

/// A text and what to call it.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Input {
    /// The name of the file without the folders before it.
    pub(crate) fn short(&self) -> &str {
        let name = Path::new(&self.name).file_name();
        name.and_then(|name| name.to_str()).unwrap_or(&self.name)
    }
}

/// Whether the path stands for standard input.
pub(crate) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
///
/// One line that says which file cannot be read, and why.
pub(crate) fn read(path: &Path) -> Result<Input, String> {
    let (name, bytes) = read_bytes(path)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Input { name, text }),
        Err(error) => Err(format!(
            "{name} is not UTF-8 from byte {} on",
            error.utf8_error().valid_up_to()
        )),
    }
}

/// Reads what may be no text, and what to call it.
///
/// # Errors
///
/// One line that says which file cannot be read, and why.
pub(crate) fn read_bytes(path: &Path) -> Result<(String, Vec<u8>), String> {
    let standard = is_standard(path);
    let name = if standard {
        "<stdin>".to_owned()
    } else {
        path.display().to_string()
    };
    let bytes = if standard {
        bounded(io::stdin().lock())
    } else {
        File::open(path).and_then(bounded)
    };
    let bytes = bytes.map_err(|error| format!("{name} cannot be read: {error}"))?;
    Ok((name, bytes))
}

fn bounded(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        let message = format!("it has more than {} MiB", MAX_BYTES >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}
