//! What the schema does not say.

/// Tables and columns that are treated in a way of their own.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Tables that each database keeps for itself, such as the record of its migrations.
    pub not_copied: &'static [&'static str],
    /// Tables that triggers on other tables change, so they are written last. Their ids are not given out by a counter.
    pub last: &'static [&'static str],
    /// Tables to which migrations add rows. These rows are replaced.
    pub seeded: &'static [&'static str],
    /// Columns of integers whose sum is compared and shown, in every table that has one.
    pub summed: &'static [&'static str],
}
