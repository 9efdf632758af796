//! `mta`: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(mta_actions::cli::run(std::env::args_os()))
}
