//! `floe`: container services on this machine, driven by SQL.

#![forbid(unsafe_code)]

mod args;
mod autoscale;
mod events;
mod explain;
mod failure;
mod findings;
mod hosts;
mod images;
mod input;
mod notify;
mod open;
mod plan;
mod progress;
mod prompt;
mod report;
mod rows;
mod run;
mod samples;
mod signals;
mod spec;
mod stream;
mod table;
mod template;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(dispatch(cli));
            // A prompt may still block a thread on its terminal.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            eprintln!("error: the async runtime could not be started: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Run(run) => run::run(&cli.global, run).await,
        Command::Serve(serve) => run::serve(&cli.global, &serve).await,
        Command::Image(command) => images::run(&cli.global, &command),
        Command::Spec(command) => spec::run(&command),
        Command::Template(command) => template::run(&command),
        Command::Notify(command) => notify::run(&cli.global, &command).await,
        Command::Plan(options) => plan::run(&options),
        Command::Stream(command) => stream::execute(&cli.global, command).await,
        Command::Autoscale(command) => autoscale::run(&command),
        Command::Events(command) => events::run(&command),
        Command::Explain { code } => explain::run(&code),
        Command::SampleEcho => sample_echo().await,
    }
}

async fn sample_echo() -> ExitCode {
    let options = floe_sample_echo::Options::from_env(&|name| std::env::var(name).ok());
    let served = match options {
        Ok(options) => floe_sample_echo::serve(options).await,
        Err(error) => Err(error),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error[{}]: {error}", error.code());
            ExitCode::FAILURE
        }
    }
}
