//! Users and groups, which are managed by commands of the program.

use std::collections::BTreeSet;

use ::entity::{group, permission, stock_change, user, user_group};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QueryTrait,
};

use crate::auth::Permission;
use crate::ctx::Ctx;
use crate::db_error::on_unique;
use crate::error::{Error, Fault, FaultCode, Result};
use crate::query::{Collection, Direction, Field, FieldCheck, ListColumn};
use crate::tx::Tx;

/// The maximum length of a user name in characters, as in Django.
pub const USERNAME_LENGTH: usize = 150;
/// The minimum length of a password in characters.
pub const PASSWORD_LENGTH: usize = 8;

/// The APIs do not list users, but ledger entries refer to them.
impl Collection for user::Entity {
    const COLUMNS: &'static [ListColumn<user::Column>] = &[
        ListColumn::value(user::Column::Username),
        ListColumn::value(user::Column::Id),
    ];
    const DEFAULT_ORDER: (&'static str, Direction) = ("username", Direction::Ascending);
}

/// A user to be created.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub username: String,
    /// The password in plain text.
    pub password: String,
    /// Whether the user has every permission.
    pub is_superuser: bool,
    /// The names of the groups.
    pub groups: Vec<String>,
}

/// Creates a user.
///
/// # Errors
/// [`Error::Invalid`] for a name that is taken, empty or too long, for a short password and for an unknown group.
pub async fn create(ctx: &Ctx, new: NewUser) -> Result<user::Model> {
    check_password(&new.password)?;
    let hash = ctx.services.passwords.hash(new.password.clone()).await?;
    ctx.transaction(move |tx| {
        let (new, hash) = (new.clone(), hash.clone());
        Box::pin(async move {
            let mut check = FieldCheck::new_object(Vec::new());
            let name = check.required_text("username", Field::Set(new.username), USERNAME_LENGTH);
            let groups = groups(tx, &new.groups, &mut check).await?;
            check.finish()?;
            let row = user::ActiveModel {
                id: NotSet,
                username: Set(name.clone().unwrap_or_default()),
                password_hash: Set(hash.clone()),
                is_active: Set(true),
                is_superuser: Set(new.is_superuser),
                created_at: Set(tx.ctx().now),
                tokens_revoked_at: Set(None),
                token_generation: Set(0),
            };
            let inserted = user::Entity::insert(row).exec(tx).await;
            let taken_error = || {
                Fault::new(
                    "username",
                    FaultCode::Taken,
                    "A user with that username already exists.",
                )
                .into()
            };
            let id = on_unique(inserted, "user_username_key", taken_error)?.last_insert_id;
            join_groups(tx, id, groups).await?;
            Ok(user::Model {
                id,
                username: name.unwrap_or_default(),
                password_hash: hash,
                is_active: true,
                is_superuser: new.is_superuser,
                created_at: tx.ctx().now,
                tokens_revoked_at: None,
                token_generation: 0,
            })
        })
    })
    .await
}

/// Changes the password of a user, and revokes their tokens.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] for a short password.
pub async fn set_password(ctx: &Ctx, username: String, password: String) -> Result<()> {
    check_password(&password)?;
    let hash = ctx.services.passwords.hash(password).await?;
    change(ctx, username, true, move |row| {
        row.password_hash = Set(hash.clone());
    })
    .await
}

/// Activates or deactivates a user. Deactivating permanently revokes their tokens.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn set_active(ctx: &Ctx, username: String, is_active: bool) -> Result<()> {
    change(ctx, username, !is_active, move |row| {
        row.is_active = Set(is_active);
    })
    .await
}

/// Ends all sessions of a user by revoking all tokens issued so far.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn end_sessions(ctx: &Ctx, username: String) -> Result<()> {
    change(ctx, username, true, |_| {}).await
}

/// Deletes a user with their memberships, permissions and idempotency keys. Returns their id, which is never reused, and the
/// number of ledger entries that keep it.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn delete(ctx: &Ctx, username: String) -> Result<(i64, u64)> {
    ctx.transaction(move |tx| {
        let username = username.clone();
        Box::pin(async move {
            let id = find(tx, username).await?.id;
            user::Entity::delete_by_id(id).exec(tx).await?;
            let entries = stock_change::Entity::find().filter(stock_change::Column::ActorId.eq(id));
            Ok((id, entries.count(tx).await?))
        })
    })
    .await
}

/// A change of the groups and permissions of a user.
#[derive(Clone, Debug, Default)]
pub struct AccessChange {
    /// Whether the user has every permission; unchanged if absent.
    pub is_superuser: Option<bool>,
    /// The names of the groups to join, which must exist.
    pub join: Vec<String>,
    /// The names of the groups to leave, which must exist.
    pub leave: Vec<String>,
    /// Permissions to grant to the user directly.
    pub grant: Vec<Permission>,
    /// Permissions to take from the user. The user keeps those of their groups.
    pub revoke: Vec<Permission>,
}

