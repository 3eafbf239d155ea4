//! Groups, permissions, and blacklisted refresh tokens.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Layout;
use super::clean_row::{IdReader, IdSet, Reference, Sink};
use super::products::fingerprint;
use crate::catalogue::Table;
use crate::clean::{moment, text};
use crate::error::{Error, Result};
use crate::mapping::Role;
use crate::mapping::accounts::Pairs;
use crate::mapping::spelling::{MIN_SIMILARITY, max_similarity};
use crate::options::Options;
use crate::report::NoteCode;
use crate::row::{Group, Membership, SpentToken};
use crate::source::{Reader, Select};
use crate::value::{Kind, Value, quoted};

/// The maximum number of groups, and of permissions.
const MAX_COUNT: usize = 100_000;
/// The groups that Stockroom's migrations create.
pub(super) const BUILT_IN_GROUPS: [&str; 2] = ["Administrator", "Manager"];

/// The equivalent of a permission of the source.
#[derive(Clone, Debug)]
enum Grant {
    /// The permission with this codename.
    Codename(String),
    /// No permission is needed, because all users may read. The name in the source is for the report.
    View(String),
    /// There is no equivalent. The name in the source is for the report.
    Dropped(String),
}

/// Groups and permissions, which are few enough to be kept in memory.
#[derive(Debug, Default)]
pub(crate) struct Rights {
    grants: HashMap<i64, Grant>,
    /// In ascending order of ids.
    pub(crate) groups: Vec<Group>,
    /// For each id of a group, the id of the first group with the same name.
    merged_into: HashMap<i64, i64>,
}

/// A query of these columns. A column that the table does not have is null.
pub(super) fn select_columns(table: &Table, names: &[&str], order: &str, not_indexed: &str) -> Select {
    let column = |name: &&str| match table.column(name) {
        Some(column) => (quoted(&column.name), column.kind),
        None => ("NULL".to_owned(), Kind::Text),
    };
    let (sql, kinds): (Vec<String>, Vec<Kind>) = names.iter().map(column).unzip();
    Select {
        table: table.name.clone(),
        sql: format!(
            "SELECT {} FROM {}{not_indexed} ORDER BY {order}",
            sql.join(", "),
            table.sql_name
        ),
        kinds,
    }
}

impl Rights {
    /// Reads the groups with their permissions, and the equivalents of all permissions.
    pub(super) fn read(reader: &mut Reader, layout: &Layout, sink: &mut Sink<'_>) -> Result<Self> {
        let mut rights = Self {
            grants: grants(reader, layout)?,
            ..Self::default()
        };
        rights.read_groups(reader, layout, sink)?;
        let Some(pairs) = &layout.accounts.group_permissions else {
            return Ok(rights);
        };
        let mut permissions_by_group: HashMap<i64, BTreeSet<String>> = HashMap::new();
        for_each_pair(reader, pairs, &mut |group, permission| {
            let group = rights.merged_into.get(&group).copied();
            if let Some(codename) = rights.resolve(group, permission, &pairs.table.name, sink) {
                permissions_by_group
                    .entry(group.unwrap_or_default())
                    .or_default()
                    .insert(codename);
            }
            Ok(())
        })?;
        for group in &mut rights.groups {
            group.permissions = permissions_by_group
                .remove(&group.id)
                .into_iter()
                .flatten()
                .collect();
        }
        Ok(rights)
    }

    fn read_groups(&mut self, reader: &mut Reader, layout: &Layout, sink: &mut Sink<'_>) -> Result<()> {
        let Some(table) = &layout.accounts.groups else {
            return Ok(());
        };
        let (mut ids, mut by_name) = (IdReader::default(), HashMap::new());
        let select = select_columns(table, &["id", "name"], "id", reader.not_indexed());
        reader.for_each(&select, &mut |row| {
            let [key, name] = row else { return Ok(()) };
            let Some(id) = ids.next(key, "group", sink) else {
                return Ok(());
            };
            if self.groups.len() >= MAX_COUNT {
                return Err(Error::TooMany {
                    items: "groups",
                    limit: MAX_COUNT,
                });
            }
            let name = text::read(name, text::NAME)
                .text
                .unwrap_or_else(|| format!("#{id}"));
            let first = *by_name.entry(name.clone()).or_insert(id);
            self.merged_into.insert(id, first);
            if first == id {
                if BUILT_IN_GROUPS.contains(&name.as_str()) {
                    sink.note(NoteCode::GroupReplacesBuiltin, &name, id);
                }
                self.groups.push(Group {
                    id,
                    name,
                    permissions: Vec::new(),
                });
            }
            Ok(())
        })
    }

