//! The command `postseal`: the library at a prompt. Every fact it prints is one that the library returned.
// They panic where nobody reads; `output` does not.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod args;
mod certs;
mod config_check;
mod directory_check;
mod encrypt;
mod export;
mod failure;
mod import;
mod input;
mod inspect;
mod output;
mod output_file;
mod report;
mod resume;
mod session;
mod store;
mod trace;

use args::{Args, Command, ConfigCommand, DirectoryCommand};
use clap::Parser;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    // clap itself ends wrong usage with exit code 2 and a line that says what is wrong.
    let args = Args::parse();
    match run(&args).and_then(|code| output::check().map(|()| code)) {
        Ok(code) => code,
        Err(failure) => {
            for line in failure.to_string().lines() {
                output::tell(format_args!("postseal: {line}"));
            }
            failure.exit_code()
        }
    }
}

fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.command {
        Command::Import(options) => import::run(&args.shared, options),
        Command::Inspect(options) => inspect::run(&args.shared, options),
        Command::Encrypt(options) => encrypt::run(&args.shared, options),
        Command::Certs(options) => certs::run(&args.shared, &options.command),
        Command::Store(options) => store::run(&args.shared, &options.command),
        Command::Trace(options) => trace::run(&args.shared, options),
        Command::Report(options) => report::run(&args.shared, options),
        Command::Config(options) => match options.command {
            ConfigCommand::Check { defaults } => config_check::run(&args.shared, defaults),
            ConfigCommand::Schema => Ok(config_check::schema()),
        },
        Command::Directory(options) => match &options.command {
            DirectoryCommand::Check { names } => directory_check::run(&args.shared, names),
        },
    }
}