/// Changes the groups and permissions of a user, with effect from their next request. Parts of the change that are in effect
/// already are ignored.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] for an unknown group.
pub async fn change_access(ctx: &Ctx, username: String, change: AccessChange) -> Result<()> {
    ctx.transaction(move |tx| {
        let (username, change) = (username.clone(), change.clone());
        Box::pin(async move {
            let row = find(tx, username).await?;
            let id = row.id;
            let mut check = FieldCheck::existing_object(Vec::new());
            let join = groups(tx, &change.join, &mut check).await?;
            let leave = groups(tx, &change.leave, &mut check).await?;
            check.finish()?;
            user_group::Entity::delete_many()
                .filter(user_group::Column::UserId.eq(id))
                .filter(user_group::Column::GroupId.is_in(join.iter().chain(&leave).copied()))
                .exec(tx)
                .await?;
            join_groups(tx, id, join).await?;
            let codenames = |permissions: &[Permission]| -> BTreeSet<String> {
                permissions
                    .iter()
                    .map(|permission| permission.codename())
                    .collect()
            };
            let (grant, revoke) = (codenames(&change.grant), codenames(&change.revoke));
            permission::Entity::delete_many()
                .filter(permission::Column::UserId.eq(id))
                .filter(permission::Column::Codename.is_in(grant.union(&revoke)))
                .exec(tx)
                .await?;
            for codename in grant {
                let new_permission = permission::ActiveModel {
                    id: NotSet,
                    user_id: Set(Some(id)),
                    group_id: Set(None),
                    codename: Set(codename),
                };
                permission::Entity::insert(new_permission)
                    .exec_without_returning(tx)
                    .await?;
            }
            if let Some(is_superuser) = change.is_superuser {
                let mut row = row.into_active_model();
                row.is_superuser = Set(is_superuser);
                row.update(tx).await?;
            }
            Ok(())
        })
    })
    .await
}

/// A user, locked until the transaction ends.
async fn find(tx: &Tx, username: String) -> Result<user::Model> {
    let mut found = user::Entity::find().filter(user::Column::Username.eq(username));
    tx.backend().lock(QueryTrait::query(&mut found));
    found.one(tx).await?.ok_or(Error::NotFound)
}

/// The ids of the groups with these names. Adds a fault to `check` for each name without a group.
async fn groups(tx: &Tx, names: &[String], check: &mut FieldCheck) -> Result<Vec<i64>> {
    let found = group::Entity::find()
        .filter(group::Column::Name.is_in(names))
        .all(tx)
        .await?;
    for name in names
        .iter()
        .filter(|name| !found.iter().any(|group| group.name == **name))
    {
        let message = format!("There is no group {name}.");
        check.fault("groups", FaultCode::NotFound, message);
    }
    Ok(found.iter().map(|group| group.id).collect())
}

async fn join_groups(tx: &Tx, user_id: i64, groups: Vec<i64>) -> Result<()> {
    for group_id in groups {
        let member = user_group::ActiveModel {
            user_id: Set(user_id),
            group_id: Set(group_id),
        };
        user_group::Entity::insert(member)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// A user with their groups and permissions.
#[derive(Clone, Debug)]
pub struct UserSummary {
    pub user: user::Model,
    /// The names of the groups.
    pub groups: Vec<String>,
    /// The permissions that the user holds directly.
    pub permissions: Vec<String>,
}

/// All users, by name.
pub async fn list(ctx: &Ctx) -> Result<Vec<UserSummary>> {
    let users = user::Entity::find()
        .order_by_asc(user::Column::Username)
        .all(ctx.db())
        .await?;
    let groups = group::Entity::find()
        .order_by_asc(group::Column::Name)
        .all(ctx.db())
        .await?;
    let memberships = user_group::Entity::find().all(ctx.db()).await?;
    let permissions = permission::Entity::find()
        .filter(permission::Column::UserId.is_not_null())
        .order_by_asc(permission::Column::Codename)
        .all(ctx.db())
        .await?;
    let groups_of = |user: &user::Model| {
        let of_user = |group: &&group::Model| {
            memberships
                .iter()
                .any(|membership| membership.user_id == user.id && membership.group_id == group.id)
        };
        groups
            .iter()
            .filter(of_user)
            .map(|group| group.name.clone())
            .collect()
    };
    let permissions_of = |user: &user::Model| {
        permissions
            .iter()
            .filter(|permission| permission.user_id == Some(user.id))
            .map(|permission| permission.codename.clone())
            .collect()
    };
    Ok(users
        .into_iter()
        .map(|user| UserSummary {
            groups: groups_of(&user),
            permissions: permissions_of(&user),
            user,
        })
        .collect())
}

async fn change(
    ctx: &Ctx,
    username: String,
    revokes_tokens: bool,
    change: impl Fn(&mut user::ActiveModel) + Send + Sync + 'static,
) -> Result<()> {
    let change = std::sync::Arc::new(change);
    ctx.transaction(move |tx| {
        let (username, change) = (username.clone(), std::sync::Arc::clone(&change));
        Box::pin(async move {
            let user = find(tx, username).await?;
            let generation = user.token_generation;
            let mut row = user.into_active_model();
            change(&mut row);
            if revokes_tokens {
                // The time of the change, not `ctx.now`, because the command may have waited for a password to be typed.
                row.tokens_revoked_at = Set(Some(tx.ctx().services.clock.now()));
                row.token_generation = Set(generation.wrapping_add(1));
            }
            Ok(row.update(tx).await.map(|_| ())?)
        })
    })
    .await
}

fn check_password(password: &str) -> Result<()> {
    if password.chars().count() < PASSWORD_LENGTH {
        let message = format!("Ensure this field has at least {PASSWORD_LENGTH} characters.");
        return Err(Fault::new("password", FaultCode::OutOfRange, message).into());
    }
    Ok(())
}
