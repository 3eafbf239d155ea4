//! Inputs of mutations, and the conversion of their fields into the fields of a draft.

use async_graphql::{ID, InputType, MaybeUndefined};

use form_fields::{Fault, FaultCode, Faults, Field};

use crate::decimal::Decimal;
use crate::scalar::parse_id;

/// The type of a field in an input, which is converted into the type that drafts have.
pub trait InputField: Sized {
    type Value;

    /// Converts a value.
    ///
    /// # Errors
    /// A fault of the field `name` if the value can't be converted.
    fn read(self, name: &'static str) -> Result<Self::Value, Fault>;
}

/// Reads a field that can be absent or null.
pub fn read<T: InputField>(field: Field<T>, name: &'static str, faults: &mut Faults) -> Field<T::Value> {
    match field {
        Field::Absent => Field::Absent,
        Field::Null => Field::Null,
        Field::Unreadable => Field::Unreadable,
        Field::Set(value) => match value.read(name) {
            Ok(value) => Field::Set(value),
            Err(fault) => {
                faults.push(fault);
                Field::Unreadable
            }
        },
    }
}

impl InputField for String {
    type Value = String;

    fn read(self, _: &'static str) -> Result<String, Fault> {
        Ok(self)
    }
}

impl InputField for bool {
    type Value = bool;

    fn read(self, _: &'static str) -> Result<bool, Fault> {
        Ok(self)
    }
}

impl InputField for i32 {
    type Value = i64;

    fn read(self, _: &'static str) -> Result<i64, Fault> {
        Ok(self.into())
    }
}

impl InputField for Decimal {
    type Value = String;

    fn read(self, name: &'static str) -> Result<String, Fault> {
        self.into_digits(name)
    }
}

impl<T: InputField> InputField for Vec<T> {
    type Value = Vec<T::Value>;

    fn read(self, name: &'static str) -> Result<Self::Value, Fault> {
        self.into_iter().map(|item| item.read(name)).collect()
    }
}

/// A reference to another row.
impl InputField for ID {
    type Value = i64;

    fn read(self, name: &'static str) -> Result<i64, Fault> {
        parse_id(&self).ok_or_else(|| Fault::new(name, FaultCode::NotFound, "There is nothing with this id."))
    }
}

/// Whether a new object needs a field: [`Required`] or [`Optional`].
pub trait Presence {
    type Of<T: InputType>: InputType;

    fn field<T: InputType>(value: Self::Of<T>) -> Field<T>;
}

pub struct Required;

impl Presence for Required {
    type Of<T: InputType> = T;

    fn field<T: InputType>(value: T) -> Field<T> {
        Field::Set(value)
    }
}

pub struct Optional;

impl Presence for Optional {
    type Of<T: InputType> = MaybeUndefined<T>;

    fn field<T: InputType>(value: MaybeUndefined<T>) -> Field<T> {
        match value {
            MaybeUndefined::Undefined => Field::Absent,
            MaybeUndefined::Null => Field::Null,
            MaybeUndefined::Value(value) => Field::Set(value),
        }
    }
}

/// The input of an update.
pub trait UpdateInput {
    type Draft;

