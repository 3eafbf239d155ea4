//! What the program prints of itself, for the repository to keep.

use std::process::ExitCode;

use clap::builder::Command;

use crate::config::Config;
use crate::error::Result;

/// `stockroom schema`.
pub fn schema() -> Result<ExitCode> {
    super::print(crate::graphql::sdl().trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// `stockroom openapi`.
pub fn openapi() -> Result<ExitCode> {
    super::print(crate::rest::openapi::document().trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// `stockroom env-example`: every setting, switched off, with its default.
pub fn env_example() -> Result<ExitCode> {
    super::print(
        "# The settings of Stockroom with their defaults, printed by `scripts/export`. Copy this to `.env` and take the `#`",
    )?;
    super::print(
        "# away from what you change; flags and the environment come before it. `stockroom --help` says the same.",
    )?;
    let command = <Config as clap::Args>::augment_args(Command::new("stockroom"));
    for setting in command.get_arguments() {
        let (Some(name), Some(help)) = (setting.get_env(), setting.get_help()) else {
            continue;
        };
        let default: Vec<_> = setting
            .get_default_values()
            .iter()
            .map(|value| value.to_string_lossy())
            .collect();
        let possible = setting.get_possible_values();
        let possible: Vec<_> = possible
            .iter()
            .map(clap::builder::PossibleValue::get_name)
            .collect();
        let choice = if possible.is_empty() {
            String::new()
        } else {
            format!(": {}", possible.join(" or "))
        };
        super::print(&format!("\n# {help}{choice}"))?;
        super::print(&format!("#{}={}", name.to_string_lossy(), default.join(",")))?;
    }
    Ok(ExitCode::SUCCESS)
}
