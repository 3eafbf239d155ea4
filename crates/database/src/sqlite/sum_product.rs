//! The SQL functions `sum_product(quantity, price)` and `sum_product(quantity, price, cost)`: exact sums of money.
//! PostgreSQL computes these with `numeric`, but SQLite's own `SUM` would use floating-point numbers.
//!
//! They add up hundredths in 128-bit integers. The sum of about eight million rows with the largest quantity and price
//! fits; a larger one is an error.

use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};

pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for arguments in [2, 3] {
        connection.create_aggregate_function("sum_product", arguments, flags, SumProduct)?;
    }
    Ok(())
}

struct SumProduct;

impl Aggregate<i128, String> for SumProduct {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<i128> {
        Ok(0)
    }

    fn step(&self, row: &mut Context<'_>, total: &mut i128) -> rusqlite::Result<()> {
        let quantity: i64 = row.get(0)?;
        let amount = |index: usize| -> rusqlite::Result<i128> {
            let text = row
                .get_raw(index)
                .as_str()
                .map_err(|error| user_error(error.to_string()))?;
            hundredths(text).ok_or_else(|| user_error("an amount can't be read"))
        };
        let mut price = amount(1)?;
        if row.len() > 2 {
            price -= amount(2)?;
        }
        *total = price
            .checked_mul(i128::from(quantity))
            .and_then(|product| total.checked_add(product))
            .ok_or_else(|| user_error("a sum does not fit"))?;
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, total: Option<i128>) -> rusqlite::Result<String> {
        Ok(decimal(total.unwrap_or(0)))
    }
}

fn user_error(message: impl Into<String>) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(message.into().into())
}

/// Reads the fixed-width text of an amount, which always has two decimals.
fn hundredths(text: &str) -> Option<i128> {
    let (whole, decimals) = text.split_once('.')?;
    if decimals.len() != 2 {
        return None;
    }
    whole
        .parse::<i128>()
        .ok()?
        .checked_mul(100)?
        .checked_add(decimals.parse().ok()?)
}

fn decimal(hundredths: i128) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let absolute = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", absolute / 100, absolute % 100)
}

#[cfg(test)]
mod tests {
    use super::{decimal, hundredths, register};

    #[test]
    fn hundredths_are_exact() {
        assert_eq!(hundredths("00000000000000000799.99"), Some(79_999));
        assert_eq!(
            hundredths("99999999999999999999.99"),
            Some(9_999_999_999_999_999_999_999)
        );
        assert_eq!(hundredths("7"), None);
        assert_eq!(decimal(-5), "-0.05");
        assert_eq!(decimal(9_999_999_999_999_999_999_999), "99999999999999999999.99");
    }

    #[test]
    fn sums_are_exact() {
        let connection = rusqlite::Connection::open_in_memory().expect("a database");
        register(&connection).expect("a function");
        let total = |sql: &str| connection.query_row::<String, _, _>(sql, [], |row| row.get(0));
        let rows = "(VALUES (2147483647, '99999999999999999999.99', '00000000000000000000.01'),
                            (3, '00000000000000000000.10', '00000000000000000000.30'))";
        assert_eq!(
            total(&format!("SELECT sum_product(column1, column2) FROM {rows}")).expect("a sum"),
            "214748364699999999999978525163.83"
        );
        assert_eq!(
            total(&format!(
                "SELECT sum_product(column1, column2, column3) FROM {rows}"
            ))
            .expect("a sum"),
            "214748364699999999999957050326.46"
        );
        let none = format!("SELECT sum_product(column1, column2) FROM {rows} WHERE column1 = 0");
        assert_eq!(total(&none).expect("a sum"), "0.00");
    }
}
