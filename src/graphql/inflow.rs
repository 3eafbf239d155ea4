//! Inflows: stock that comes in from a supplier.

use ::entity::{inflow, product, supplier};
use async_graphql::{Context, ID, InputObject, Object};
use graphql_tables::{DateTime, Node, delete_input, inputs, int, required};

use super::kit::payload::{delete_payload, payload};
use super::kit::{NodeOf, Nullable, connection, filter, node, order};
use crate::ctx::Ctx;
use crate::resolvers::inflow::Draft;

node!(InflowNode of inflow::Entity);

/// Stock that came in from a supplier.
#[Object(name = "Inflow", serial)]
impl InflowNode {
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    async fn supplier(&self, cx: &Context<'_>) -> Nullable<Node<NodeOf<supplier::Entity>>> {
        required::<supplier::Entity, Ctx, _>(cx, &self.0, "supplier", |inflow| inflow.supplier_id).await
    }

    pub(super) async fn product(&self, cx: &Context<'_>) -> Nullable<Node<NodeOf<product::Entity>>> {
        required::<product::Entity, Ctx, _>(cx, &self.0, "product", |inflow| inflow.product_id).await
    }

    /// The quantity that came in, always 1 or more.
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

connection!(InflowConnection, InflowEdge of inflow::Entity; "An inflow", "inflows", "How many inflows match");

order!(InflowOrder, InflowOrderField of inflow::Entity: "inflows" { Id, Quantity, CreatedAt, UpdatedAt });

filter! {
    /// Conditions on inflows; all of them must hold.
    InflowFilter(and, or, not) of inflow::Entity {
        columns {
            id: IdFilter(Id),
            quantity: IntFilter(Quantity),
            description: StringFilter(Description, DescriptionFolded),
            created_at: DateTimeFilter(CreatedAt),
        }
        references {
            supplier: SupplierId => supplier::Entity,
            product: ProductId => product::Entity,
        }
    }
}

inputs! {
    /// A new inflow.
    create CreateInflowInput,
    fills Draft,
    fields {
        supplier_id: Required<ID>;
        product_id: Required<ID>;
        /// 1 or more.
        quantity: Required<i32>;
        description: Optional<String>;
    }
}

/// Several new inflows.
#[derive(InputObject)]
pub(crate) struct CreateInflowsInput {
    /// 1 to 100 inflows. The same product may come more than once.
    pub(crate) items: Vec<CreateInflowInput>,
}

delete_input!(
    /// The inflow to delete.
    DeleteInflowInput
);

payload!(
    /// The new inflow, or what was wrong.
    CreateInflowPayload {
        /// Its `product` already has the new quantity.
        inflow: inflow::Entity
    }
);
payload!(
    /// The new inflows, or what was wrong.
    CreateInflowsPayload { inflows: [inflow::Entity] }
);
delete_payload!(DeleteInflowPayload of inflow::Entity, and product);
