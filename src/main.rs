//! The program: settings, one command, an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before there is any other thread: `.env` becomes part of the environment.
    let env_file = dotenvy::dotenv();
    let cli = stockroom::cli::parse();
    if let Err(error) = env_file
        && !error.not_found()
    {
        eprintln!("stockroom: .env can't be read: {error}");
        return ExitCode::FAILURE;
    }
    stockroom::cli::run(cli)
}
