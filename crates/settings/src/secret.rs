//! Secrets, which are never printed, and checks of the strength of keys.

use std::fmt;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The bytes, for signing.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The text, for use in a URL or a header.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Minimum length of a key in bytes: the output size of SHA-256, as required by RFC 7518, section 3.2.
pub const SECRET_KEY_BYTES: usize = 32;

/// Minimum number of different characters of a key. About one in 10 million random keys of 32 decimal digits has fewer.
const SECRET_KEY_CHARACTERS: usize = 6;

/// The prefix of keys that Django writes into the files of a new project. They are often published with the project.
const PUBLISHED_PREFIX: &str = "django-insecure-";

/// Parses a key for signing.
///
/// # Errors
/// A message that shows no part of the key.
pub fn secret_key(text: &str) -> Result<Secret, String> {
    if text.len() < SECRET_KEY_BYTES {
        return Err(format!("it must have {SECRET_KEY_BYTES} bytes or more"));
    }
    let characters: std::collections::HashSet<char> = text.chars().collect();
    if characters.len() < SECRET_KEY_CHARACTERS {
        return Err(format!(
            "it has fewer than {SECRET_KEY_CHARACTERS} different characters, so it can be guessed; use a random key"
        ));
    }
    Ok(Secret::new(text))
}

/// Whether a key has Django's prefix for keys in the files of a new project, which are often published.
pub fn is_published(key: &Secret) -> bool {
    key.text().starts_with(PUBLISHED_PREFIX)
}

#[cfg(test)]
mod tests {
    use super::{is_published, secret_key};

    #[test]
    fn weak_keys_are_refused_and_published_keys_are_recognized() {
        for weak in ["", "short", &"a".repeat(36), &"abc".repeat(12), &"1 ".repeat(20)] {
            assert!(secret_key(weak).is_err(), "{weak}");
        }
        for key in [
            "0123456789-0123456789-012345678$ab-0123456789",
            "31415926535897932384626433832795",
            "0123456789abcdef0123456789abcdef",
        ] {
            let key = secret_key(key).expect("a key");
            assert!(!is_published(&key));
            assert_eq!(format!("{key:?}"), "(secret)");
        }
        let published = secret_key("django-insecure-k3y_of-a-new_project$#@!").expect("long enough");
        assert!(is_published(&published));
    }
}
