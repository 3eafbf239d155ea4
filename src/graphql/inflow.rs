//! Inflows: stock that comes in from a supplier.

use ::entity::{inflow, product, supplier};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::connection::{connection, order, required};
use super::filter::{Conditions, DateTimeFilter, IdFilter, IntFilter, StringFilter, all, given, logic};
use super::label::{SupplierFilter, SupplierNode};
use super::payload::{batch, field, payload, reference, taken_back};
use super::product::{ProductFilter, ProductNode};
use super::resolve::Node;
use super::scalar::{DateTime, int};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::{Field, Filter, Listing, Row};
use crate::resolvers::inflow as rules;

/// Stock that came in from a supplier.
pub struct InflowNode(Row<inflow::Entity>);

impl From<Row<inflow::Entity>> for InflowNode {
    fn from(row: Row<inflow::Entity>) -> Self {
        Self(row)
    }
}

/// Stock that came in from a supplier.
#[Object(name = "Inflow", serial)]
impl InflowNode {
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn supplier(&self, cx: &Context<'_>) -> Result<Node<SupplierNode>> {
        required(cx, &self.0, "supplier", |inflow| Some(inflow.supplier_id)).await
    }

    pub(super) async fn product(&self, cx: &Context<'_>) -> Result<Node<ProductNode>> {
        required(cx, &self.0, "product", |inflow| Some(inflow.product_id)).await
    }

    /// How many came in, always 1 or more.
    pub(super) async fn quantity(&self) -> i32 {
        int(self.0.quantity)
    }

    pub(super) async fn description(&self) -> Option<String> {
        self.0.description.clone()
    }

    pub(super) async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    pub(super) async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

connection!(
    Row<inflow::Entity> => InflowConnection, InflowEdge, InflowNode;
    "A page of inflows.", "An inflow and its place in the list.", "The inflows of this page, without their cursors.",
    "How many inflows match, on all pages together. Counted only when asked for."
);

order!(inflow::Entity => InflowOrder, InflowOrderField, "What inflows can be ordered by." {
    Id: "id",
    Quantity: "quantity",
    CreatedAt: "created_at",
    UpdatedAt: "updated_at",
});

/// Conditions on inflows; all of them must hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct InflowFilter {
    and: Option<Vec<InflowFilter>>,
    or: Option<Vec<InflowFilter>>,
    not: Option<Box<InflowFilter>>,
    id: Option<IdFilter>,
    quantity: Option<IntFilter>,
    description: Option<StringFilter>,
    created_at: Option<DateTimeFilter>,
    supplier: Option<SupplierFilter>,
    product: Option<ProductFilter>,
}

impl Conditions for InflowFilter {
    fn filter(self, ctx: &Ctx) -> Result<Filter> {
        use inflow::Column;
        let mut filter = logic(ctx, self.and, self.or, self.not)?.and(all([
            self.id.map(|id| id.on(Column::Id)),
            self.quantity.map(|quantity| quantity.on(Column::Quantity)),
            self.description
                .map(|text| text.on(Column::Description, Column::DescriptionFolded)),
            self.created_at.map(|at| at.on(Column::CreatedAt)),
        ]));
        if let Some(supplier) = self.supplier {
            filter = filter.and(Filter::refers_to::<supplier::Entity>(
                Column::SupplierId,
                supplier.filter(ctx)?,
            ));
        }
        if let Some(product) = self.product {
            filter = filter.and(Filter::refers_to::<product::Entity>(
                Column::ProductId,
                product.filter(ctx)?,
            ));
        }
        Ok(filter)
    }
}

impl InflowFilter {
    /// The list that the arguments of a connection describe.
    pub fn listing(
        ctx: &Ctx,
        filter: Option<Box<Self>>,
        order: Option<Vec<InflowOrder>>,
    ) -> Result<Listing<inflow::Entity>> {
        Ok(Listing {
            filter: given(ctx, filter)?,
            search: None,
            order: InflowOrder::steps(order)?,
        })
    }
}

/// A new inflow.
#[derive(InputObject, Clone, Debug)]
pub struct CreateInflowInput {
    supplier_id: ID,
    product_id: ID,
    /// 1 or more.
    quantity: i32,
    description: MaybeUndefined<String>,
}

impl From<CreateInflowInput> for rules::Draft {
    fn from(input: CreateInflowInput) -> Self {
        let mut faults = Vec::new();
        Self {
            supplier_id: reference("supplier_id", Field::Set(input.supplier_id), &mut faults),
            product_id: reference("product_id", Field::Set(input.product_id), &mut faults),
            quantity: Field::Set(i64::from(input.quantity)),
            description: field(input.description),
            faults,
        }
    }
}

payload!(
    /// The new inflow, or what was wrong.
    CreateInflowPayload {
        /// Its `product` has the new quantity already.
        inflow: InflowNode
    }
);

/// Several new inflows.
#[derive(InputObject)]
pub struct CreateInflowsInput {
    /// 1 to 100 inflows. The same product may come more than once.
    #[doc(hidden)]
    pub items: Vec<CreateInflowInput>,
}

batch!(
    /// The new inflows, or what was wrong.
    CreateInflowsPayload { inflows: InflowNode }
);

/// Which inflow to delete.
#[derive(InputObject)]
pub struct DeleteInflowInput {
    #[doc(hidden)]
    pub id: ID,
}

taken_back!(DeleteInflowPayload);
