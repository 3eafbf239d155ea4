//! Who is calling and what they may do.

pub mod identify;
pub mod login;
pub mod password;
pub mod permit;
pub mod session;
pub mod token;

pub use permit::{Add, Change, Delete, Permit, Read, Right, Rights, Verb};

/// Somebody who has been identified: an active user, or the program itself.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The user; nobody for a command.
    pub user_id: Option<i64>,
    /// The name to log in with.
    pub username: String,
    /// Holds every permission.
    pub is_superuser: bool,
    /// The groups, by name.
    pub groups: Vec<String>,
    /// What they may do, held directly or through a group.
    pub rights: Rights,
}

impl Actor {
    /// The program itself.
    pub fn system() -> Self {
        Self {
            user_id: None,
            username: "system".to_owned(),
            is_superuser: true,
            groups: Vec::new(),
            rights: Rights::all(),
        }
    }

    /// Whether they may do this.
    pub fn may(&self, right: Right) -> bool {
        self.is_superuser || self.rights.contains(right)
    }
}
