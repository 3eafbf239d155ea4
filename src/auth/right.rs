//! Rights: the model permissions of the database, and sets of them.

use crate::kind::Kind;

/// An action that needs its own right. Reading needs only a login.
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

/// One model permission, such as `add_outflow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Right(pub Verb, pub Kind);

impl Right {
    /// Needed for every operation on webhooks, including reading.
    pub const WEBHOOKS: Self = Self(Verb::Change, Kind::Webhook);

    /// The 18 rights of the inventory, noun by noun, and [`Right::WEBHOOKS`].
    pub fn all() -> impl Iterator<Item = Self> {
        Kind::ALL
            .into_iter()
            .flat_map(|kind| Verb::ALL.map(|verb| Self(verb, kind)))
            .chain([Self::WEBHOOKS])
    }

    /// The name used by the database and by Django.
    pub fn codename(self) -> String {
        format!("{}_{}", self.0.name(), self.1.singular())
    }

    pub fn of_codename(codename: &str) -> Option<Self> {
        Self::all().find(|right| right.codename() == codename)
    }

    const fn bit(self) -> u32 {
        1 << (self.1.index() * 3 + self.0.index())
    }
}

/// A set of rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(u32);

impl Rights {
    pub fn all() -> Self {
        Right::all().collect()
    }

    pub const fn contains(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().fold(0, |bits, right| bits | right.bit()))
    }
}
