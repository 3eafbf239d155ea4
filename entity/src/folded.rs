//! The folded form of a text, in which search and order compare, alike in every alphabet and on both databases.
//!
//! Each text that lists search or sort by has a second column with its folded form. This function writes that column and
//! folds search terms. SQLite's `lower()` handles ASCII only, and PostgreSQL's depends on the locale.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// The longest folded form of a name or title, in bytes: an entry of PostgreSQL's indexes has 2,704, and the indexes that
/// lists are ordered by hold an id, a reference and a price beside it.
pub const MAX_FOLDED_BYTES: usize = 2_600;

/// A text without regard to case and diacritics: decomposed (NFD), by full Unicode case folding, without combining marks,
/// `ı` as `i`, and composed again (NFC). `ÁGUA`, `água` and `agua` fold to the same, as do `STRASSE` and `straße`.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    let folded: String = CaseMapper::new()
        .fold_string(&decomposed)
        .chars()
        .filter(|char| !is_combining_mark(*char))
        .map(|char| if char == 'ı' { 'i' } else { char })
        .collect();
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(&folded)
        .into_owned()
}

/// The block of diacritics that Latin, Greek and Cyrillic letters combine with.
fn is_combining_mark(char: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&char)
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn case_and_diacritics_make_no_difference() {
        for (text, folded) in [
            ("Agua 100%_", "agua 100%_"),
            ("ÁGUA", "agua"),
            ("Cafe\u{301}", "cafe"),
            ("Café", "cafe"),
            ("STRASSE", "strasse"),
            ("straße", "strasse"),
            ("İstanbul", "istanbul"),
            ("Iğdır", "igdir"),
            ("ΟΔΟΣ", "οδοσ"),
            ("Ώρα", "ωρα"),
            ("ЖУК", "жук"),
            ("Йод", "иод"),
            ("Tiếng Việt", "tieng viet"),
            ("ﬁsh", "fish"),
            // Not in the block: these letters are not what they look like.
            ("Łódź", "łodz"),
            ("ÆØ", "æø"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
            assert_eq!(fold(folded), folded, "{text}");
        }
    }

    #[test]
    fn composed_and_decomposed_texts_fold_alike() {
        // Syllables and voiced letters whose marks are outside of the block are composed again.
        for (composed, decomposed) in [
            ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
            ("が", "か\u{3099}"),
        ] {
            assert_eq!(fold(decomposed), composed);
            assert_eq!(fold(composed), composed);
        }
    }
}
