//! The tables of users, groups, permissions and blacklisted tokens.

use crate::catalogue::{Catalogue, Table};

/// A table of pairs, such as the groups of users.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    pub(crate) table: Table,
    /// The column of the user or group.
    pub(crate) left: String,
    /// The column of the group or permission that the user or group has.
    pub(crate) right: String,
}

/// The tables that were found.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccountTables {
    pub(crate) users: Option<Table>,
    pub(crate) groups: Option<Table>,
    pub(crate) permissions: Option<Table>,
    pub(crate) memberships: Option<Pairs>,
    pub(crate) group_permissions: Option<Pairs>,
    pub(crate) user_permissions: Option<Pairs>,
    /// The tables of issued refresh tokens and of blacklisted ones.
    pub(crate) tokens: Option<(Table, Table)>,
}

impl AccountTables {
    /// Finds the tables by Django's names, or by the name of the project's custom table of users.
    pub(crate) fn find(catalogue: &Catalogue) -> Self {
        let users = users(catalogue);
        let groups = table_with_columns(catalogue, "auth_group", &["id", "name"]);
        let permissions = table_with_columns(
            catalogue,
            "auth_permission",
            &["id", "content_type_id", "codename"],
        );
        let user_name = users.as_ref().map_or("auth_user", |table| table.name.as_str());
        let of_users = |name: &str, right: &str| pairs(catalogue, name, Some(user_name), right);
        Self {
            memberships: of_users(&format!("{user_name}_groups"), "group_id"),
            user_permissions: of_users(&format!("{user_name}_user_permissions"), "permission_id"),
            group_permissions: pairs(catalogue, "auth_group_permissions", None, "permission_id"),
            tokens: table_with_columns(
                catalogue,
                "token_blacklist_outstandingtoken",
                &["id", "jti", "expires_at"],
            )
            .zip(table_with_columns(
                catalogue,
                "token_blacklist_blacklistedtoken",
                &["token_id"],
            )),
            users,
            groups,
            permissions,
        }
    }

    /// The names of all tables.
    pub(crate) fn names(&self) -> Vec<&str> {
        let tables = [&self.users, &self.groups, &self.permissions];
        let pairs = [&self.memberships, &self.group_permissions, &self.user_permissions];
        let tokens = self
            .tokens
            .iter()
            .flat_map(|(issued, blacklisted)| [issued.name.as_str(), blacklisted.name.as_str()]);
        let tables = tables.into_iter().flatten().map(|table| table.name.as_str());
        tables
            .chain(pairs.into_iter().flatten().map(|pairs| pairs.table.name.as_str()))
            .chain(tokens)
            .collect()
    }
}

fn table_with_columns(catalogue: &Catalogue, name: &str, columns: &[&str]) -> Option<Table> {
    catalogue
        .table(name)
        .filter(|table| columns.iter().all(|column| table.column(column).is_some()))
        .cloned()
}

fn users(catalogue: &Catalogue) -> Option<Table> {
    let has = |table: &Table, columns: &[&str]| {
        columns.iter().all(|column| table.column(column).is_some())
            && (table.column("username").is_some() || table.column("email").is_some())
    };
    let fits = |table: &&Table| has(table, &["id", "password", "is_superuser", "is_active"]);
    let custom = catalogue
        .models
        .iter()
        .filter_map(|model| catalogue.table_of(model))
        .find(fits);
    // A project with a custom user model has no `auth_user`, or an unused one.
    let default = catalogue.table("auth_user").filter(fits);
    let is_default_listed = catalogue
        .models
        .iter()
        .any(|model| model.app == "auth" && model.name == "user");
    let users = if is_default_listed {
        default.or(custom)
    } else {
        custom.or(default)
    };
    // If there is none, try a model with a custom table name, and then one without Django's permissions.
    let with_custom_name = || catalogue.tables.iter().find(fits);
    let without_permissions = || {
        catalogue
            .tables
            .iter()
            .find(|table| has(table, &["id", "password", "last_login"]))
    };
    users
        .or_else(with_custom_name)
        .or_else(without_permissions)
        .cloned()
}

fn pairs(catalogue: &Catalogue, name: &str, left_table: Option<&str>, right: &str) -> Option<Pairs> {
    let table = table_with_columns(catalogue, name, &[right])?;
    let left = match left_table {
        None => table.column("group_id"),
        Some(target) => {
            let refers_to_target = |column: &&crate::catalogue::Column| {
                table
                    .target(&column.name)
                    .is_some_and(|to| to.eq_ignore_ascii_case(target))
            };
            table
                .columns
                .iter()
                .find(refers_to_target)
                .or_else(|| table.column("user_id"))
        }
    };
    let left = left?.name.clone();
    Some(Pairs {
        left,
        right: right.to_owned(),
        table,
    })
}
