//! Parsers of the addresses of databases and of the names of events.

use database::Location;
use entity::event::Name;
use settings::{Secret, postgres_url};

/// Parses `DATABASE_URL`.
///
/// # Errors
/// A message that shows no part of the address.
pub(crate) fn database_url(text: &str) -> Result<Location, String> {
    match Location::parse(text) {
        None => Err("it must begin with sqlite:// or postgres://, without quotes".to_owned()),
        Some(Location::Postgres(url)) => postgres_url(&url).map(Location::Postgres),
        Some(file) => Ok(file),
    }
}

pub(super) fn redis_url(text: &str) -> Result<Secret, String> {
    match redis::Client::open(text) {
        Ok(_) => Ok(Secret::new(text)),
        // The library's message may repeat the address.
        Err(_) => Err("it must be an address such as redis://localhost:6379".to_owned()),
    }
}

pub(super) fn event_name(text: &str) -> Result<Name, String> {
    Name::subscribable(text).ok_or_else(|| {
        format!(
            "the events are {}",
            Name::SUBSCRIBABLE.map(Name::as_str).join(", ")
        )
    })
}
