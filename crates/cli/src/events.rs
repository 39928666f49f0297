//! `floe events …`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use floe_notify::{Decoded, decode};

use crate::args::{Cloud, Events};
use crate::input;
use crate::spec::print;

/// Something in a message could not be read.
const FOUND: u8 = 1;
/// A file cannot be read.
const UNREADABLE: u8 = 2;

pub(crate) fn run(command: &Events) -> ExitCode {
    let Events::Decode { files, cloud } = command;
    ExitCode::from(decode_all(files, (*cloud).into()))
}

impl From<Cloud> for Option<floe_notify::EventCloud> {
    fn from(cloud: Cloud) -> Self {
        match cloud {
            Cloud::Auto => None,
            Cloud::Aws => Some(floe_notify::EventCloud::Aws),
            Cloud::Azure => Some(floe_notify::EventCloud::Azure),
            Cloud::Gcp => Some(floe_notify::EventCloud::Gcp),
            Cloud::Local => Some(floe_notify::EventCloud::Local),
        }
    }
}

/// Tells what each file says; the worst of them decides the exit code.
fn decode_all(files: &[PathBuf], cloud: Option<floe_notify::EventCloud>) -> u8 {
    let codes = files.iter().map(|file| {
        decode_one(file, cloud).unwrap_or_else(|message| {
            eprintln!("error: {message}");
            UNREADABLE
        })
    });
    codes.max().unwrap_or(0)
}

fn decode_one(file: &Path, cloud: Option<floe_notify::EventCloud>) -> Result<u8, String> {
    let (name, body) = input::read_bytes(file)?;
    let decoded = decode(cloud, &body);
    show(&name, &decoded);
    Ok(if decoded.is_complete() { 0 } else { FOUND })
}

fn show(name: &str, decoded: &Decoded<'_>) {
    for event in &decoded.events {
        print(&format!("{}\n", event.to_json()));
    }
    for finding in &decoded.findings {
        let (severity, code) = (finding.severity, finding.code());
        eprintln!("{severity}[{code}]: {name}: {}", finding.error);
    }
}
