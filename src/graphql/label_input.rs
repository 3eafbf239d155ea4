//! The mutations of brands, categories and suppliers: inputs and payloads.

use ::entity::{brand, category, supplier};

use super::kit::input::{delete_input, inputs};
use super::kit::payload::{delete_payload, payload};
use crate::resolvers::label::Draft;

/// Declares the inputs and payloads of one of the three.
macro_rules! label {
    (
        $module:ident: $create:ident, $update:ident, $delete:ident, $created:ident, $updated:ident, $deleted:ident;
        $noun:literal
    ) => {
        inputs! {
            #[doc = concat!("A new ", $noun, ".")]
            create $create,
            #[doc = concat!("What to change about a ", $noun, ".")]
            update $update,
            fills Draft,
            texts {
                /// 1 to 500 characters.
                name: Required<String> = $module::Column::Name;
                description: Optional<String> = $module::Column::Description;
            }
        }

        delete_input!(
            #[doc = concat!("The ", $noun, " to delete.")]
            $delete
        );

        payload!(
            #[doc = concat!("The new ", $noun, ", or what was wrong.")]
            $created { $module: $module::Entity }
        );
        payload!(
            #[doc = concat!("The changed ", $noun, ", or what was wrong.")]
            $updated { $module: $module::Entity }
        );
        delete_payload!($deleted of $module::Entity);
    };
}

label! {
    brand: CreateBrandInput, UpdateBrandInput, DeleteBrandInput,
    CreateBrandPayload, UpdateBrandPayload, DeleteBrandPayload; "brand"
}
label! {
    category: CreateCategoryInput, UpdateCategoryInput, DeleteCategoryInput,
    CreateCategoryPayload, UpdateCategoryPayload, DeleteCategoryPayload; "category"
}
label! {
    supplier: CreateSupplierInput, UpdateSupplierInput, DeleteSupplierInput,
    CreateSupplierPayload, UpdateSupplierPayload, DeleteSupplierPayload; "supplier"
}
