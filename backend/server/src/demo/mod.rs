//! Synthetic demo data: nobody in it exists (domain specification §11).
//!
//! The same seed makes the same households. Bodies and proposals pass the same form engine as real ones;
//! they are written through the store, in a few large transactions, because nobody visited them.

mod edge;
mod file;
mod history;
mod people;
mod person;
mod random;
mod settle;
mod staff;
mod survey;
mod visits;

use random::Random;
use ruhu_domain::form::Definitions;
use ruhu_domain::time::Time;
use ruhu_store::{Db, StoreError, Vault, meta, region};
use std::sync::Arc;

/// Password of every demo login. Demo servers show it; `ruhu serve` refuses a database that has these accounts.
pub const PASSWORD: &str = "ruhu-demo-2026";
/// The logins that `cargo run` prints, with what they are.
pub const LOGINS: [(&str, &str); 5] = [
    ("caseworker", "调查员 caseworker"),
    ("supervisor", "旗区审核员 banner supervisor"),
    ("reviewer", "市级复审员 city reviewer"),
    ("admin", "市级管理员 city administrator"),
    ("auditor", "督查 auditor"),
];

/// How large a demo and from which seed.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    pub seed: u64,
    pub households: usize,
    pub caseworkers: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 2018, households: 1_800, caseworkers: 60 }
    }
}

/// What was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    pub users: usize,
    pub households: usize,
    pub visits: usize,
}

/// The demo could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("demo data names a region that does not exist: {0}")]
    Region(#[from] ruhu_domain::region::BadRegionCode),
    #[error("demo data does not fit its form: {0}")]
    Form(String),
}

/// Share of each banner in percent (domain specification §11), code first.
pub(crate) const BANNERS: [(&str, f64); 9] = [
    ("150602", 27.0),
    ("150622", 17.0),
    ("150621", 16.0),
    ("150627", 12.0),
    ("150603", 8.0),
    ("150626", 6.0),
    ("150624", 6.0),
    ("150625", 5.0),
    ("150623", 3.0),
];

/// Households written in one transaction.
const BATCH: usize = 200;
/// Communities that each town gets.
const COMMUNITIES: usize = 2;

/// Fills an empty, migrated database. `password_hash` is the hash of [`PASSWORD`].
pub async fn seed(
    db: &Db,
    vault: &Vault,
    definitions: &Arc<Definitions>,
    options: Options,
    now: Time,
    password_hash: &str,
) -> Result<Summary, SeedError> {
    // Marked before the first account is written: a fill that is broken off never passes for a real database.
    let towns = db
        .write(move |c| {
            meta::upsert(c, meta::DEMO, meta::DEMO_FILLING, now)?;
            communities(c)
        })
        .await?;
    let mut random = Random::new(options.seed);
    let staff = Arc::new(staff::make(&mut random, options.caseworkers, now, password_hash)?);
    let users = staff.everyone().count();
    let written = staff.clone();
    db.write(move |c| staff::write(c, &written, now)).await?;

    let mut summary = Summary { users, ..Summary::default() };
    let mut stories = Vec::with_capacity(BATCH);
    let maker = history::Maker { definitions, staff: &staff, towns: &towns, now };
    for index in 0..options.households {
        let story = maker.story(&mut random, index, stories.last())?;
        stories.push(story);
        if stories.len() == BATCH || index + 1 == options.households {
            let batch = std::mem::take(&mut stories);
            summary.households += batch.len();
            summary.visits += batch.iter().map(history::Story::visits).sum::<usize>();
            let vault = vault.clone();
            db.write(move |c| batch.iter().try_for_each(|story| history::write(c, &vault, story))).await?;
        }
    }
    let gone = staff.clone();
    db.write(move |c| {
        staff::disable_leaver(c, &gone, now)?;
        meta::upsert(c, meta::DEMO, meta::DEMO_READY, now)
    })
    .await
    .map_err(SeedError::Store)?;
    Ok(summary)
}

/// A complete first survey of a household found on the spot, for benches and tests: no account, no database.
/// `community` is a twelve-digit code; the same seed makes the same household.
pub fn found_household(
    definitions: &Definitions,
    seed: u64,
    community: &str,
    started_at: Time,
) -> Result<ruhu_domain::visit::Proposal, SeedError> {
    survey::found(definitions, &mut Random::new(seed), community, started_at)
}

/// Two example communities for every town; the town codes come from the published region list.
fn communities(c: &mut ruhu_store::Conn) -> Result<Vec<String>, StoreError> {
    let towns: Vec<region::Region> = region::list(c)?.into_iter().filter(|region| region.code.len() == 9).collect();
    let mut codes = Vec::new();
    for town in &towns {
        for number in 1..=COMMUNITIES {
            let code = format!("{}{number:03}", town.code);
            region::upsert(
                c,
                &region::Region {
                    code: code.clone(),
                    parent: Some(town.code.clone()),
                    zh: format!("示例第{number}社区"),
                    en: format!("Example Community {number}"),
                },
            )?;
            codes.push(code);
        }
    }
    Ok(codes)
}

#[cfg(test)]
mod tests;
