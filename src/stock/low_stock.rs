//! Low stock: a product is low if its quantity is at or below the threshold.

/// Whether this quantity is low.
pub const fn is_low(quantity: i64, threshold: i64) -> bool {
    quantity <= threshold
}

/// Whether a change that resulted in `balance` lowered the quantity from above the threshold to the threshold or below.
pub const fn became_low(balance: i64, change: i64, threshold: i64) -> bool {
    is_low(balance, threshold) && !is_low(balance - change, threshold)
}

/// [`became_low`] in SQL, over columns called `balance` and `change`.
pub fn became_low_sql(threshold: i64) -> String {
    format!("(balance <= {threshold} AND balance - change > {threshold})")
}
