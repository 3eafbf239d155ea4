//! JSON Web Tokens, signed and read independently of the code of the program.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

/// A token with these claims, signed by HS256.
pub fn hs256(claims: &Value, secret: &str) -> String {
    let content = signed_part("HS256", claims);
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let signature = mac.chain_update(&content).finalize().into_bytes();
    format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A token with these claims, signed by HS512.
pub fn hs512(claims: &Value, secret: &str) -> String {
    let content = signed_part("HS512", claims);
    let mac = Hmac::<Sha512>::new_from_slice(secret.as_bytes()).unwrap();
    let signature = mac.chain_update(&content).finalize().into_bytes();
    format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The signed part of a token: its header and claims.
fn signed_part(algorithm: &str, claims: &Value) -> String {
    let header = json!({ "alg": algorithm, "typ": "JWT" });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(&header), part(claims))
}

/// The header and the claims of a token; panics if its signature is wrong.
pub fn read(token: &str, secret: &str) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = *parts else {
        panic!("{token}");
    };
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.chain_update(format!("{header}.{claims}"))
        .verify_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap())
        .expect("a valid signature");
    let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    (part(header), part(claims))
}
