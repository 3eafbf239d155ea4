//! `stockroom user`: who can log in.

use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

use clap::Subcommand;

use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::resolvers::account::{self, NewUser};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Make a user
    Create {
        /// The name to log in with
        name: String,
        /// Holds every permission
        #[arg(long)]
        superuser: bool,
        /// A group to be in: Manager, Administrator
        #[arg(long = "group", value_name = "GROUP")]
        groups: Vec<String>,
        #[command(flatten)]
        password: Password,
    },
    /// Give a user another password
    Password {
        /// The name to log in with
        name: String,
        #[command(flatten)]
        password: Password,
    },
    /// Keep a user out; all their tokens stop working at once
    Deactivate {
        /// The name to log in with
        name: String,
    },
    /// Let a user in again
    Activate {
        /// The name to log in with
        name: String,
    },
    /// List all users
    List,
}

/// Where the password comes from.
#[derive(clap::Args, Debug)]
// The command of the same name is a group already.
#[group(skip)]
pub struct Password {
    /// Read the password from the standard input instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

/// Runs the command.
pub async fn run(config: Config, command: User) -> Result<ExitCode> {
    let services = super::open_migrated(config).await?;
    let ctx = Ctx::system(services);
    match command {
        User::Create {
            name,
            superuser,
            groups,
            password,
        } => {
            let password = password.read()?;
            let user = account::create(
                &ctx,
                NewUser {
                    username: name,
                    password,
                    is_superuser: superuser,
                    groups,
                },
            )
            .await?;
            super::print(&format!("{} can log in", user.username))?;
        }
        User::Password { name, password } => {
            account::set_password(&ctx, name.clone(), password.read()?).await?;
            super::print(&format!("{name} has another password"))?;
        }
        User::Deactivate { name } => {
            account::set_active(&ctx, name.clone(), false).await?;
            super::print(&format!("{name} is out"))?;
        }
        User::Activate { name } => {
            account::set_active(&ctx, name.clone(), true).await?;
            super::print(&format!("{name} is in"))?;
        }
        User::List => {
            for (user, groups) in account::list(&ctx).await? {
                let state = if user.is_active { "active" } else { "inactive" };
                let rank = if user.is_superuser { "superuser" } else { "" };
                super::print(format!("{}\t{state}\t{rank}\t{}", user.username, groups.join(",")).trim_end())?;
            }
        }
    }
    ctx.services.db.close().await;
    Ok(ExitCode::SUCCESS)
}

impl Password {
    fn read(&self) -> Result<String> {
        if self.password_stdin {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(Error::internal)?;
            return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
        }
        if !std::io::stdin().is_terminal() {
            return Err(Error::internal(
                "there is no terminal to ask at; use --password-stdin",
            ));
        }
        let first = rpassword::prompt_password("Password: ").map_err(Error::internal)?;
        let again = rpassword::prompt_password("Again: ").map_err(Error::internal)?;
        if first == again {
            Ok(first)
        } else {
            Err(Error::internal("the two are not the same"))
        }
    }
}
