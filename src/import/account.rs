//! Groups, memberships, permissions and spent tokens.

use std::collections::HashMap;

use ::entity::{group, permission, spent_token, user_group};
use database::bulk::{BulkInsert, reserve_ids};
use django_source::row;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};

use crate::error::{Error, Result};
use crate::tx::Tx;

/// Maps the ids of groups in the source to their ids in the target.
#[derive(Default)]
pub(super) struct Groups(HashMap<i64, i64>);

impl Groups {
    /// Stores groups. If a group with the same name exists, its permissions are replaced.
    pub(super) async fn store(&mut self, tx: &Tx, groups: Vec<row::Group>) -> Result<()> {
        let existing = group::Entity::find().all(tx).await?;
        let existing: HashMap<String, i64> =
            existing.into_iter().map(|group| (group.name, group.id)).collect();
        for group in groups {
            let id = match existing.get(&group.name) {
                Some(id) => {
                    permission::Entity::delete_many()
                        .filter(permission::Column::GroupId.eq(*id))
                        .exec(tx)
                        .await?;
                    *id
                }
                None => {
                    let id = reserve_ids::<group::Entity>(tx, 1).await?;
                    let name = group.name;
                    insert::<group::Entity>(tx, [group::Model { id, name }]).await?;
                    id
                }
            };
            self.0.insert(group.id, id);
            let holder = Holder::Group(id);
            insert_permissions(
                tx,
                group
                    .permissions
                    .into_iter()
                    .map(|codename| (holder, codename))
                    .collect(),
            )
            .await?;
        }
        Ok(())
    }

    pub(super) async fn add_members(&self, tx: &Tx, memberships: Vec<row::Membership>) -> Result<()> {
        let mut rows = Vec::with_capacity(memberships.len());
        for membership in memberships {
            let group_id = self.0.get(&membership.group_id).copied();
            rows.push(user_group::Model {
                user_id: membership.user_id,
                group_id: group_id
                    .ok_or_else(|| Error::internal("a membership refers to a missing group"))?,
            });
        }
        Ok(insert::<user_group::Entity>(tx, rows).await?)
    }
}

impl Groups {
    /// Reads the stored groups, with their permissions and with their ids in the source.
    pub(super) async fn read_back(&self, tx: &Tx) -> Result<Vec<row::Group>> {
        let mut names: HashMap<i64, String> = HashMap::new();
        for group in group::Entity::find().all(tx).await? {
            names.insert(group.id, group.name);
        }
        let mut codenames: HashMap<i64, Vec<String>> = HashMap::new();
        let permissions = permission::Entity::find().filter(permission::Column::GroupId.is_not_null());
        for permission in permissions.all(tx).await? {
            let group = permission.group_id.unwrap_or_default();
            codenames.entry(group).or_default().push(permission.codename);
        }
        let to_source = |(source, target): (&i64, &i64)| {
            let mut permissions = codenames.get(target).cloned().unwrap_or_default();
            permissions.sort_unstable();
            row::Group {
                id: *source,
                name: names.get(target).cloned().unwrap_or_default(),
                permissions,
            }
        };
        Ok(self.0.iter().map(to_source).collect())
    }

    pub(super) async fn read_memberships(&self, tx: &Tx) -> Result<Vec<row::Membership>> {
        let sources: HashMap<i64, i64> = self.0.iter().map(|(source, target)| (*target, *source)).collect();
        let members = user_group::Entity::find().all(tx).await?;
        let to_source = |member: user_group::Model| row::Membership {
            user_id: member.user_id,
            // The id 0, for a group that the source does not have, makes the comparison fail.
            group_id: sources.get(&member.group_id).copied().unwrap_or_default(),
        };
        Ok(members.into_iter().map(to_source).collect())
    }
}

pub(super) async fn read_permissions(tx: &Tx) -> Result<Vec<row::UserPermission>> {
    let of_users = permission::Entity::find().filter(permission::Column::UserId.is_not_null());
    let to_source = |permission: permission::Model| row::UserPermission {
        user_id: permission.user_id.unwrap_or_default(),
        codename: permission.codename,
    };
    Ok(of_users.all(tx).await?.into_iter().map(to_source).collect())
}

pub(super) async fn read_spent_tokens(tx: &Tx) -> Result<Vec<row::SpentToken>> {
    let to_source = |token: spent_token::Model| row::SpentToken {
        jti: token.jti,
        expires_at: token.expires_at,
    };
    Ok(spent_token::Entity::find()
        .all(tx)
        .await?
        .into_iter()
        .map(to_source)
        .collect())
}

/// A user or group that holds a permission.
#[derive(Clone, Copy)]
enum Holder {
    User(i64),
    Group(i64),
}

pub(super) async fn store_permissions(tx: &Tx, permissions: Vec<row::UserPermission>) -> Result<()> {
    let codenames = permissions
        .into_iter()
        .map(|permission| (Holder::User(permission.user_id), permission.codename));
    insert_permissions(tx, codenames.collect()).await
}

async fn insert_permissions(tx: &Tx, codenames: Vec<(Holder, String)>) -> Result<()> {
    let first = reserve_ids::<permission::Entity>(tx, codenames.len()).await?;
    let rows = (first..)
        .zip(codenames)
        .map(|(id, (holder, codename))| permission::Model {
            id,
            user_id: match holder {
                Holder::User(user) => Some(user),
                Holder::Group(_) => None,
            },
            group_id: match holder {
                Holder::Group(group) => Some(group),
                Holder::User(_) => None,
            },
            codename,
        });
    let rows: Vec<permission::Model> = rows.collect();
    Ok(insert::<permission::Entity>(tx, rows).await?)
}

pub(super) async fn store_spent_tokens(tx: &Tx, tokens: Vec<row::SpentToken>) -> Result<()> {
    let rows = tokens.into_iter().map(|token| spent_token::Model {
        jti: token.jti,
        expires_at: token.expires_at,
    });
    let rows: Vec<spent_token::Model> = rows.collect();
    Ok(insert::<spent_token::Entity>(tx, rows).await?)
}

pub(super) async fn insert<E: EntityTrait>(
    tx: &Tx,
    rows: impl IntoIterator<Item = E::Model, IntoIter: Send> + Send,
) -> Result<(), DbErr> {
    let mut table = BulkInsert::<_, E>::new(tx);
    for row in rows {
        table.add(&row).await?;
    }
    table.finish().await
}
