//! The resident ID number (GB 11643; DOMAIN §2.14): 17 digits and a check character.

use chrono::NaiveDate;

use super::calendar::parse_date;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_CHARACTERS: &[u8; 11] = b"10X98765432";

/// What is wrong with a number; the check character is looked at before the birth date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdNoFault {
    /// Not 17 digits and a digit or X.
    Length,
    CheckDigit,
    /// Digits 7 to 14 are no date, or one after today.
    BirthDate,
}

impl IdNoFault {
    pub fn code(self) -> &'static str {
        match self {
            IdNoFault::Length => "id_no.length",
            IdNoFault::CheckDigit => "id_no.check_digit",
            IdNoFault::BirthDate => "id_no.birth_date",
        }
    }
}

/// What a valid number tells about its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdNoFacts {
    pub birth_date: NaiveDate,
    /// GB/T 2261.1: `1` male, `2` female.
    pub sex: &'static str,
}

/// The check character of 17 digits.
fn check_character(body: &[u8]) -> u8 {
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    CHECK_CHARACTERS[(sum % 11) as usize]
}

/// The number of 15 digits that was given out until 1999, with its century and check character; `None` when it is not one.
pub fn lengthen(number: &str) -> Option<String> {
    if number.len() != 15 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut long = format!("{}19{}", number.get(..6)?, number.get(6..)?);
    long.push(char::from(check_character(long.as_bytes())));
    Some(long)
}

/// Checks a normalised number of 18 characters. A birth date after `today` is refused.
pub fn read_id_no(number: &str, today: NaiveDate) -> Result<IdNoFacts, IdNoFault> {
    let facts = facts(number)?;
    if facts.birth_date > today { Err(IdNoFault::BirthDate) } else { Ok(facts) }
}

/// The same without a limit on the birth date: for figures, where the value was checked before.
pub(super) fn facts(number: &str) -> Result<IdNoFacts, IdNoFault> {
    let bytes = number.as_bytes();
    let (Some(body), [.., last]) = (bytes.get(..17), bytes) else { return Err(IdNoFault::Length) };
    if bytes.len() != 18 || !body.iter().all(u8::is_ascii_digit) || !(last.is_ascii_digit() || *last == b'X') {
        return Err(IdNoFault::Length);
    }
    if check_character(body) != *last {
        return Err(IdNoFault::CheckDigit);
    }
    let part = |from: usize, to: usize| number.get(from..to).unwrap_or_default();
    let birth_date = parse_date(&format!("{}-{}-{}", part(6, 10), part(10, 12), part(12, 14)));
    let sex = if body[16] % 2 == 1 { "1" } else { "2" };
    birth_date.map(|birth_date| IdNoFacts { birth_date, sex }).ok_or(IdNoFault::BirthDate)
}

/// What kind of number a text holds in clear that belongs into no receipt and no audit row, if any:
/// an ID number whose check digit is right, or a mobile number. Parts of longer words and ids do not count.
pub fn number_in(text: &str) -> Option<&'static str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.split(|c: char| !is_part(c)).find_map(|word| {
        let is_mobile = word.len() == 11
            && word.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(word.as_bytes(), [b'1', b'3'..=b'9', ..]);
        let is_id_no = word.len() == 18 && read_id_no(word, NaiveDate::MAX).is_ok();
        if is_id_no { Some("an ID number") } else { is_mobile.then_some("a telephone number") }
    })
}

#[cfg(test)]
mod tests {
    use super::number_in;

    #[test]
    fn whole_numbers_are_found_and_ids_are_not() {
        assert_eq!(number_in("{\"was\":\"11010519491231002X\"}"), Some("an ID number"));
        assert_eq!(number_in("打 15400005678 给他"), Some("a telephone number"));
        for text in ["110105194912310020", "019c2a3b-1540-7000-8000-154000056789", "{\"n\":154000056}", "a15400005678"]
        {
            assert_eq!(number_in(text), None, "{text}");
        }
    }
}
