//! `chaos FLOE OVER FILES KILLS CONSUMERS SEED`: started by `cargo xtask chaos`, which knows where
//! the program and the emulators are.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use floe_peers::chaos::{Chaos, Report};
use floe_peers::peer;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(report) => {
            println!("{report}");
            match report.is_exact() && report.ended.is_empty() {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<Report, String> {
    let [floe, over, files, kills, consumers, seed] = args else {
        return Err("use `cargo xtask chaos`".to_owned());
    };
    let number = |text: &String| {
        let parsed: Result<u64, _> = text.parse();
        parsed.map_err(|error| format!("{text}: {error}"))
    };
    let consumers = u8::try_from(number(consumers)?).map_err(|error| error.to_string())?;
    let chaos = Chaos::new(floe, number(files)?, number(kills)?, consumers);
    let chaos = chaos.with_seed(number(seed)?);
    if over == "directory" {
        return chaos.in_a_directory();
    }
    let Some(emulator) = peer("ministack", "FLOE_MINISTACK_URL") else {
        return Ok(Report::default());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(chaos.in_a_bucket(&emulator))
}
