//! Random numbers that are the same on every platform: only integers, from a pinned generator.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// A random number generator.
///
/// Ranges and choices are not computed by `rand`, which may change their values in any minor release. The generators of
/// `rand_pcg` are fixed by their test vectors.
pub(crate) struct Rng(Pcg64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Pcg64::seed_from_u64(seed))
    }

    /// Returns a number from `low` to `high`, both included, or `low` if `high` is less.
    ///
    /// The modulo favours low numbers by less than one in a billion for the ranges in this crate.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let number = (self.0.next_u64() >> 1).cast_signed();
        low + number % (high - low + 1).max(1)
    }

    /// Returns `true` with this probability.
    pub(crate) fn chance(&mut self, percent: i64) -> bool {
        self.between(0, 99) < percent
    }

    /// Returns a position in a list of this length, or 0 if it is empty.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        let last = i64::try_from(length).unwrap_or(i64::MAX) - 1;
        usize::try_from(self.between(0, last)).unwrap_or(0)
    }

    #[expect(clippy::indexing_slicing, reason = "the lists of this crate are not empty")]
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }
}
