//! A movement to be recorded, with valid values.

use ::entity::fold;

#[derive(Clone, Debug)]
pub struct NewMovement {
    pub product_id: i64,
    /// `None` for outflows.
    pub supplier_id: Option<i64>,
    /// 1 to 2³¹−1.
    pub quantity: i64,
    pub description: Option<String>,
}

impl NewMovement {
    /// The description, folded.
    pub fn description_folded(&self) -> Option<String> {
        self.description.as_deref().map(fold)
    }
}
