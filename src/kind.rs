//! `Kind`: the kinds of resources, with their names in permissions, errors and routes.

/// A kind of resource that both APIs serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Brand,
    Category,
    Supplier,
    Product,
    Inflow,
    Outflow,
    /// Webhook endpoints, which are not part of the inventory.
    Webhook,
}

impl Kind {
    /// The kinds of the inventory, in the order of the API document.
    pub const ALL: [Self; 6] = [
        Self::Brand,
        Self::Category,
        Self::Supplier,
        Self::Product,
        Self::Inflow,
        Self::Outflow,
    ];

    /// The name in permissions and messages: `brand`.
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

    /// The name in routes: `brands`.
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

    /// The index in [`Kind::ALL`]; webhooks come after its end.
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
