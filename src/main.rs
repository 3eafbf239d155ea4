//! The `stockroom` binary: loads `.env` and runs a command.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // `.env` becomes part of the environment, which is only safe while there is no other thread.
    let env_file = dotenvy::dotenv();
    let cli = stockroom::cli::parse();
    match env_file {
        Ok(_) => {}
        Err(error) if error.not_found() => {}
        Err(dotenvy::Error::Io(error)) => {
            eprintln!("stockroom: .env can't be read: {error}");
            return ExitCode::FAILURE;
        }
        // The error would quote the line, which may hold a secret.
        Err(_) => {
            eprintln!("stockroom: a line of .env can't be read; a value with spaces needs quotes");
            return ExitCode::FAILURE;
        }
    }
    stockroom::cli::run(cli)
}
