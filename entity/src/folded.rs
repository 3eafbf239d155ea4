//! Case folding, so that search and sorting work alike in every alphabet and on both databases.
//!
//! Each text that lists search or sort by has a second column with its folded form. This function writes that column and
//! folds search terms. SQLite's `lower()` handles ASCII only, and PostgreSQL's depends on the locale.

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
