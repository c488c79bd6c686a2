//! `Time`: UTC with microseconds, the only timestamp; `Date`: a day of the calendar of Asia/Shanghai.

use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

/// A local calendar day. Legal dates never pass through time zone arithmetic.
pub type Date = NaiveDate;

/// China has had one offset and no summer time since 1992.
const SHANGHAI_OFFSET_S: i32 = 8 * 3600;
/// Years that a time from outside may have: every clock's, and within what both databases keep and read again.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9998;

/// An instant in UTC, cut to microseconds (what both databases keep).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time(NaiveDateTime);

impl Time {
    /// From a clock reading; what is finer than a microsecond is cut off.
    pub fn from_utc(at: DateTime<Utc>) -> Self {
        Self::from_micros(at.timestamp_micros())
    }

    /// From microseconds since 1970-01-01T00:00:00Z; out-of-range values become the epoch.
    pub fn from_micros(micros: i64) -> Self {
        Self(DateTime::from_timestamp_micros(micros).unwrap_or_default().naive_utc())
    }

    /// From a column that holds UTC.
    pub fn from_naive_utc(at: NaiveDateTime) -> Self {
        Self::from_micros(at.and_utc().timestamp_micros())
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        self.0.and_utc().timestamp_micros()
    }

    /// UTC without its zone, for storage.
    pub fn naive_utc(self) -> NaiveDateTime {
        self.0
    }

    /// The calendar day in Asia/Shanghai.
    pub fn date(self) -> Date {
        match FixedOffset::east_opt(SHANGHAI_OFFSET_S) {
            Some(zone) => zone.from_utc_datetime(&self.0).date_naive(),
            None => self.0.date(),
        }
    }

    /// This instant moved by a number of milliseconds; the instant itself when no calendar has the sum.
    pub fn plus_ms(self, ms: i64) -> Self {
        let moved = Duration::try_milliseconds(ms).and_then(|by| self.0.checked_add_signed(by));
        Self(moved.unwrap_or(self.0))
    }

    /// This instant of a clock that is `offset_ms` ahead, by the clock that it was compared with.
    pub fn corrected_by_ms(self, offset_ms: i64) -> Self {
        self.plus_ms(offset_ms.saturating_neg())
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is later.
    pub fn ms_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).num_milliseconds()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.and_utc().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        DateTime::parse_from_rfc3339(&text)
            .ok()
            .map(|at| Self::from_utc(at.with_timezone(&Utc)))
            .filter(|at| YEARS.contains(&at.0.year()))
            .ok_or_else(|| D::Error::custom("expected a time like 2026-01-31T08:00:00Z"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn the_day_changes_at_midnight_in_shanghai() {
        let at: Time = serde_json::from_str("\"2026-11-22T16:00:00Z\"").unwrap();
        assert_eq!(at.date().to_string(), "2026-11-23");
        assert_eq!(at.plus_ms(-1).date().to_string(), "2026-11-22");
    }

    #[test]
    fn text_keeps_microseconds() {
        let at = Time::from_micros(1_763_000_000_123_456);
        let text = serde_json::to_string(&at).unwrap();
        assert_eq!(serde_json::from_str::<Time>(&text).unwrap(), at);
        assert!(text.ends_with("123456Z\""));
    }

    #[test]
    fn no_offset_of_a_clock_is_too_large_to_reckon_with() {
        let at = Time::from_micros(1_763_000_000_000_000);
        for ms in [i64::MIN, i64::MIN + 1, -i64::MAX, i64::MAX, 1 << 62] {
            assert_eq!((at.plus_ms(ms), at.corrected_by_ms(ms)), (at, at), "{ms}");
        }
        assert_eq!(at.corrected_by_ms(1500).ms_since(at), -1500);
    }

    #[test]
    fn a_year_that_no_clock_shows_is_no_time() {
        for text in ["0000-01-01T00:00:00+23:59", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59"] {
            assert!(serde_json::from_value::<Time>(text.into()).is_err(), "{text}");
        }
        assert!(serde_json::from_value::<Time>("1970-01-01T00:00:00Z".into()).is_ok());
    }
}
