//! Turns a bearer token into an [`Actor`].

use std::sync::Arc;

use ::entity::{ended_session, group, permission, user, user_group};
use database::Database;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use tokens::{Claims, TokenType};

use super::accounts::Epochs;
use super::actor::Actor;
use super::permission::{Permission, PermissionSet};
use crate::ctx::Ctx;
use crate::error::{Error, LoginError, Result};

/// The user to whom an access token was issued.
///
/// # Errors
/// [`LoginError::BadToken`] if the token is invalid, expired, of the wrong type or logged out, or its user is not active.
pub async fn identify(ctx: &Ctx, token: &str) -> Result<Arc<Actor>> {
    let bad_token = Error::Unauthenticated(LoginError::BadToken);
    let Some(claims) = ctx.services.tokens.read(token, ctx.now) else {
        return Err(bad_token);
    };
    if claims.token_type != TokenType::Access {
        return Err(bad_token);
    }
    let accounts = &ctx.services.accounts;
    let Epochs {
        accounts: epoch,
        labels,
    } = accounts.epochs(ctx.db()).await?;
    ctx.labels.set(labels);
    let key = (claims.user_id, claims.session().to_owned(), claims.iat);
    if let Some(actor) = accounts.get(epoch, &key) {
        ctx.record.set_user(actor.user_id);
        return Ok(actor);
    }
    let actor = Arc::new(load(ctx.db(), &claims).await?.ok_or(bad_token)?);
    accounts.insert(epoch, key, Arc::clone(&actor));
    ctx.record.set_user(actor.user_id);
    Ok(actor)
}

async fn load(db: &Database, claims: &Claims) -> Result<Option<Actor>> {
    let logout = ended_session::Entity::find_by_id(claims.session().to_owned())
        .one(db)
        .await?;
    let user = user::Entity::find_by_id(claims.user_id)
        .one(db)
        .await?
        .filter(|user| user.is_active && !claims.is_revoked(user.tokens_revoked_at, user.token_generation));
    match (logout, user) {
        (None, Some(user)) => load_actor(db, user).await.map(Some),
        _ => Ok(None),
    }
}

/// A user with their groups and permissions.
pub async fn load_actor(db: &Database, user: user::Model) -> Result<Actor> {
    let memberships = || {
        user_group::Entity::find()
            .select_only()
            .column(user_group::Column::GroupId)
            .filter(user_group::Column::UserId.eq(user.id))
            .into_query()
    };
    let groups = group::Entity::find()
        .filter(group::Column::Id.in_subquery(memberships()))
        .all(db)
        .await?;
    let of_user = Condition::any()
        .add(permission::Column::UserId.eq(user.id))
        .add(permission::Column::GroupId.in_subquery(memberships()));
    let permissions = permission::Entity::find().filter(of_user).all(db).await?;
    let mut groups: Vec<String> = groups.into_iter().map(|group| group.name).collect();
    groups.sort();
    Ok(Actor {
        user_id: Some(user.id),
        username: user.username,
        is_superuser: user.is_superuser,
        groups,
        permissions: if user.is_superuser {
            PermissionSet::all()
        } else {
            permissions
                .iter()
                .filter_map(|permission| Permission::from_codename(&permission.codename))
                .collect()
        },
    })
}
