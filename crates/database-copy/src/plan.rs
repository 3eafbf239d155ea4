//! `Plan`: the settings of a copy that the schema does not express.

/// Tables and columns that need special treatment.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Tables with rows that belong to one database only, such as the list of applied migrations.
    pub ignored_tables: &'static [&'static str],
    /// Tables that are written after all others, because triggers on the others change them. Their ids are not generated.
    pub last_tables: &'static [&'static str],
    /// Tables to which migrations add rows. The copy replaces these rows.
    pub seeded_tables: &'static [&'static str],
    /// Integer columns to sum for the comparison, in every table that has them.
    pub summed_columns: &'static [&'static str],
}
