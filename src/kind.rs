//! The nouns by name, for permissions, errors and routes: the six of the inventory, and webhooks beside them.

/// One of the collections that both faces serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Who makes a product.
    Brand,
    /// What kind of thing a product is.
    Category,
    /// Who delivers stock.
    Supplier,
    /// Something kept in stock.
    Product,
    /// Stock that came in.
    Inflow,
    /// Stock that went out.
    Outflow,
    /// Who is told of it, which is an operator's affair and in no inventory.
    Webhook,
}

impl Kind {
    /// The inventory, in the order of the document.
    pub const ALL: [Self; 6] = [
        Self::Brand,
        Self::Category,
        Self::Supplier,
        Self::Product,
        Self::Inflow,
        Self::Outflow,
    ];

    /// The noun as permissions spell it: `brand`.
    pub const fn singular(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Category => "category",
            Self::Supplier => "supplier",
            Self::Product => "product",
            Self::Inflow => "inflow",
            Self::Outflow => "outflow",
            Self::Webhook => "webhook",
        }
    }

    /// The noun as routes spell it: `brands`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Brand => "brands",
            Self::Category => "categories",
            Self::Supplier => "suppliers",
            Self::Product => "products",
            Self::Inflow => "inflows",
            Self::Outflow => "outflows",
            Self::Webhook => "webhooks",
        }
    }

    /// The place in [`Kind::ALL`]; webhooks come after it.
    pub(crate) const fn index(self) -> u32 {
        match self {
            Self::Brand => 0,
            Self::Category => 1,
            Self::Supplier => 2,
            Self::Product => 3,
            Self::Inflow => 4,
            Self::Outflow => 5,
            Self::Webhook => 6,
        }
    }
}
