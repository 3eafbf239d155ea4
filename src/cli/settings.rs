//! Reads each setting from the flags, or else from the environment variables, or else from `.env`.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, CommandFactory as _, FromArgMatches as _};
use settings::EnvFile;

use super::Cli;
use super::output::fail;

/// Parses flags, environment variables and `.env`. Exits if they are invalid, or after printing the help.
///
/// # Errors
/// The exit code if `.env` can't be read. The error has been printed.
pub fn parse() -> Result<Cli, ExitCode> {
    let variables = Variables {
        file: EnvFile::read().map_err(|message| fail(&message))?,
    };
    let command = Cli::command().mut_args(|setting| variables.with_default_from_env(setting));
    let parsed = command.try_get_matches().and_then(|matches| {
        let mut cli = Cli::from_arg_matches(&matches)?;
        let is_set = |name: &str| {
            let by_flag = matches.value_source(&name.to_ascii_lowercase()) == Some(ValueSource::CommandLine);
            by_flag || variables.get(OsStr::new(name)).is_some()
        };
        cli.config
            .read_files(is_set)
            .map_err(|message| Cli::command().error(ErrorKind::ValueValidation, message))?;
        let filter = variables.get(OsStr::new("RUST_LOG"));
        cli.log_filter = filter.and_then(|filter| filter.into_string().ok());
        Ok(cli)
    });
    parsed.map_err(|error| {
        if matches!(
            error.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        ) {
            // In this command the variables are the defaults of the flags. A new command shows the defaults of the program.
            Cli::command().get_matches();
        }
        hide_value(error).exit()
    })
}

/// The environment variables and the variables of `.env`.
struct Variables {
    file: EnvFile,
}

impl Variables {
    /// Returns a value without surrounding white space, or `None` if it is blank: shells and compose files set a variable to
    /// the empty string to unset it.
    fn get(&self, name: &OsStr) -> Option<OsString> {
        let value = std::env::var_os(name).or_else(|| self.file.get(name.to_str()?).map(OsString::from))?;
        match value.to_str().map(str::trim) {
            Some("") => None,
            Some(text) => Some(text.into()),
            None => Some(value),
        }
    }

    /// Makes the variable of a setting the default of its flag.
    fn with_default_from_env(&self, setting: Arg) -> Arg {
        let Some(name) = setting.get_env().map(OsStr::to_owned) else {
            return setting;
        };
        let has_characters = |value: OsString| value.to_str().is_some_and(|text| !text.is_empty());
        let value = match self.get(&name) {
            Some(value) => without_empty_items(&setting, value),
            // A secret that consists of white space is a mistake, which the parser of the setting reports.
            None if setting.is_hide_env_values_set()
                && std::env::var_os(&name).is_some_and(has_characters) =>
            {
                Some(OsString::new())
            }
            None => None,
        };
        let setting = setting.env(None::<&str>);
        match value {
            Some(value) => setting.default_value(value),
            None => setting,
        }
    }
}

/// Removes the empty items if the setting is a list.
fn without_empty_items(setting: &Arg, value: OsString) -> Option<OsString> {
    let (Some(delimiter), Some(text)) = (setting.get_value_delimiter(), value.to_str()) else {
        return Some(value);
    };
    let items: Vec<&str> = text
        .split(delimiter)
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .collect();
    (!items.is_empty()).then(|| items.join(&delimiter.to_string()).into())
}

/// Removes the value of a setting from an error, since any setting may contain a password.
fn hide_value(mut error: clap::Error) -> clap::Error {
    let named = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    let is_setting = named.is_some_and(|named| {
        Cli::command().get_arguments().any(|arg| {
            let flag = arg.get_long().map(|long| format!("--{long}"));
            let named = named.split([' ', '[', '=']).next();
            arg.get_env().is_some() && flag.as_deref() == named
        })
    });
    if is_setting {
        let hidden = ContextValue::String("(not shown)".to_owned());
        error.insert(ContextKind::InvalidValue, hidden);
    }
    error
}
