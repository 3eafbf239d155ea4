//! Converts values to and from PostgreSQL's binary format.

use std::error::Error;
use std::fmt;

use bytes::BytesMut;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sea_orm::{DbErr, Statement, Value};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

/// The epoch of PostgreSQL's timestamps, 2000-01-01, in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

/// The parameters of a statement, with the types that they are sent as.
pub(super) fn parameters(statement: &Statement) -> Result<Vec<(Parameter<'_>, Type)>, DbErr> {
    let values = statement.values.as_ref().map_or(&[][..], |values| &values.0);
    values
        .iter()
        .map(|value| Ok((Parameter(value), type_of(value)?)))
        .collect()
}

/// The type depends on the variant only, and not on the statement. A text that represents an array or JSON needs a cast in
/// the statement.
fn type_of(value: &Value) -> Result<Type, DbErr> {
    Ok(match value {
        Value::Bool(_) => Type::BOOL,
        Value::TinyInt(_) | Value::SmallInt(_) => Type::INT2,
        Value::Int(_) => Type::INT4,
        Value::BigInt(_) | Value::Unsigned(_) | Value::BigUnsigned(_) => Type::INT8,
        Value::Double(_) => Type::FLOAT8,
        Value::String(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
        Value::ChronoDateTimeUtc(_) => Type::TIMESTAMPTZ,
        Value::Decimal(_) => Type::NUMERIC,
        other => {
            let message = format!("a {other:?} can't be sent to PostgreSQL");
            return Err(DbErr::Type(message));
        }
    })
}

pub(super) struct Parameter<'a>(&'a Value);

/// Omits the value, because the driver logs parameters at level `debug`.
impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parameter")
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Value::Bool(value) => value.to_sql(ty, out),
            Value::TinyInt(value) => value.map(i16::from).to_sql(ty, out),
            Value::SmallInt(value) => value.to_sql(ty, out),
            Value::Int(value) => value.to_sql(ty, out),
            Value::BigInt(value) => value.to_sql(ty, out),
            Value::Unsigned(value) => value.map(i64::from).to_sql(ty, out),
            Value::BigUnsigned(value) => value.map(i64::try_from).transpose()?.to_sql(ty, out),
            Value::Double(value) => value.to_sql(ty, out),
            Value::String(value) => value.as_deref().to_sql(ty, out),
            Value::Bytes(value) => value.as_deref().to_sql(ty, out),
            Value::ChronoDateTimeUtc(value) => {
                let micros = value.map(|moment| moment.timestamp_micros().saturating_sub(EPOCH));
                micros.to_sql(&Type::INT8, out)
            }
            Value::Decimal(value) => value.to_sql(ty, out),
            other => Err(format!("a {other:?} can't be sent to PostgreSQL").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value of a column, converted to SeaORM's type.
pub(super) struct Cell(pub(super) Value);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::INT8 => Value::BigInt(Some(i64::from_sql(ty, raw)?)),
            Type::BOOL => Value::Bool(Some(bool::from_sql(ty, raw)?)),
            Type::TIMESTAMPTZ => Value::ChronoDateTimeUtc(Some(moment(i64::from_sql(&Type::INT8, raw)?)?)),
            Type::NUMERIC => Value::Decimal(Some(Decimal::from_sql(ty, raw)?)),
            Type::INT4 => Value::Int(Some(i32::from_sql(ty, raw)?)),
            Type::INT2 => Value::SmallInt(Some(i16::from_sql(ty, raw)?)),
            Type::FLOAT8 => Value::Double(Some(f64::from_sql(ty, raw)?)),
            Type::BYTEA => Value::Bytes(Some(raw.to_vec())),
            // A function that returns nothing, such as `pg_advisory_lock`, has a result of type `void`: an empty text.
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN | Type::VOID => {
                Value::String(Some(std::str::from_utf8(raw)?.to_owned()))
            }
            ref other => return Err(format!("a column of type {other} can't be read").into()),
        }))
    }

    /// SeaORM reads a null of any type as `None`.
    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::String(None)))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn moment(micros: i64) -> Result<DateTime<Utc>, &'static str> {
    micros
        .checked_add(EPOCH)
        .and_then(DateTime::from_timestamp_micros)
        .ok_or("a timestamp is out of range")
}
