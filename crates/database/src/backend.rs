//! The two kinds of database, and their addresses.

use std::fmt;
use std::path::PathBuf;

use sea_orm::DbBackend;

/// The kind of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl From<Backend> for DbBackend {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::Sqlite,
            Backend::Postgres => Self::Postgres,
        }
    }
}

/// The address of a database.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server's URL. It may contain a password, so `Debug` leaves it out.
    Postgres(String),
}

impl Location {
    /// Parses `sqlite://file.db`, `sqlite:///absolute/file.db` or `postgres://…`.
    pub fn parse(url: &str) -> Option<Self> {
        if let Some(path) = url
            .strip_prefix("sqlite://")
            .or_else(|| url.strip_prefix("sqlite:"))
        {
            let path = path.split('?').next().unwrap_or_default();
            return (!path.is_empty()).then(|| Self::Sqlite(PathBuf::from(path)));
        }
        (url.starts_with("postgres://") || url.starts_with("postgresql://"))
            .then(|| Self::Postgres(url.to_owned()))
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_parsed_as_files_and_servers() {
        let sqlite = |path: &str| Some(Location::Sqlite(path.into()));
        assert_eq!(Location::parse("sqlite://shop.db"), sqlite("shop.db"));
        assert_eq!(Location::parse("sqlite:shop.db"), sqlite("shop.db"));
        assert_eq!(
            Location::parse("sqlite:///var/shop.db?mode=rwc"),
            sqlite("/var/shop.db")
        );
        for url in ["postgres://ann:secret@db/shop", "postgresql://ann:secret@db/shop"] {
            let location = Location::parse(url).unwrap();
            assert_eq!(location, Location::Postgres(url.to_owned()));
            assert_eq!(format!("{location:?}"), "Postgres");
        }
        for url in ["", "sqlite://", "mysql://db/shop", "shop.db"] {
            assert_eq!(Location::parse(url), None, "{url}");
        }
    }
}
