//! `stockroom user`: manages users.

use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

use clap::Subcommand;

use super::open::{open_current, open_to_read};
use super::output::print;
use crate::auth::Permission;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::resolvers::account::{self, AccessChange, NewUser, UserSummary};

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
    /// Show the groups of a user, and change them
    Groups {
        /// The name of the user
        name: String,
        /// Add the user to a group: Manager, Administrator
        #[arg(long, value_name = "GROUP")]
        add: Vec<String>,
        /// Remove the user from a group
        #[arg(long, value_name = "GROUP")]
        remove: Vec<String>,
    },
    /// Grant permissions to a user, in addition to those of their groups
    Grant(Permissions),
    /// Revoke permissions that a user holds directly; those of their groups stay
    Revoke(Permissions),
    /// Revoke all tokens of a user, who must log in again
    EndSessions {
        /// The name of the user
        name: String,
    },
    /// Delete a user permanently; ledger entries keep the user's id, but not the name, which `deactivate` preserves
    Delete {
        /// The name of the user
        name: String,
    },
    /// List all users: name, state, role, groups, permissions held directly
    List,
}

#[derive(clap::Args, Debug)]
pub(super) struct Permissions {
    /// The name of the user
    name: String,
    /// `add_brand`, `change_product`, `delete_outflow`, …
    #[arg(required_unless_present = "superuser", value_parser = permission)]
    permissions: Vec<Permission>,
    /// All permissions
    #[arg(long)]
    superuser: bool,
}

fn permission(codename: &str) -> Result<Permission, String> {
    Permission::from_codename(codename).ok_or_else(|| {
        let all: Vec<String> = Permission::all().map(Permission::codename).collect();
        format!("the permissions are {}", all.join(", "))
    })
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
    let services = match command {
        User::List => open_to_read(config).await?,
        _ => open_current(config).await?,
    };
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
        User::Groups { name, add, remove } => {
            if !(add.is_empty() && remove.is_empty()) {
                let change = AccessChange {
                    join: add.clone(),
                    leave: remove.clone(),
                    ..AccessChange::default()
                };
                account::change_access(&ctx, name.clone(), change).await?;
                let (added, removed) = (add.join(","), remove.join(","));
                tracing::info!(username = name, added, removed, "changed the groups of a user");
            }
            show(&ctx, &name).await?;
        }
        User::Grant(granted) => {
            let change = AccessChange {
                is_superuser: granted.superuser.then_some(true),
                grant: granted.permissions.clone(),
                ..AccessChange::default()
            };
            granted
                .apply(&ctx, change, "granted permissions to a user")
                .await?;
        }
        User::Revoke(revoked) => {
            let change = AccessChange {
                is_superuser: revoked.superuser.then_some(false),
                revoke: revoked.permissions.clone(),
                ..AccessChange::default()
            };
            revoked
                .apply(&ctx, change, "revoked permissions of a user")
                .await?;
        }
        User::EndSessions { name } => {
            account::end_sessions(&ctx, name.clone()).await?;
            tracing::info!(username = name, "ended all sessions of a user");
            print(&format!("ended all sessions of {name}"))?;
        }
        User::Delete { name } => {
            let (id, entries) = account::delete(&ctx, name.clone()).await?;
            tracing::info!(username = name, id, "deleted a user");
            print(&format!("deleted {name}"))?;
            match entries {
                0 => {}
                1 => print(&format!("1 ledger entry keeps the user id {id}"))?,
                _ => print(&format!("{entries} ledger entries keep the user id {id}"))?,
            }
        }
        User::List => {
            for summary in account::list(&ctx).await? {
                print(&line(&summary))?;
            }
        }
    }
    ctx.services.db.close().await;
    Ok(ExitCode::SUCCESS)
}

/// A user's line in the list.
fn line(summary: &UserSummary) -> String {
    let UserSummary {
        user,
        groups,
        permissions,
    } = summary;
    let state = if user.is_active { "active" } else { "inactive" };
    let role = if user.is_superuser { "superuser" } else { "" };
    let (name, groups, permissions) = (&user.username, groups.join(","), permissions.join(","));
    format!("{name}\t{state}\t{role}\t{groups}\t{permissions}")
        .trim_end()
        .to_owned()
}

/// Prints a user's line.
async fn show(ctx: &Ctx, name: &str) -> Result<()> {
    let all = account::list(ctx).await?;
    let found = all.iter().find(|summary| summary.user.username == name);
    print(&line(found.ok_or(Error::NotFound)?))
}

impl Permissions {
    /// Applies a change, logs it with this message, and prints the user.
    async fn apply(&self, ctx: &Ctx, change: AccessChange, message: &str) -> Result<()> {
        account::change_access(ctx, self.name.clone(), change).await?;
        let codenames: Vec<String> = self
            .permissions
            .iter()
            .map(|permission| permission.codename())
            .collect();
        let (username, superuser) = (&self.name, self.superuser);
        tracing::info!(
            username,
            permissions = codenames.join(","),
            superuser,
            "{message}"
        );
        show(ctx, &self.name).await
    }
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
