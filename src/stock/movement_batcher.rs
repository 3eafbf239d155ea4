//! Movements on PostgreSQL: as many as there are in one statement.
//!
//! There a movement alone costs round trips during which the product's row is locked, and a commit for which the disk is
//! waited. So movements that arrive while others are being recorded wait for each other and are recorded together: one
//! statement locks their products, tries the movements in the order in which they came, and stores those that stock
//! allows, with their entries in the ledger and what receivers are told of. The statement is a transaction by itself:
//! nobody hears of a movement before it is committed, and all of it is, or none.
//!
//! What is not recorded that way, because stock does not allow it, anything it refers to is missing or somebody else has
//! its product locked, goes the ordinary way of a request alone, which waits, decides anew and says what is wrong. So the
//! statement itself never waits for a lock, and a product that is held up holds up no other.
//!
//! SQLite's writer commits waiting requests together by itself.

use std::fmt::Write as _;
use std::sync::Arc;

use ::entity::product;
use chrono::{DateTime, Utc};
use database::Failure;
use database::{Backend, bulk};
use sea_orm::{
    ConnectionTrait, DbErr, FromQueryResult, IdenStatic as _, Iterable as _, QueryResult, Statement,
};
use serde::Serialize;
use tokio::sync::oneshot;

use super::movement_queue::{NewMovement, Recorded, Waiting};
use super::stock::Movement;
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::check::INT_MAX;
use crate::resource::Created;
use crate::services::Services;
use crate::tx::Tx;
use crate::webhooks::outbox;

/// Movements that one statement records, at most: bounds how long the first of them waits.
const TOGETHER: usize = 64;
/// Statements under way at the same time, for one kind of movement: two would find each other's products locked.
const AT_ONCE: usize = 1;
/// What a request's trace says of the statement that it shares with others.
const SHARED: &str = "movements recorded together";
/// Movements that wait; whoever comes then goes the ordinary way.
const WAITING: usize = 1_024;

/// Records a movement together with those that others ask for at the same time. None when that was not possible, and
/// nothing has changed.
///
/// # Errors
/// When the database did not answer: whether it is recorded is not known then, so it must not be tried again here.
pub async fn together<M: Movement>(ctx: &Ctx, moving: NewMovement) -> Result<Option<Created<M>>> {
    if ctx.db().backend() != Backend::Postgres {
        return Ok(None);
    }
    let (done, answer) = oneshot::channel();
    let begins = {
        let mut queue = M::recorder(&ctx.services).lock();
        if queue.waiting.len() >= WAITING {
            return Ok(None);
        }
        queue.waiting.push_back(Waiting {
            movement: moving.clone(),
            at: ctx.now,
            actor_id: actor_id(ctx),
            done,
        });
        let begins = queue.running < AT_ONCE;
        queue.running += usize::from(begins);
        begins
    };
    if begins {
        // A task of its own: a client that leaves must not take the others' movements along.
        tokio::spawn(BatchWorker::<M>::new(&ctx.services).work());
    }
    let mut span = ctx.record.statement(Backend::Postgres, SHARED);
    let found = answer
        .await
        .unwrap_or_else(|_| Err(Error::internal("movements were not recorded together")));
    if let Some(span) = &mut span {
        span.end(&found);
    }
    let found = found?;
    Ok(found.map(|found| made::<M>(&moving, ctx, found)))
}

/// Records movements within a transaction, all in one statement; none for those that stock does not allow or whose
/// references are missing.
///
/// # Errors
/// What the database says.
pub async fn within<M: Movement>(tx: &Tx, moving: &NewMovement) -> Result<Option<Created<M>>, DbErr> {
    let ctx = tx.ctx();
    let statement = statement::<M>(&ctx.services, &[(moving, ctx.now, actor_id(ctx))], "");
    if outbox::publishes(&ctx.services, M::CREATED) {
        tx.wake_webhooks();
    }
    let found = read(&tx.query_all_raw(statement).await?)?.pop();
    Ok(found.map(|(_, found)| made::<M>(moving, ctx, found)))
}

fn made<M: Movement>(moving: &NewMovement, ctx: &Ctx, found: Recorded) -> Created<M> {
    let mut row = M::row(moving, &found.product, ctx.now);
    ::entity::Record::set_id(&mut row, found.movement_id);
    Created {
        row,
        product: Some(found.product),
    }
}

