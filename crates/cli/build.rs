//! Compiles the pages of `docs/errors` into the binary, for `floe explain`.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    println!("cargo::rerun-if-changed={}", pages.display());
    let mut codes: Vec<String> = fs::read_dir(&pages)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .filter(|name| name.starts_with("FLOE-"))
        .collect();
    codes.sort();
    let mut source = String::from("pub(crate) const PAGES: &[(&str, &str)] = &[\n");
    for code in codes {
        let file = pages.join(format!("{code}.md"));
        let _ = writeln!(
            source,
            "    ({code:?}, include_str!({:?})),",
            file.display().to_string()
        );
    }
    source.push_str("];\n");
    let out = env::var("OUT_DIR").unwrap_or_else(|_| ".".to_owned());
    if let Err(error) = fs::write(Path::new(&out).join("pages.rs"), source) {
        println!("cargo::error=the error pages could not be written: {error}");
    }
}
