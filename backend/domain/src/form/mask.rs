//! How a value looks to whoever may not see it (DOMAIN §9.2).

use serde::{Deserialize, Serialize};

/// The shape that covers a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// First three and last four characters.
    IdNo,
    /// First three and last four characters.
    Phone,
    /// `**** ` and the last four digits.
    BankCard,
    /// The last four characters.
    Tail4,
    /// Nothing but `****`.
    Hidden,
}

const STARS: &str = "****";

/// The covered form of a value. Nothing stays nothing.
pub fn mask_value(mask: Mask, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    match mask {
        Mask::IdNo | Mask::Phone => cover(value, 3, 4),
        Mask::Tail4 => cover(value, 0, 4),
        Mask::Hidden => STARS.to_owned(),
        Mask::BankCard => {
            let count = value.chars().count();
            if count <= 4 {
                return STARS.to_owned();
            }
            let tail: String = value.chars().skip(count - 4).collect();
            format!("{STARS} {tail}")
        }
    }
}

/// Whether a text is a covered form: no value of a masked field holds a star itself.
pub fn is_masked(value: &str) -> bool {
    value.contains('*')
}

/// A name in a list: the first character, and the last of a name without `·` that has three or more.
pub fn mask_name(name: &str) -> String {
    let count = name.chars().count();
    let dotted = name.contains('·');
    let keep = |(at, c): (usize, char)| {
        let first = at == 0 && count > 1;
        let last = !dotted && count >= 3 && at + 1 == count;
        if first || last || c == '·' { c } else { '*' }
    };
    name.chars().enumerate().map(keep).collect()
}

/// Keeps `head` and `tail` characters; a value too short for that is covered whole.
fn cover(value: &str, head: usize, tail: usize) -> String {
    let count = value.chars().count();
    if count <= head + tail {
        return "*".repeat(count);
    }
    value.chars().enumerate().map(|(at, c)| if at < head || at >= count - tail { c } else { '*' }).collect()
}
