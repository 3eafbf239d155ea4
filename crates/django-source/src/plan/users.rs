//! Users, from `auth_user` or from the project's custom model.

use std::collections::HashSet;

use super::Layout;
use super::accounts::select_columns;
use super::clean_row::{IdReader, IdSet, Sink};
use super::products::fingerprint;
use crate::clean::moment;
use crate::error::Result;
use crate::options::Options;
use crate::password::is_usable;
use crate::report::{Code, NoteCode};
use crate::row::User;
use crate::source::Reader;

/// Calls `each` with every user that can be imported, and returns the ids of all users.
pub(super) fn read(
    reader: &mut Reader,
    layout: &Layout,
    options: &Options,
    sink: &mut Sink<'_>,
    each: &mut dyn FnMut(User) -> Result<()>,
) -> Result<IdSet> {
    let mut all_ids = IdSet::default();
    let Some(table) = &layout.accounts.users else {
        return Ok(all_ids);
    };
    let is_superuser = ["is_superuser", "is_admin"];
    let is_superuser = is_superuser.into_iter().find(|name| table.column(name).is_some());
    // With a custom model, users may log in with their email address and have no user name.
    let by_email = table.name != "auth_user" || table.column("username").is_none();
    // A model without Django's permissions has no such column, and all its users are active.
    let can_be_inactive = table.column("is_active").is_some();
    let columns = [
        "id",
        "username",
        "email",
        "password",
        "is_active",
        is_superuser.unwrap_or("is_superuser"),
        "date_joined",
    ];
    let select = select_columns(table, &columns, "id", reader.not_indexed());
    let (mut ids, mut fingerprints) = (IdReader::default(), HashSet::new());
    reader.for_each(&select, &mut |row| {
        let [key, name, email, password, active, superuser, joined] = row else {
            return Ok(());
        };
        let Some(id) = ids.next(key, "user", sink) else {
            return Ok(());
        };
        // Users type this name to log in, so only characters that can't be stored are removed.
        let name = name.text().filter(|name| !name.is_empty());
        let username = name.or(email.text().filter(|_| by_email));
        let username = username.unwrap_or_default().replace('\0', "");
        let fault = if username.is_empty() {
            Some(Code::UnreadableUsername)
        } else if fingerprints.insert(fingerprint(&username)) {
            None
        } else {
            Some(Code::DuplicateUsername)
        };
        all_ids.add(id, fault.is_none());
        if let Some(code) = fault {
            sink.finding(code, "user", Some(id));
            return Ok(());
        }
        let password = password
            .text()
            .filter(|encoded| is_usable(encoded))
            .map(str::to_owned);
        if password.is_none() {
            sink.note(NoteCode::PasswordsUnusable, &username, id);
        }
        each(User {
            id,
            username,
            password,
            is_active: active.boolean().unwrap_or(!can_be_inactive),
            is_superuser: superuser.boolean().unwrap_or(false),
            created_at: moment::read(joined, options.timezone).unwrap_or(options.now),
        })
    })?;
    Ok(all_ids)
}
