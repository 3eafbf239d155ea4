//! Accounts: the logged-in user, and the mutations of sessions.

use ::entity::user;
use async_graphql::{Context, Enum, ID, InputObject, SimpleObject};
use graphql_tables::{HasNode, WriteFields};

use super::kit::{UserError, user_errors};
use crate::auth::{self, Actor, Verb, login};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::query::{Field, FieldCheck, Row};

/// An account that can log in.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(serial)]
pub struct User {
    id: ID,
    username: String,
}

impl WriteFields for User {}

impl HasNode<Ctx> for user::Entity {
    type Node = User;
}

impl From<Row<user::Entity>> for User {
    fn from(row: Row<user::Entity>) -> Self {
        Self {
            id: row.id.into(),
            username: row.username.clone(),
        }
    }
}

/// The logged-in user.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(serial)]
pub(crate) struct Viewer {
    user: User,
    /// A superuser holds every permission.
    is_superuser: bool,
    /// Names of the groups this user is in: `Manager`, `Administrator`, …
    groups: Vec<String>,
    /// Every permission of this user, held directly, through a group or as a superuser.
    /// Use it to hide buttons; the server checks again.
    permissions: Vec<Permission>,
}

impl Viewer {
    /// `None` for the program itself, which is not a user.
    pub(crate) fn of(actor: &Actor) -> Option<Self> {
        Some(Self {
            user: User {
                id: actor.user_id?.into(),
                username: actor.username.clone(),
            },
            is_superuser: actor.is_superuser,
            groups: actor.groups.clone(),
            permissions: auth::Permission::all()
                .filter(|permission| actor.may(*permission))
                .filter_map(Permission::of)
                .collect(),
        })
    }
}

/// Declares the permissions of the schema, each with the verb and the kind of resource of its [`auth::Permission`].
macro_rules! permissions {
    ($($name:ident: $verb:ident $kind:ident),+ $(,)?) => {
        /// What a user may be allowed to do. Reading requires no permission, except for
        /// webhooks.
        #[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Permission {
            $(
                $name,
            )+
        }

        impl Permission {
            /// Returns `None` for a permission that the API does not use.
            fn of(auth::Permission(verb, kind): auth::Permission) -> Option<Self> {
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
pub(crate) struct LoginInput {
    username: String,
    #[graphql(secret)]
    password: String,
}

/// The tokens, or why there are none.
#[derive(SimpleObject, Default)]
#[graphql(serial)]
pub(crate) struct LoginPayload {
    /// Send this with each request. Valid for one day.
    access: Option<String>,
    /// Exchange this for a new access token. Valid for seven days.
    refresh: Option<String>,
    /// The user who has logged in.
    viewer: Option<Viewer>,
    user_errors: Vec<UserError>,
}

pub(crate) async fn log_in(cx: &Context<'_>, input: LoginInput) -> Result<LoginPayload> {
    let ctx = Ctx::of(cx)?;
    let attempt = async {
        let mut check = FieldCheck::new_object(Vec::new());
        let username = check.required_text("username", Field::Set(input.username), usize::MAX);
        check.required_text("password", Field::Set(input.password.clone()), usize::MAX);
        check.finish()?;
        login::log_in(ctx, &username.unwrap_or_default(), input.password).await
    };
    match attempt.await {
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

/// The refresh token to exchange.
#[derive(InputObject)]
pub(crate) struct RefreshTokenInput {
    #[graphql(secret)]
    refresh: String,
}

/// The new tokens, or why there are none.
#[derive(SimpleObject, Default)]
#[graphql(serial)]
pub(crate) struct RefreshTokenPayload {
    access: Option<String>,
    /// A new refresh token that replaces the given one, which is no longer valid. Null
    /// when the server does not rotate refresh tokens: keep using the given one.
    refresh: Option<String>,
    user_errors: Vec<UserError>,
}

pub(crate) async fn refresh(cx: &Context<'_>, input: RefreshTokenInput) -> Result<RefreshTokenPayload> {
    let ctx = Ctx::of(cx)?;
    let attempt = async { login::refresh(ctx, &non_blank("refresh", input.refresh)?).await };
    match attempt.await {
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
pub(crate) struct VerifyTokenInput {
    /// An access or a refresh token.
    #[graphql(secret)]
    token: String,
}

/// Whether the token is valid.
#[derive(SimpleObject)]
#[graphql(serial)]
pub(crate) struct VerifyTokenPayload {
    is_valid: bool,
}

pub(crate) async fn verify(cx: &Context<'_>, input: VerifyTokenInput) -> Result<VerifyTokenPayload> {
    match login::verify(Ctx::of(cx)?, &input.token).await {
        Ok(()) => Ok(VerifyTokenPayload { is_valid: true }),
        Err(Error::Unauthenticated(_)) => Ok(VerifyTokenPayload { is_valid: false }),
        Err(error) => Err(error),
    }
}

/// The session to end.
#[derive(InputObject)]
pub(crate) struct LogoutInput {
    #[graphql(secret)]
    refresh: String,
}

/// The result of a logout. The session has ended unless there are user errors.
#[derive(SimpleObject)]
#[graphql(serial)]
pub(crate) struct LogoutPayload {
    user_errors: Vec<UserError>,
}

pub(crate) async fn log_out(cx: &Context<'_>, input: LogoutInput) -> Result<LogoutPayload> {
    let ctx = Ctx::of(cx)?;
    let attempt = async { login::log_out(ctx, &non_blank("refresh", input.refresh)?).await };
    match attempt.await {
        Ok(()) => Ok(LogoutPayload {
            user_errors: Vec::new(),
        }),
        Err(error) => Ok(LogoutPayload {
            user_errors: user_errors(error)?,
        }),
    }
}

/// The token, unless it is blank.
fn non_blank(name: &'static str, token: String) -> Result<String> {
    let mut check = FieldCheck::new_object(Vec::new());
    let text = check.required_text(name, Field::Set(token), usize::MAX);
    check.finish()?;
    Ok(text.unwrap_or_default())
}
