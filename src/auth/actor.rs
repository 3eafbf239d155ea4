//! `Actor`: the authenticated caller of a request.

use super::right::{Right, Rights};

/// An active user, or the program itself.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Absent for the program itself.
    pub user_id: Option<i64>,
    pub username: String,
    /// Whether the actor has every right.
    pub is_superuser: bool,
    /// The names of the user's groups, sorted.
    pub groups: Vec<String>,
    /// The rights held directly or through a group.
    pub rights: Rights,
}

impl Actor {
    /// The program itself, for commands and background work.
    pub fn system() -> Self {
        Self {
            user_id: None,
            username: "system".to_owned(),
            is_superuser: true,
            groups: Vec::new(),
            rights: Rights::all(),
        }
    }

    pub fn may(&self, right: Right) -> bool {
        self.is_superuser || self.rights.contains(right)
    }
}
