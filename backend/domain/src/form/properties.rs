//! What holds for every value and every file, not only for the cases of `tests/vectors`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::changes::EmptyRows;
use super::*;

static DEFINITIONS: LazyLock<Definitions> = LazyLock::new(|| Definitions::embedded().unwrap());
static FIELDS: LazyLock<Vec<(String, Arc<Field>)>> = LazyLock::new(|| {
    let mut fields: Vec<_> =
        DEFINITIONS.dictionary().patterns().map(|(pattern, field)| (pattern, field.clone())).collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    fields
});
const ROWS: [&str; 3] = [
    "01890000-0000-7000-8000-000000000001",
    "01890000-0000-7000-8000-000000000002",
    "01890000-0000-7000-8000-000000000003",
];

fn today() -> NaiveDate {
    parse_date("2026-11-23").unwrap()
}

/// Any JSON value, mostly of the kinds that answers have.
fn any_answer() -> impl Strategy<Value = Value> {
    let text = "[ 0-9a-zxX０-９ｘ　乌云其.·•\\-]{0,20}".prop_map(Value::from);
    let code =
        prop::sample::select(vec!["wage", "dibao", "month", "year", "done", "partial", "C08", "student", " wage "]);
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000_i64..1_000_000).prop_map(Value::from),
        (-1000_i32..1000).prop_map(|n| json!(f64::from(n))),
        text,
        code.clone().prop_map(Value::from),
        prop::sample::select(vec![
            "150699197203140011",
            "150699720314001",
            "11010519491231002x",
            "1972-03-14",
            "2024-02-30"
        ])
        .prop_map(Value::from),
        prop::sample::select(ROWS.to_vec()).prop_map(Value::from),
        prop::collection::vec(code.prop_map(Value::from), 0..4).prop_map(Value::from),
        (any::<i32>(), any::<i32>()).prop_map(|(lat, lon)| json!({"lat_e6": lat, "lon_e6": lon, "accuracy_m": 1.0})),
    ]
}

/// Any JSON value at all: names and texts of every kind of character, numbers to their limits, nested.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any_answer(),
        any::<String>().prop_map(Value::from),
        "[\\x00-\\x7f\u{2028}\u{e000}-\u{ffff}\u{1f600}]{0,8}".prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (any::<bool>(), -2_i64..3).prop_map(|(neg, d)| Value::from(((1_i64 << 53) + d) * if neg { -1 } else { 1 })),
        any::<f64>().prop_filter("JSON has no such number", |n| n.is_finite()).prop_map(|n| json!(n)),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let name = prop_oneof!["[a-z0-9_/-]{0,6}", "[\u{e000}-\u{ffff}\u{1f600}a]{0,3}", any::<String>()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A file as it may come from a form: not normalised, with any value anywhere.
fn any_file() -> impl Strategy<Value = File> {
    let cell = (any::<prop::sample::Index>(), prop::sample::select(ROWS.to_vec()), any_answer());
    prop::collection::vec(cell, 0..40).prop_map(|cells| {
        let mut file = File::new();
        for (index, row, value) in cells {
            let pattern = &index.get(&FIELDS).0;
            match pattern.split('/').collect::<Vec<_>>().as_slice() {
                [name] => drop(file.insert((*name).to_owned(), value)),
                [table, "*", column] => {
                    let rows = file.entry((*table).to_owned()).or_insert_with(|| json!({}));
                    rows[row][*column] = value;
                }
                _ => {}
            }
        }
        file
    })
}

fn any_valid_id() -> impl Strategy<Value = String> {
    (100_000_u32..700_000, 0_i64..50_000, 0_u32..1000).prop_map(|(region, days, sequence)| {
        let birth = parse_date("1885-01-01").unwrap() + chrono::Duration::days(days);
        let body = format!("{region}{}{sequence:03}", birth.format("%Y%m%d"));
        let last = "0123456789X".chars().find(|last| read_id_no(&format!("{body}{last}"), today()).is_ok());
        format!("{body}{}", last.unwrap())
    })
}

proptest! {
    #[test]
    fn applying_the_changes_gives_the_file(base in any_file(), file in any_file()) {
        let dictionary = DEFINITIONS.dictionary();
        let base = normalise_file(dictionary, None, &base);
        let changes = changes(dictionary, Some(&base), &file);
        prop_assert!(changes.is_sorted_by(|a, b| a.path < b.path));
        let after = apply(dictionary, Some(&base), &changes).unwrap();
        prop_assert_eq!(&after, &normalise_file(dictionary, Some(&base), &file));
        prop_assert!(super::changes(dictionary, Some(&after), &file).is_empty());
    }

    #[test]
    fn applying_the_changes_backwards_gives_the_base(base in any_file(), file in any_file()) {
        let dictionary = DEFINITIONS.dictionary();
        let (base, file) = (normalise_file(dictionary, None, &base), normalise_file(dictionary, None, &file));
        let there = changes(dictionary, Some(&base), &file);
        let back = changes(dictionary, Some(&file), &base);
        prop_assert_eq!(apply(dictionary, Some(&apply(dictionary, Some(&base), &there).unwrap()), &back).unwrap(), base);
    }

    #[test]
    fn normalising_twice_changes_nothing(index in any::<prop::sample::Index>(), value in any_answer()) {
        let field = &index.get(&FIELDS).1;
        let once = normalise(field, &value);
        prop_assert_eq!(normalise(field, &once), once);
    }

    #[test]
    fn any_changed_digit_of_an_id_number_is_found(id in any_valid_id(), at in 0_usize..18, digit in 0_u8..10) {
        prop_assume!(id.as_bytes()[at] != b'0' + digit);
        let mut changed = id.into_bytes();
        changed[at] = b'0' + digit;
        prop_assert!(read_id_no(std::str::from_utf8(&changed).unwrap(), today()).is_err());
    }

    #[test]
    fn a_masked_value_is_recognised(value in "[0-9]{5,19}") {
        for mask in [Mask::IdNo, Mask::Phone, Mask::BankCard, Mask::Tail4, Mask::Hidden] {
            prop_assert!(is_masked(&mask_value(mask, &value)));
        }
    }

    #[test]
    fn any_draft_is_judged_without_panic_and_the_same_twice(base in any_file(), file in any_file(), answer in any_answer()) {
        let visit = json!({"outcome": "done", "no_income": answer.clone(), "changes_declared": ["income", "members"]});
        let draft = Draft { file, visit: visit.as_object().cloned().unwrap(), later: Vec::new() };
        let meta = Meta { today: today(), started_at: None, ended_at: None };
        for form in DEFINITIONS.forms() {
            let first = validate(&DEFINITIONS, form, Some(&base), &draft, &meta);
            prop_assert_eq!(&first, &validate(&DEFINITIONS, form, Some(&base), &draft, &meta));
            // A card without any value stays a card: what the form shows is judged, not what will be sent.
            let file = super::changes::settle(DEFINITIONS.dictionary(), Some(&base), &draft.file, EmptyRows::Keep);
            let settled = Draft { file, ..draft.clone() };
            let second = validate(&DEFINITIONS, form, Some(&base), &settled, &meta);
            prop_assert_eq!(first.derived, second.derived);
        }
    }

    #[test]
    fn the_quick_canonical_text_is_the_general_one(value in any_json()) {
        prop_assert_eq!(canonical_json(&value).unwrap(), serde_jcs::to_string(&value).unwrap());
    }
}
