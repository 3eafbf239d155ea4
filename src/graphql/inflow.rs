//! Inflows: stock that comes in from a supplier.

use ::entity::{inflow, product, supplier};
use async_graphql::{ID, InputObject};
use graphql_tables::{DateTime, delete_input, inputs, int, required};

use super::kit::payload::{delete_payload, payload};
use super::kit::{Reference, connection, filter, node, order};
use crate::resolvers::inflow::Draft;

node! {
    /// Stock that came in from a supplier.
    InflowNode as "Inflow" of inflow::Entity, |inflow, cx| {
        id: ID = inflow.id.into();
        supplier: Reference<'_, supplier::Entity> = required(inflow, "supplier", |inflow| inflow.supplier_id);
        product: Reference<'_, product::Entity> = required(inflow, "product", |inflow| inflow.product_id);
        /// The quantity that came in, always 1 or more.
        quantity: i32 = int(inflow.quantity);
        description: Option<String> = inflow.description.clone();
        created_at: DateTime = DateTime(inflow.created_at);
        updated_at: DateTime = DateTime(inflow.updated_at);
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
    /// 1 to 100 inflows. A product may appear more than once.
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
