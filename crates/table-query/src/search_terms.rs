//! The words of a search.

use crate::error::Error;

/// The maximum number of words of one search. Each of them is a condition.
pub const MAX_WORDS: usize = 50;

/// The words of a search, separated by white space, without duplicates. `"in quotes"` is one word including its white
/// space. A quotation mark inside a word, or without a closing one, is an ordinary character.
///
/// # Errors
/// [`Error::Parameter`] for more than [`MAX_WORDS`].
pub fn search_terms(text: &str) -> Result<Vec<&str>, Error> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let quoted = rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"'));
        let (word, after) =
            quoted.unwrap_or_else(|| rest.split_once(char::is_whitespace).unwrap_or((rest, "")));
        if !word.is_empty() && !words.contains(&word) {
            if words.len() == MAX_WORDS {
                let message = format!("It has more than {MAX_WORDS} words.");
                return Err(Error::parameter("search", message));
            }
            words.push(word);
        }
        rest = after.trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::{MAX_WORDS, search_terms};

    #[test]
    fn a_quoted_text_is_one_word() {
        for (text, words) in [
            ("", &[][..]),
            (" \u{a0}\t ", &[]),
            ("samsung galaxy", &["samsung", "galaxy"]),
            ("  ultra\u{3000}s23 ", &["ultra", "s23"]),
            ("\"galaxy s23\" samsung", &["galaxy s23", "samsung"]),
            ("\"ultra \"s23", &["ultra ", "s23"]),
            ("27\" 24\"", &["27\"", "24\""]),
            ("o'hara \"", &["o'hara", "\""]),
            ("\"open quote", &["\"open", "quote"]),
            ("\"\" a a", &["a"]),
        ] {
            assert_eq!(search_terms(text).expect("words"), words, "{text:?}");
        }
    }

    #[test]
    fn the_number_of_words_is_bounded() {
        let many = |count: usize| (0..count).map(|word| format!("{word} ")).collect::<String>();
        assert_eq!(search_terms(&many(MAX_WORDS)).expect("words").len(), MAX_WORDS);
        assert!(search_terms(&many(MAX_WORDS + 1)).is_err());
    }
}
