//! Passes the compiler's version on, so that a table of figures can name it.

use std::process::Command;

fn main() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let version = output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok());
    let version = version.unwrap_or_else(|| "rustc of unknown version".to_owned());
    println!("cargo::rustc-env=FLOE_RUSTC={}", version.trim());
    println!("cargo::rerun-if-changed=build.rs");
}
