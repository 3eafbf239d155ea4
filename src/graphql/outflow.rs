//! Outflows: stock that goes out.

use ::entity::{outflow, product};
use async_graphql::{ID, InputObject};
use graphql_tables::{DateTime, Decimal, delete_input, inputs, int, required};

use super::kit::payload::{delete_payload, payload};
use super::kit::{Reference, connection, filter, node, order};
use crate::resolvers::outflow::Draft;

node! {
    /// Stock that went out.
    OutflowNode as "Outflow" of outflow::Entity, |outflow, cx| {
        id: ID = outflow.id.into();
        product: Reference<'_, product::Entity> = required(outflow, "product", |outflow| outflow.product_id);
        /// The quantity that went out, always 1 or more.
        quantity: i32 = int(outflow.quantity);
        /// The product's selling price when it went out.
        unit_price: Decimal = Decimal::exact(outflow.unit_price);
        /// The product's cost price when it went out.
        unit_cost: Decimal = Decimal::exact(outflow.unit_cost);
        description: Option<String> = outflow.description.clone();
        created_at: DateTime = DateTime(outflow.created_at);
        updated_at: DateTime = DateTime(outflow.updated_at);
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
    /// 1 to 100 outflows. A product may appear more than once.
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
