//! Names in other spellings.

/// Returns a word with a capital as its first letter.
pub fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Returns the name of a header in its usual case: `WWW-Authenticate`.
pub(crate) fn header_title(name: &str) -> String {
    let word = |word: &str| match word {
        "www" => "WWW".to_owned(),
        word => capitalized(word),
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
