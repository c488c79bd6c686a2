//! `Time`: UTC with microseconds, the only timestamp; `Date`: a day of the calendar of Asia/Shanghai.

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveDateTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

/// A local calendar day. Legal dates never pass through time zone arithmetic.
pub type Date = NaiveDate;

/// China has had one offset and no summer time since 1992.
const SHANGHAI_OFFSET_S: i32 = 8 * 3600;

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

    /// This instant moved by a number of milliseconds.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.checked_add_signed(Duration::milliseconds(ms)).unwrap_or(self.0))
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
            .map(|at| Self::from_utc(at.with_timezone(&Utc)))
            .map_err(|_| D::Error::custom("expected a time like 2026-01-31T08:00:00Z"))
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
}
