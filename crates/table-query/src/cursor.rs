//! Cursors: the position of a row in an order, as an opaque text that stays valid after the request.
//!
//! A cursor contains the name of its order and the row's values in it, the id last. So the next page can be read even if the
//! row has been changed or deleted, and a cursor of another order is rejected. A cursor contains no secrets and is not trusted:
//! its values must have the types of the columns that they are compared with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike as _};
use rust_decimal::Decimal;
use sea_orm::sea_query::{ColumnRef, Condition, Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, ColumnType, Value};

use crate::column::Direction;

/// One column of a total order.
#[derive(Clone, Debug)]
pub struct Term {
    pub column: ColumnRef,
    pub direction: Direction,
    /// Whether the column can be null. Nulls come last in both directions.
    pub nullable: bool,
    pub kind: ValueKind,
}

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Integer,
    Text,
    Money,
    Timestamp,
}

impl ValueKind {
    /// The kind of an entity's column.
    pub fn of<C: ColumnTrait>(column: C) -> Self {
        match column.def().get_column_type() {
            ColumnType::BigInteger => Self::Integer,
            ColumnType::Decimal(_) => Self::Money,
            ColumnType::TimestampWithTimeZone => Self::Timestamp,
            _ => Self::Text,
        }
    }
}

/// A side of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    After,
    Before,
}

/// The first byte of every cursor: the version of its encoding.
const VERSION: u8 = 1;
/// The maximum length of a cursor in bytes. The texts that lists are ordered by are shorter.
const MAX_LENGTH: usize = 32 * 1024;

