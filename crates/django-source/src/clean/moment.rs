//! Reads times in every format that Django can read.

use chrono::{
    DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc,
};
use chrono_tz::Tz;

use crate::value::Value;

/// Reads a time. If it has no offset, it is in `zone`. A date is read as its midnight. `None` if the text is not a time.
pub(crate) fn read(value: &Value, zone: Tz) -> Option<DateTime<Utc>> {
    let text = value.text()?.trim();
    let (date, rest) = match text.split_once(['T', 't', ' ']) {
        Some((date, rest)) => (date, rest.trim_start()),
        None => (text, ""),
    };
    let date = day(date)?;
    let (time, offset) = if rest.is_empty() {
        ("00:00", None)
    } else {
        split_offset(rest)?
    };
    let local = date.and_time(clock(time)?);
    let moment = match offset {
        Some(offset) => offset.from_local_datetime(&local).single()?.to_utc(),
        None => in_zone(local, zone)?,
    };
    // The years that both databases and Python can represent.
    (1..=9999)
        .contains(&chrono::Datelike::year(&moment))
        .then_some(moment)
}

fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => Some(moment.to_utc()),
        // A time in the hour that is skipped when summer time begins has the offset from before the change.
        LocalResult::None => {
            let earlier = local.checked_sub_signed(chrono::TimeDelta::hours(3))?;
            let offset = zone.offset_from_utc_datetime(&earlier).fix();
            offset
                .from_local_datetime(&local)
                .single()
                .map(|moment| moment.to_utc())
        }
    }
}

fn number<T: std::str::FromStr>(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<T> {
    let is_valid = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_valid { text.parse().ok() } else { None }
}

fn day(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(number(year, 4..=4)?, number(month, 1..=2)?, number(day, 1..=2)?)
}

fn clock(text: &str) -> Option<NaiveTime> {
    let mut parts = text.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next().unwrap_or("00"));
    if parts.next().is_some() {
        return None;
    }
    let (second, fraction) = second.split_once(['.', ',']).unwrap_or((second, "0"));
    let _: u64 = number(fraction, 1..=12)?;
    let micros: u32 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    NaiveTime::from_hms_micro_opt(
        number(hour, 1..=2)?,
        number(minute, 1..=2)?,
        number(second, 1..=2)?,
        micros,
    )
}

/// Splits `Z`, `+03`, `+0300`, `+03:00` or `+03:00:00` from the end of a time of day.
fn split_offset(text: &str) -> Option<(&str, Option<FixedOffset>)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time.trim_end(), Some(Utc.fix())));
    }
    let Some(sign) = text.find(['+', '-']) else {
        return Some((text, None));
    };
    let (time, offset) = (text.get(..sign)?.trim_end(), text.get(sign + 1..)?);
    let digits = offset.replace(':', "");
    let part = |range| {
        digits
            .get(range)
            .map_or(Some(0), |text| number::<i32>(text, 2..=2))
    };
    if !matches!(digits.len(), 2 | 4 | 6) {
        return None;
    }
    let seconds = part(0..2)? * 3600 + part(2..4)? * 60 + part(4..6)?;
    let seconds_east = if text.as_bytes().get(sign) == Some(&b'-') {
        -seconds
    } else {
        seconds
    };
    Some((time, Some(FixedOffset::east_opt(seconds_east)?)))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::value::Value;
    use chrono_tz::Tz;

    fn utc(text: &str, zone: Tz) -> Option<String> {
        read(&Value::Text(text.to_owned()), zone)
            .map(|moment| moment.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }

    #[test]
    fn every_format_of_django_is_read() {
        for (text, moment) in [
            ("2024-05-06 10:00:00.123456", "2024-05-06T10:00:00.123456Z"),
            ("2024-05-06 10:00:00", "2024-05-06T10:00:00Z"),
            ("2024-05-06T10:00:00Z", "2024-05-06T10:00:00Z"),
            ("2024-05-06 10:00:00+00", "2024-05-06T10:00:00Z"),
            ("2024-05-06 07:00:00-03:00", "2024-05-06T10:00:00Z"),
            ("2024-05-06 15:30:00+0530", "2024-05-06T10:00:00Z"),
            ("2024-05-06 10:00", "2024-05-06T10:00:00Z"),
            ("2024-05-06 10:00:00.5", "2024-05-06T10:00:00.500Z"),
            ("2024-05-06", "2024-05-06T00:00:00Z"),
            ("2024-05-06 10:00:00.123456789", "2024-05-06T10:00:00.123456Z"),
        ] {
            assert_eq!(utc(text, Tz::UTC).as_deref(), Some(moment), "{text}");
        }
    }

    #[test]
    fn other_texts_are_rejected() {
        for text in [
            "",
            "yesterday",
            "2024-13-01",
            "2024-02-30 10:00",
            "0000-01-01",
            "infinity",
            "2024-05-06 25:00",
            "2024-05-06 10",
            "99999-01-01 00:00:00",
            "2024-05-06 10:00:00+99",
            "2024-05-06 10:00:00+é",
        ] {
            assert_eq!(utc(text, Tz::UTC), None, "{text}");
        }
    }

    #[test]
    fn a_missing_offset_is_taken_from_the_zone() {
        let zone = Tz::America__Sao_Paulo;
        assert_eq!(
            utc("2024-05-06 07:00:00", zone).as_deref(),
            Some("2024-05-06T10:00:00Z")
        );
        assert_eq!(
            utc("2024-05-06 10:00:00Z", zone).as_deref(),
            Some("2024-05-06T10:00:00Z")
        );
        // Summer time began at midnight, and the hour after it was skipped.
        assert_eq!(
            utc("2018-11-04 00:30:00", zone).as_deref(),
            Some("2018-11-04T03:30:00Z")
        );
        // Summer time ended at midnight, and the hour before midnight was repeated. The time is read as the first of the two.
        assert_eq!(
            utc("2018-02-17 23:30:00", zone).as_deref(),
            Some("2018-02-18T01:30:00Z")
        );
    }
}