    /// The id, the version that the client has seen, and the changes.
    fn into_parts(self) -> (ID, Option<i64>, Self::Draft);
}

/// Declares the input of a creation, and optionally that of an update, from one list of fields. Each of `fields` fills the
/// draft's field of the same name; each of `texts` fills the draft's text for a column, by `draft.texts.with(column, field)`.
/// The faults of fields that can't be converted are added to `draft.faults`. `Required` and `Optional` apply only to the
/// creation, since an update requires no field. Attributes in `create [..]` and `update [..]` apply to one of the inputs.
///
/// ```ignore
/// inputs! {
///     /// A new book.
///     create CreateBookInput,
///     /// What to change about a book.
///     update UpdateBookInput,
///     fills Draft,
///     texts {
///         /// 1 to 500 characters.
///         title: Required<String> = book::Column::Title;
///     }
///     fields {
///         pages: Required<i32>, create [#[graphql(default)]], update [];
///     }
/// }
/// ```
#[macro_export]
macro_rules! inputs {
    (
        $(#[$create_meta:meta])*
        create $create:ident,
        $($(#[$update_meta:meta])* update $update:ident,)?
        fills $draft:ty,
        $(texts {
            $($(#[$text_meta:meta])* $text:ident: $text_presence:ident<$text_type:ty> = $column:path;)+
        })?
        $(fields {
            $(
                $(#[$meta:meta])*
                $field:ident: $presence:ident<$type:ty>
                $(, create [$(#[$create_field_meta:meta])*], update [$(#[$update_field_meta:meta])*])?;
            )+
        })?
    ) => {
        $(#[$create_meta])*
        #[derive(async_graphql::InputObject)]
        pub(crate) struct $create {
            $($(
                $(#[$text_meta])*
                $text: <$crate::input::$text_presence as $crate::input::Presence>::Of<$text_type>,
            )+)?
            $($(
                $(#[$meta])*
                $($(#[$create_field_meta])*)?
                $field: <$crate::input::$presence as $crate::input::Presence>::Of<$type>,
            )+)?
        }

        impl From<$create> for $draft {
            fn from(input: $create) -> Self {
                use $crate::{Presence as _, input};
                let mut draft = Self::default();
                let faults = &mut draft.faults;
                $($(
                    let text = input::$text_presence::field::<$text_type>(input.$text);
                    let text = input::read(text, stringify!($text), faults);
                    draft.texts = draft.texts.with($column, text);
                )+)?
                $($(
                    let field = input::$presence::field::<$type>(input.$field);
                    draft.$field = input::read(field, stringify!($field), faults);
                )+)?
                draft
            }
        }

        $crate::inputs!(@update
            [$($(#[$update_meta])* $update)?]
            $draft;
            [$($($(#[$text_meta])* $text: $text_type = $column;)+)?]
            [$($($(#[$meta])* $($(#[$update_field_meta])*)? $field: $type;)+)?]
        );
    };
    (@update [] $($rest:tt)*) => {};
    (@update
        [$(#[$update_meta:meta])* $update:ident]
        $draft:ty;
        [$($(#[$text_meta:meta])* $text:ident: $text_type:ty = $column:path;)*]
        [$($(#[$meta:meta])* $field:ident: $type:ty;)*]
    ) => {
        $(#[$update_meta])*
        #[derive(async_graphql::InputObject)]
        pub(crate) struct $update {
            id: async_graphql::ID,
            /// Fails with `CONFLICT` if the record has changed since this version.
            expected_version: Option<i32>,
            $($(#[$text_meta])* $text: async_graphql::MaybeUndefined<$text_type>,)*
            $($(#[$meta])* $field: async_graphql::MaybeUndefined<$type>,)*
        }

        impl $crate::UpdateInput for $update {
            type Draft = $draft;

            fn into_parts(self) -> (async_graphql::ID, Option<i64>, $draft) {
                use $crate::{Presence as _, input};
                let mut draft = Self::Draft::default();
                let faults = &mut draft.faults;
                $(
                    let text = input::Optional::field(self.$text);
                    let text = input::read(text, stringify!($text), faults);
                    draft.texts = draft.texts.with($column, text);
                )*
                $(
                    let field = input::Optional::field(self.$field);
                    draft.$field = input::read(field, stringify!($field), faults);
                )*
                (self.id, self.expected_version.map(i64::from), draft)
            }
        }
    };
}

/// Declares the input of a deletion, which has only the id.
#[macro_export]
macro_rules! delete_input {
    ($(#[$meta:meta])* $input:ident) => {
        $(#[$meta])*
        #[derive(async_graphql::InputObject)]
        pub(crate) struct $input {
            pub(crate) id: async_graphql::ID,
        }
    };
}
