//! Rights, and permits that prove them.
//!
//! A rule that needs a right takes a [`Permit`] in its signature; the only way to one is [`Ctx::permit`], which checks.
//! So a rule can't be reached unchecked, and a face can take the permit before it reads a body.

use std::marker::PhantomData;

use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::kind::Kind;
use crate::query::Collection;
use crate::resource::Resource;

/// What can be done that not everybody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// Create.
    Add,
    /// Update.
    Change,
    /// Delete.
    Delete,
}

impl Verb {
    /// All of them.
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

/// One model permission, `add_outflow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Right(pub Verb, pub Kind);

impl Right {
    /// What all there is to do with webhooks needs, reading included.
    pub const WEBHOOKS: Self = Self(Verb::Change, Kind::Webhook);

    /// The eighteen of the inventory, noun by noun, and [`Right::WEBHOOKS`].
    pub fn all() -> impl Iterator<Item = Self> {
        Kind::ALL
            .into_iter()
            .flat_map(|kind| Verb::ALL.map(|verb| Self(verb, kind)))
            .chain([Self::WEBHOOKS])
    }

    /// The name that the database and Django know it by.
    pub fn codename(self) -> String {
        format!("{}_{}", self.0.name(), self.1.singular())
    }

    /// The right of this name.
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
    /// Every right there is.
    pub fn all() -> Self {
        Right::all().collect()
    }

    /// Whether the set has it.
    pub const fn contains(self, right: Right) -> bool {
        self.0 & right.bit() != 0
    }
}

impl FromIterator<Right> for Rights {
    fn from_iter<I: IntoIterator<Item = Right>>(rights: I) -> Self {
        Self(rights.into_iter().fold(0, |bits, right| bits | right.bit()))
    }
}

/// What a permit is for.
pub trait Action: Send + Sync + 'static {
    /// The verb that a right is needed for; reading needs none but a login.
    const VERB: Option<Verb>;
}

/// Look at it.
#[derive(Debug)]
pub struct Read;
/// Create one.
#[derive(Debug)]
pub struct Add;
/// Update one.
#[derive(Debug)]
pub struct Change;
/// Delete one.
#[derive(Debug)]
pub struct Delete;

impl Action for Read {
    const VERB: Option<Verb> = None;
}
impl Action for Add {
    const VERB: Option<Verb> = Some(Verb::Add);
}
impl Action for Change {
    const VERB: Option<Verb> = Some(Verb::Change);
}
impl Action for Delete {
    const VERB: Option<Verb> = Some(Verb::Delete);
}

/// Proof that the caller may do `A` to an `R`.
pub struct Permit<'c, A, R> {
    ctx: &'c Ctx,
    proves: PhantomData<fn() -> (A, R)>,
}

impl<'c, A, R> Permit<'c, A, R> {
    /// The request that it was given for.
    pub fn ctx(&self) -> &'c Ctx {
        self.ctx
    }
}

impl Ctx {
    /// Checks that the caller may do this.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] without a login, [`Error::Forbidden`] without the right.
    pub fn permit<A: Action, R: Resource>(&self) -> Result<Permit<'_, A, R>> {
        self.holding(R::GUARD.or(A::VERB.map(|verb| Right(verb, R::KIND))))
    }

    /// Checks that the caller may look at what nobody changes by hand, which takes a login and nothing else where
    /// nothing guards it.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] without a login, [`Error::Forbidden`] without the right.
    pub fn reader<R: Collection>(&self) -> Result<Permit<'_, Read, R>> {
        self.holding(R::GUARD)
    }

    fn holding<A, R>(&self, needed: Option<Right>) -> Result<Permit<'_, A, R>> {
        let actor = self.actor()?;
        if needed.is_some_and(|right| !actor.may(right)) {
            return Err(Error::Forbidden);
        }
        Ok(Permit {
            ctx: self,
            proves: PhantomData,
        })
    }
}
