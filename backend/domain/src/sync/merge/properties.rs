//! What holds for any three files, not only for the cases of `tests/vectors/merge.json`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::*;
use crate::form::{Path, apply, changes, get, normalise_file, set};

static DEFINITIONS: LazyLock<Definitions> = LazyLock::new(|| Definitions::embedded().unwrap());
static PATTERNS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let patterns = DEFINITIONS.dictionary().patterns().map(|(pattern, _)| pattern);
    let mut patterns: Vec<String> = patterns.filter(|pattern| !pattern.starts_with("visit/")).collect();
    patterns.sort();
    // Where things go wrong: groups, references, rows.
    for likely in ["persons/*/name", "persons/*/relation", "income_items/*/person_id", "income_items/*/amount"] {
        patterns.extend(std::iter::repeat_n(likely.to_owned(), 12));
    }
    for likely in ["cause_person_id", "cause_primary", "needs", "urgency", "remarks", "expense_items/*/person_id"] {
        patterns.extend(std::iter::repeat_n(likely.to_owned(), 6));
    }
    patterns
});
const ROWS: [&str; 3] = [
    "01890000-0000-7000-8000-000000000001",
    "01890000-0000-7000-8000-000000000002",
    "01890000-0000-7000-8000-000000000003",
];
const TABLES: [&str; 5] = ["persons", "income_items", "expense_items", "vehicles", "relief_items"];

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        4 => (0_i64..4).prop_map(Value::from),
        8 => select(vec!["甲", "乙", " 甲 ", "normal", "urgent", "2026-01", "138****5678", "13812345678"]).prop_map(Value::from),
        8 => select(ROWS.to_vec()).prop_map(Value::from),
        3 => prop::collection::vec(select(vec!["a", "b", "c"]).prop_map(Value::from), 0..4).prop_map(Value::from),
        1 => Just(json!({"lat_e6": 1})),
    ]
}

/// A write of a value, or a row that is taken away.
#[derive(Debug, Clone)]
struct Edit {
    path: String,
    value: Value,
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let write = (any::<Index>(), select(ROWS.to_vec()), any_value())
        .prop_map(|(index, row, value)| Edit { path: index.get(&PATTERNS).replace('*', row), value });
    let removal = (select(TABLES.to_vec()), select(ROWS.to_vec()))
        .prop_map(|(table, row)| Edit { path: format!("{table}/{row}"), value: Value::Null });
    prop_oneof![6 => write, 1 => removal]
}

fn edited(file: &File, edits: &[Edit]) -> File {
    let mut file = file.clone();
    edits.iter().for_each(|edit| set(&mut file, Path::parse(&edit.path).unwrap(), edit.value.clone()));
    file
}

prop_compose! {
    /// Base, current and my file.
    fn any_case()(
        base in prop::collection::vec(any_edit(), 0..25),
        current in prop::collection::vec(any_edit(), 0..8),
        mine in prop::collection::vec(any_edit(), 0..8),
    ) -> (File, File, File) {
        let base = normalise_file(DEFINITIONS.dictionary(), None, &edited(&File::new(), &base));
        let current = normalise_file(DEFINITIONS.dictionary(), None, &edited(&base, &current));
        let mine = edited(&base, &mine);
        (base, current, mine)
    }
}

fn time(second: i64) -> Time {
    Time::from_micros(second * 1_000_000)
}

fn merged(base: &File, current: &File, mine: &[Change]) -> Merged {
    let theirs_at = |path: &str| (!path.len().is_multiple_of(3)).then(|| time(path.len() as i64 % 7));
    let definitions = &*DEFINITIONS;
    merge(&Rebase { definitions, base, current, mine, mine_at: time(3), theirs_at: &theirs_at })
}

fn mine_of(base: &File, mine: &File) -> Vec<Change> {
    changes(DEFINITIONS.dictionary(), Some(base), mine)
}

/// The paths that a list of the result speaks of, and whether one of them stands for another path.
fn covers_path(merged: &Merged, path: &str) -> bool {
    let accepted = merged.accepted.iter().chain(&merged.already).map(|change| change.path.as_str());
    let settled = merged.settled.iter().map(|settled| settled.path.as_str());
    let refused = merged.refused.iter().map(|refused| refused.path.as_str());
    let clashes = merged.clashes.iter().flat_map(|clash| clash.paths.iter().map(String::as_str));
    let mut all = accepted.chain(settled).chain(refused).chain(clashes);
    all.any(|found| path == found || path.strip_prefix(found).is_some_and(|rest| rest.starts_with('/')))
}

