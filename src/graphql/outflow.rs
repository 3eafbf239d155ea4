//! Outflows: stock that goes out.

use ::entity::{outflow, product};
use async_graphql::{Context, ID, InputObject, Object};
use graphql_tables::{DateTime, Decimal, Node, delete_input, inputs, int, required};

use super::kit::payload::{delete_payload, payload};
use super::kit::{NodeOf, Nullable, connection, filter, node, order};
use crate::ctx::Ctx;
use crate::resolvers::outflow::Draft;

node!(OutflowNode of outflow::Entity);

/// Stock that went out.
#[Object(name = "Outflow", serial)]
impl OutflowNode {
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    pub(super) async fn product(&self, cx: &Context<'_>) -> Nullable<Node<NodeOf<product::Entity>>> {
        required::<product::Entity, Ctx, _>(cx, &self.0, "product", |outflow| outflow.product_id).await
    }

    /// The quantity that went out, always 1 or more.
    pub(super) async fn quantity(&self) -> i32 {
        int(self.0.quantity)
    }

    /// The product's selling price when it went out.
    async fn unit_price(&self) -> Decimal {
        Decimal::exact(self.0.unit_price)
    }

    /// The product's cost price when it went out.
    async fn unit_cost(&self) -> Decimal {
        Decimal::exact(self.0.unit_cost)
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

connection!(OutflowConnection, OutflowEdge of outflow::Entity; "An outflow", "outflows", "How many outflows match");

order!(OutflowOrder, OutflowOrderField of outflow::Entity: "outflows" { Id, Quantity, CreatedAt, UpdatedAt });

filter! {
    /// Conditions on outflows; all of them must hold.
    OutflowFilter(and, or, not) of outflow::Entity {
        columns {
            id: IdFilter(Id),
            quantity: IntFilter(Quantity),
            description: StringFilter(Description, DescriptionFolded),
            created_at: DateTimeFilter(CreatedAt),
        }
        references { product: ProductId => product::Entity }
    }
}

inputs! {
    /// A new outflow.
    create CreateOutflowInput,
    fills Draft,
    fields {
        product_id: Required<ID>;
        /// 1 or more, and no more than is in stock.
        quantity: Required<i32>;
        description: Optional<String>;
    }
}

/// Several new outflows.
#[derive(InputObject)]
pub(crate) struct CreateOutflowsInput {
    /// 1 to 100 outflows. The same product may come more than once.
    pub(crate) items: Vec<CreateOutflowInput>,
}

delete_input!(
    /// The outflow to delete.
    DeleteOutflowInput
);

payload!(
    /// The new outflow, or what was wrong.
    CreateOutflowPayload {
        /// Its `product` already has the new quantity.
        outflow: outflow::Entity
    }
);
payload!(
    /// The new outflows, or what was wrong.
    CreateOutflowsPayload { outflows: [outflow::Entity] }
);
delete_payload!(DeleteOutflowPayload of outflow::Entity, and product);
