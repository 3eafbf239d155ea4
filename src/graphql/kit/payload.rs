//! Payloads of mutations: the object, or `userErrors` that say why there is none.

use super::{UserError, user_errors};
use crate::error::Result;

/// The payload of a mutation.
pub(crate) trait Payload: Sized + Send {
    /// What the rule returns.
    type Output;

    /// Makes a payload of the output of a rule, or of the errors of the input.
    ///
    /// # Errors
    /// Returns an error that the input has not caused. It belongs in `errors`.
    fn from_result(result: Result<Self::Output>) -> Result<Self>;
}

/// Separates the result of a rule into its output and the errors of the input.
///
/// # Errors
/// Returns an error that the input has not caused.
pub(crate) fn split<T>(result: Result<T>) -> Result<(Option<T>, Vec<UserError>)> {
    match result {
        Ok(output) => Ok((Some(output), Vec::new())),
        Err(error) => user_errors(error).map(|errors| (None, errors)),
    }
}

/// Declares a payload with one row, `payload!(CreateBrandPayload { brand: brand::Entity })`, or with the rows of a batch,
/// `payload!(CreateProductsPayload { products: [product::Entity] })`.
macro_rules! payload {
    ($(#[$meta:meta])* $payload:ident { $(#[$field_meta:meta])* $field:ident: [$entity:ty] }) => {
        $(#[$meta])*
        #[derive(async_graphql::SimpleObject)]
        #[graphql(serial)]
        pub(crate) struct $payload {
            /// In the order of the input. Null when any item was wrong.
            $field: Option<Vec<$crate::graphql::kit::NodeOf<$entity>>>,
            user_errors: Vec<$crate::graphql::kit::UserError>,
        }

        impl $crate::graphql::kit::payload::Payload for $payload {
            type Output = Vec<$crate::query::Row<$entity>>;

            fn from_result(result: $crate::error::Result<Self::Output>) -> $crate::error::Result<Self> {
                let (rows, user_errors) = $crate::graphql::kit::payload::split(result)?;
                let $field = rows.map(|rows| rows.into_iter().map(Into::into).collect());
                Ok(Self { $field, user_errors })
            }
        }
    };
    ($(#[$meta:meta])* $payload:ident { $(#[$field_meta:meta])* $field:ident: $entity:ty }) => {
        $(#[$meta])*
        #[derive(async_graphql::SimpleObject)]
        #[graphql(serial)]
        pub(crate) struct $payload {
            $(#[$field_meta])*
            $field: Option<$crate::graphql::kit::NodeOf<$entity>>,
            user_errors: Vec<$crate::graphql::kit::UserError>,
        }

        impl $crate::graphql::kit::payload::Payload for $payload {
            type Output = $crate::query::Row<$entity>;

            fn from_result(result: $crate::error::Result<Self::Output>) -> $crate::error::Result<Self> {
                let (row, user_errors) = $crate::graphql::kit::payload::split(result)?;
                Ok(Self { $field: row.map(Into::into), user_errors })
            }
        }
    };
}

/// Declares the payload of a deletion: `delete_payload!(DeleteBrandPayload of brand::Entity)`. With `and product`, it also
/// has the product, since the deletion has changed its stock.
macro_rules! delete_payload {
    ($payload:ident of $entity:ty) => {
        /// What was deleted, or why nothing was.
        #[derive(async_graphql::SimpleObject)]
        #[graphql(serial)]
        pub(crate) struct $payload {
            /// Null when nothing was deleted.
            deleted_id: Option<async_graphql::ID>,
            user_errors: Vec<$crate::graphql::kit::UserError>,
        }

        impl $crate::graphql::kit::payload::Payload for $payload {
            type Output = $crate::resource::Deleted<$entity>;

            fn from_result(result: $crate::error::Result<Self::Output>) -> $crate::error::Result<Self> {
                let (deleted, user_errors) = $crate::graphql::kit::payload::split(result)?;
                Ok(Self {
                    deleted_id: deleted.map(|deleted| entity::Record::id(&deleted.row).into()),
                    user_errors,
                })
            }
        }
    };
    ($payload:ident of $entity:ty, and product) => {
        /// What was deleted, or why nothing was.
        #[derive(async_graphql::SimpleObject)]
        #[graphql(serial)]
        pub(crate) struct $payload {
            /// Null when nothing was deleted.
            deleted_id: Option<async_graphql::ID>,
            /// The product with its new stock.
            product: Option<$crate::graphql::kit::NodeOf<entity::product::Entity>>,
            user_errors: Vec<$crate::graphql::kit::UserError>,
        }

        impl $crate::graphql::kit::payload::Payload for $payload {
            type Output = $crate::resource::Deleted<$entity>;

            fn from_result(result: $crate::error::Result<Self::Output>) -> $crate::error::Result<Self> {
                let (deleted, user_errors) = $crate::graphql::kit::payload::split(result)?;
                let (deleted_id, product) = deleted
                    .map(|deleted| (entity::Record::id(&deleted.row), deleted.product))
                    .unzip();
                Ok(Self {
                    deleted_id: deleted_id.map(Into::into),
                    product: product
                        .flatten()
                        .map(|product| $crate::query::Row::<entity::product::Entity>::single(product).into()),
                    user_errors,
                })
            }
        }
    };
}

pub(crate) use {delete_payload, payload};
