//! The program: settings, one command, an exit code.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Before there is any other thread: `.env` becomes part of the environment.
    let env_file = dotenvy::dotenv();
    let cli = stockroom::cli::parse();
    match env_file {
        Ok(_) => {}
        Err(error) if error.not_found() => {}
        Err(dotenvy::Error::Io(error)) => {
            eprintln!("stockroom: .env can't be read: {error}");
            return ExitCode::FAILURE;
        }
        // The error would show the line, and the line may hold a secret.
        Err(_) => {
            eprintln!("stockroom: a line of .env can't be read; a value with spaces needs quotes");
            return ExitCode::FAILURE;
        }
    }
    stockroom::cli::run(cli)
}
