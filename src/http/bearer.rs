//! Access tokens in `Authorization: Bearer …`.

use crate::error::LoginError;

/// Returns the token of an `Authorization` header, or `None` for other schemes, which are ignored as in Django REST
/// framework.
///
/// # Errors
/// [`LoginError::BadToken`] if the scheme is `Bearer` and no token follows.
pub(crate) fn bearer(header: &str) -> Result<Option<&str>, LoginError> {
    match header.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        None if header.trim().eq_ignore_ascii_case("bearer") => Err(LoginError::BadToken),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::{LoginError, bearer};

    #[test]
    fn only_the_bearer_scheme_carries_a_token() {
        for (header, token) in [
            ("Bearer a.b.c", Ok(Some("a.b.c"))),
            ("bearer  a.b.c ", Ok(Some("a.b.c"))),
            ("Basic abc", Ok(None)),
            ("Basic", Ok(None)),
            ("", Ok(None)),
            ("Bearer", Err(LoginError::BadToken)),
            ("Bearer ", Err(LoginError::BadToken)),
        ] {
            assert_eq!(bearer(header), token, "{header}");
        }
    }
}
