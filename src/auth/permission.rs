//! The permissions of users and groups, and sets of permissions.

use crate::kind::Kind;

/// An action that requires a permission of its own. Reading requires only a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    Add,
    Change,
    Delete,
}

impl Verb {
    pub const ALL: [Self; 3] = [Self::Add, Self::Change, Self::Delete];

    const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Delete => "delete",
        }
    }

    const fn index(self) -> u32 {
        match self {
            Self::Add => 0,
            Self::Change => 1,
            Self::Delete => 2,
        }
    }
}

/// One permission, such as `add_outflow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Permission(pub Verb, pub Kind);

impl Permission {
    /// Required for every operation on webhooks, including reading.
    pub const WEBHOOKS: Self = Self(Verb::Change, Kind::Webhook);

    /// The 18 permissions of the inventory, grouped by resource, and [`Permission::WEBHOOKS`].
    pub fn all() -> impl Iterator<Item = Self> {
        Kind::ALL
            .into_iter()
            .flat_map(|kind| Verb::ALL.map(|verb| Self(verb, kind)))
            .chain([Self::WEBHOOKS])
    }

    /// The name in the database and in Django.
    pub fn codename(self) -> String {
        format!("{}_{}", self.0.name(), self.1.singular())
    }

    pub fn from_codename(codename: &str) -> Option<Self> {
        Self::all().find(|permission| permission.codename() == codename)
    }

    const fn bit(self) -> u32 {
        1 << (self.1.index() * 3 + self.0.index())
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PermissionSet(u32);

impl PermissionSet {
    pub fn all() -> Self {
        Permission::all().collect()
    }

    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(
            permissions
                .into_iter()
                .fold(0, |bits, permission| bits | permission.bit()),
        )
    }
}
