//! What brand, category and supplier share: their columns, written once.
//!
//! `label!(table)` makes the entity of one of them; [`Label`] lets code be written for all three. Data only, never
//! behaviour.

use chrono::{DateTime, Utc};
use sea_orm::EntityTrait;

use crate::Record;

/// A named thing that others refer to.
pub trait Label: EntityTrait<Model: Record> {
    /// The columns of a row.
    fn fields(row: &Self::Model) -> Fields<'_>;
    /// The columns of a row, to write to.
    fn fields_mut(row: &mut Self::Model) -> FieldsMut<'_>;
    /// A row that is not stored yet, version 1.
    fn blank(now: DateTime<Utc>) -> Self::Model;
}

/// What can be read of a label.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    /// The primary key.
    pub id: i64,
    /// What people call it.
    pub name: &'a str,
    /// More about it.
    pub description: Option<&'a str>,
    /// See [`Record::version`].
    pub version: i64,
    /// When it came to be.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// What can be written of a label.
#[derive(Debug)]
pub struct FieldsMut<'a> {
    /// What people call it.
    pub name: &'a mut String,
    /// Its folded form, for search and order.
    pub name_folded: &'a mut String,
    /// More about it.
    pub description: &'a mut Option<String>,
    /// Its folded form, for search and order.
    pub description_folded: &'a mut Option<String>,
    /// See [`Record::version`].
    pub version: &'a mut i64,
    /// When it last changed.
    pub updated_at: &'a mut DateTime<Utc>,
}

/// Makes the entity of one label: `label!("brand")` in `brand.rs`.
macro_rules! label {
    ($table:literal) => {
        use chrono::{DateTime, Utc};
        use sea_orm::entity::prelude::*;

        /// One row.
        #[derive(Clone, Debug, Default, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = $table)]
        pub struct Model {
            /// The primary key.
            #[sea_orm(primary_key)]
            pub id: i64,
            /// What people call it: 1 to 500 characters.
            pub name: String,
            /// `name`, case-folded.
            pub name_folded: String,
            /// More about it.
            pub description: Option<String>,
            /// `description`, case-folded.
            pub description_folded: Option<String>,
            /// Grows by one with each change.
            pub version: i64,
            /// When it came to be.
            pub created_at: DateTime<Utc>,
            /// When it last changed.
            pub updated_at: DateTime<Utc>,
        }

        /// Who refers to it is told by those tables.
        #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}

        impl crate::Record for Model {
            fn id(&self) -> i64 {
                self.id
            }
            fn set_id(&mut self, id: i64) {
                self.id = id;
            }
            fn version(&self) -> i64 {
                self.version
            }
        }

        impl crate::label::Label for Entity {
            fn fields(row: &Model) -> crate::label::Fields<'_> {
                crate::label::Fields {
                    id: row.id,
                    name: &row.name,
                    description: row.description.as_deref(),
                    version: row.version,
                    created_at: row.created_at,
                    updated_at: row.updated_at,
                }
            }

            fn fields_mut(row: &mut Model) -> crate::label::FieldsMut<'_> {
                crate::label::FieldsMut {
                    name: &mut row.name,
                    name_folded: &mut row.name_folded,
                    description: &mut row.description,
                    description_folded: &mut row.description_folded,
                    version: &mut row.version,
                    updated_at: &mut row.updated_at,
                }
            }

            fn blank(now: DateTime<Utc>) -> Model {
                Model {
                    id: 0,
                    name: String::new(),
                    name_folded: String::new(),
                    description: None,
                    description_folded: None,
                    version: 1,
                    created_at: now,
                    updated_at: now,
                }
            }
        }
    };
}

pub(crate) use label;
