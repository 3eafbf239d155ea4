//! Low stock: a product is low when no more than the threshold is left of it.

/// Whether this quantity is low.
pub const fn is_low(quantity: i64, threshold: i64) -> bool {
    quantity <= threshold
}

/// Whether a change that ended in `balance` took the quantity from above the threshold to it or below.
pub const fn fell_low(balance: i64, change: i64, threshold: i64) -> bool {
    is_low(balance, threshold) && !is_low(balance - change, threshold)
}

/// [`fell_low`] in SQL, over columns called `balance` and `change`.
pub fn fell_low_sql(threshold: i64) -> String {
    format!("(balance <= {threshold} AND balance - change > {threshold})")
}
