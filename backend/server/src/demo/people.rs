//! Names, identity numbers and telephone numbers that belong to nobody (domain specification §11).
//!
//! ID numbers use the unassigned county code 150699 (152799 for the former league), mobiles the unused prefix 154.

use super::random::Random;
use chrono::{Datelike, NaiveDate};

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马",
    "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓", "许", "傅", "沈", "曾",
];
const GIVEN: &[&str] = &[
    "安", "平", "和", "宁", "清", "明", "文", "春", "秋", "晨", "远", "川", "禾", "田", "石", "松", "竹", "兰", "云",
    "星", "晓", "新", "立", "广", "庆", "永", "长", "青", "雨", "雪", "江", "海", "山", "林", "源", "恩", "可", "嘉",
];
const MONGOLIAN: &[&str] = &[
    "乌云",
    "其其格",
    "巴特尔",
    "格日勒",
    "图雅",
    "苏德",
    "那仁",
    "高娃",
    "孟和",
    "朝鲁",
    "娜仁",
    "斯琴",
    "宝音",
    "赛汗",
];
/// Characters outside GB 2312, to show whether a phone's fonts have them.
const RARE: &[&str] = &["𬭊", "㐂", "䶮"];

/// A made-up name: 15 % Mongolian-style transcriptions, 1 % with the separator, 0.5 % with a rare character.
pub fn name(random: &mut Random) -> String {
    if random.chance(1.0) {
        return format!("{}·{}", random.pick(MONGOLIAN), random.pick(MONGOLIAN));
    }
    if random.chance(15.0) {
        return format!("{}{}", random.pick(MONGOLIAN), random.pick(MONGOLIAN));
    }
    if random.chance(0.5) {
        return format!("{}{}", random.pick(SURNAMES), random.pick(RARE));
    }
    let surname = random.pick(SURNAMES);
    let first = random.pick(GIVEN);
    if random.chance(30.0) { format!("{surname}{first}") } else { format!("{surname}{first}{}", random.pick(GIVEN)) }
}

/// A name of twelve characters.
pub fn long_name() -> String {
    "乌云其其格巴特尔图雅苏德".to_owned()
}

/// A name with a character outside GB 2312.
pub fn rare_name() -> String {
    format!("王{}", RARE[0])
}

/// An ID number with the given six-digit prefix, birth date and sex (`1` male, `2` female); the check digit is right.
pub fn id_no(random: &mut Random, prefix: &str, born: NaiveDate, sex: &str) -> String {
    let mut sequence = random.range(1, 998);
    if (sequence % 2 == 1) != (sex == "1") {
        sequence += 1;
    }
    let body = format!("{prefix}{:04}{:02}{:02}{sequence:03}", born.year(), born.month(), born.day());
    let sum: u32 = body.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{body}{}", CHECK[(sum % 11) as usize] as char)
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: [u8; 11] = *b"10X98765432";

/// A mobile number of a prefix not in public use.
pub fn phone(random: &mut Random) -> String {
    format!("154{:08}", random.range(0, 99_999_999))
}

/// A birthday that makes somebody `age` years old on `today`.
pub fn birthday(random: &mut Random, today: NaiveDate, age: i64) -> NaiveDate {
    let days = age * 365 + age / 4 + random.range(1, 360);
    today - chrono::Duration::days(days)
}
