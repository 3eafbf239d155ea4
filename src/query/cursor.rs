//! Cursors: where a row stands in an order, as an opaque text that outlives the request.
//!
//! A cursor names its order and carries the row's values in it, the id last, so that a page goes on from there even when
//! the row has changed or is gone, and no other order takes it for its own. Nothing in it is secret, and nothing in it is
//! believed: what is read back must have the types of the columns it is compared with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike as _};
use rust_decimal::Decimal;
use sea_orm::sea_query::{ColumnRef, Condition, Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, ColumnType, Value};

use super::Direction;

/// One column of a total order.
#[derive(Clone, Debug)]
pub struct Term {
    /// The column.
    pub column: ColumnRef,
    /// Which way.
    pub direction: Direction,
    /// Whether there are rows without a value; they come last in both directions.
    pub nullable: bool,
    /// What kind of value it has.
    pub holds: ValueKind,
}

/// What kind of value a column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A whole number.
    Integer,
    /// A text.
    Text,
    /// An amount of money.
    Money,
    /// A moment.
    Moment,
}

impl ValueKind {
    /// The kind of an entity's column.
    pub fn of<C: ColumnTrait>(column: C) -> Self {
        match column.def().get_column_type() {
            ColumnType::BigInteger => Self::Integer,
            ColumnType::Decimal(_) => Self::Money,
            ColumnType::TimestampWithTimeZone => Self::Moment,
            _ => Self::Text,
        }
    }
}

/// On which side of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What comes later in the order.
    After,
    /// What comes earlier.
    Before,
}

/// The first byte of every cursor: what follows may change its form under another.
const FORM: u8 = 1;
/// The longest cursor that is read; the longest that is written has two titles of 500 four-byte characters, each twice.
const LONGEST: usize = 32 * 1024;

