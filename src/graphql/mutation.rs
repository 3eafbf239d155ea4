//! The root fields of mutations: the permit first, then the rule, then the payload.

use ::entity::{Record as _, brand, category, inflow, outflow, product, supplier};
use async_graphql::{Context, ID, MergedObject, Object};
use futures_util::FutureExt as _;

use super::account::{
    self, LoginInput, LoginPayload, LogoutInput, LogoutPayload, RefreshTokenInput, RefreshTokenPayload,
    VerifyTokenInput, VerifyTokenPayload,
};
use super::inflow::{
    CreateInflowInput, CreateInflowPayload, CreateInflowsInput, CreateInflowsPayload, DeleteInflowInput,
    DeleteInflowPayload,
};
use super::label::{
    CreateBrandInput, CreateBrandPayload, CreateCategoryInput, CreateCategoryPayload, CreateSupplierInput,
    CreateSupplierPayload, DeleteBrandInput, DeleteBrandPayload, DeleteCategoryInput, DeleteCategoryPayload,
    DeleteSupplierInput, DeleteSupplierPayload, UpdateBrandInput, UpdateBrandPayload, UpdateCategoryInput,
    UpdateCategoryPayload, UpdateSupplierInput, UpdateSupplierPayload,
};
use super::outflow::{
    CreateOutflowInput, CreateOutflowPayload, CreateOutflowsInput, CreateOutflowsPayload, DeleteOutflowInput,
    DeleteOutflowPayload,
};
use super::payload::{Update, subject};
use super::problem::Answer;
use super::product::ProductNode;
use super::product_input::{
    CreateProductInput, CreateProductPayload, CreateProductsInput, CreateProductsPayload, DeleteProductInput,
    DeleteProductPayload, UpdateProductInput, UpdateProductPayload,
};
use super::webhook_mutation::WebhookMutation;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::Row;
use crate::resolvers;
use crate::resource::{Editable, Resource};
use crate::stock::movement::Movement;

// The futures are boxed for the reason that `connection.rs` gives.

/// Everything that can be changed. Each mutation takes one `input` and gives a
/// payload.
///
/// When the input is wrong, nothing is changed, the object in the payload is null
/// and `userErrors` says why, every wrong field at once. When the login or the
/// permission is missing, the payload itself is null and `errors` says so, with
/// `extensions.code` `UNAUTHENTICATED` or `FORBIDDEN`.
///
/// Texts are trimmed. In an update, what is left out stays as it is, and null
/// clears what can be empty.
#[derive(MergedObject, Default)]
pub struct Mutation(InventoryMutation, WebhookMutation);

/// What can be done to the inventory, and to sessions.
#[derive(Default)]
pub struct InventoryMutation;

#[Object]
impl InventoryMutation {
    /// Trades a name and password for tokens. Send the access token with each request:
    /// `Authorization: Bearer …`. Needs no login.
    async fn login(&self, cx: &Context<'_>, input: LoginInput) -> Answer<LoginPayload> {
        Some(account::log_in(cx, input).boxed().await)
    }

    /// Trades a refresh token for a new access token. Needs no login.
    async fn refresh_token(&self, cx: &Context<'_>, input: RefreshTokenInput) -> Answer<RefreshTokenPayload> {
        Some(account::refresh(cx, input).boxed().await)
    }

    /// Tells whether a token is good now. Needs no login.
    async fn verify_token(&self, cx: &Context<'_>, input: VerifyTokenInput) -> Answer<VerifyTokenPayload> {
        Some(account::verify(cx, input).boxed().await)
    }

    /// Ends a refresh token and the access tokens that it gave. Needs no login.
    async fn logout(&self, cx: &Context<'_>, input: LogoutInput) -> Answer<LogoutPayload> {
        Some(account::log_out(cx, input).boxed().await)
    }

    /// Requires `ADD_BRAND`.
    async fn create_brand(&self, cx: &Context<'_>, input: CreateBrandInput) -> Answer<CreateBrandPayload> {
        Some(create(cx, input, CreateBrandPayload::of).boxed().await)
    }

    /// Requires `CHANGE_BRAND`.
    async fn update_brand(&self, cx: &Context<'_>, input: UpdateBrandInput) -> Answer<UpdateBrandPayload> {
        Some(update(cx, input, UpdateBrandPayload::of).boxed().await)
    }

