//! Outflows: stock that goes out.

use ::entity::{outflow, product};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};

use super::connection::{connection, order, required};
use super::filter::{Conditions, DateTimeFilter, IdFilter, IntFilter, StringFilter, all, given, logic};
use super::payload::{batch, field, payload, reference, taken_back};
use super::product::{ProductFilter, ProductNode};
use super::resolve::Node;
use super::scalar::{DateTime, Decimal, int};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::{Field, Filter, Listing, Row};
use crate::resolvers::outflow as rules;

/// Stock that went out.
pub struct OutflowNode(Row<outflow::Entity>);

impl From<Row<outflow::Entity>> for OutflowNode {
    fn from(row: Row<outflow::Entity>) -> Self {
        Self(row)
    }
}

/// Stock that went out.
#[Object(name = "Outflow", serial)]
impl OutflowNode {
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    pub(super) async fn product(&self, cx: &Context<'_>) -> Result<Node<ProductNode>> {
        required(cx, &self.0, "product", |outflow| Some(outflow.product_id)).await
    }

    /// How many went out, always 1 or more.
    pub(super) async fn quantity(&self) -> i32 {
        int(self.0.quantity)
    }

    /// The product's selling price when it went out.
    async fn unit_price(&self) -> Decimal {
        self.0.unit_price.into()
    }

    /// The product's cost price when it went out.
    async fn unit_cost(&self) -> Decimal {
        self.0.unit_cost.into()
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
    Row<outflow::Entity> => OutflowConnection, OutflowEdge, OutflowNode;
    "A page of outflows.", "An outflow and its place in the list.", "The outflows of this page, without their cursors.",
    "How many outflows match, on all pages together. Counted only when asked for."
);

order!(outflow::Entity => OutflowOrder, OutflowOrderField, "What outflows can be ordered by." {
    Id: "id",
    Quantity: "quantity",
    CreatedAt: "created_at",
    UpdatedAt: "updated_at",
});

/// Conditions on outflows; all of them must hold.
#[derive(InputObject, Clone, Debug, Default)]
pub struct OutflowFilter {
    and: Option<Vec<OutflowFilter>>,
    or: Option<Vec<OutflowFilter>>,
    not: Option<Box<OutflowFilter>>,
    id: Option<IdFilter>,
    quantity: Option<IntFilter>,
    description: Option<StringFilter>,
    created_at: Option<DateTimeFilter>,
    product: Option<ProductFilter>,
}

impl Conditions for OutflowFilter {
    fn filter(self, ctx: &Ctx) -> Result<Filter> {
        use outflow::Column;
        let filter = logic(ctx, self.and, self.or, self.not)?.and(all([
            self.id.map(|id| id.on(Column::Id)),
            self.quantity.map(|quantity| quantity.on(Column::Quantity)),
            self.description
                .map(|text| text.on(Column::Description, Column::DescriptionFolded)),
            self.created_at.map(|at| at.on(Column::CreatedAt)),
        ]));
        match self.product {
            Some(product) => Ok(filter.and(Filter::refers_to::<product::Entity>(
                Column::ProductId,
                product.filter(ctx)?,
            ))),
            None => Ok(filter),
        }
    }
}

impl OutflowFilter {
    /// The list that the arguments of a connection describe.
    pub fn listing(
        ctx: &Ctx,
        filter: Option<Box<Self>>,
        order: Option<Vec<OutflowOrder>>,
    ) -> Result<Listing<outflow::Entity>> {
        Ok(Listing {
            filter: given(ctx, filter)?,
            search: None,
            order: OutflowOrder::steps(order)?,
        })
    }
}

/// A new outflow.
#[derive(InputObject, Clone, Debug)]
pub struct CreateOutflowInput {
    product_id: ID,
    /// 1 or more, and no more than is in stock.
    quantity: i32,
    description: MaybeUndefined<String>,
}

impl From<CreateOutflowInput> for rules::Draft {
    fn from(input: CreateOutflowInput) -> Self {
        let mut faults = Vec::new();
        Self {
            product_id: reference("product_id", Field::Set(input.product_id), &mut faults),
            quantity: Field::Set(i64::from(input.quantity)),
            description: field(input.description),
            faults,
            ..Self::default()
        }
    }
}

payload!(
    /// The new outflow, or what was wrong.
    CreateOutflowPayload {
        /// Its `product` has the new quantity already.
        outflow: OutflowNode
    }
);

/// Several new outflows.
#[derive(InputObject)]
pub struct CreateOutflowsInput {
    /// 1 to 100 outflows. The same product may come more than once.
    #[doc(hidden)]
    pub items: Vec<CreateOutflowInput>,
}

batch!(
    /// The new outflows, or what was wrong.
    CreateOutflowsPayload { outflows: OutflowNode }
);

/// Which outflow to delete.
#[derive(InputObject)]
pub struct DeleteOutflowInput {
    #[doc(hidden)]
    pub id: ID,
}

taken_back!(DeleteOutflowPayload);
