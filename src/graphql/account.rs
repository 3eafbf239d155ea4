//! Who is asking, and how they log in.

use ::entity::user;
use async_graphql::{Context, Enum, ID, InputObject, SimpleObject};

use super::problem::{UserError, user_errors};
use crate::auth::{Actor, Right, Verb, login};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::query::{DraftCheck, Field, Row};

/// Someone who can log in.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(serial)]
pub struct User {
    id: ID,
    username: String,
}

impl From<Row<user::Entity>> for User {
    fn from(row: Row<user::Entity>) -> Self {
        Self {
            id: row.id.into(),
            username: row.username.clone(),
        }
    }
}

/// The user who is asking.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(serial)]
pub struct Viewer {
    user: User,
    /// A superuser holds every permission.
    is_superuser: bool,
    /// Names of the groups this user is in: `Manager`, `Administrator`, …
    groups: Vec<String>,
    /// All this user may do, held directly, through a group or as a superuser. Use it
    /// to hide buttons; the server checks again.
    permissions: Vec<Permission>,
}

impl Viewer {
    /// The viewer that an actor is; the program itself is none.
    pub fn of(actor: &Actor) -> Option<Self> {
        Some(Self {
            user: User {
                id: actor.user_id?.into(),
                username: actor.username.clone(),
            },
            is_superuser: actor.is_superuser,
            groups: actor.groups.clone(),
            permissions: Right::all()
                .filter(|right| actor.may(*right))
                .filter_map(Permission::of)
                .collect(),
        })
    }
}

/// Makes the permissions: one for each verb and noun of the inventory, and one for webhooks.
macro_rules! permissions {
    ($($name:ident: $verb:ident $kind:ident),+ $(,)?) => {
        /// Something a user may be allowed to do. Reading needs none, webhooks apart.
        #[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Permission {
            $(
                #[doc(hidden)]
                $name,
            )+
        }

        impl Permission {
            /// The permission that a right is; there are fewer than there are verbs and nouns.
            fn of(Right(verb, kind): Right) -> Option<Self> {
                match (verb, kind) {
                    $((Verb::$verb, Kind::$kind) => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

permissions! {
    AddBrand: Add Brand, ChangeBrand: Change Brand, DeleteBrand: Delete Brand,
    AddCategory: Add Category, ChangeCategory: Change Category, DeleteCategory: Delete Category,
    AddSupplier: Add Supplier, ChangeSupplier: Change Supplier, DeleteSupplier: Delete Supplier,
    AddProduct: Add Product, ChangeProduct: Change Product, DeleteProduct: Delete Product,
    AddInflow: Add Inflow, ChangeInflow: Change Inflow, DeleteInflow: Delete Inflow,
    AddOutflow: Add Outflow, ChangeOutflow: Change Outflow, DeleteOutflow: Delete Outflow,
    ChangeWebhook: Change Webhook,
}

/// Name and password.
#[derive(InputObject)]
pub struct LoginInput {
    username: String,
    #[graphql(secret)]
    password: String,
}

/// The tokens, or why there are none.
#[derive(SimpleObject, Default)]
#[graphql(serial)]
pub struct LoginPayload {
    /// Send this with each request. Good for a day.
    access: Option<String>,
    /// Trade this for a new access token. Good for seven days.
    refresh: Option<String>,
    /// Who has logged in.
    viewer: Option<Viewer>,
    user_errors: Vec<UserError>,
}

/// Trades a name and a password for tokens.
pub async fn log_in(cx: &Context<'_>, input: LoginInput) -> Result<LoginPayload> {
    let ctx = Ctx::of(cx)?;
    let logged_in = async {
        let mut check = DraftCheck::new_row(Vec::new());
        let username = check.required_text("username", Field::Set(input.username), usize::MAX);
        check.required_text("password", Field::Set(input.password.clone()), usize::MAX);
        check.finish()?;
        login::log_in(ctx, &username.unwrap_or_default(), input.password).await
    };
    match logged_in.await {
        Ok((pair, actor)) => Ok(LoginPayload {
            access: Some(pair.access),
            refresh: pair.refresh,
            viewer: Viewer::of(&actor),
            user_errors: Vec::new(),
        }),
        Err(error) => Ok(LoginPayload {
            user_errors: user_errors(error)?,
            ..LoginPayload::default()
        }),
    }
}

/// The refresh token to trade.
#[derive(InputObject)]
pub struct RefreshTokenInput {
    #[graphql(secret)]
    refresh: String,
}

/// The new tokens, or why there are none.
#[derive(SimpleObject, Default)]
#[graphql(serial)]
pub struct RefreshTokenPayload {
    access: Option<String>,
    /// A new refresh token in place of the one given, which is spent. Null unless the
    /// server rotates refresh tokens: then go on using the old one.
    refresh: Option<String>,
    user_errors: Vec<UserError>,
}

/// Trades a refresh token.
pub async fn refresh(cx: &Context<'_>, input: RefreshTokenInput) -> Result<RefreshTokenPayload> {
    let ctx = Ctx::of(cx)?;
    let refreshed = async { login::refresh(ctx, &present("refresh", input.refresh)?).await };
    match refreshed.await {
        Ok(pair) => Ok(RefreshTokenPayload {
            access: Some(pair.access),
            refresh: pair.refresh,
            user_errors: Vec::new(),
        }),
        Err(error) => Ok(RefreshTokenPayload {
            user_errors: user_errors(error)?,
            ..RefreshTokenPayload::default()
        }),
    }
}

/// The token to check.
#[derive(InputObject)]
pub struct VerifyTokenInput {
    /// An access or a refresh token.
    #[graphql(secret)]
    token: String,
}

/// Whether the token is good.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct VerifyTokenPayload {
    is_valid: bool,
}

/// Checks a token.
pub async fn verify(cx: &Context<'_>, input: VerifyTokenInput) -> Result<VerifyTokenPayload> {
    match login::verify(Ctx::of(cx)?, &input.token).await {
        Ok(()) => Ok(VerifyTokenPayload { is_valid: true }),
        Err(Error::Unauthenticated(_)) => Ok(VerifyTokenPayload { is_valid: false }),
        Err(error) => Err(error),
    }
}

/// The session to end.
#[derive(InputObject)]
pub struct LogoutInput {
    #[graphql(secret)]
    refresh: String,
}

/// Whether the session has ended.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct LogoutPayload {
    user_errors: Vec<UserError>,
}

/// Ends a session.
pub async fn log_out(cx: &Context<'_>, input: LogoutInput) -> Result<LogoutPayload> {
    let ctx = Ctx::of(cx)?;
    let logged_out = async { login::log_out(ctx, &present("refresh", input.refresh)?).await };
    match logged_out.await {
        Ok(()) => Ok(LogoutPayload {
            user_errors: Vec::new(),
        }),
        Err(error) => Ok(LogoutPayload {
            user_errors: user_errors(error)?,
        }),
    }
}

/// A token that is not blank.
fn present(name: &'static str, token: String) -> Result<String> {
    let mut check = DraftCheck::new_row(Vec::new());
    let text = check.required_text(name, Field::Set(token), usize::MAX);
    check.finish()?;
    Ok(text.unwrap_or_default())
}