    /// Refused with `PROTECTED` while the brand has products. Requires `DELETE_BRAND`.
    async fn delete_brand(&self, cx: &Context<'_>, input: DeleteBrandInput) -> Answer<DeleteBrandPayload> {
        Some(
            delete::<brand::Entity, _>(cx, &input.id, DeleteBrandPayload::of)
                .boxed()
                .await,
        )
    }

    /// Requires `ADD_CATEGORY`.
    async fn create_category(
        &self,
        cx: &Context<'_>,
        input: CreateCategoryInput,
    ) -> Answer<CreateCategoryPayload> {
        Some(create(cx, input, CreateCategoryPayload::of).boxed().await)
    }

    /// Requires `CHANGE_CATEGORY`.
    async fn update_category(
        &self,
        cx: &Context<'_>,
        input: UpdateCategoryInput,
    ) -> Answer<UpdateCategoryPayload> {
        Some(update(cx, input, UpdateCategoryPayload::of).boxed().await)
    }

    /// Refused with `PROTECTED` while the category has products. Requires
    /// `DELETE_CATEGORY`.
    async fn delete_category(
        &self,
        cx: &Context<'_>,
        input: DeleteCategoryInput,
    ) -> Answer<DeleteCategoryPayload> {
        Some(
            delete::<category::Entity, _>(cx, &input.id, DeleteCategoryPayload::of)
                .boxed()
                .await,
        )
    }

    /// Requires `ADD_SUPPLIER`.
    async fn create_supplier(
        &self,
        cx: &Context<'_>,
        input: CreateSupplierInput,
    ) -> Answer<CreateSupplierPayload> {
        Some(create(cx, input, CreateSupplierPayload::of).boxed().await)
    }

    /// Requires `CHANGE_SUPPLIER`.
    async fn update_supplier(
        &self,
        cx: &Context<'_>,
        input: UpdateSupplierInput,
    ) -> Answer<UpdateSupplierPayload> {
        Some(update(cx, input, UpdateSupplierPayload::of).boxed().await)
    }

    /// Refused with `PROTECTED` while the supplier has inflows. Requires
    /// `DELETE_SUPPLIER`.
    async fn delete_supplier(
        &self,
        cx: &Context<'_>,
        input: DeleteSupplierInput,
    ) -> Answer<DeleteSupplierPayload> {
        Some(
            delete::<supplier::Entity, _>(cx, &input.id, DeleteSupplierPayload::of)
                .boxed()
                .await,
        )
    }

    /// Requires `ADD_PRODUCT`.
    async fn create_product(
        &self,
        cx: &Context<'_>,
        input: CreateProductInput,
    ) -> Answer<CreateProductPayload> {
        Some(create(cx, input, CreateProductPayload::of).boxed().await)
    }

    /// Creates several products, all or none. Requires `ADD_PRODUCT`.
    async fn create_products(
        &self,
        cx: &Context<'_>,
        input: CreateProductsInput,
    ) -> Answer<CreateProductsPayload> {
        Some(
            create_all(cx, input.items, CreateProductsPayload::of)
                .boxed()
                .await,
        )
    }

    /// Requires `CHANGE_PRODUCT`.
    async fn update_product(
        &self,
        cx: &Context<'_>,
        input: UpdateProductInput,
    ) -> Answer<UpdateProductPayload> {
        Some(update(cx, input, UpdateProductPayload::of).boxed().await)
    }

    /// Refused with `PROTECTED` while the product has inflows or outflows. Requires
    /// `DELETE_PRODUCT`.
    async fn delete_product(
        &self,
        cx: &Context<'_>,
        input: DeleteProductInput,
    ) -> Answer<DeleteProductPayload> {
        Some(
            delete::<product::Entity, _>(cx, &input.id, DeleteProductPayload::of)
                .boxed()
                .await,
        )
    }

    /// Records stock that came in and adds it to the product. Requires `ADD_INFLOW`.
    async fn create_inflow(&self, cx: &Context<'_>, input: CreateInflowInput) -> Answer<CreateInflowPayload> {
        Some(create(cx, input, CreateInflowPayload::of).boxed().await)
    }

