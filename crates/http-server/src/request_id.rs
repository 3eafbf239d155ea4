//! Request ids: sent by the client if they are safe to log, otherwise generated.

use axum::http::{HeaderMap, HeaderName};

/// The header of requests and responses.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Maximum length in bytes of an id from a client.
const MAX_LENGTH: usize = 128;

/// The id from the request if it is safe to log, otherwise a new one.
pub fn request_id(headers: &HeaderMap) -> String {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    headers
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| !id.is_empty() && id.len() <= MAX_LENGTH && id.bytes().all(is_safe))
        .map_or_else(|| format!("{:032x}", rand::random::<u128>()), str::to_owned)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn request_ids_are_kept_if_they_are_safe_to_log() {
        let id = |sent: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(sent).unwrap());
            request_id(&headers)
        };
        for safe in ["7", "b7ad6b71-69203331", "a.b_c", &"x".repeat(128)] {
            assert_eq!(id(safe.as_bytes()), safe);
        }
        for unsafe_id in [&b""[..], b"a b", b"a\"b", b"a;b", "ä".as_bytes(), &[b'x'; 129]] {
            let generated = id(unsafe_id);
            assert_eq!(generated.len(), 32);
            assert!(generated.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
        assert_ne!(request_id(&HeaderMap::new()), request_id(&HeaderMap::new()));
    }
}
