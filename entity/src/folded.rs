//! Case folding: what makes search and order alike in every alphabet and on every database.
//!
//! Each text that lists search or order by has a shadow column with its folded form, written by this one function,
//! which also folds the terms that are searched for. SQLite's own `lower()` knows ASCII only and PostgreSQL's follows
//! its locale.

use icu_casemap::CaseMapper;

/// The full Unicode case folding of a text: `ÁGUA` and `água`, `STRASSE` and `straße` fold to the same.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        CaseMapper::new().fold_string(text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn every_alphabet_folds() {
        assert_eq!(fold("ÁGUA"), "água");
        assert_eq!(fold("STRASSE"), fold("straße"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert_eq!(fold("ЖУК 100%_"), "жук 100%_");
    }
}
