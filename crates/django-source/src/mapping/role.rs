//! The six tables of an inventory and their columns, as documented.

use crate::value::Kind;

/// The role of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    Brand,
    Category,
    Supplier,
    Product,
    Inflow,
    Outflow,
}

impl Role {
    pub(crate) const ALL: [Self; 6] = [
        Self::Brand,
        Self::Category,
        Self::Supplier,
        Self::Product,
        Self::Inflow,
        Self::Outflow,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Category => "category",
            Self::Supplier => "supplier",
            Self::Product => "product",
            Self::Inflow => "inflow",
            Self::Outflow => "outflow",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The documented name of the table.
    pub(crate) const fn documented_table(self) -> &'static str {
        match self {
            Self::Brand => "brands_brand",
            Self::Category => "categories_category",
            Self::Supplier => "suppliers_supplier",
            Self::Product => "products_product",
            Self::Inflow => "inflows_inflow",
            Self::Outflow => "outflows_outflow",
        }
    }

    /// The index of the role in arrays by role.
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Brand => 0,
            Self::Category => 1,
            Self::Supplier => 2,
            Self::Product => 3,
            Self::Inflow => 4,
            Self::Outflow => 5,
        }
    }

    /// The names of models and apps with this role.
    pub(crate) const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Brand => &["brand", "brands", "marca", "marcas"],
            Self::Category => &[
                "category",
                "categories",
                "categorie",
                "categorys",
                "categoria",
                "categorias",
            ],
            Self::Supplier => &[
                "supplier",
                "suppliers",
                "fornecedor",
                "fornecedores",
                "proveedor",
                "proveedores",
                "vendor",
                "vendors",
            ],
            Self::Product => &[
                "product",
                "products",
                "produto",
                "produtos",
                "producto",
                "productos",
            ],
            Self::Inflow => &["inflow", "inflows", "entrada", "entradas", "stockin"],
            Self::Outflow => &[
                "outflow", "outflows", "saida", "saidas", "salida", "salidas", "stockout",
            ],
        }
    }

    /// The columns that are looked for, in the order in which they are matched.
    pub(crate) const fn fields(self) -> &'static [Field] {
        match self {
            Self::Brand | Self::Category | Self::Supplier => &[
                Field::Name,
                Field::Description,
                Field::CreatedAt,
                Field::UpdatedAt,
            ],
            Self::Product => &[
                Field::Brand,
                Field::Category,
                Field::Title,
                Field::Description,
                Field::SerieNumber,
                Field::CostPrice,
                Field::SellingPrice,
                Field::Quantity,
                Field::CreatedAt,
                Field::UpdatedAt,
            ],
            Self::Inflow => &[
                Field::Product,
                Field::Supplier,
                Field::Actor,
                Field::Quantity,
                Field::Description,
                Field::CreatedAt,
                Field::UpdatedAt,
            ],
            Self::Outflow => &[
                Field::Product,
                Field::Actor,
                Field::Quantity,
                Field::Description,
                Field::CostPrice,
                Field::SellingPrice,
                Field::CreatedAt,
                Field::UpdatedAt,
            ],
        }
    }

    /// The columns that the table must have, in the order of the report.
    pub(crate) const fn required(self) -> &'static [Field] {
        match self {
            Self::Brand | Self::Category | Self::Supplier => &[Field::Name],
            Self::Product => &[
                Field::Title,
                Field::CostPrice,
                Field::SellingPrice,
                Field::Quantity,
                Field::Brand,
                Field::Category,
            ],
            Self::Inflow => &[Field::Product, Field::Supplier, Field::Quantity],
            Self::Outflow => &[Field::Product, Field::Quantity],
        }
    }

    /// Whether the documented table has this column. An outflow's prices and a movement's user are optional extras.
    pub(crate) fn documents(self, field: Field) -> bool {
        field != Field::Actor
            && (self != Self::Outflow || !matches!(field, Field::CostPrice | Field::SellingPrice))
    }
}

/// A column of the documented tables, except the primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Field {
    Name,
    Title,
    Description,
    SerieNumber,
    CostPrice,
    SellingPrice,
    Quantity,
    CreatedAt,
    UpdatedAt,
    Brand,
    Category,
    Supplier,
    Product,
    /// The user who recorded a movement.
    Actor,
}

impl Field {
    /// The number of fields.
    pub(crate) const COUNT: usize = 14;

    pub(crate) const ALL: [Self; Self::COUNT] = [
        Self::Name,
        Self::Title,
        Self::Description,
        Self::SerieNumber,
        Self::CostPrice,
        Self::SellingPrice,
        Self::Quantity,
        Self::CreatedAt,
        Self::UpdatedAt,
        Self::Brand,
        Self::Category,
        Self::Supplier,
        Self::Product,
        Self::Actor,
    ];

    /// The documented name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Title => "title",
            Self::Description => "description",
            Self::SerieNumber => "serie_number",
            Self::CostPrice => "cost_price",
            Self::SellingPrice => "selling_price",
            Self::Quantity => "quantity",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::Brand => "brand_id",
            Self::Category => "category_id",
            Self::Supplier => "supplier_id",
            Self::Product => "product_id",
            Self::Actor => "user_id",
        }
    }

    /// The role of the table that a foreign key refers to.
    pub(crate) const fn refers_to(self) -> Option<Role> {
        match self {
            Self::Brand => Some(Role::Brand),
            Self::Category => Some(Role::Category),
            Self::Supplier => Some(Role::Supplier),
            Self::Product => Some(Role::Product),
            _ => None,
        }
    }

    /// The kind of the documented column, for the report of conversions.
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Name | Self::Title | Self::Description | Self::SerieNumber => Kind::Text,
            Self::CostPrice | Self::SellingPrice => Kind::Decimal,
            Self::Quantity | Self::Brand | Self::Category | Self::Supplier | Self::Product | Self::Actor => {
                Kind::Integer
            }
            Self::CreatedAt | Self::UpdatedAt => Kind::Moment,
        }
    }

    /// Whether a column of this kind can be recognised as this field by similarity.
    pub(crate) fn accepts(self, kind: Kind) -> bool {
        match self.kind() {
            Kind::Text => kind == Kind::Text,
            Kind::Decimal => matches!(kind, Kind::Decimal | Kind::Float | Kind::Integer),
            Kind::Moment => matches!(kind, Kind::Moment | Kind::Date),
            _ => matches!(kind, Kind::Integer | Kind::Float | Kind::Decimal),
        }
    }
}
