//! The columns that brand, category and supplier have in common.
//!
//! `label!(table)` defines the entity of one of them; generic code uses [`Label`].

use chrono::{DateTime, Utc};
use sea_orm::EntityTrait;

use crate::Record;

pub trait Label: EntityTrait<Model: Record> {
    fn fields(row: &Self::Model) -> Fields<'_>;
    fn fields_mut(row: &mut Self::Model) -> FieldsMut<'_>;
    /// A row of version 1 that is not stored yet.
    fn blank(now: DateTime<Utc>) -> Self::Model;
}

#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    pub id: i64,
    pub name: &'a str,
    pub description: Option<&'a str>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug)]
pub struct FieldsMut<'a> {
    pub name: &'a mut String,
    pub name_folded: &'a mut String,
    pub description: &'a mut Option<String>,
    pub description_folded: &'a mut Option<String>,
    pub version: &'a mut i64,
    pub updated_at: &'a mut DateTime<Utc>,
}

macro_rules! label {
    ($table:literal) => {
        use chrono::{DateTime, Utc};
        use sea_orm::entity::prelude::*;
        use serde::{Deserialize, Serialize};

        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, DeriveEntityModel)]
        #[sea_orm(table_name = $table)]
        pub struct Model {
            #[sea_orm(primary_key)]
            pub id: i64,
            /// 1 to 500 characters.
            pub name: String,
            /// `name`, folded.
            pub name_folded: String,
            pub description: Option<String>,
            /// `description`, folded.
            pub description_folded: Option<String>,
            pub version: i64,
            pub created_at: DateTime<Utc>,
            pub updated_at: DateTime<Utc>,
        }

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
