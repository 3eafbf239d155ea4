//! Chance, the same everywhere: integers only, on a generator that is named and pinned.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};

/// Throws numbers. The few ways to use one are written here and not taken from `rand`, which may change the values
/// of its ranges and choices in any minor release; the generators of `rand_pcg` are fixed by their test vectors.
pub(super) struct Dice(Pcg64);

impl Dice {
    pub(super) fn of(seed: u64) -> Self {
        Self(Pcg64::seed_from_u64(seed))
    }

    /// A number from `low` to `high`, both included; `low` if they are the wrong way round. The lean towards low
    /// numbers is below one in a billion for any range used here.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let throw = (self.0.next_u64() >> 1).cast_signed();
        low + throw % (high - low + 1).max(1)
    }

    /// Whether it happens, in so many cases of a hundred.
    pub(super) fn chance(&mut self, percent: i64) -> bool {
        self.between(0, 99) < percent
    }

    /// A position in a list of this length; 0 in an empty one.
    pub(super) fn index(&mut self, length: usize) -> usize {
        let last = i64::try_from(length).unwrap_or(i64::MAX) - 1;
        usize::try_from(self.between(0, last)).unwrap_or(0)
    }

    #[expect(clippy::indexing_slicing, reason = "our own lists, none of them empty")]
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }
}
