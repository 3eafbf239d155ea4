//! Users and groups, which the commands of the program manage.

use ::entity::{group, user, user_group};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::ctx::Ctx;
use crate::db_error::on_unique;
use crate::error::{Error, Fault, FaultCode, Result};
use crate::query::{Collection, Direction, Field, FieldCheck, ListColumn};

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
    /// In plain text.
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
            let groups = group::Entity::find()
                .filter(group::Column::Name.is_in(new.groups.clone()))
                .all(tx)
                .await?;
            for missing in new
                .groups
                .iter()
                .filter(|name| !groups.iter().any(|group| group.name == **name))
            {
                check.fault(
                    "groups",
                    FaultCode::NotFound,
                    format!("There is no group {missing}."),
                );
            }
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
            let taken = || {
                Fault::new(
                    "username",
                    FaultCode::Taken,
                    "A user with that username already exists.",
                )
                .into()
            };
            let id = on_unique(inserted, "user_username_key", taken)?.last_insert_id;
            for group in groups {
                let member = user_group::ActiveModel {
                    user_id: Set(id),
                    group_id: Set(group.id),
                };
                user_group::Entity::insert(member)
                    .exec_without_returning(tx)
                    .await?;
            }
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

/// All users with the names of their groups, by name.
pub async fn list(ctx: &Ctx) -> Result<Vec<(user::Model, Vec<String>)>> {
    let users = user::Entity::find()
        .order_by_asc(user::Column::Username)
        .all(ctx.db())
        .await?;
    let groups = group::Entity::find()
        .order_by_asc(group::Column::Name)
        .all(ctx.db())
        .await?;
    let memberships = user_group::Entity::find().all(ctx.db()).await?;
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
    Ok(users
        .into_iter()
        .map(|user| (user.clone(), groups_of(&user)))
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
            let found = user::Entity::find()
                .filter(user::Column::Username.eq(username))
                .one(tx)
                .await?;
            let user = found.ok_or(Error::NotFound)?;
            let generation = user.token_generation;
            let mut row = user.into_active_model();
            change(&mut row);
            if revokes_tokens {
                // The time of the change, not of the command, which may have waited for a password to be typed.
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
