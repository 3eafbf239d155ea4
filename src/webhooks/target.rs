//! The addresses that webhooks may be sent to: only public ones, unless `WEBHOOK_ALLOW_PRIVATE` is set.

use url::Url;
use webhook_sender::{ForbiddenAddress, TargetPolicy};

/// The policy according to the settings.
pub fn policy(allow_private: bool) -> TargetPolicy {
    let policy = if allow_private {
        TargetPolicy::any_address()
    } else {
        TargetPolicy::public_only()
    };
    policy.with_exception(", unless WEBHOOK_ALLOW_PRIVATE is set")
}

/// Checks a URL as written.
///
/// # Errors
/// A message for people without its subject, as in "it must be an http or https address".
pub fn check(url: &Url, allow_private: bool) -> Result<(), String> {
    policy(allow_private).check(url)
}

/// Checks the addresses that the URL's host name resolves to.
///
/// # Errors
/// One of the addresses is not public.
pub async fn check_resolved_addresses(url: &Url, allow_private: bool) -> Result<(), ForbiddenAddress> {
    policy(allow_private).check_resolved_addresses(url).await
}