    /// Records a whole delivery, all or none. Requires `ADD_INFLOW`.
    async fn create_inflows(
        &self,
        cx: &Context<'_>,
        input: CreateInflowsInput,
    ) -> Answer<CreateInflowsPayload> {
        Some(
            create_all(cx, input.items, CreateInflowsPayload::of)
                .boxed()
                .await,
        )
    }

    /// Deletes an inflow and takes its stock back. Refused with `INSUFFICIENT_STOCK`
    /// when that stock is no longer there. Requires `DELETE_INFLOW`.
    async fn delete_inflow(&self, cx: &Context<'_>, input: DeleteInflowInput) -> Answer<DeleteInflowPayload> {
        Some(
            take_back::<inflow::Entity, _>(cx, &input.id, DeleteInflowPayload::of)
                .boxed()
                .await,
        )
    }

    /// Records stock that went out and takes it from the product. Refused with
    /// `INSUFFICIENT_STOCK` when there is not enough. Requires `ADD_OUTFLOW`.
    async fn create_outflow(
        &self,
        cx: &Context<'_>,
        input: CreateOutflowInput,
    ) -> Answer<CreateOutflowPayload> {
        Some(create(cx, input, CreateOutflowPayload::of).boxed().await)
    }

    /// Records a whole shipment, all or none. Requires `ADD_OUTFLOW`.
    async fn create_outflows(
        &self,
        cx: &Context<'_>,
        input: CreateOutflowsInput,
    ) -> Answer<CreateOutflowsPayload> {
        Some(
            create_all(cx, input.items, CreateOutflowsPayload::of)
                .boxed()
                .await,
        )
    }

    /// Deletes an outflow and puts its stock back. Requires `DELETE_OUTFLOW`.
    async fn delete_outflow(
        &self,
        cx: &Context<'_>,
        input: DeleteOutflowInput,
    ) -> Answer<DeleteOutflowPayload> {
        Some(
            take_back::<outflow::Entity, _>(cx, &input.id, DeleteOutflowPayload::of)
                .boxed()
                .await,
        )
    }
}

pub(super) async fn create<R: Resource, P>(
    cx: &Context<'_>,
    input: impl Into<R::Draft>,
    payload: impl FnOnce(Result<Row<R>>) -> Result<P>,
) -> Result<P> {
    let permit = Ctx::of(cx)?.permit()?;
    payload(resolvers::create(permit, input.into()).await)
}

async fn create_all<R: Resource, P>(
    cx: &Context<'_>,
    items: Vec<impl Into<R::Draft>>,
    payload: impl FnOnce(Result<Vec<Row<R>>>) -> Result<P>,
) -> Result<P> {
    let permit = Ctx::of(cx)?.permit()?;
    let drafts = items.into_iter().map(Into::into).collect();
    payload(resolvers::create_all(permit, drafts).await)
}

pub(super) async fn update<R: Editable, P>(
    cx: &Context<'_>,
    input: impl Update<Draft = R::Draft>,
    payload: impl FnOnce(Result<Row<R>>) -> Result<P>,
) -> Result<P> {
    let permit = Ctx::of(cx)?.permit()?;
    let (id, version, draft) = input.split();
    let updated = async { resolvers::update(permit, subject(&id)?, version, draft).await };
    payload(updated.await)
}

pub(super) async fn delete<R: Resource, P>(
    cx: &Context<'_>,
    id: &ID,
    payload: impl FnOnce(Result<R::Model>) -> Result<P>,
) -> Result<P> {
    let permit = Ctx::of(cx)?.permit::<_, R>()?;
    let deleted = async { resolvers::delete(permit, subject(id)?, None).await };
    payload(deleted.await.map(|deleted| deleted.row))
}

/// Deletes a movement; the payload has its product right after that.
async fn take_back<M: Movement, P>(
    cx: &Context<'_>,
    id: &ID,
    payload: impl FnOnce(Result<(i64, Option<ProductNode>)>) -> Result<P>,
) -> Result<P> {
    let permit = Ctx::of(cx)?.permit::<_, M>()?;
    let deleted = async { resolvers::delete(permit, subject(id)?, None).await };
    payload(deleted.await.map(|deleted| {
        let product = deleted
            .product
            .map(|product| Row::<product::Entity>::single(product).into());
        (deleted.row.id(), product)
    }))
}
