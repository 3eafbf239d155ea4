//! Verification of the program's access tokens.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

use crate::Error;

/// The state of HMAC after it has processed the key. It is cloned for each token.
pub(crate) struct Verifier(Hmac<Sha256>);

#[derive(Deserialize)]
struct Claims<'a> {
    token_type: &'a str,
    exp: u64,
}

impl Verifier {
    pub(crate) fn new(key: &str) -> Result<Self, Error> {
        Ok(Self(Hmac::new_from_slice(key.as_bytes())?))
    }

    /// Whether a request has an access token that this key has signed and that has not expired.
    pub(crate) fn accepts(&self, headers: &HeaderMap) -> bool {
        self.check(headers).is_some()
    }

    fn check(&self, headers: &HeaderMap) -> Option<()> {
        let token = headers
            .get(AUTHORIZATION)?
            .to_str()
            .ok()?
            .strip_prefix("Bearer ")?;
        let (signed, signature) = token.rsplit_once('.')?;
        // The algorithm in the token is ignored, because only HS256 produces a valid signature.
        let mut mac = [0; 32];
        BASE64.decode_slice(signature, &mut mac).ok()?;
        self.0.clone().chain_update(signed).verify_slice(&mac).ok()?;
        let payload = BASE64.decode(signed.split_once('.')?.1).ok()?;
        let claims: Claims = serde_json::from_slice(&payload).ok()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        (claims.token_type == "access" && claims.exp > now).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::AUTHORIZATION;
    use axum::http::{HeaderMap, HeaderValue};
    use base64::Engine as _;
    use hmac::Mac as _;

    use super::{BASE64, Verifier};

    #[test]
    fn accepts_only_valid_access_tokens() {
        let verifier = Verifier::new("a key").unwrap();
        let accepts = |key: &str, claims: &str| {
            let signed = format!(
                "{}.{}",
                BASE64.encode(r#"{"alg":"HS256"}"#),
                BASE64.encode(claims)
            );
            let mac = Verifier::new(key).unwrap().0.chain_update(&signed).finalize();
            let header = format!("Bearer {signed}.{}", BASE64.encode(mac.into_bytes()));
            let value = HeaderValue::try_from(header).unwrap();
            verifier.accepts(&HeaderMap::from_iter([(AUTHORIZATION, value)]))
        };
        let claims = r#"{"token_type":"access","exp":99999999999}"#;
        assert!(accepts("a key", claims));
        assert!(!accepts("another key", claims));
        assert!(!accepts("a key", r#"{"token_type":"refresh","exp":99999999999}"#));
        assert!(!accepts("a key", r#"{"token_type":"access","exp":1}"#));
        assert!(!verifier.accepts(&HeaderMap::new()));
    }
}