    /// The codename that a user or group gets for a permission of the source. `holder` is `None` if the user or group does
    /// not exist.
    fn resolve(
        &self,
        holder: Option<i64>,
        permission: i64,
        table: &str,
        sink: &mut Sink<'_>,
    ) -> Option<String> {
        let (Some(holder), Some(grant)) = (holder, self.grants.get(&permission)) else {
            sink.note(NoteCode::DanglingMembershipsDropped, table, permission);
            return None;
        };
        match grant {
            Grant::Codename(codename) => return Some(codename.clone()),
            Grant::View(name) => sink.note(NoteCode::ViewPermissionsDropped, name, holder),
            Grant::Dropped(name) => sink.note(NoteCode::PermissionsDropped, name, holder),
        }
        None
    }

    /// Calls `each` once for each permission that is assigned to a user directly.
    pub(super) fn for_each_user_permission(
        &self,
        reader: &mut Reader,
        layout: &Layout,
        users: &IdSet,
        sink: &mut Sink<'_>,
        each: &mut dyn FnMut(i64, String) -> Result<()>,
    ) -> Result<()> {
        let Some(pairs) = &layout.accounts.user_permissions else {
            return Ok(());
        };
        let (mut last, mut codenames) = (0, HashSet::new());
        for_each_pair(reader, pairs, &mut |user, permission| {
            if user != last {
                (last, codenames) = (user, HashSet::new());
            }
            let holder = (users.find(user) == Reference::Imported).then_some(user);
            match self.resolve(holder, permission, &pairs.table.name, sink) {
                Some(codename) if codenames.insert(codename.clone()) => each(user, codename),
                _ => Ok(()),
            }
        })
    }

    /// Calls `each` once for each membership.
    pub(super) fn for_each_membership(
        &self,
        reader: &mut Reader,
        layout: &Layout,
        users: &IdSet,
        sink: &mut Sink<'_>,
        each: &mut dyn FnMut(Membership) -> Result<()>,
    ) -> Result<()> {
        let Some(pairs) = &layout.accounts.memberships else {
            return Ok(());
        };
        let (mut last, mut group_ids) = (0, HashSet::new());
        for_each_pair(reader, pairs, &mut |user_id, group| {
            if user_id != last {
                (last, group_ids) = (user_id, HashSet::new());
            }
            match self.merged_into.get(&group) {
                Some(group_id) if users.find(user_id) == Reference::Imported => {
                    let is_new = group_ids.insert(*group_id);
                    if is_new {
                        each(Membership {
                            user_id,
                            group_id: *group_id,
                        })
                    } else {
                        Ok(())
                    }
                }
                _ => {
                    sink.note(NoteCode::DanglingMembershipsDropped, &pairs.table.name, user_id);
                    Ok(())
                }
            }
        })
    }
}

/// Calls `each` with every pair of ids, sorted.
fn for_each_pair(
    reader: &mut Reader,
    pairs: &Pairs,
    each: &mut dyn FnMut(i64, i64) -> Result<()>,
) -> Result<()> {
    let (left, right) = (quoted(&pairs.left), quoted(&pairs.right));
    let names = [pairs.left.as_str(), pairs.right.as_str()];
    let select = select_columns(
        &pairs.table,
        &names,
        &format!("{left}, {right}"),
        reader.not_indexed(),
    );
    reader.for_each(&select, &mut |row| match row {
        [Value::Integer(left), Value::Integer(right)] => each(*left, *right),
        _ => Ok(()),
    })
}