/// Every text, number and code of mine that the result keeps somewhere.
fn kept_values(merged: &Merged) -> String {
    serde_json::to_string(merged).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn without_others_everything_is_accepted((base, _, mine) in any_case()) {
        let mine = mine_of(&base, &mine);
        let found = merged(&base, &base, &mine);
        prop_assert!(found.clashes.is_empty() && found.settled.is_empty() && found.already.is_empty());
        prop_assert!(!found.is_beside_others);
        let refused: BTreeSet<&str> = found.refused.iter().map(|refused| refused.path.as_str()).collect();
        let rest: Vec<Change> = mine.into_iter().filter(|change| !refused.contains(change.path.as_str())).collect();
        prop_assert_eq!(found.accepted, rest);
        for refused in &found.refused {
            prop_assert!(["value.server_only", "ref.unknown"].contains(&refused.code), "{}", refused.code);
        }
    }

    #[test]
    fn the_order_of_the_changes_does_not_matter((base, current, mine) in any_case(), seed in any::<u64>()) {
        let mine = mine_of(&base, &mine);
        let mut mixed = mine.clone();
        mixed.sort_by_key(|change| crate::form::sha256_hex(format!("{seed}{}", change.path).as_bytes()));
        prop_assert_eq!(merged(&base, &current, &mine), merged(&base, &current, &mixed));
    }

    #[test]
    fn nothing_of_mine_is_lost((base, current, mine) in any_case()) {
        let mine = mine_of(&base, &mine);
        let found = merged(&base, &current, &mine);
        let kept = kept_values(&found);
        for change in &mine {
            prop_assert!(covers_path(&found, &change.path), "{} is nowhere", change.path);
            let is_short_form = found.settled.iter().any(|settled| settled.path == change.path);
            if !change.to.is_null() && !is_short_form {
                let value = serde_json::to_string(&change.to).unwrap();
                prop_assert!(kept.contains(&value), "{} of {} is nowhere", value, change.path);
            }
        }
        for settled in &found.settled {
            let written = mine.iter().find(|change| change.path == settled.path);
            prop_assert_eq!(written.map(|change| &change.to), Some(&settled.mine));
        }
    }

    #[test]
    fn what_is_accepted_is_what_the_file_holds_after_it((base, current, mine) in any_case()) {
        let found = merged(&base, &current, &mine_of(&base, &mine));
        let after = apply(DEFINITIONS.dictionary(), Some(&current), &found.accepted).unwrap();
        let broken = newly_dangling(DEFINITIONS.dictionary(), &current, &after);
        prop_assert!(broken.is_empty(), "{broken:?} dangle");
        let clashing: Vec<&String> = found.clashes.iter().flat_map(|clash| &clash.paths).collect();
        for change in &found.accepted {
            prop_assert_eq!(get(&current, &change.path).unwrap_or(&Value::Null), &change.from);
            prop_assert!(!clashing.contains(&&change.path), "{} is accepted and clashes", change.path);
        }
        // What nobody of us touched stays as the others left it.
        let written = |path: &str| found.accepted.iter().any(|change| {
            path.starts_with(&change.path) || change.path.starts_with(path)
        });
        for theirs in changes(DEFINITIONS.dictionary(), Some(&base), &current) {
            if !written(&theirs.path) {
                prop_assert_eq!(get(&after, &theirs.path), get(&current, &theirs.path));
            }
        }
    }

    #[test]
    fn no_row_is_taken_away_under_an_edit_and_none_comes_back((base, current, mine) in any_case()) {
        let found = merged(&base, &current, &mine_of(&base, &mine));
        for change in &found.accepted {
            match Path::parse(&change.path).unwrap() {
                Path::Row { .. } => prop_assert_eq!(get(&base, &change.path), get(&current, &change.path)),
                Path::Cell { table, id, .. } => {
                    let row = format!("{table}/{id}");
                    prop_assert!(get(&base, &row).is_none() || get(&current, &row).is_some(), "{row} came back");
                }
                Path::Scalar(_) => {}
            }
        }
        let groups: Vec<&Clash> = found.clashes.iter().filter(|clash| clash.kind == ClashKind::Group).collect();
        for (clash, change) in groups.iter().flat_map(|clash| found.accepted.iter().map(move |change| (clash, change))) {
            let group = DEFINITIONS.dictionary().field(&change.path).and_then(|field| field.group.clone());
            let is_household = group.as_deref().is_some_and(|group| group == clash.path);
            let is_in_row = change.path.rsplit_once('/').zip(group).is_some_and(|((row, _), group)| format!("{row}#{group}") == clash.path);
            prop_assert!(!is_household && !is_in_row, "{} was accepted from {}", change.path, clash.path);
        }
    }

    #[test]
    fn both_the_same_needs_nobody((base, current, _) in any_case()) {
        let found = merged(&base, &current, &mine_of(&base, &current));
        prop_assert!(found.accepted.is_empty() && found.clashes.is_empty() && found.settled.is_empty());
    }

    #[test]
    fn disjoint_single_paths_never_clash((base, current, mine) in any_case()) {
        let single = |change: &Change| {
            let field = DEFINITIONS.dictionary().field(&change.path);
            let is_in_old_row = match Path::parse(&change.path) {
                Some(Path::Cell { table, id, .. }) => get(&base, &format!("{table}/{id}")).is_some(),
                Some(Path::Scalar(_)) => true,
                _ => false,
            };
            field.is_some_and(|field| field.group.is_none() && field.rows.is_none()) && is_in_old_row
        };
        let theirs: Vec<Change> = mine_of(&base, &current).into_iter().filter(|change| single(change) && change.to != Value::Null).collect();
        let is_apart = |change: &Change| theirs.iter().all(|other| other.path != change.path);
        let mine: Vec<Change> = mine_of(&base, &mine).into_iter().filter(|change| single(change) && is_apart(change)).collect();
        let current = apply(DEFINITIONS.dictionary(), Some(&base), &theirs).unwrap();
        let found = merged(&base, &current, &mine);
        // A row that I emptied cell by cell is a row that I took away.
        let is_emptied = |clash: &Clash| clash.kind == ClashKind::RowGone && clash.mine.is_null();
        prop_assert!(found.clashes.iter().all(is_emptied), "{:?}", found.clashes);
        prop_assert!(found.settled.is_empty());
    }

    #[test]
    fn whole_decisions_leave_one_side((base, current, mine) in any_case()) {
        let found = merged(&base, &current, &mine_of(&base, &mine));
        let mut file = apply(DEFINITIONS.dictionary(), Some(&current), &found.accepted).unwrap();
        let today = crate::form::parse_date("2026-11-26").unwrap();
        for clash in &found.clashes {
            let decide = |choice| resolve(&DEFINITIONS, clash, choice, None, &file, today);
            prop_assert_eq!(decide(Choice::Theirs), Ok(Vec::new()));
            prop_assert_eq!(decide(Choice::Other), Err(ResolveRefusal::NoValue));
            match decide(Choice::Mine) {
                Ok(changes) => {
                    let after = apply(DEFINITIONS.dictionary(), Some(&file), &changes).unwrap();
                    for waiting in &clash.waiting {
                        prop_assert_eq!(get(&after, &waiting.path).unwrap_or(&Value::Null), &waiting.to);
                    }
                    let sides: Vec<(&str, &Value)> = match (clash.kind, &clash.mine) {
                        (ClashKind::Group, Value::Object(parts)) => parts.iter().map(|(p, v)| (p.as_str(), v)).collect(),
                        (_, mine) => vec![(clash.path.as_str(), mine)],
                    };
                    for (path, value) in sides {
                        prop_assert_eq!(get(&after, path).unwrap_or(&Value::Null), value);
                    }
                    file = after;
                }
                Err(refusal) => prop_assert!(matches!(refusal, ResolveRefusal::Breaks(_)), "{refusal}"),
            }
        }
    }

    #[test]
    fn any_json_is_merged_without_panic(
        (base, _, _) in any_case(),
        odd in any_value(),
        paths in prop::collection::vec(select(vec!["persons", "persons/1", "persons/*/name", "", "needs", "visit/outcome", "a/b/c/d"]), 0..6),
    ) {
        let mut current = base.clone();
        current.insert("persons".to_owned(), odd.clone());
        let change = |path: &&str| Change { path: (*path).to_owned(), from: Value::Null, to: odd.clone() };
        let mine: Vec<Change> = paths.iter().map(change).collect();
        for (base, current) in [(&base, &current), (&current, &base), (&current, &current)] {
            let found = merged(base, current, &mine);
            prop_assert!(apply(DEFINITIONS.dictionary(), Some(current), &found.accepted).is_ok());
        }
    }
}
