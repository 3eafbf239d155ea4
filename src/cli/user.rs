//! `stockroom user`: manages users.

use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

use clap::Subcommand;

use super::open::open_current;
use super::output::print;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::resolvers::account::{self, NewUser};

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Create a user
    Create {
        /// The name of the user
        name: String,
        /// Grant all permissions
        #[arg(long)]
        superuser: bool,
        /// Add the user to a group: Manager, Administrator
        #[arg(long = "group", value_name = "GROUP")]
        groups: Vec<String>,
        #[command(flatten)]
        password: Password,
    },
    /// Change the password of a user
    Password {
        /// The name of the user
        name: String,
        #[command(flatten)]
        password: Password,
    },
    /// Deactivate a user and revoke all their tokens
    Deactivate {
        /// The name of the user
        name: String,
    },
    /// Activate a user again
    Activate {
        /// The name of the user
        name: String,
    },
    /// List all users
    List,
}

#[derive(clap::Args, Debug)]
// The subcommand of the same name has a group of this name already.
#[group(skip)]
pub(super) struct Password {
    /// Read the password from standard input instead of prompting for it
    #[arg(long)]
    password_stdin: bool,
}

pub(super) async fn run(config: Config, command: User) -> Result<ExitCode> {
    let services = open_current(config).await?;
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
            tracing::info!(username = user.username, superuser, "created a user");
            print(&format!("created {}", user.username))?;
        }
        User::Password { name, password } => {
            account::set_password(&ctx, name.clone(), password.read()?).await?;
            tracing::info!(username = name, "changed the password of a user");
            print(&format!("changed the password of {name}"))?;
        }
        User::Deactivate { name } => {
            account::set_active(&ctx, name.clone(), false).await?;
            tracing::info!(username = name, "deactivated a user");
            print(&format!("deactivated {name}"))?;
        }
        User::Activate { name } => {
            account::set_active(&ctx, name.clone(), true).await?;
            tracing::info!(username = name, "activated a user");
            print(&format!("activated {name}"))?;
        }
        User::List => {
            for (user, groups) in account::list(&ctx).await? {
                let state = if user.is_active { "active" } else { "inactive" };
                let role = if user.is_superuser { "superuser" } else { "" };
                print(format!("{}\t{state}\t{role}\t{}", user.username, groups.join(",")).trim_end())?;
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
                "standard input is not a terminal; use --password-stdin",
            ));
        }
        let first = rpassword::prompt_password("Password: ").map_err(Error::internal)?;
        let second = rpassword::prompt_password("Repeat the password: ").map_err(Error::internal)?;
        if first == second {
            Ok(first)
        } else {
            Err(Error::internal("the passwords differ"))
        }
    }
}
