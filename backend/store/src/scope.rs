//! A region scope as one range of an indexed column.

use ruhu_domain::region::RegionCode;

/// The first code after every code that begins with this one: digits, so the last byte plus one is above all of them.
pub(crate) fn after(region: &RegionCode) -> String {
    let mut end = region.as_str().to_owned();
    if let Some(last) = end.pop() {
        end.push(char::from_u32(u32::from(last) + 1).unwrap_or(char::MAX));
    }
    end
}

/// A `LIKE` pattern that finds the text anywhere; `\` escapes.
pub(crate) fn anywhere(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.trim().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_region_ends_before_the_next_one() {
        let end = after(&RegionCode::parse("150609").unwrap_or_else(|_| unreachable!()));
        assert_eq!(end, "15060:");
        assert!("150609999999" < end.as_str() && end.as_str() < "150610");
    }

    #[test]
    fn wildcards_in_a_search_are_plain_characters() {
        assert_eq!(anywhere(" 5%_号 "), "%5\\%\\_号%");
    }
}
