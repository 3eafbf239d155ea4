//! Parses calendar days.

use chrono::NaiveDate;

/// Reads `YYYY-MM-DD`. chrono alone would also accept `2024-1-5` and years of any length.
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let is_well_formed = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_well_formed {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
    } else {
        None
    }
}