/// One of those who work for all that wait; gives its place back however it ends.
struct BatchWorker<M: Movement> {
    services: Arc<Services>,
    of: std::marker::PhantomData<fn() -> M>,
    over: bool,
}

impl<M: Movement> BatchWorker<M> {
    fn new(services: &Arc<Services>) -> Self {
        Self {
            services: Arc::clone(services),
            of: std::marker::PhantomData,
            over: false,
        }
    }

    /// Records what waits until nothing does.
    async fn work(mut self) {
        while let Some(batch) = self.next() {
            let movements: Vec<Requested<'_>> = batch
                .iter()
                .map(|waiting| (&waiting.movement, waiting.at, waiting.actor_id))
                .collect();
            let statement = statement::<M>(&self.services, &movements, "SKIP LOCKED");
            let found = self.services.db.run_alone(statement).await;
            let found = match found.as_deref().map(read) {
                Ok(found) => found,
                // Nothing has changed, and each of them meets the cause alone and is told of it.
                Err(error) if Failure::of(error).is_rejection() => Ok(Vec::new()),
                Err(error) => Err(error.clone()),
            };
            match found {
                Ok(found) => self.answer(batch, found),
                Err(error) => self.give_up(batch, &Error::from(error)),
            }
        }
    }

    /// Tells everybody what came of their movements.
    fn answer(&self, batch: Vec<Waiting>, found: Vec<(usize, Recorded)>) {
        if !found.is_empty() {
            let wakes = outbox::publishes(&self.services, M::CREATED);
            self.services.changed(M::KIND, found.len(), wakes);
        }
        let mut answers: Vec<Option<Recorded>> = batch.iter().map(|_| None).collect();
        for (place, one) in found {
            if let Some(answer) = answers.get_mut(place) {
                *answer = Some(one);
            }
        }
        for (waiting, answer) in batch.into_iter().zip(answers) {
            // Nobody listens any more when the client has gone; the work is done all the same.
            let _ = waiting.done.send(Ok(answer));
        }
    }

    /// Tells everybody that the database does not answer, those who wait included: they have waited as long.
    fn give_up(&self, batch: Vec<Waiting>, error: &Error) {
        let behind: Vec<Waiting> = M::recorder(&self.services).lock().waiting.drain(..).collect();
        for waiting in batch.into_iter().chain(behind) {
            let _ = waiting.done.send(Err(error.clone()));
        }
    }

    /// Those who wait; none ends the turn.
    fn next(&mut self) -> Option<Vec<Waiting>> {
        let mut queue = M::recorder(&self.services).lock();
        let count = queue.waiting.len().min(TOGETHER);
        if count == 0 {
            queue.running -= 1;
            self.over = true;
            return None;
        }
        Some(queue.waiting.drain(..count).collect())
    }
}

impl<M: Movement> Drop for BatchWorker<M> {
    fn drop(&mut self) {
        if !self.over {
            let mut queue = M::recorder(&self.services).lock();
            queue.running -= 1;
            // With nobody left to work for them, those who wait are told so.
            if queue.running == 0 {
                queue.waiting.clear();
            }
        }
    }
}

/// A movement as the statement reads it.
#[derive(Serialize)]
struct Wanted<'m> {
    place: usize,
    product_id: i64,
    supplier_id: Option<i64>,
    quantity: i64,
    description: Option<&'m str>,
    description_folded: Option<String>,
    actor_id: Option<i64>,
    at: DateTime<Utc>,
    message_id: Option<String>,
    low_stock_message_id: Option<String>,
}

/// A movement, when it was requested and by whom.
type Requested<'m> = (&'m NewMovement, DateTime<Utc>, Option<i64>);

fn actor_id(ctx: &Ctx) -> Option<i64> {
    ctx.actor.as_ref().and_then(|actor| actor.user_id)
}

