//! `Actor`: the authenticated caller of a request.

use super::permission::{Permission, PermissionSet};

/// An active user, or the program itself.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Absent for the program itself.
    pub user_id: Option<i64>,
    pub username: String,
    /// Whether the actor has every permission.
    pub is_superuser: bool,
    /// The names of the user's groups, sorted.
    pub groups: Vec<String>,
    /// The permissions held directly or through a group.
    pub permissions: PermissionSet,
}

impl Actor {
    /// The program itself, for commands and background work.
    pub fn system() -> Self {
        Self {
            user_id: None,
            username: "system".to_owned(),
            is_superuser: true,
            groups: Vec::new(),
            permissions: PermissionSet::all(),
        }
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.is_superuser || self.permissions.contains(permission)
    }
}
