//! The echo service as a program; everything is in the library.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    floe_sample_echo::run()
}
