//! Values of any type, many of them at the limits of valid values.

use rusqlite::types::Value;

const TEXTS: [&str; 32] = [
    "",
    " ",
    "0",
    "-0",
    "1e3",
    "1E400",
    "-0.005",
    "12,50",
    "1.234,56",
    "1_000",
    "0x10",
    "NaN",
    "Infinity",
    "+7",
    "٣",
    "½",
    "2024-05-06",
    "2024-05-06 10:00:00+14:00",
    "9999-12-31 23:59:59-12:00",
    "0000-00-00",
    "2024-02-30 10:00",
    "-4713-01-01",
    "2024-05-06T10:00:00.1234567890Z",
    "\0",
    "a\0b",
    "e\u{301}",
    "\u{feff}x",
    "pbkdf2_sha256$4294967296$s$h",
    "pbkdf2_sha256$",
    "argon2$argon2id$v=19$m=4294967295,t=9,p=9$YQ$YQ",
    "9223372036854775808",
    "c0ffee00-0000-4000-8000-000000000000",
];

const NUMBERS: [i64; 14] = [
    0,
    1,
    -1,
    2,
    3,
    2_147_483_647,
    2_147_483_648,
    -2_147_483_648,
    i64::MAX,
    i64::MIN,
    i64::MAX - 1,
    1_000_000_000_000,
    9_007_199_254_740_993,
    253_402_300_800,
];

const REALS: [f64; 10] = [
    0.5,
    -0.0,
    1e15,
    1e22,
    1e300,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MIN_POSITIVE,
    0.005,
    9_223_372_036_854_775_807.0,
];

pub fn any_value(rng: &mut fastrand::Rng) -> Value {
    match rng.u8(..12) {
        0 => Value::Null,
        1..4 => Value::Integer(NUMBERS[rng.usize(..NUMBERS.len())]),
        4 => Value::Integer(rng.i64(..)),
        5 => Value::Real(REALS[rng.usize(..REALS.len())]),
        6 => Value::Real((rng.f64() - 0.5) * 1e6),
        7..10 => Value::Text(TEXTS[rng.usize(..TEXTS.len())].to_owned()),
        10 => Value::Text(text(rng)),
        _ => {
            let length = rng.usize(..40);
            Value::Blob(std::iter::repeat_with(|| rng.u8(..)).take(length).collect())
        }
    }
}

/// A text of random characters, possibly longer than a title can be.
fn text(rng: &mut fastrand::Rng) -> String {
    let length = [3, 20, 499, 501, 700, 20_000][rng.usize(..6)];
    std::iter::repeat_with(|| rng.char(..)).take(length).collect()
}