/// Encodes the cursor of a row with these values in the order with this name.
pub fn encode(order: &str, values: &[Value]) -> String {
    let mut bytes = vec![VERSION];
    put_text(&mut bytes, order);
    for value in values {
        match value {
            Value::BigInt(Some(number)) => put(&mut bytes, b'i', &number.to_be_bytes()),
            Value::ChronoDateTimeUtc(Some(time)) => {
                put(&mut bytes, b't', &time.timestamp_micros().to_be_bytes());
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

/// Decodes the values of a cursor; `None` if it does not belong to the order with this name or does not fit its columns.
pub fn decode(order: &str, terms: &[Term], cursor: &str) -> Option<Vec<Value>> {
    if cursor.len() > MAX_LENGTH {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let mut rest = bytes.strip_prefix(&[VERSION])?;
    if take_text(&mut rest)? != order {
        return None;
    }
    let values: Option<Vec<Value>> = terms.iter().map(|term| take_value(&mut rest, term)).collect();
    values.filter(|_| rest.is_empty())
}

fn take<'b>(rest: &mut &'b [u8], count: usize) -> Option<&'b [u8]> {
    let (bytes, remaining) = rest.split_at_checked(count)?;
    *rest = remaining;
    Some(bytes)
}

fn take_integer(rest: &mut &[u8]) -> Option<i64> {
    Some(i64::from_be_bytes(take(rest, 8)?.try_into().ok()?))
}

fn take_text<'b>(rest: &mut &'b [u8]) -> Option<&'b str> {
    let length = u32::from_be_bytes(take(rest, 4)?.try_into().ok()?);
    std::str::from_utf8(take(rest, usize::try_from(length).ok()?)?).ok()
}

fn take_value(rest: &mut &[u8], term: &Term) -> Option<Value> {
    Some(match (take(rest, 1)?, term.kind) {
        (b"i", ValueKind::Integer) => take_integer(rest)?.into(),
        (b"t", ValueKind::Timestamp) => {
            let time = DateTime::from_timestamp_micros(take_integer(rest)?)?;
            // The years that both databases can represent.
            if !(1..10_000).contains(&time.year()) {
                return None;
            }
            time.into()
        }
        (b"d", ValueKind::Money) => take_text(rest)?.parse::<Decimal>().ok()?.into(),
        // The database has no texts with a NUL, so a cursor with one is not valid.
        (b"s", ValueKind::Text) => Some(take_text(rest)?).filter(|text| !text.contains('\0'))?.into(),
        (b"n", kind) if term.nullable => match kind {
            ValueKind::Integer => Value::BigInt(None),
            ValueKind::Text => Value::String(None),
            ValueKind::Money => Value::Decimal(None),
            ValueKind::Timestamp => Value::ChronoDateTimeUtc(None),
        },
        _ => return None,
    })
}

/// The condition for the rows on one side of a cursor with these values.
pub fn side_condition(terms: &[Term], values: &[Value], side: Side) -> Condition {
    let is_greater = |term: &Term| (side == Side::After) == (term.direction == Direction::Ascending);
    let first = terms.first().is_some_and(is_greater);
    if terms
        .iter()
        .all(|term| !term.nullable && is_greater(term) == first)
    {
        // A comparison of row values, which both databases evaluate with one range of an index.
        let columns = Expr::tuple(terms.iter().map(|term| Expr::col(term.column.clone())));
        let position = Expr::tuple(values.iter().map(|value| Expr::val(value.clone())));
        return Condition::all().add(if first {
            columns.gt(position)
        } else {
            columns.lt(position)
        });
    }
    let mut pairs = terms.iter().zip(values).rev();
    let Some((last, value)) = pairs.next() else {
        return Condition::all();
    };
    let mut condition = term_condition(last, value, side);
    for (term, value) in pairs {
        condition = Condition::any()
            .add(term_condition(term, value, side))
            .add(Condition::all().add(is_equal(term, value)).add(condition));
    }
    match (terms.first(), values.first()) {
        // This condition is redundant, but allows an index scan to start at the right place.
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

/// The condition for the rows whose value of one term is on this side of the cursor's value.
fn term_condition(term: &Term, value: &Value, side: Side) -> Condition {
    let column = || Expr::col(term.column.clone());
    if is_null(value) {
        return Condition::all().add(match side {
            Side::After => Expr::val(1).eq(0),
            Side::Before => column().is_not_null(),
        });
    }
    let is_greater = (side == Side::After) == (term.direction == Direction::Ascending);
    let position = Expr::val(value.clone());
    let is_on_side = if is_greater {
        column().gt(position)
    } else {
        column().lt(position)
    };
    match side {
        Side::After if term.nullable => Condition::any().add(is_on_side).add(column().is_null()),
        _ => Condition::all().add(is_on_side),
    }
}

fn is_equal(term: &Term, value: &Value) -> Expr {
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

    use super::{Direction, Side, Term, ValueKind, decode, encode, side_condition};

    fn term(name: &'static str, kind: ValueKind, direction: Direction, nullable: bool) -> Term {
        Term {
            column: Alias::new(name).into_column_ref(),
            direction,
            nullable,
            kind,
        }
    }

    fn terms() -> Vec<Term> {
        vec![
            term("serie", ValueKind::Text, Direction::Ascending, true),
            term("price", ValueKind::Money, Direction::Descending, false),
            term("at", ValueKind::Timestamp, Direction::Ascending, false),
            term("id", ValueKind::Integer, Direction::Ascending, false),
        ]
    }

    fn values() -> Vec<Value> {
        let at: DateTime<Utc> = "2024-01-15T10:30:00.123456Z".parse().expect("a time");
        vec![
            "água".into(),
            Decimal::new(79_999, 2).into(),
            at.into(),
            i64::MAX.into(),
        ]
    }

    #[test]
    fn cursors_are_decoded_to_the_same_values() {
        let cursor = encode("product:serie", &values());
        assert_eq!(decode("product:serie", &terms(), &cursor), Some(values()));
        let mut with_null = values();
        with_null[0] = Value::String(None);
        let cursor = encode("product:serie", &with_null);
        assert_eq!(decode("product:serie", &terms(), &cursor), Some(with_null));
    }

    #[test]
    fn cursors_of_another_order_are_rejected() {
        let cursor = encode("product:serie", &values());
        assert_eq!(decode("product:-serie", &terms(), &cursor), None);
        assert_eq!(decode("product:serie", &terms()[1..], &cursor), None);
    }

    #[test]
    fn malformed_cursors_are_rejected() {
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
        select.expr(1).cond_where(side_condition(terms, values, side));
        select.to_string(SqliteQueryBuilder)
    }

    #[test]
    fn an_order_in_one_direction_is_one_comparison() {
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
    fn nulls_come_last_in_both_directions() {
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
