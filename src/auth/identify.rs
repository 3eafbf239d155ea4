//! From a bearer token to an [`Actor`].
//!
//! What is known of an account is remembered, and good for as long as `account_epoch` stands still: triggers move it
//! whenever a user, a group membership, a permission or an ended session changes, by whatever hand. Each request asks
//! for the epoch, after it has arrived, so a deactivation that was committed before counts at once. Requests that arrive
//! while that one small question is under way share the next one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::entity::{ended_session, group, permission, user, user_group};
use database::Database;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait as _, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    Statement,
};

use super::token::{Claims, TokenType};
use super::{Actor, Right, Rights};
use crate::ctx::Ctx;
use crate::error::{Error, Login, Result};

/// Sessions that are remembered at most; then all are forgotten and asked for again.
const REMEMBERED: usize = 10_000;

/// How long a request waits for the epoch.
const PATIENCE: Duration = Duration::from_secs(6);

type EpochRead = Shared<BoxFuture<'static, Result<i64>>>;

/// What is remembered of accounts.
#[derive(Clone, Default)]
pub struct Accounts(Arc<State>);

#[derive(Default)]
struct State {
    known: Mutex<Known>,
    /// The next read of the epoch, which has not begun: whoever arrives may wait for it.
    next: Mutex<Option<EpochRead>>,
    /// One read at a time.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    epoch: i64,
    actors: HashMap<(i64, String), Arc<Actor>>,
}

/// Who sends this access token.
///
/// # Errors
/// [`Login::BadToken`] when the token is bad, expired, of the wrong type, logged out, or its user is not active.
pub async fn identify(ctx: &Ctx, token: &str) -> Result<Arc<Actor>> {
    let refused = Error::Unauthenticated(Login::BadToken);
    let Some(claims) = ctx.app.tokens.read(token, ctx.now) else {
        return Err(refused);
    };
    if claims.token_type != TokenType::Access {
        return Err(refused);
    }
    let accounts = &ctx.app.accounts;
    let epoch = accounts.epoch(ctx.db()).await?;
    let key = (claims.user_id, claims.session().to_owned());
    if let Some(actor) = accounts.remembered(epoch, &key) {
        ctx.record.identified(actor.user_id);
        return Ok(actor);
    }
    let actor = Arc::new(load(ctx.db(), &claims).await?.ok_or(refused)?);
    accounts.remember(epoch, key, Arc::clone(&actor));
    ctx.record.identified(actor.user_id);
    Ok(actor)
}

impl Accounts {
    async fn epoch(&self, db: &Database) -> Result<i64> {
        let read = {
            let mut next = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
            next.get_or_insert_with(|| self.clone().read_epoch(db.clone()).boxed().shared())
                .clone()
        };
        // One that came late waits for the read before its own too.
        tokio::time::timeout(PATIENCE, read)
            .await
            .unwrap_or_else(|_| Err(Error::unavailable("who asks could not be found out in time")))
    }

    async fn read_epoch(self, db: Database) -> Result<i64> {
        let _turn = self.0.turn.lock().await;
        // From here on the answer may be older than who asks for it: they need another.
        self.0.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        let statement = Statement::from_string(db.get_database_backend(), "SELECT epoch FROM account_epoch");
        Ok(db.number(statement).await?)
    }

    fn remembered(&self, epoch: i64, key: &(i64, String)) -> Option<Arc<Actor>> {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.epoch == epoch {
            known.actors.get(key).cloned()
        } else {
            None
        }
    }

    fn remember(&self, epoch: i64, key: (i64, String), actor: Arc<Actor>) {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.epoch < epoch || known.actors.len() >= REMEMBERED {
            known.actors.clear();
            known.epoch = known.epoch.max(epoch);
        }
        // One that was slower than a change of the accounts keeps what it found to itself.
        if known.epoch == epoch {
            known.actors.insert(key, actor);
        }
    }
}

async fn load(db: &Database, claims: &Claims) -> Result<Option<Actor>> {
    let ended = ended_session::Entity::find_by_id(claims.session().to_owned())
        .one(db)
        .await?;
    let user = user::Entity::find_by_id(claims.user_id)
        .one(db)
        .await?
        .filter(|user| user.is_active);
    match (ended, user) {
        (None, Some(user)) => actor(db, user).await.map(Some),
        _ => Ok(None),
    }
}

/// The user with what they may do.
pub async fn actor(db: &Database, user: user::Model) -> Result<Actor> {
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
    let held = Condition::any()
        .add(permission::Column::UserId.eq(user.id))
        .add(permission::Column::GroupId.in_subquery(memberships()));
    let permissions = permission::Entity::find().filter(held).all(db).await?;
    let mut groups: Vec<String> = groups.into_iter().map(|group| group.name).collect();
    groups.sort();
    Ok(Actor {
        user_id: Some(user.id),
        username: user.username,
        is_superuser: user.is_superuser,
        groups,
        rights: if user.is_superuser {
            Rights::all()
        } else {
            permissions
                .iter()
                .filter_map(|permission| Right::of_codename(&permission.codename))
                .collect()
        },
    })
}
