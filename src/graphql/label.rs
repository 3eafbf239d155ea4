//! Brands, categories and suppliers. They have the same fields, which are declared once, and differ in the rows that refer
//! to them.

use ::entity::{brand, category, inflow, product, supplier};
use async_graphql::ID;
use graphql_tables::{DateTime, delete_input, inputs, int};

use super::kit::list::lists;
use super::kit::payload::{delete_payload, payload};
use super::kit::{FilterArgument, OrderArgument, connection, filter, node, order};
use super::product::ProductListFilter;
use crate::resolvers::label::Draft;

/// Declares the object, connection, order and filter of one of the three.
macro_rules! label {
    (
        $(#[$meta:meta])*
        $entity:ty: $node:ident($lists:ident) as $name:literal,
        $connection:ident, $edge:ident, $order:ident, $field:ident, $filter:ident;
        $an_item:literal, $items:literal, $how_many:literal
        $(; rules { $($rules:tt)+ })?
    ) => {
        node! {
            $(#[$meta])*
            $node as $name with $lists of $entity, |row, cx| {
                id: ID = row.id.into();
                name: &str = &row.name;
                description: Option<&str> = row.description.as_deref();
                /// Increases with each change. Send it as `expectedVersion` to make an update
                /// fail if the record has changed since.
                version: i32 = int(row.version);
                created_at: DateTime = DateTime(row.created_at);
                updated_at: DateTime = DateTime(row.updated_at);
            }
        }

        connection!($connection, $edge of $entity; $an_item, $items, $how_many);

        order!($order, $field of $entity: $items { Id, Name, CreatedAt, UpdatedAt });

        filter! {
            #[doc = concat!("Conditions on ", $items, "; all of them must hold.")]
            $filter(and, or, not) of $entity {
                columns {
                    id: IdFilter(Id),
                    name: StringFilter(Name, NameFolded),
                    description: StringFilter(Description, DescriptionFolded),
                    created_at: DateTimeFilter(CreatedAt),
                    updated_at: DateTimeFilter(UpdatedAt),
                }
                $(rules { $($rules)+ })?
            }
        }
    };
}

label! {
    /// The maker of a product.
    brand::Entity: BrandNode(BrandLists) as "Brand",
    BrandConnection, BrandEdge, BrandOrder, BrandOrderField, BrandFilter;
    "A brand", "brands", "How many brands match";
    rules {
        /// Conditions on the brand's products.
        products: ProductListFilter = |ctx, products| products.into_filter_on(ctx, Column::Id, product::Column::BrandId),
    }
}

lists!(BrandLists of brand::Entity {
    /// The products of this brand, by title unless ordered otherwise.
    products: product::Entity by BrandId(
        search: Option<String> = "The words to find, in any order, ignoring case and diacritics.",
        filter: FilterArgument<product::Entity>,
        order_by: OrderArgument<product::Entity>,
    );
});

label! {
    /// A kind of product.
    category::Entity: CategoryNode(CategoryLists) as "Category",
    CategoryConnection, CategoryEdge, CategoryOrder, CategoryOrderField, CategoryFilter;
    "A category", "categories", "How many categories match";
    rules {
        /// Conditions on the category's products.
        products: ProductListFilter = |ctx, products| products.into_filter_on(ctx, Column::Id, product::Column::CategoryId),
    }
}

lists!(CategoryLists of category::Entity {
    /// The products in this category, by title unless ordered otherwise.
    products: product::Entity by CategoryId(
        search: Option<String> = "The words to find, in any order, ignoring case and diacritics.",
        filter: FilterArgument<product::Entity>,
        order_by: OrderArgument<product::Entity>,
    );
});

label! {
    /// A company that delivers stock.
    supplier::Entity: SupplierNode(SupplierLists) as "Supplier",
    SupplierConnection, SupplierEdge, SupplierOrder, SupplierOrderField, SupplierFilter;
    "A supplier", "suppliers", "How many suppliers match"
}

lists!(SupplierLists of supplier::Entity {
    /// The inflows from this supplier, newest first unless ordered otherwise.
    inflows: inflow::Entity by SupplierId(
        filter: FilterArgument<inflow::Entity>,
        order_by: OrderArgument<inflow::Entity>,
    );
});

/// Declares the inputs and payloads of one of the three.
macro_rules! label_mutations {
    (
        $module:ident: $create:ident, $update:ident, $delete:ident, $created:ident, $updated:ident, $deleted:ident;
        $label:literal
    ) => {
        inputs! {
            #[doc = concat!("A new ", $label, ".")]
            create $create,
            #[doc = concat!("What to change about a ", $label, ".")]
            update $update,
            fills Draft,
            texts {
                /// 1 to 500 characters.
                name: Required<String> = $module::Column::Name;
                description: Optional<String> = $module::Column::Description;
            }
        }

        delete_input!(
            #[doc = concat!("The ", $label, " to delete.")]
            $delete
        );

        payload!(
            #[doc = concat!("The new ", $label, ", or what was wrong.")]
            $created { $module: $module::Entity }
        );
        payload!(
            #[doc = concat!("The changed ", $label, ", or what was wrong.")]
            $updated { $module: $module::Entity }
        );
        delete_payload!($deleted of $module::Entity);
    };
}

label_mutations! {
    brand: CreateBrandInput, UpdateBrandInput, DeleteBrandInput,
    CreateBrandPayload, UpdateBrandPayload, DeleteBrandPayload; "brand"
}
label_mutations! {
    category: CreateCategoryInput, UpdateCategoryInput, DeleteCategoryInput,
    CreateCategoryPayload, UpdateCategoryPayload, DeleteCategoryPayload; "category"
}
label_mutations! {
    supplier: CreateSupplierInput, UpdateSupplierInput, DeleteSupplierInput,
    CreateSupplierPayload, UpdateSupplierPayload, DeleteSupplierPayload; "supplier"
}
