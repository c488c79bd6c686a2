#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::history::Maker;
use super::*;

#[test]
fn every_edge_case_and_a_few_hundred_households_fit_their_forms() {
    let definitions = Definitions::embedded().unwrap();
    let now = Time::from_micros(1_795_000_000_000_000);
    let mut random = Random::new(2018);
    let staff = staff::make(&mut random, 60, now, "-").unwrap();
    let towns: Vec<String> = BANNERS
        .iter()
        .flat_map(|(banner, _)| ["001", "100"].map(|town| format!("{banner}{town}")))
        .filter(|town| definitions.regions().knows(ruhu_domain::form::Level::Town, town))
        .map(|town| format!("{town}001"))
        .collect();
    let maker = Maker { definitions: &definitions, staff: &staff, towns: &towns, now };
    let mut before = None;
    let mut visits = 0;
    for index in 0..300 {
        let story = maker.story(&mut random, index, before.as_ref()).unwrap();
        visits += story.visits();
        before = Some(story);
    }
    assert!(visits > 300);
}

/// What a form finds wrong with a household may depend on the day on which the demo is made.
#[test]
fn on_any_day_of_a_year_the_households_fit_their_forms() {
    let definitions = Definitions::embedded().unwrap();
    for day in (0..365).step_by(7) {
        let started_at = Time::from_micros(1_795_000_000_000_000).plus_ms(day * 86_400_000);
        for seed in 0..20 {
            let seed = u64::try_from(day).unwrap() * 1_000 + seed;
            let found = found_household(&definitions, seed, "150602001001", started_at);
            assert!(found.is_ok(), "day {day}, seed {seed}: {found:?}");
        }
    }
}

#[test]
fn the_same_seed_makes_the_same_people() {
    let now = Time::from_micros(1_795_000_000_000_000);
    let logins = |seed| {
        let staff = staff::make(&mut Random::new(seed), 60, now, "-").unwrap();
        staff.everyone().map(|user| (user.login.clone(), user.name.clone(), user.id)).collect::<Vec<_>>()
    };
    assert_eq!(logins(7), logins(7));
    assert_ne!(logins(7), logins(8));
}
