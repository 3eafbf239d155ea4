//! The caller's decisions: the flags of the command line.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::error::{Error, Result};

/// The treatment of negative prices: `--price`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PricePolicy {
    /// Drop the sign.
    Abs,
    /// Replace the price by 0.00.
    Zero,
}

/// The treatment of products with the same serial number: `--serie`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriePolicy {
    /// The product with the smallest id keeps the number, the others get none.
    NullLater,
    /// The other products get their id as a suffix.
    Suffix,
}

/// `--map TABLE.COLUMN=ROLE` or `--map TABLE=ROLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapOverride {
    /// The table of the source.
    pub table: String,
    /// The column; `None` if the role is for the whole table.
    pub column: Option<String>,
    /// The role of a table, such as `product`, or the documented name of a column.
    pub role: String,
}

impl FromStr for MapOverride {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::Option(format!("--map {text}: write TABLE.COLUMN=ROLE or TABLE=ROLE"));
        let (target, role) = text.split_once('=').ok_or_else(wrong)?;
        let (table, column) = match target.split_once('.') {
            Some((table, column)) => (table, Some(column)),
            None => (target, None),
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

/// `--tenant COLUMN=ID`, or `--tenant schema=NAME` in PostgreSQL: the only company to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tenant {
    /// Only rows with this value in this column.
    Column(String, TenantValue),
    /// Only this schema.
    Schema(String),
}

/// The identifier of one company.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(untagged)]
pub enum TenantValue {
    /// An id.
    Number(i64),
    /// A name, a UUID or a schema.
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

/// The caller's decisions. If data needs a decision that was not made, the import stops.
#[derive(Clone, Debug)]
pub struct Options {
    /// `--stock=zero`: a stock that is negative or too large becomes 0.
    pub stock_zero: bool,
    /// `--price=abs|zero`.
    pub price: Option<PricePolicy>,
    /// `--serie=null-later|suffix`.
    pub serie: Option<SeriePolicy>,
    /// `--dangling=skip`: rows that refer to a missing row are skipped.
    pub dangling_skip: bool,
    /// `--unreadable=skip`: rows with an invalid value, or one out of range, are skipped.
    pub unreadable_skip: bool,
    /// `--timezone`: the zone of times without an offset.
    pub timezone: Tz,
    /// `--map`, which can be repeated.
    pub map: Vec<MapOverride>,
    /// `--tenant`.
    pub tenant: Option<Tenant>,
    /// The time of the import. Rows without a time get it, and tokens that have expired by then are not imported.
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

    /// Sets a flag that is written as on a command line, such as `--price=abs`.
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
                    .map_err(|_| Error::Option(format!("unknown time zone {zone}")))?;
            }
            ("--map", map) => self.map.push(map.parse()?),
            ("--tenant", tenant) => self.tenant = Some(tenant.parse()?),
            _ => return Err(Error::Option(format!("unknown flag {flag}"))),
        }
        Ok(())
    }
}
