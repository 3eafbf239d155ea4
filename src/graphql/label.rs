//! Brand, category and supplier: their fields are the same and written once; they differ in what refers to them.

use ::entity::label::{Fields, Label};
use ::entity::{brand, category, inflow, product, supplier};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, MergedObject, Object, TypeName};

use super::connection::{Paging, connection, of_row, order};
use super::filter::{Conditions, DateTimeFilter, IdFilter, StringFilter, all, logic};
use super::inflow::{InflowConnection, InflowFilter, InflowOrder};
use super::payload::{Update, deleted, field, payload};
use super::product::{ProductConnection, ProductFilter, ProductListFilter, ProductOrder};
use super::scalar::{DateTime, int};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::{Collection, Field, Filter, Listing, Row, Texts};
use crate::resolvers::label::Draft;

/// What all three have.
pub struct LabelFields<L: Label + Collection>(Row<L>);

impl<L: Label + Collection> LabelFields<L> {
    fn fields(&self) -> Fields<'_> {
        L::fields(&self.0)
    }
}

impl<L: Label + Collection> TypeName for LabelFields<L> {
    fn type_name() -> std::borrow::Cow<'static, str> {
        format!("{}_fields", L::default().table_name()).into()
    }
}

#[Object(name_type, serial)]
impl<L: Label + Collection> LabelFields<L> {
    async fn id(&self) -> ID {
        self.fields().id.into()
    }

    async fn name(&self) -> &str {
        self.fields().name
    }

    async fn description(&self) -> Option<&str> {
        self.fields().description
    }

    /// Grows with each change. Send it back as `expectedVersion` to change only what
    /// you have seen.
    async fn version(&self) -> i32 {
        int(self.fields().version)
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.fields().created_at)
    }

    async fn updated_at(&self) -> DateTime {
        DateTime(self.fields().updated_at)
    }
}

