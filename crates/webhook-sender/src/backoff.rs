//! The wait before a failed delivery is attempted again.

use chrono::{DateTime, TimeDelta, Utc};

/// The schedule of the Standard Webhooks specification: seconds from each failed attempt to the next. The first attempt
/// is immediate.
pub const SCHEDULE: [u32; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// The longest wait that a receiver can request.
const MAX_REQUESTED: TimeDelta = TimeDelta::hours(24);

/// The wait after `attempts` failed attempts; `None` after the last attempt of the schedule.
///
/// `chance`, a random number from 0 to 1, adds up to a fifth of the wait, so that deliveries that failed together are not
/// all retried together. The receiver can request a longer wait, up to a day, but not a shorter one.
pub fn wait(schedule: &[u32], attempts: i64, chance: f64, requested: Option<TimeDelta>) -> Option<TimeDelta> {
    let index = usize::try_from(attempts).ok()?.checked_sub(1)?;
    let planned = TimeDelta::seconds(i64::from(*schedule.get(index)?));
    let fifth = planned / 5;
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "jitter need not be exact"
    )]
    let jitter = TimeDelta::milliseconds((fifth.num_milliseconds() as f64 * chance.clamp(0.0, 1.0)) as i64);
    let requested = requested.unwrap_or_default().min(MAX_REQUESTED);
    Some(planned.max(requested) + jitter)
}

/// Parses `Retry-After`: a number of seconds, or a date.
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number too large for u32 exceeds the longest wait.
        return Some(
            value
                .parse()
                .map_or(MAX_REQUESTED, |seconds: u32| TimeDelta::seconds(seconds.into())),
        );
    }
    let date = DateTime::parse_from_rfc2822(value).ok()?;
    Some((date.with_timezone(&Utc) - now).max(TimeDelta::zero()))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::{SCHEDULE, retry_after, wait};

    #[test]
    fn the_default_schedule_is_that_of_the_specification() {
        let hours = |attempts| wait(&SCHEDULE, attempts, 0.0, None).unwrap().num_hours();
        assert_eq!(wait(&SCHEDULE, 1, 0.0, None), Some(TimeDelta::seconds(5)));
        assert_eq!(wait(&SCHEDULE, 2, 0.0, None), Some(TimeDelta::minutes(5)));
        assert_eq!(wait(&SCHEDULE, 3, 0.0, None), Some(TimeDelta::minutes(30)));
        assert_eq!((4..=9).map(hours).collect::<Vec<_>>(), [2, 5, 10, 14, 20, 24]);
        assert_eq!(wait(&SCHEDULE, 10, 0.0, None), None);
        assert_eq!(wait(&[], 1, 0.0, None), None);
    }

    #[test]
    fn jitter_adds_up_to_a_fifth() {
        assert_eq!(wait(&[100], 1, 0.5, None), Some(TimeDelta::seconds(110)));
        assert_eq!(wait(&[100], 1, 1.0, None), Some(TimeDelta::seconds(120)));
        assert_eq!(wait(&[100], 1, 7.0, None), Some(TimeDelta::seconds(120)));
    }

    #[test]
    fn receivers_can_request_longer_waits_within_bounds() {
        let requested = |seconds| wait(&[100], 1, 0.0, Some(TimeDelta::seconds(seconds)));
        assert_eq!(requested(7), Some(TimeDelta::seconds(100)));
        assert_eq!(requested(700), Some(TimeDelta::seconds(700)));
        assert_eq!(requested(90_000_000), Some(TimeDelta::hours(24)));
    }

    #[test]
    fn retry_after_is_read() {
        let now: DateTime<Utc> = "2024-01-15T10:30:00Z".parse().unwrap();
        let read = |value| retry_after(value, now).map(|wait| wait.num_seconds());
        assert_eq!(read("120"), Some(120));
        assert_eq!(read(" 0 "), Some(0));
        assert_eq!(read("99999999999999999999"), Some(86_400));
        assert_eq!(read("Mon, 15 Jan 2024 10:31:00 GMT"), Some(60));
        assert_eq!(read("Mon, 15 Jan 2024 10:29:00 GMT"), Some(0));
        for bad in ["", "-1", "1.5", "soon", "+5"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
