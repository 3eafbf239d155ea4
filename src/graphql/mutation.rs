//! The root fields of mutations. The fields of webhooks are in `webhook_mutation.rs`.

use async_graphql::{Context, MergedObject, Object};
use graphql_tables::nullable;

use super::account::{
    self, LoginInput, LoginPayload, LogoutInput, LogoutPayload, RefreshTokenInput, RefreshTokenPayload,
    VerifyTokenInput, VerifyTokenPayload,
};
use super::inflow::{
    CreateInflowInput, CreateInflowPayload, CreateInflowsInput, CreateInflowsPayload, DeleteInflowInput,
    DeleteInflowPayload,
};
use super::kit::Nullable;
use super::kit::verbs::{create, create_all, delete, update};
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
use super::product::{
    CreateProductInput, CreateProductPayload, CreateProductsInput, CreateProductsPayload, DeleteProductInput,
    DeleteProductPayload, UpdateProductInput, UpdateProductPayload,
};
use super::webhook_mutation::WebhookMutation;

/// Everything that can be changed. Each mutation takes one `input` and returns a
/// payload.
///
/// When the input is wrong, nothing is changed, the object in the payload is null
/// and `userErrors` lists every wrong field. When the login or the permission is
/// missing, the payload itself is null and `errors` has an error with the
/// `extensions.code` `UNAUTHENTICATED` or `FORBIDDEN`.
///
/// Texts are trimmed. In an update, a field that is left out keeps its value, and
/// null clears a field that can be empty.
#[derive(MergedObject, Default)]
pub struct Mutation(InventoryMutation, WebhookMutation);

/// The mutations of the inventory and of sessions.
#[derive(Default)]
pub struct InventoryMutation;

#[Object]
impl InventoryMutation {
    /// Exchanges a name and password for tokens. Send the access token with each
    /// request: `Authorization: Bearer …`. Requires no login.
    async fn login(&self, cx: &Context<'_>, input: LoginInput) -> Nullable<LoginPayload> {
        nullable(account::log_in(cx, input)).await
    }

    /// Exchanges a refresh token for a new access token. Requires no login.
    async fn refresh_token(
        &self,
        cx: &Context<'_>,
        input: RefreshTokenInput,
    ) -> Nullable<RefreshTokenPayload> {
        nullable(account::refresh(cx, input)).await
    }

    /// Checks whether a token is valid now. Requires no login.
    async fn verify_token(&self, cx: &Context<'_>, input: VerifyTokenInput) -> Nullable<VerifyTokenPayload> {
        nullable(account::verify(cx, input)).await
    }

    /// Revokes a refresh token and the access tokens issued for it. Requires no login.
    async fn logout(&self, cx: &Context<'_>, input: LogoutInput) -> Nullable<LogoutPayload> {
        nullable(account::log_out(cx, input)).await
    }

    /// Requires `ADD_BRAND`.
    async fn create_brand(&self, cx: &Context<'_>, input: CreateBrandInput) -> Nullable<CreateBrandPayload> {
        create(cx, input).await
    }

    /// Requires `CHANGE_BRAND`.
    async fn update_brand(&self, cx: &Context<'_>, input: UpdateBrandInput) -> Nullable<UpdateBrandPayload> {
        update(cx, input).await
    }

    /// Fails with `PROTECTED` while the brand has products. Requires `DELETE_BRAND`.
    async fn delete_brand(&self, cx: &Context<'_>, input: DeleteBrandInput) -> Nullable<DeleteBrandPayload> {
        delete(cx, input.id).await
    }

    /// Requires `ADD_CATEGORY`.
    async fn create_category(
        &self,
        cx: &Context<'_>,
        input: CreateCategoryInput,
    ) -> Nullable<CreateCategoryPayload> {
        create(cx, input).await
    }

    /// Requires `CHANGE_CATEGORY`.
    async fn update_category(
        &self,
        cx: &Context<'_>,
        input: UpdateCategoryInput,
    ) -> Nullable<UpdateCategoryPayload> {
        update(cx, input).await
    }