/// The cursor of a row that has these values in the order of this name.
pub fn encode(order: &str, values: &[Value]) -> String {
    let mut bytes = vec![FORM];
    put_text(&mut bytes, order);
    for value in values {
        match value {
            Value::BigInt(Some(number)) => put(&mut bytes, b'i', &number.to_be_bytes()),
            Value::ChronoDateTimeUtc(Some(moment)) => {
                put(&mut bytes, b't', &moment.timestamp_micros().to_be_bytes());
            }
            Value::Decimal(Some(amount)) => {
                bytes.push(b'd');
                put_text(&mut bytes, &amount.to_string());
            }
            Value::String(Some(text)) => {
                bytes.push(b's');
                put_text(&mut bytes, text);
            }
            _ => bytes.push(b'n'),
        }
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

fn put(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) {
    bytes.push(tag);
    bytes.extend_from_slice(value);
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

/// The values that a cursor carries, if it is one of the order of this name and fits its columns.
pub fn decode(order: &str, terms: &[Term], cursor: &str) -> Option<Vec<Value>> {
    if cursor.len() > LONGEST {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let mut rest = bytes.strip_prefix(&[FORM])?;
    if take_text(&mut rest)? != order {
        return None;
    }
    let values: Option<Vec<Value>> = terms.iter().map(|term| take_value(&mut rest, term)).collect();
    values.filter(|_| rest.is_empty())
}

fn take<'b>(rest: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

fn take_integer(rest: &mut &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(take(rest, 8)?.try_into().ok()?))
}

fn take_text<'b>(rest: &mut &'b [u8]) -> Option<&'b str> {
    let length = u32::from_be_bytes(take(rest, 4)?.try_into().ok()?);
    std::str::from_utf8(take(rest, usize::try_from(length).ok()?)?).ok()
}

fn take_value(rest: &mut &[u8], term: &Term) -> Option<Value> {
    Some(match (take(rest, 1)?, term.holds) {
        (b"i", ValueKind::Integer) => take_integer(rest)?.into(),
        (b"t", ValueKind::Moment) => {
            let moment = DateTime::from_timestamp_micros(take_integer(rest)?)?;
            // Far beyond what any row has, and within what both databases take.
            if !(1..10_000).contains(&moment.year()) {
                return None;
            }
            moment.into()
        }
        (b"d", ValueKind::Money) => take_text(rest)?.parse::<Decimal>().ok()?.into(),
        // PostgreSQL has no NUL in texts, so no cursor of ours has one.
        (b"s", ValueKind::Text) => Some(take_text(rest)?).filter(|text| !text.contains('\0'))?.into(),
        (b"n", holds) if term.nullable => match holds {
            ValueKind::Integer => Value::BigInt(None),
            ValueKind::Text => Value::String(None),
            ValueKind::Money => Value::Decimal(None),
            ValueKind::Moment => Value::ChronoDateTimeUtc(None),
        },
        _ => return None,
    })
}

/// The rows on one side of a cursor.
pub fn beyond(terms: &[Term], values: &[Value], side: Side) -> Condition {
    let upwards = |term: &Term| (side == Side::After) == (term.direction == Direction::Ascending);
    let first = terms.first().is_some_and(upwards);
    if terms.iter().all(|term| !term.nullable && upwards(term) == first) {
        // One comparison of rows, which an index answers whole.
        let columns = Expr::tuple(terms.iter().map(|term| Expr::col(term.column.clone())));
        let place = Expr::tuple(values.iter().map(|value| Expr::val(value.clone())));
        return Condition::all().add(if first {
            columns.gt(place)
        } else {
            columns.lt(place)
        });
    }
    let mut pairs = terms.iter().zip(values).rev();
    let Some((last, value)) = pairs.next() else {
        return Condition::all();
    };
    let mut condition = strictly_beyond(last, value, side);
    for (term, value) in pairs {
        condition = Condition::any()
            .add(strictly_beyond(term, value, side))
            .add(Condition::all().add(tied(term, value)).add(condition));
    }
    match (terms.first(), values.first()) {
        // It follows from the rest, but says to an index where to begin.
        (Some(term), Some(value)) if !term.nullable => {
            let column = Expr::col(term.column.clone());
            let bound = Expr::val(value.clone());
            let bound = if first {
                column.gte(bound)
            } else {
                column.lte(bound)
            };
            Condition::all().add(bound).add(condition)
        }
        _ => condition,
    }
}

fn strictly_beyond(term: &Term, value: &Value, side: Side) -> Condition {
    let column = || Expr::col(term.column.clone());
    if is_null(value) {
        return Condition::all().add(match side {
            Side::After => Expr::val(1).eq(0),
            Side::Before => column().is_not_null(),
        });
    }
    let upwards = (side == Side::After) == (term.direction == Direction::Ascending);
    let place = Expr::val(value.clone());
    let strictly = if upwards {
        column().gt(place)
    } else {
        column().lt(place)
    };
    match side {
        Side::After if term.nullable => Condition::any().add(strictly).add(column().is_null()),
        _ => Condition::all().add(strictly),
    }
}

fn tied(term: &Term, value: &Value) -> Expr {
    let column = Expr::col(term.column.clone());
    if is_null(value) {
        column.is_null()
    } else {
        column.eq(Expr::val(value.clone()))
    }
}

fn is_null(value: &Value) -> bool {
    matches!(
        value,
        Value::BigInt(None) | Value::String(None) | Value::Decimal(None) | Value::ChronoDateTimeUtc(None)
    )
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use rust_decimal::Decimal;
    use sea_orm::Value;
    use sea_orm::sea_query::{Alias, IntoColumnRef as _, Query, SqliteQueryBuilder};

    use super::{Direction, Side, Term, ValueKind, beyond, decode, encode};

    fn term(name: &'static str, holds: ValueKind, direction: Direction, nullable: bool) -> Term {
        Term {
            column: Alias::new(name).into_column_ref(),
            direction,
            nullable,
            holds,
        }
    }

    fn terms() -> Vec<Term> {
        vec![
            term("serie", ValueKind::Text, Direction::Ascending, true),
            term("price", ValueKind::Money, Direction::Descending, false),
            term("at", ValueKind::Moment, Direction::Ascending, false),
            term("id", ValueKind::Integer, Direction::Ascending, false),
        ]
    }

    fn values() -> Vec<Value> {
        let at: DateTime<Utc> = "2024-01-15T10:30:00.123456Z".parse().expect("a moment");
        vec![
            "água".into(),
            Decimal::new(79_999, 2).into(),
            at.into(),
            i64::MAX.into(),
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        let cursor = encode("product:serie", &values());
        assert_eq!(decode("product:serie", &terms(), &cursor), Some(values()));
        let mut without = values();
        without[0] = Value::String(None);
        let cursor = encode("product:serie", &without);
        assert_eq!(decode("product:serie", &terms(), &cursor), Some(without));
    }

    #[test]
    fn another_order_refuses_it() {
        let cursor = encode("product:serie", &values());
        assert_eq!(decode("product:-serie", &terms(), &cursor), None);
        assert_eq!(decode("product:serie", &terms()[1..], &cursor), None);
    }

    #[test]
    fn nothing_that_was_not_written_is_read() {
        let cursor = encode("product:serie", &values());
        for end in 0..cursor.len() {
            assert_eq!(decode("product:serie", &terms(), &cursor[..end]), None, "{end}");
        }
        for cursor in ["", "!", "AAAA", "é", &format!("{cursor}AAAA")] {
            assert_eq!(decode("product:serie", &terms(), cursor), None, "{cursor:?}");
        }
        let mut nul = values();
        nul[0] = "a\0b".into();
        assert_eq!(
            decode("product:serie", &terms(), &encode("product:serie", &nul)),
            None
        );
        let mut null = values();
        null[1] = Value::Decimal(None);
        assert_eq!(
            decode("product:serie", &terms(), &encode("product:serie", &null)),
            None
        );
        let mut late = values();
        late[2] = DateTime::<Utc>::MAX_UTC.into();
        assert_eq!(
            decode("product:serie", &terms(), &encode("product:serie", &late)),
            None
        );
    }

    fn sql(terms: &[Term], values: &[Value], side: Side) -> String {
        let mut select = Query::select();
        select.expr(1).cond_where(beyond(terms, values, side));
        select.to_string(SqliteQueryBuilder)
    }

    #[test]
    fn one_direction_is_one_comparison() {
        let terms = [
            term("price", ValueKind::Money, Direction::Descending, false),
            term("id", ValueKind::Integer, Direction::Descending, false),
        ];
        let values = [Value::from(5_i64), Value::from(7_i64)];
        assert_eq!(
            sql(&terms, &values, Side::After),
            r#"SELECT 1 WHERE ("price", "id") < (5, 7)"#
        );
        assert_eq!(
            sql(&terms, &values, Side::Before),
            r#"SELECT 1 WHERE ("price", "id") > (5, 7)"#
        );
    }

    #[test]
    fn rows_without_a_value_come_last_both_ways() {
        let terms = [
            term("serie", ValueKind::Text, Direction::Descending, true),
            term("id", ValueKind::Integer, Direction::Descending, false),
        ];
        let some = [Value::from("x"), Value::from(7_i64)];
        let none = [Value::String(None), Value::from(7_i64)];
        assert_eq!(
            sql(&terms, &some, Side::After),
            r#"SELECT 1 WHERE "serie" < 'x' OR "serie" IS NULL OR ("serie" = 'x' AND "id" < 7)"#
        );
        assert_eq!(
            sql(&terms, &some, Side::Before),
            r#"SELECT 1 WHERE "serie" > 'x' OR ("serie" = 'x' AND "id" > 7)"#
        );
        assert_eq!(
            sql(&terms, &none, Side::After),
            r#"SELECT 1 WHERE 1 = 0 OR ("serie" IS NULL AND "id" < 7)"#
        );
        assert_eq!(
            sql(&terms, &none, Side::Before),
            r#"SELECT 1 WHERE "serie" IS NOT NULL OR ("serie" IS NULL AND "id" > 7)"#
        );
    }
}
