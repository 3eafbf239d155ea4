//! Signatures of the Standard Webhooks specification: HMAC-SHA256 over id, timestamp and body.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The prefix of every secret, by which people and secret scanners recognize secrets.
const PREFIX: &str = "whsec_";
/// The allowed length of a key in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The key that signs an endpoint's messages. It is never printed.
#[derive(Clone)]
pub struct SigningSecret {
    mac: Hmac<Sha256>,
}

impl SigningSecret {
    /// Parses `whsec_` and the Base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// A message for users that does not quote the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let encoded = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| format!("it must begin with {PREFIX}"))?;
        let bytes = STANDARD
            .decode(encoded)
            .map_err(|_| format!("the text after {PREFIX} must be Base64"))?;
        if !KEY_BYTES.contains(&bytes.len()) {
            return Err(format!(
                "it must have {} to {} bytes, not {}",
                KEY_BYTES.start(),
                KEY_BYTES.end(),
                bytes.len()
            ));
        }
        let mac = Hmac::new_from_slice(&bytes).map_err(|_| "it can't be used as a key".to_owned())?;
        Ok(Self { mac })
    }

    /// A new random secret of 32 bytes, as text.
    pub fn random() -> String {
        let bytes: [u8; 32] = rand::random();
        format!("{PREFIX}{}", STANDARD.encode(bytes))
    }

    /// A signature for the `webhook-signature` header, in which several are separated by spaces.
    pub fn sign(&self, message_id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = self.mac.clone();
        mac.update(format!("{message_id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::SigningSecret;

    /// The test vectors of the specification's libraries.
    #[test]
    fn signatures_match_the_published_test_vectors() {
        let vectors = [
            (
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                1_649_367_553,
                r#"{"email":"test@example.com","username":"test_user"}"#,
                "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
            ),
            (
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ];
        for (secret, id, timestamp, body, signature) in vectors {
            let secret = SigningSecret::parse(secret).unwrap();
            assert_eq!(secret.sign(id, timestamp, body.as_bytes()), signature);
        }
    }

    /// Short and long secrets, and a body that is not ASCII.
    #[test]
    fn signatures_match_the_official_library() {
        use base64::Engine as _;
        for length in [24_u8, 32, 64] {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37)).collect();
            let text = format!(
                "whsec_{}",
                base64::engine::general_purpose::STANDARD.encode(bytes)
            );
            let body = r#"{"data":{"title":"Água 日本"}}"#.as_bytes();
            let ours = SigningSecret::parse(&text)
                .unwrap()
                .sign("msg_1", 1_700_000_000, body);
            let theirs = standardwebhooks::Webhook::new(&text)
                .unwrap()
                .sign("msg_1", 1_700_000_000, body);
            assert_eq!(ours, theirs.unwrap());
        }
    }

    #[test]
    fn random_secrets_are_valid_and_differ() {
        let (one, other) = (SigningSecret::random(), SigningSecret::random());
        assert_ne!(one, other);
        for secret in [one, other] {
            assert!(SigningSecret::parse(&secret).is_ok());
            assert!(standardwebhooks::Webhook::new(&secret).is_ok());
        }
    }

    #[test]
    fn invalid_secrets_are_refused_and_not_shown() {
        for bad in [
            "",
            "whsec_",
            "C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "whsec_not base64",
            "whsec_c2hvcnQ=",
            "WHSEC_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        ] {
            let error = SigningSecret::parse(bad).unwrap_err();
            assert!(
                !error.contains("c2hvcnQ") && !error.contains("not base64"),
                "{error}"
            );
        }
        let secret = SigningSecret::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        assert_eq!(format!("{secret:?}"), "(secret)");
    }
}