    /// Fails with `PROTECTED` while the category has products. Requires
    /// `DELETE_CATEGORY`.
    async fn delete_category(
        &self,
        cx: &Context<'_>,
        input: DeleteCategoryInput,
    ) -> Nullable<DeleteCategoryPayload> {
        delete(cx, input.id).await
    }

    /// Requires `ADD_SUPPLIER`.
    async fn create_supplier(
        &self,
        cx: &Context<'_>,
        input: CreateSupplierInput,
    ) -> Nullable<CreateSupplierPayload> {
        create(cx, input).await
    }

    /// Requires `CHANGE_SUPPLIER`.
    async fn update_supplier(
        &self,
        cx: &Context<'_>,
        input: UpdateSupplierInput,
    ) -> Nullable<UpdateSupplierPayload> {
        update(cx, input).await
    }

    /// Fails with `PROTECTED` while the supplier has inflows. Requires
    /// `DELETE_SUPPLIER`.
    async fn delete_supplier(
        &self,
        cx: &Context<'_>,
        input: DeleteSupplierInput,
    ) -> Nullable<DeleteSupplierPayload> {
        delete(cx, input.id).await
    }

    /// Requires `ADD_PRODUCT`.
    async fn create_product(
        &self,
        cx: &Context<'_>,
        input: CreateProductInput,
    ) -> Nullable<CreateProductPayload> {
        create(cx, input).await
    }

    /// Creates several products, all or none. Requires `ADD_PRODUCT`.
    async fn create_products(
        &self,
        cx: &Context<'_>,
        input: CreateProductsInput,
    ) -> Nullable<CreateProductsPayload> {
        create_all(cx, input.items).await
    }

    /// Requires `CHANGE_PRODUCT`.
    async fn update_product(
        &self,
        cx: &Context<'_>,
        input: UpdateProductInput,
    ) -> Nullable<UpdateProductPayload> {
        update(cx, input).await
    }

    /// Fails with `PROTECTED` while the product has inflows or outflows. Requires
    /// `DELETE_PRODUCT`.
    async fn delete_product(
        &self,
        cx: &Context<'_>,
        input: DeleteProductInput,
    ) -> Nullable<DeleteProductPayload> {
        delete(cx, input.id).await
    }

    /// Records stock that came in and adds it to the product. Requires `ADD_INFLOW`.
    async fn create_inflow(
        &self,
        cx: &Context<'_>,
        input: CreateInflowInput,
    ) -> Nullable<CreateInflowPayload> {
        create(cx, input).await
    }

    /// Records a whole delivery, all or none. Requires `ADD_INFLOW`.
    async fn create_inflows(
        &self,
        cx: &Context<'_>,
        input: CreateInflowsInput,
    ) -> Nullable<CreateInflowsPayload> {
        create_all(cx, input.items).await
    }

    /// Deletes an inflow and takes its quantity from the product. Fails with
    /// `INSUFFICIENT_STOCK` when there is not enough left. Requires `DELETE_INFLOW`.
    async fn delete_inflow(
        &self,
        cx: &Context<'_>,
        input: DeleteInflowInput,
    ) -> Nullable<DeleteInflowPayload> {
        delete(cx, input.id).await
    }

    /// Records stock that went out and takes it from the product. Fails with
    /// `INSUFFICIENT_STOCK` when there is not enough. Requires `ADD_OUTFLOW`.
    async fn create_outflow(
        &self,
        cx: &Context<'_>,
        input: CreateOutflowInput,
    ) -> Nullable<CreateOutflowPayload> {
        create(cx, input).await
    }

    /// Records a whole shipment, all or none. Requires `ADD_OUTFLOW`.
    async fn create_outflows(
        &self,
        cx: &Context<'_>,
        input: CreateOutflowsInput,
    ) -> Nullable<CreateOutflowsPayload> {
        create_all(cx, input.items).await
    }

    /// Deletes an outflow and returns its quantity to the product. Requires
    /// `DELETE_OUTFLOW`.
    async fn delete_outflow(
        &self,
        cx: &Context<'_>,
        input: DeleteOutflowInput,
    ) -> Nullable<DeleteOutflowPayload> {
        delete(cx, input.id).await
    }
}
