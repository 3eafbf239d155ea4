//! What the caller decides: the flags of the command line.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::error::{Error, Result};

/// What to do with a negative price: `--price`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PricePolicy {
    /// Drop the sign.
    Abs,
    /// Make it 0.00.
    Zero,
}

/// What to do with the second product of a serial number: `--serie`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriePolicy {
    /// The first product by id keeps it, later ones have none.
    NullLater,
    /// Later ones get their id behind it.
    Suffix,
}

/// `--map TABLE.COLUMN=ROLE` or `--map TABLE=ROLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapOverride {
    /// The table of the source.
    pub table: String,
    /// Its column; none when the role is the table's.
    pub column: Option<String>,
    /// `product`, …, or the documented name of a column.
    pub role: String,
}

impl FromStr for MapOverride {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::Option(format!("--map {text}: write TABLE.COLUMN=ROLE or TABLE=ROLE"));
        let (place, role) = text.split_once('=').ok_or_else(wrong)?;
        let (table, column) = match place.split_once('.') {
            Some((table, column)) => (table, Some(column)),
            None => (place, None),
        };
        if table.is_empty() || role.is_empty() || column.is_some_and(str::is_empty) {
            return Err(wrong());
        }
        Ok(Self {
            table: table.to_owned(),
            column: column.map(str::to_owned),
            role: role.to_owned(),
        })
    }
}

/// `--tenant COLUMN=ID`, or `--tenant schema=NAME` in PostgreSQL: the one company to take over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tenant {
    /// Only rows with this value in this column.
    Column(String, TenantValue),
    /// Only this schema.
    Schema(String),
}

/// What names one company: an id, or a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(untagged)]
pub enum TenantValue {
    /// An id.
    Number(i64),
    /// A name, a UUID, a schema.
    Text(String),
}

impl FromStr for Tenant {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::Option(format!("--tenant {text}: write COLUMN=ID or schema=NAME"));
        match text.split_once('=').ok_or_else(wrong)? {
            ("schema", name) if !name.is_empty() => Ok(Self::Schema(name.to_owned())),
            (column, id) if !column.is_empty() && !id.is_empty() => {
                let value = id
                    .parse()
                    .map_or_else(|_| TenantValue::Text(id.to_owned()), TenantValue::Number);
                Ok(Self::Column(column.to_owned(), value))
            }
            _ => Err(wrong()),
        }
    }
}

/// The decisions. Without one, what it would decide stops the import.
#[derive(Clone, Debug)]
pub struct Options {
    /// `--stock=zero`: a stock that is negative or too large becomes 0.
    pub stock_zero: bool,
    /// `--price=abs|zero`.
    pub price: Option<PricePolicy>,
    /// `--serie=null-later|suffix`.
    pub serie: Option<SeriePolicy>,
    /// `--dangling=skip`: rows that refer to nothing are left out.
    pub dangling_skip: bool,
    /// `--unreadable=skip`: rows with a value that is none, or out of range, are left out.
    pub unreadable_skip: bool,
    /// `--timezone`: the zone of times without an offset.
    pub timezone: Tz,
    /// `--map`, any number of them.
    pub map: Vec<MapOverride>,
    /// `--tenant`.
    pub tenant: Option<Tenant>,
    /// The moment of the import: what has no time gets it, and tokens that expire before it are not carried over.
    pub now: DateTime<Utc>,
}

impl Options {
    /// No decisions, times in UTC.
    pub const fn new(now: DateTime<Utc>) -> Self {
        Self {
            stock_zero: false,
            price: None,
            serie: None,
            dangling_skip: false,
            unreadable_skip: false,
            timezone: Tz::UTC,
            map: Vec::new(),
            tenant: None,
            now,
        }
    }

    /// Takes a flag as it is written on a command line, `--price=abs`.
    pub fn set(&mut self, flag: &str) -> Result<()> {
        match flag.split_once('=').unwrap_or((flag, "")) {
            ("--stock", "zero") => self.stock_zero = true,
            ("--price", "abs") => self.price = Some(PricePolicy::Abs),
            ("--price", "zero") => self.price = Some(PricePolicy::Zero),
            ("--serie", "null-later") => self.serie = Some(SeriePolicy::NullLater),
            ("--serie", "suffix") => self.serie = Some(SeriePolicy::Suffix),
            ("--dangling", "skip") => self.dangling_skip = true,
            ("--unreadable", "skip") => self.unreadable_skip = true,
            ("--timezone", zone) => {
                self.timezone = zone
                    .parse()
                    .map_err(|_| Error::Option(format!("no time zone {zone}")))?;
            }
            ("--map", map) => self.map.push(map.parse()?),
            ("--tenant", tenant) => self.tenant = Some(tenant.parse()?),
            _ => return Err(Error::Option(format!("unknown decision {flag}"))),
        }
        Ok(())
    }
}