/// Makes the types of one of the three: its object and connection, what it is ordered by, what it is filtered by.
macro_rules! label {
    (
        $noun:ident {
            object: $node:ident($children:ident) as $name:literal, $doc:literal;
            page: $connection:ident, $edge:ident, $page:literal, $place:literal, $nodes:literal, $total:literal;
            order: $order:ident, $field:ident, $ordered:literal;
            filter: $filter:ident, $conditions:literal $(, $products_doc:literal products: $reference:ident)?;
        }
    ) => {
        #[doc = $doc]
        #[derive(MergedObject)]
        #[graphql(name = $name, serial)]
        pub struct $node(LabelFields<$noun::Entity>, $children);

        impl From<Row<$noun::Entity>> for $node {
            fn from(row: Row<$noun::Entity>) -> Self {
                Self(LabelFields(row.clone()), $children(row))
            }
        }

        connection!(Row<$noun::Entity> => $connection, $edge, $node; $page, $place, $nodes, $total);
        order!($noun::Entity => $order, $field, $ordered {
            Id: "id", Name: "name", CreatedAt: "created_at", UpdatedAt: "updated_at",
        });

        #[doc = $conditions]
        #[derive(InputObject, Clone, Debug, Default)]
        pub struct $filter {
            and: Option<Vec<$filter>>,
            or: Option<Vec<$filter>>,
            not: Option<Box<$filter>>,
            id: Option<IdFilter>,
            name: Option<StringFilter>,
            description: Option<StringFilter>,
            created_at: Option<DateTimeFilter>,
            updated_at: Option<DateTimeFilter>,
            $(#[doc = $products_doc] products: Option<ProductListFilter>,)?
        }

        impl Conditions for $filter {
            fn filter(self, ctx: &Ctx) -> Result<Filter> {
                use $noun::Column;
                let filter = logic(ctx, self.and, self.or, self.not)?.and(all([
                    self.id.map(|id| id.on(Column::Id)),
                    self.name.map(|name| name.on(Column::Name, Column::NameFolded)),
                    self.description.map(|text| text.on(Column::Description, Column::DescriptionFolded)),
                    self.created_at.map(|at| at.on(Column::CreatedAt)),
                    self.updated_at.map(|at| at.on(Column::UpdatedAt)),
                ]));
                $(
                    let filter = match self.products {
                        Some(products) => filter.and(products.on(ctx, Column::Id, product::Column::$reference)?),
                        None => filter,
                    };
                )?
                Ok(filter)
            }
        }

        impl $filter {
            /// The list that the arguments of a connection describe.
            pub fn listing(
                ctx: &Ctx,
                search: Option<String>,
                filter: Option<Box<Self>>,
                order: Option<Vec<$order>>,
            ) -> Result<Listing<$noun::Entity>> {
                Ok(Listing { filter: super::filter::given(ctx, filter)?, search, order: $order::steps(order)? })
            }
        }
    };
}

/// Makes the inputs and payloads of one of the three.
macro_rules! inputs {
    (
        $noun:ident: $node:ident {
            $create:ident, $new:literal => $created:ident, $new_or:literal;
            $update:ident, $changes:literal => $updated:ident, $changed_or:literal;
            $delete:ident, $which:literal => $deleted:ident;
        }
    ) => {
        #[doc = $new]
        #[derive(InputObject)]
        pub struct $create {
            /// 1 to 500 characters.
            name: String,
            description: MaybeUndefined<String>,
        }

        impl From<$create> for Draft {
            fn from(input: $create) -> Self {
                Self {
                    texts: Texts::default()
                        .with($noun::Column::Name, Field::Set(input.name))
                        .with($noun::Column::Description, field(input.description)),
                    faults: Vec::new(),
                }
            }
        }

        #[doc = $changes]
        #[derive(InputObject)]
        pub struct $update {
            id: ID,
            /// Refuses with `CONFLICT` when the record has changed since this version.
            expected_version: Option<i32>,
            /// 1 to 500 characters.
            name: MaybeUndefined<String>,
            description: MaybeUndefined<String>,
        }

        impl Update for $update {
            type Draft = Draft;
            fn split(self) -> (ID, Option<i64>, Draft) {
                let draft = Draft {
                    texts: Texts::default()
                        .with($noun::Column::Name, field(self.name))
                        .with($noun::Column::Description, field(self.description)),
                    faults: Vec::new(),
                };
                (self.id, self.expected_version.map(i64::from), draft)
            }
        }

        #[doc = $which]
        #[derive(InputObject)]
        pub struct $delete {
            #[doc(hidden)]
            pub id: ID,
        }

        payload!(
            #[doc = $new_or]
            $created { $noun: $node }
        );
        payload!(
            #[doc = $changed_or]
            $updated { $noun: $node }
        );
        deleted!($deleted);
    };
}

inputs!(brand: BrandNode {
    CreateBrandInput, "A new brand." => CreateBrandPayload, "The new brand, or what was wrong.";
    UpdateBrandInput, "What to change about a brand." => UpdateBrandPayload, "The changed brand, or what was wrong.";
    DeleteBrandInput, "Which brand to delete." => DeleteBrandPayload;
});
inputs!(category: CategoryNode {
    CreateCategoryInput, "A new category." => CreateCategoryPayload, "The new category, or what was wrong.";
    UpdateCategoryInput, "What to change about a category." => UpdateCategoryPayload,
        "The changed category, or what was wrong.";
    DeleteCategoryInput, "Which category to delete." => DeleteCategoryPayload;
});
inputs!(supplier: SupplierNode {
    CreateSupplierInput, "A new supplier." => CreateSupplierPayload, "The new supplier, or what was wrong.";
    UpdateSupplierInput, "What to change about a supplier." => UpdateSupplierPayload,
        "The changed supplier, or what was wrong.";
    DeleteSupplierInput, "Which supplier to delete." => DeleteSupplierPayload;
});

label!(brand {
    object: BrandNode(BrandProducts) as "Brand", "Who makes a product.";
    page: BrandConnection, BrandEdge, "A page of brands.", "A brand and its place in the list.",
        "The brands of this page, without their cursors.",
        "How many brands match, on all pages together. Counted only when asked for.";
    order: BrandOrder, BrandOrderField, "What brands can be ordered by.";
    filter: BrandFilter, "Conditions on brands; all of them must hold.",
        "Conditions on the brand's products." products: BrandId;
});
label!(category {
    object: CategoryNode(CategoryProducts) as "Category", "What kind of thing a product is.";
    page: CategoryConnection, CategoryEdge, "A page of categories.", "A category and its place in the list.",
        "The categories of this page, without their cursors.",
        "How many categories match, on all pages together. Counted only when asked for.";
    order: CategoryOrder, CategoryOrderField, "What categories can be ordered by.";
    filter: CategoryFilter, "Conditions on categories; all of them must hold.",
        "Conditions on the category's products." products: CategoryId;
});
label!(supplier {
    object: SupplierNode(SupplierInflows) as "Supplier", "Who delivers stock.";
    page: SupplierConnection, SupplierEdge, "A page of suppliers.", "A supplier and its place in the list.",
        "The suppliers of this page, without their cursors.",
        "How many suppliers match, on all pages together. Counted only when asked for.";
    order: SupplierOrder, SupplierOrderField, "What suppliers can be ordered by.";
    filter: SupplierFilter, "Conditions on suppliers; all of them must hold.";
});

/// What only a brand has.
pub struct BrandProducts(Row<brand::Entity>);

#[Object(serial)]
#[expect(clippy::too_many_arguments, reason = "they are the arguments of a connection")]
impl BrandProducts {
    /// The products of this brand, by title unless ordered otherwise.
    async fn products(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        #[graphql(desc = "Words of the title, in any order, case and diacritics aside.")] search: Option<
            String,
        >,
        filter: Option<Box<ProductFilter>>,
        order_by: Option<Vec<ProductOrder>>,
    ) -> Result<ProductConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        let listing = |ctx: &Ctx| ProductFilter::listing(ctx, search, filter, order_by);
        of_row(cx, &self.0, product::Column::BrandId, paging, listing).await
    }
}

/// What only a category has.
pub struct CategoryProducts(Row<category::Entity>);

#[Object(serial)]
#[expect(clippy::too_many_arguments, reason = "they are the arguments of a connection")]
impl CategoryProducts {
    /// The products in this category, by title unless ordered otherwise.
    async fn products(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        #[graphql(desc = "Words of the title, in any order, case and diacritics aside.")] search: Option<
            String,
        >,
        filter: Option<Box<ProductFilter>>,
        order_by: Option<Vec<ProductOrder>>,
    ) -> Result<ProductConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        let listing = |ctx: &Ctx| ProductFilter::listing(ctx, search, filter, order_by);
        of_row(cx, &self.0, product::Column::CategoryId, paging, listing).await
    }
}

/// What only a supplier has.
pub struct SupplierInflows(Row<supplier::Entity>);

#[Object(serial)]
#[expect(clippy::too_many_arguments, reason = "they are the arguments of a connection")]
impl SupplierInflows {
    /// What this supplier delivered, newest first unless ordered otherwise.
    async fn inflows(
        &self,
        cx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
        offset: Option<i32>,
        filter: Option<Box<InflowFilter>>,
        order_by: Option<Vec<InflowOrder>>,
    ) -> Result<InflowConnection> {
        let paging = Paging {
            first,
            after,
            last,
            before,
            offset,
        };
        let listing = |ctx: &Ctx| InflowFilter::listing(ctx, filter, order_by);
        of_row(cx, &self.0, inflow::Column::SupplierId, paging, listing).await
    }
}
