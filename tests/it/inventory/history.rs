//! Random histories of stock: the sum of the ledger equals the quantity, and both equal a model of the rules.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;

on_both_databases_and_apis![ledger_and_stock_agree_after_any_history];

/// One operation. An index selects one of the existing rows, modulo their number.
#[derive(Clone, Debug)]
enum Step {
    Create(i64),
    Edit(usize, i64),
    Inflow(usize, i64),
    Outflow(usize, i64),
    DeleteMovement(usize),
    DeleteProduct(usize),
}

const MAX_QUANTITY: i64 = 2_147_483_647;

fn quantity() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 0..30_i64, 1 => Just(MAX_QUANTITY), 1 => MAX_QUANTITY - 20..=MAX_QUANTITY, 1 => -2..1_i64]
}

fn step() -> impl Strategy<Value = Step> {
    let index = || 0..1_000_usize;
    prop_oneof![
        2 => quantity().prop_map(Step::Create),
        2 => (index(), quantity()).prop_map(|(product, quantity)| Step::Edit(product, quantity)),
        4 => (index(), quantity()).prop_map(|(product, quantity)| Step::Inflow(product, quantity)),
        4 => (index(), quantity()).prop_map(|(product, quantity)| Step::Outflow(product, quantity)),
        3 => index().prop_map(Step::DeleteMovement),
        1 => index().prop_map(Step::DeleteProduct),
    ]
}

/// The expected state.
#[derive(Default)]
struct Model {
    /// Quantity by product.
    products: BTreeMap<i64, i64>,
    /// Product and change of its stock, by collection and id.
    movements: BTreeMap<(Kind, i64), (i64, i64)>,
}

impl Model {
    fn product(&self, index: usize) -> Option<i64> {
        self.products
            .keys()
            .nth(index % self.products.len().max(1))
            .copied()
    }

    /// Applies a change if the stock allows it; returns whether it did.
    fn apply(&mut self, product: i64, change: i64) -> bool {
        let quantity = self.products.get_mut(&product).expect("a product");
        let allowed = (0..=MAX_QUANTITY).contains(&(*quantity + change));
        if allowed {
            *quantity += change;
        }
        allowed
    }
}

async fn execute(gateway: &Gateway, model: &mut Model, step: Step) {
    let root = &gateway.root;
    match step {
        Step::Create(quantity) => {
            let product = json!({
                "title": "P", "brand": 1, "category": 1, "cost_price": 1, "selling_price": 2, "quantity": quantity,
            });
            let response = root.post("products/", product).await;
            if quantity < 0 {
                response.expect(422);
            } else {
                model
                    .products
                    .insert(response.expect(201)["id"].as_i64().expect("an id"), quantity);
            }
        }
        Step::Edit(index, quantity) => {
            let Some(product) = model.product(index) else {
                return;
            };
            let response = root
                .patch(&format!("products/{product}/"), json!({ "quantity": quantity }))
                .await;
            response.expect(if quantity < 0 { 422 } else { 200 });
            if quantity >= 0 {
                model.products.insert(product, quantity);
            }
        }
        Step::Inflow(index, quantity) | Step::Outflow(index, quantity) => {
            let Some(product) = model.product(index) else {
                return;
            };
            let (kind, change) = match step {
                Step::Inflow(..) => (Kind::Inflow, quantity),
                _ => (Kind::Outflow, -quantity),
            };
            let movement = json!({ "supplier": 1, "product": product, "quantity": quantity });
            let response = root.post(&format!("{}/", kind.plural()), movement).await;
            if quantity >= 1 && model.apply(product, change) {
                let id = response.expect(201)["id"].as_i64().expect("an id");
                model.movements.insert((kind, id), (product, change));
            } else {
                assert!(response.expect(422)["quantity"].is_array());
            }
        }
        Step::DeleteMovement(index) => {
            let chosen = model
                .movements
                .keys()
                .nth(index % model.movements.len().max(1))
                .copied();
            let Some((kind, id)) = chosen else { return };
            let (product, change) = model.movements[&(kind, id)];
            let response = root.delete(&format!("{}/{id}/", kind.plural())).await;
            if model.apply(product, -change) {
                response.expect(204);
                model.movements.remove(&(kind, id));
            } else {
                response.expect_error(409, "INSUFFICIENT_STOCK");
            }
        }
        Step::DeleteProduct(index) => {
            let Some(product) = model.product(index) else {
                return;
            };
            let response = root.delete(&format!("products/{product}/")).await;
            if model.movements.values().any(|(other, _)| *other == product) {
                response.expect_error(409, "PROTECTED");
            } else {
                response.expect(204);
                model.products.remove(&product);
            }
        }
    }
}

async fn ledger_and_stock_agree_after_any_history(gateway: Gateway) {
    gateway.root.make(Kind::Brand, json!({ "name": "LG" })).await;
    gateway.root.make(Kind::Category, json!({ "name": "Toys" })).await;
    gateway
        .root
        .make(Kind::Supplier, json!({ "name": "Bolts and Nuts" }))
        .await;
    // Each history is printed, so that a failed one can be reproduced.
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..12 {
        let history = vec(step(), 5..40)
            .new_tree(&mut runner)
            .expect("a history")
            .current();
        println!("{history:?}");
        let mut model = Model::default();
        for step in history {
            execute(&gateway, &mut model, step).await;
        }
        for (product, quantity) in &model.products {
            assert_eq!(gateway.root.quantity(*product).await, *quantity);
        }
        gateway.assert_invariants().await;
    }
}
