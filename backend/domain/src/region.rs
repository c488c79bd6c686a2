//! Region codes: GB/T 2260 and the statistical division codes, 2-2-2-3-3 digits.
//! A scope is a code prefix, so containment is one indexed range per query.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A region code of 2, 4, 6, 9 or 12 digits; a six-digit code that ends in `00` is its city (`150600` = `1506`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct RegionCode(String);

/// The text is not a region code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a region code has 2, 4, 6, 9 or 12 digits")]
pub struct BadRegionCode;

impl RegionCode {
    /// Reads a code; `150600` is kept as `1506` so that a prefix covers the whole city.
    pub fn parse(text: &str) -> Result<Self, BadRegionCode> {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        if !digits || !matches!(text.len(), 2 | 4 | 6 | 9 | 12) {
            return Err(BadRegionCode);
        }
        Ok(Self(match (text.len(), text.strip_suffix("00")) {
            (6, Some(city)) => city.to_owned(),
            _ => text.to_owned(),
        }))
    }

    /// The digits, usable as a prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this region or lies in it.
    pub fn contains(&self, other: &RegionCode) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The six digits of the banner or district, if the code goes that deep.
    pub fn banner(&self) -> Option<&str> {
        self.0.get(..6)
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RegionCode {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_city_contains_its_banners_and_towns_and_nothing_else() {
        let city = RegionCode::parse("150600").unwrap();
        let town = RegionCode::parse("150602001").unwrap();
        assert!(city.contains(&town));
        assert!(!town.contains(&city));
        assert!(!RegionCode::parse("150603").unwrap().contains(&town));
        assert_eq!(town.banner(), Some("150602"));
    }

    #[test]
    fn other_lengths_and_letters_are_refused() {
        for bad in ["", "1", "150", "15060", "1506020", "15060a", "１５０６０２"] {
            assert_eq!(RegionCode::parse(bad), Err(BadRegionCode));
        }
    }
}
