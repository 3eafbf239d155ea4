//! The `stockroom` binary: reads the settings and runs a command.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match stockroom::cli::parse() {
        Ok(cli) => stockroom::cli::run(cli),
        Err(code) => code,
    }
}
