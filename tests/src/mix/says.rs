//! What two people write down of one truth: each writes it with a probability of its kind, else a value of their own.

use super::chance::Chance;
use serde_json::{Value, json};

/// What the first and the second write.
pub type Says = [Value; 2];

fn each(chance: &mut Chance, truth: Value, exact: f64, mut other: impl FnMut(&mut Chance) -> Value) -> Says {
    [(); 2].map(|()| if chance.yes(exact) { truth.clone() } else { other(chance) })
}

/// A code, or yes and no.
pub fn code(chance: &mut Chance, truth: impl Into<Value>, others: &[&str]) -> Says {
    each(chance, truth.into(), 0.97, |chance| json!(chance.pick(others)))
}

pub fn yes_no(chance: &mut Chance, truth: bool) -> Says {
    each(chance, json!(truth), 0.97, |_| json!(!truth))
}

/// An amount, copied from a paper or said by word.
pub fn money(chance: &mut Chance, truth: i64) -> Says {
    let exact = if chance.yes(0.6) { 0.98 } else { 0.85 };
    by_word(chance, truth, exact)
}

/// An amount that nobody has a paper of.
pub fn about(chance: &mut Chance, truth: i64) -> Says {
    by_word(chance, truth, 0.85)
}

fn by_word(chance: &mut Chance, truth: i64, exact: f64) -> Says {
    each(chance, json!(truth), exact, |chance| {
        json!((truth + chance.range(1, 6) * 50 * *chance.pick(&[-1, 1])).max(50))
    })
}

/// A day not after the last of October, as `yyyy-mm-dd`.
pub fn date(chance: &mut Chance) -> Says {
    let (month, day) = (chance.range(7, 10), chance.range(1, 28));
    each(chance, json!(format!("2026-{month:02}-{day:02}")), 0.92, |chance| {
        json!(format!("2026-{month:02}-{:02}", chance.range(1, 28)))
    })
}

/// A telephone number of nobody.
pub fn phone(chance: &mut Chance) -> Says {
    let number = chance.range(0, 99_999);
    each(chance, json!(format!("154001{number:05}")), 0.99, |chance| {
        json!(format!("154002{:05}", chance.range(0, 99_999)))
    })
}

pub fn name(chance: &mut Chance, truth: &str) -> Says {
    each(chance, json!(truth), 0.97, |_| json!(format!("{truth}某")))
}

/// A name of an office, a school, an employer.
pub fn short_text(chance: &mut Chance, truth: &str) -> Says {
    each(chance, json!(truth), 0.85, |chance| json!(format!("{truth}{}", chance.pick(&["（本部）", "公司", "分部"]))))
}

pub fn address(chance: &mut Chance) -> Says {
    let house = chance.range(10, 99);
    each(chance, json!(format!("示例社区{house}号楼1单元101室")), 0.75, |chance| {
        json!(format!("示例社区{house}栋{}101", chance.pick(&["一单元", "1单元", "东单元"])))
    })
}

/// A sentence of one's own.
pub fn own_words(chance: &mut Chance, about: &str) -> Says {
    [(); 2].map(|()| json!(format!("{about}：记录{}", chance.range(100_000, 999_999))))
}
