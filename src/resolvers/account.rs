//! Users and groups, as the commands of the program manage them.

use ::entity::{group, user, user_group};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::ctx::Ctx;
use crate::db_error::on_unique;
use crate::error::{Error, Fault, FaultCode, Result};
use crate::query::{Check, Collection, Direction, Field, Sortable};

/// The most characters of a user name, as in Django.
pub const USERNAME_LENGTH: usize = 150;
/// The fewest characters of a password.
pub const PASSWORD_LENGTH: usize = 8;

/// Users are not listed by the faces, but the ledger refers to them.
impl Collection for user::Entity {
    const SORTABLE: &'static [Sortable<user::Column>] = &[
        Sortable {
            name: "username",
            columns: &[user::Column::Username],
            nullable: false,
        },
        Sortable {
            name: "id",
            columns: &[user::Column::Id],
            nullable: false,
        },
    ];
    const DEFAULT_ORDER: (&'static str, Direction) = ("username", Direction::Ascending);
    const SEARCHED: Option<user::Column> = None;
}

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name to log in with.
    pub username: String,
    /// In the clear.
    pub password: String,
    /// Holds every permission.
    pub is_superuser: bool,
    /// Groups, by name.
    pub groups: Vec<String>,
}

/// Makes a user.
///
/// # Errors
/// [`Error::Invalid`] for a name that is taken, empty or too long, for a short password and for an unknown group.
pub async fn create(ctx: &Ctx, new: NewUser) -> Result<user::Model> {
    check_password(&new.password)?;
    let hash = ctx.services.passwords.hash(new.password.clone()).await?;
    ctx.transaction(move |tx| {
        let (new, hash) = (new.clone(), hash.clone());
        Box::pin(async move {
            let mut check = Check::new_row(Vec::new());
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
            })
        })
    })
    .await
}

/// Gives a user another password.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Invalid`] for a short one.
pub async fn set_password(ctx: &Ctx, username: String, password: String) -> Result<()> {
    check_password(&password)?;
    let hash = ctx.services.passwords.hash(password).await?;
    change(ctx, username, move |row| row.password_hash = Set(hash.clone())).await
}

/// Lets a user in, or not; all their tokens follow at once.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn set_active(ctx: &Ctx, username: String, is_active: bool) -> Result<()> {
    change(ctx, username, move |row| row.is_active = Set(is_active)).await
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
            let mut row = found.ok_or(Error::NotFound)?.into_active_model();
            change(&mut row);
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
