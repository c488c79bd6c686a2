//! Local calendar dates as text: no time zones, no clock.

use chrono::{Datelike, NaiveDate};

/// Reads `yyyy-mm-dd` of the years 0001 to 9999 and nothing looser.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    NaiveDate::from_ymd_opt(number(year, 4)?.try_into().ok()?, number(month, 2)?, number(day, 2)?)
        .filter(|date| date.year() > 0)
}

/// Reads `yyyy-mm`; the first day of that month.
pub fn parse_month(text: &str) -> Option<NaiveDate> {
    let (year, month) = text.split_once('-')?;
    NaiveDate::from_ymd_opt(number(year, 4)?.try_into().ok()?, number(month, 2)?, 1).filter(|date| date.year() > 0)
}

/// Full years from `birth` to `today`; who was born on 29 February turns a year older on 1 March of common years.
/// `None` before the birth.
pub fn full_years(birth: NaiveDate, today: NaiveDate) -> Option<i64> {
    let before_birthday = (today.month(), today.day()) < (birth.month(), birth.day());
    let years = i64::from(today.year()) - i64::from(birth.year()) - i64::from(before_birthday);
    (birth <= today).then_some(years)
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let is_plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    if is_plain { text.parse().ok() } else { None }
}
