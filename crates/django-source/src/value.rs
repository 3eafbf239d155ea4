//! A cell of the source, with the same representation for both databases.

/// One cell. Numbers keep the type in which the database stores them, because Django shows them accordingly.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    /// A double, which SQLite uses for all fractional numbers.
    Real(f64),
    /// The digits of an exact number, as in PostgreSQL's text format of a `numeric`.
    Number(String),
    Boolean(bool),
    Text(String),
    /// A blob, or a text that is not UTF-8; invalid bytes are replaced.
    Bytes(String),
}

impl Value {
    pub(crate) const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value, if it is an integer.
    pub(crate) const fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// The value, if it is a text or bytes.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Bytes(text) => Some(text),
            _ => None,
        }
    }

    /// A boolean: in SQLite a number or a text, depending on the column's type.
    pub(crate) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            Self::Integer(value) => Some(*value != 0),
            Self::Real(value) => Some(*value != 0.0),
            Self::Text(text) => Some(matches!(text.to_ascii_lowercase().as_str(), "1" | "t" | "true")),
            _ => None,
        }
    }

    /// The approximate size in memory, in bytes.
    pub(crate) fn approximate_bytes(&self) -> usize {
        match self {
            Self::Number(text) | Self::Text(text) | Self::Bytes(text) => text.len() + 24,
            _ => 24,
        }
    }
}

/// The kind of a column's values, by its declared type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    /// An exact number.
    Decimal,
    /// A double.
    Float,
    Text,
    Boolean,
    Moment,
    Date,
    Other,
}

impl Kind {
    /// The kind for the name of a type, as either database spells it.
    pub(crate) fn of(declared: &str) -> Self {
        let declared = declared.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if has(&["bool"]) {
            Self::Boolean
        } else if has(&["datetime", "timestamp"]) {
            Self::Moment
        } else if declared == "date" {
            Self::Date
        } else if has(&["decimal", "numeric"]) {
            Self::Decimal
        } else if has(&["real", "double", "float"]) {
            Self::Float
        } else if has(&["interval", "point"]) {
            Self::Other
        } else if has(&["int"]) {
            Self::Integer
        } else if has(&["char", "text", "clob"]) || declared == "name" {
            Self::Text
        } else {
            Self::Other
        }
    }
}

/// Quotes a name for SQL. In both databases, quotation marks are doubled.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::{Kind, quoted};

    #[test]
    fn types_have_a_kind() {
        for (declared, kind) in [
            ("varchar(500)", Kind::Text),
            ("character varying", Kind::Text),
            ("INTEGER", Kind::Integer),
            ("int8", Kind::Integer),
            ("smallint unsigned", Kind::Integer),
            ("decimal", Kind::Decimal),
            ("float8", Kind::Float),
            ("datetime", Kind::Moment),
            ("timestamptz", Kind::Moment),
            ("date", Kind::Date),
            ("bool", Kind::Boolean),
            ("uuid", Kind::Other),
            ("interval", Kind::Other),
            ("", Kind::Other),
        ] {
            assert_eq!(Kind::of(declared), kind, "{declared}");
        }
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
