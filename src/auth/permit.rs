//! Permits: proof that the caller holds a permission.
//!
//! A rule that needs a permission takes a [`Permit`], which only [`Ctx::permit`] and [`Ctx::reader`] create, after a check.
//! Therefore no rule can be called without the check, and an API can check before it reads a body.

use std::marker::PhantomData;

use super::permission::{Permission, Verb};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::Collection;
use crate::resource::Resource;

/// The action that a permit allows.
pub trait Action: Send + Sync + 'static {
    /// The verb of the permission that the action needs, or `None` if a login is enough.
    const VERB: Option<Verb>;
}

#[derive(Debug)]
pub struct Read;
#[derive(Debug)]
pub struct Add;
#[derive(Debug)]
pub struct Change;
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

/// Proof that the caller may perform the action `A` on rows of `R`.
pub struct Permit<'c, A, R> {
    ctx: &'c Ctx,
    proves: PhantomData<fn() -> (A, R)>,
}

impl<'c, A, R> Permit<'c, A, R> {
    /// The context of the request that was checked.
    pub fn ctx(&self) -> &'c Ctx {
        self.ctx
    }
}

impl Ctx {
    /// Checks that the caller may perform the action `A` on rows of `R`.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] without a login, [`Error::Forbidden`] without the permission.
    pub fn permit<A: Action, R: Resource>(&self) -> Result<Permit<'_, A, R>> {
        self.permit_with(R::GUARD.or(A::VERB.map(|verb| Permission(verb, R::KIND))))
    }

    /// Checks that the caller may read a collection that no API changes. A login is enough unless the collection is
    /// guarded by a permission.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] without a login, [`Error::Forbidden`] without the permission.
    pub fn reader<R: Collection>(&self) -> Result<Permit<'_, Read, R>> {
        self.permit_with(R::GUARD)
    }

    fn permit_with<A, R>(&self, required: Option<Permission>) -> Result<Permit<'_, A, R>> {
        let actor = self.actor()?;
        if required.is_some_and(|permission| !actor.may(permission)) {
            return Err(Error::Forbidden);
        }
        Ok(Permit {
            ctx: self,
            proves: PhantomData,
        })
    }
}
