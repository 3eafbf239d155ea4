//! Inflows and outflows.

use rust_decimal::Decimal;

use super::clean_row::{Cleaner, IdReader, Reference, Sink};
use super::survey::Survey;
use super::{products, table_rows};
use crate::clean::integer;
use crate::error::Result;
use crate::mapping::{Field, Role, TableMap};
use crate::report::{Code, NoteCode};
use crate::row::{Inflow, Outflow};
use crate::source::Reader;
use crate::stock::MAX_QUANTITY;

/// An inflow or an outflow. The fields of an outflow are in `inflow`, too, with a supplier id of 0.
pub(super) struct Movement {
    pub(super) inflow: Inflow,
    /// The selling price and the cost price of an outflow; 0 for an inflow.
    pub(super) unit_prices: (Decimal, Decimal),
    /// The product's index in the list of products.
    pub(super) product: usize,
    /// The user who recorded it.
    pub(super) actor: Option<i64>,
}

impl Movement {
    pub(super) fn into_outflow(self) -> Outflow {
        let Inflow {
            id,
            product_id,
            quantity,
            description,
            created_at,
            updated_at,
            ..
        } = self.inflow;
        let (unit_price, unit_cost) = self.unit_prices;
        Outflow {
            id,
            product_id,
            quantity,
            unit_price,
            unit_cost,
            description,
            created_at,
            updated_at,
        }
    }
}

/// Calls `each` with every movement that can be imported, and returns the largest id of all movements.
pub(super) fn read(
    reader: &mut Reader,
    map: &TableMap,
    survey: &Survey,
    sink: &mut Sink<'_>,
    each: &mut dyn FnMut(Movement) -> Result<()>,
) -> Result<i64> {
    let precision = reader.precision();
    let (role, options) = (map.role, &survey.options);
    let has_times = map.get(Field::CreatedAt).is_some() && map.get(Field::UpdatedAt).is_some();
    let (mut ids, mut largest) = (IdReader::default(), 0);
    table_rows::for_each(reader, map, options, &survey.progress, &mut |row| {
        let Some(id) = ids.next(row.key(), role.name(), sink) else {
            return Ok(());
        };
        largest = id;
        let mut cleaner = Cleaner {
            role,
            id,
            row,
            options,
            precision,
            sink,
        };
        let quantity = match integer::read(row.get(Field::Quantity)) {
            Some(quantity) if quantity < 1 => {
                // Django changed the stock only for positive quantities.
                cleaner
                    .sink
                    .note(NoteCode::MovementsWithoutEffectSkipped, role.name(), id);
                return Ok(());
            }
            Some(quantity) if quantity > MAX_QUANTITY => {
                cleaner.report_fault(Code::QuantityOutOfRange);
                None
            }
            Some(quantity) => Some(quantity),
            None => {
                cleaner.report_fault(Code::UnreadableQuantity);
                None
            }
        };
        let mut index = None;
        let product_id = cleaner.reference(Field::Product, |id| {
            index = survey
                .products
                .binary_search_by_key(&id, |product| product.id)
                .ok();
            match index.and_then(|index| survey.products.get(index)) {
                Some(product) if product.skipped => Reference::Skipped,
                Some(_) => Reference::Imported,
                None => Reference::Absent,
            }
        });
        let supplier_id = match role {
            Role::Inflow => cleaner.reference(Field::Supplier, |id| survey.suppliers.find(id)),
            _ => Some(0),
        };
        let unit_prices = match index.and_then(|index| survey.products.get(index)) {
            Some(product) if role == Role::Outflow => {
                let (price, cost) = products::prices(product);
                price_or_default(&mut cleaner, Field::SellingPrice, price).zip(price_or_default(
                    &mut cleaner,
                    Field::CostPrice,
                    cost,
                ))
            }
            _ => Some((Decimal::ZERO, Decimal::ZERO)),
        };
        let times = cleaner.times(has_times);
        let (
            Some(quantity),
            Some(product_id),
            Some(product),
            Some(supplier_id),
            Some(unit_prices),
            Ok((created_at, updated_at)),
        ) = (quantity, product_id, index, supplier_id, unit_prices, times)
        else {
            return Ok(());
        };
        let description = cleaner.text(Field::Description, usize::MAX);
        let actor = row
            .get(Field::Actor)
            .integer()
            .filter(|id| survey.users.find(*id) == Reference::Imported);
        let inflow = Inflow {
            id,
            product_id,
            supplier_id,
            quantity,
            description,
            created_at,
            updated_at,
        };
        each(Movement {
            inflow,
            unit_prices,
            product,
            actor,
        })
    })?;
    Ok(largest)
}

/// A price of an outflow, or `default` if none is stored.
fn price_or_default(cleaner: &mut Cleaner<'_, '_>, field: Field, default: Decimal) -> Option<Decimal> {
    if cleaner.row.get(field).is_null() {
        Some(default)
    } else {
        cleaner.price(field)
    }
}
