//! `Key` and `Fingerprint`: the name that a client gives to a request, and the hash that identifies its content.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// The request header that carries a key.
pub const HEADER: &str = "Idempotency-Key";
/// The maximum length of a key in characters.
pub const MAX_LENGTH: usize = 255;

/// An idempotency key: 1 to [`MAX_LENGTH`] visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// Parses the values of the header. Returns `None` without the header.
    ///
    /// # Errors
    /// [`Error::Parameter`] when the header was sent more than once or its value is not a key.
    pub fn parse<'v>(mut values: impl Iterator<Item = &'v [u8]>) -> Result<Option<Self>> {
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Error::parameter(HEADER, "Send one key."));
        }
        let is_key = (1..=MAX_LENGTH).contains(&value.len()) && value.iter().all(u8::is_ascii_graphic);
        match std::str::from_utf8(value) {
            Ok(text) if is_key => Ok(Some(Self(text.to_owned()))),
            _ => {
                let reason = format!("A key has 1 to {MAX_LENGTH} visible ASCII characters.");
                Err(Error::parameter(HEADER, reason))
            }
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number of the advisory lock on PostgreSQL that a transaction with this key of this user holds. Two
    /// keys that happen to have the same number can't be used at the same time; this has no other effect.
    pub fn lock_number(&self, user_id: i64) -> i64 {
        let digest = Sha256::new()
            .chain_update(user_id.to_be_bytes())
            .chain_update(&self.0)
            .finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | i64::from(*byte))
    }
}

/// The SHA-256 of a request's method, path and body, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    pub fn new(method: &str, path: &str, body: &[u8]) -> Self {
        // Neither a method nor a path contains a line break, so different requests have different inputs.
        let digest = Sha256::new()
            .chain_update(method)
            .chain_update("\n")
            .chain_update(path)
            .chain_update("\n")
            .chain_update(body)
            .finalize();
        let mut digits = String::with_capacity(2 * digest.len());
        for byte in digest {
            // Writing to a String does not fail.
            let _ = write!(digits, "{byte:02x}");
        }
        Self(digits)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, Key, MAX_LENGTH};

    #[test]
    fn keys_are_visible_ascii() {
        let long = "k".repeat(MAX_LENGTH);
        for key in [
            "k",
            "8e03978e-40d5-43dd-bc93-6894a57f9324",
            "\"quoted\"",
            "!~",
            &long,
        ] {
            let parsed = Key::parse([key.as_bytes()].into_iter()).unwrap();
            assert_eq!(parsed.as_ref().map(Key::as_str), Some(key));
        }
        for bad in ["", "a b", "a\tb", "\u{e4}", "\u{7f}", &format!("{long}k")] {
            assert!(Key::parse([bad.as_bytes()].into_iter()).is_err(), "{bad:?}");
        }
        assert!(Key::parse([&b"a"[..], b"a"].into_iter()).is_err());
        assert_eq!(Key::parse(std::iter::empty()).unwrap(), None);
    }

    #[test]
    fn fingerprints_differ_in_each_part() {
        let all = [
            Fingerprint::new("POST", "/a", b"{}"),
            Fingerprint::new("PUT", "/a", b"{}"),
            Fingerprint::new("POST", "/b", b"{}"),
            Fingerprint::new("POST", "/a", b"{ }"),
        ];
        for (index, one) in all.iter().enumerate() {
            assert_eq!(one.as_str().len(), 64);
            assert!(all.iter().skip(index + 1).all(|other| other != one));
        }
    }
}