/// The equivalents of all permissions. They are recognised by model and verb, because a renamed model keeps its codenames.
fn grants(reader: &mut Reader, layout: &Layout) -> Result<HashMap<i64, Grant>> {
    let Some(table) = &layout.accounts.permissions else {
        return Ok(HashMap::new());
    };
    let select = select_columns(
        table,
        &["id", "content_type_id", "codename"],
        "id",
        reader.not_indexed(),
    );
    let mut permissions = Vec::new();
    reader.for_each(&select, &mut |row| {
        if let [Value::Integer(id), model, codename] = row {
            if permissions.len() >= MAX_COUNT {
                return Err(Error::TooMany {
                    items: "permissions",
                    limit: MAX_COUNT,
                });
            }
            let codename = codename.text().unwrap_or_default().replace('\0', "");
            permissions.push((*id, model.integer().unwrap_or_default(), codename));
        }
        Ok(())
    })?;
    let all: HashSet<(i64, &str)> = permissions
        .iter()
        .map(|(_, model, codename)| (*model, codename.as_str()))
        .collect();
    let grant = |(id, model, codename): &(i64, i64, String)| (*id, grant(layout, *model, codename, &all));
    Ok(permissions.iter().map(grant).collect())
}

fn grant(layout: &Layout, model: i64, codename: &str, all: &HashSet<(i64, &str)>) -> Grant {
    let Some(model) = layout.catalogue.models.iter().find(|listed| listed.id == model) else {
        return Grant::Dropped(codename.to_owned());
    };
    let name = format!("{}.{codename}", model.app);
    let table = layout.catalogue.table_of(model);
    let role = Role::ALL.into_iter().find(|role| match table {
        Some(table) => layout.map(*role).is_some_and(|map| map.table.name == table.name),
        // The model has a custom table name.
        None => max_similarity(&model.name, role.words()) >= MIN_SIMILARITY && !is_listed(layout, *role),
    });
    let (Some(role), Some((verb, rest))) = (role, codename.split_once('_')) else {
        return Grant::Dropped(name);
    };
    // A custom permission such as `change_price` does not include changing products. Django's own permissions always come as
    // add, change and delete.
    let of_model = rest == model.name
        || max_similarity(rest, role.words()) >= MIN_SIMILARITY
        || ["add", "change", "delete"]
            .iter()
            .all(|verb| all.contains(&(model.id, format!("{verb}_{rest}").as_str())));
    match verb {
        "view" if of_model => Grant::View(name),
        "add" | "change" | "delete" if of_model => Grant::Codename(format!("{verb}_{}", role.name())),
        _ => Grant::Dropped(name),
    }
}

/// Whether the role's table has the default name of a model.
fn is_listed(layout: &Layout, role: Role) -> bool {
    let mut tables = layout
        .catalogue
        .models
        .iter()
        .filter_map(|model| layout.catalogue.table_of(model));
    layout
        .map(role)
        .is_some_and(|map| tables.any(|table| table.name == map.table.name))
}

/// Calls `each` with every blacklisted refresh token that has not expired.
pub(super) fn spent_tokens(
    reader: &mut Reader,
    layout: &Layout,
    options: &Options,
    each: &mut dyn FnMut(SpentToken) -> Result<()>,
) -> Result<()> {
    let Some((issued, blacklisted)) = &layout.accounts.tokens else {
        return Ok(());
    };
    let expires = issued
        .column("expires_at")
        .map_or(Kind::Moment, |column| column.kind);
    let select = Select {
        table: issued.name.clone(),
        sql: format!(
            "SELECT jti, expires_at FROM {} WHERE id IN (SELECT token_id FROM {}) ORDER BY id",
            issued.sql_name, blacklisted.sql_name
        ),
        kinds: vec![Kind::Text, expires],
    };
    let mut fingerprints = HashSet::new();
    reader.for_each(&select, &mut |row| {
        let [jti, expires] = row else { return Ok(()) };
        let jti = jti.text().unwrap_or_default().replace('\0', "");
        // If the expiry can't be read, the token stays blacklisted for a year, longer than refresh tokens usually last.
        let expires_at =
            moment::read(expires, options.timezone).unwrap_or(options.now + chrono::TimeDelta::days(366));
        if jti.is_empty() || expires_at <= options.now || !fingerprints.insert(fingerprint(&jti)) {
            return Ok(());
        }
        each(SpentToken { jti, expires_at })
    })
}
