use std::process::ExitCode;

use clap::Parser;
use obs::cli::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match obs::commands::run(Cli::parse()) {
        Ok(outcome) => ExitCode::from(outcome as u8),
        Err(error) => {
            obs::ui::error(&error);
            ExitCode::from(error.class as u8)
        }
    }
}
