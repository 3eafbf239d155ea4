//! The folded form of texts, which is used by search and order, the same for all alphabets and both databases.
//!
//! Each text that lists search or sort by has a second column with its folded form. [`fold`] computes this
//! form, also for search terms. SQLite's `lower()` handles ASCII only, and PostgreSQL's depends on the locale.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// The maximum length of a folded name or title, in bytes. An entry of PostgreSQL's indexes has up to 2,704 bytes, and the
/// indexes for ordered lists also contain an id, a reference and a price.
pub const MAX_FOLDED_BYTES: usize = 2_600;

/// Folds a text, so that case and diacritics are ignored: it is decomposed (NFD), case-folded by Unicode's full case folding,
/// stripped of combining marks, with `ı` as `i`, and composed again (NFC). `ÁGUA`, `água` and `agua` fold to the same text,
/// as do `STRASSE` and `straße`.
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

/// Whether the character is in the block of diacritics for Latin, Greek and Cyrillic letters.
fn is_combining_mark(char: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&char)
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn case_and_diacritics_are_ignored() {
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
            // These letters do not decompose into a letter and a combining mark.
            ("Łódź", "łodz"),
            ("ÆØ", "æø"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
            assert_eq!(fold(folded), folded, "{text}");
        }
    }

    #[test]
    fn composed_and_decomposed_texts_fold_alike() {
        // Syllables, and letters with marks outside of the block, are composed again.
        for (composed, decomposed) in [
            ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
            ("が", "か\u{3099}"),
        ] {
            assert_eq!(fold(decomposed), composed);
            assert_eq!(fold(composed), composed);
        }
    }
}
