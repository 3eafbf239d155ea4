//! The paths that several files need.

/// The path of the API.
pub const ROOT: &str = "/api/v1";

/// The path of the token routes.
pub(super) const AUTHENTICATION: &str = "/api/v1/authentication";