/// The statement that records these movements, its one parameter being them; `locked` says what becomes of products that
/// somebody has locked.
fn statement<M: Movement>(services: &Services, movements: &[Requested<'_>], locked: &str) -> Statement {
    let published = outbox::with_queries(services, M::CREATED);
    let publishes = outbox::publishes(services, M::CREATED);
    let wanted: Vec<Wanted<'_>> = movements
        .iter()
        .enumerate()
        .map(|(place, (moving, at, actor_id))| Wanted {
            place,
            product_id: moving.product_id,
            supplier_id: moving.supplier_id,
            quantity: moving.quantity,
            description: moving.description.as_deref(),
            description_folded: moving.description_folded(),
            actor_id: *actor_id,
            at: *at,
            message_id: publishes.then(outbox::message_id),
            low_stock_message_id: publishes.then(outbox::message_id),
        })
        .collect();
    // A product as it is after one of the movements.
    let mut after = String::new();
    for column in product::Column::iter() {
        let name = column.as_str();
        // Writing to a text does not fail.
        let _ = match column {
            product::Column::Quantity => write!(after, ", taken.balance AS {name}"),
            product::Column::Version => write!(after, ", taken.version_after AS {name}"),
            product::Column::UpdatedAt => write!(after, ", taken.at AS {name}"),
            _ => write!(after, ", locked.{name}"),
        };
    }
    // What `locked` has is newer than the statement's own view of the product, by which `quantity + change` would be
    // checked before it is found to be out of date: so the new quantity comes from there.
    let sql = format!(
        r"WITH wanted AS MATERIALIZED (
            SELECT place, product_id, supplier_id, quantity, {sign} * quantity AS change, description, description_folded,
                actor_id, at, message_id, low_stock_message_id
            FROM json_to_recordset(CAST($1 AS json)) AS movement (place bigint, product_id bigint, supplier_id bigint,
                quantity bigint, description text, description_folded text, actor_id bigint, at timestamptz,
                message_id text, low_stock_message_id text)
        ), locked AS MATERIALIZED (
            SELECT * FROM product WHERE id IN (SELECT product_id FROM wanted) ORDER BY id FOR NO KEY UPDATE {locked}
        ), tried AS (
            SELECT wanted.*, locked.title, locked.selling_price, locked.cost_price,
                CAST(locked.quantity + SUM(wanted.change) OVER earlier AS bigint) AS balance,
                locked.version + ROW_NUMBER() OVER earlier AS version_after
            FROM wanted JOIN locked ON locked.id = wanted.product_id
            {references}
            WINDOW earlier AS (PARTITION BY wanted.product_id ORDER BY wanted.place)
        ), taken AS MATERIALIZED (
            SELECT *, nextval(CAST('{table}_id_seq' AS regclass)) AS movement_id FROM (
                SELECT *, BOOL_AND(balance BETWEEN 0 AND {INT_MAX}) OVER (PARTITION BY product_id ORDER BY place) AS fits
                FROM tried) AS fitting
            WHERE fits
        ), moved AS (
            UPDATE product SET quantity = last.balance, version = last.version_after, updated_at = last.at
            FROM (SELECT DISTINCT ON (product_id) product_id, balance, version_after, at
                FROM taken ORDER BY product_id, place DESC) AS last
            WHERE product.id = last.product_id
        ), recorded AS (
            INSERT INTO {table} ({columns}) SELECT {values} FROM taken ORDER BY place
        ), entered AS (
            INSERT INTO stock_change (product_id, reason, change, balance, movement_id, actor_id, created_at)
            SELECT product_id, '{reason}', change, balance, movement_id, actor_id, at FROM taken ORDER BY place
            RETURNING id, movement_id
        ){published}
        SELECT taken.place, taken.movement_id{after} FROM taken JOIN locked ON locked.id = taken.product_id",
        sign = M::SIGN,
        references = M::REFERENCES,
        table = M::default().table_name(),
        columns = M::COLUMNS.0,
        values = M::COLUMNS.1,
        reason = sea_orm::ActiveEnum::to_value(&M::CREATED),
    );
    Statement::from_sql_and_values(Backend::Postgres.into(), sql, [bulk::json_rows(&wanted)])
}

fn read(rows: &[QueryResult]) -> Result<Vec<(usize, Recorded)>, DbErr> {
    #[derive(FromQueryResult)]
    struct Place {
        place: i64,
        movement_id: i64,
    }
    rows.iter()
        .map(|row| {
            let Place { place, movement_id } = Place::from_query_result(row, "")?;
            let product = product::Model::from_query_result(row, "")?;
            Ok((
                usize::try_from(place).unwrap_or(usize::MAX),
                Recorded { movement_id, product },
            ))
        })
        .collect()
}
