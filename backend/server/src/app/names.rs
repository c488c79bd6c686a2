//! Names of regions, for showing beside their codes.

use crate::app::AppResult;
use crate::views::meta::{RegionView, RegionsView};
use ruhu_domain::form::{Definitions, canonical_hash};
use ruhu_domain::region::RegionCode;
use ruhu_store::Conn;
use ruhu_store::region::{self, Region};
use serde::Deserialize;
use std::collections::HashMap;

/// Every region that the database knows.
#[derive(Debug)]
pub struct RegionNames {
    names: HashMap<RegionCode, (String, String)>,
    /// SHA-256 over the list; an ETag.
    pub version: String,
    /// What `GET /regions` answers.
    pub json: String,
}

/// The list that comes with the program.
#[derive(Deserialize)]
struct Shipped {
    regions: Vec<RegionView>,
}

impl RegionNames {
    /// Reads them off the database, which may know more than the program brings: imported communities.
    pub fn load(c: &mut Conn) -> AppResult<Self> {
        let rows = region::list(c)?;
        let views: Vec<RegionView> =
            rows.into_iter().map(|region| RegionView { code: region.code, zh: region.zh, en: region.en }).collect();
        let version = canonical_hash(&views)?;
        let parsed = views.iter().filter_map(|view| Some((RegionCode::parse(&view.code).ok()?, view)));
        let names = parsed.map(|(code, view)| (code, (view.zh.clone(), view.en.clone()))).collect();
        let json = serde_json::to_string(&RegionsView { version: version.clone(), regions: views })?;
        Ok(Self { names, version, json })
    }

    /// Puts the program's own list into the database.
    pub fn store(c: &mut Conn, definitions: &Definitions) -> AppResult<()> {
        let shipped: Shipped = serde_json::from_str(definitions.regions_json())?;
        let known: HashMap<String, Region> =
            region::list(c)?.into_iter().map(|region| (region.code.clone(), region)).collect();
        for view in shipped.regions {
            let parent = parent_of(&view.code).map(str::to_owned);
            let wanted = Region { code: view.code, parent, zh: view.zh, en: view.en };
            if known.get(&wanted.code) != Some(&wanted) {
                region::upsert(c, &wanted)?;
            }
        }
        Ok(())
    }

    /// Chinese and English name; the code itself where there is no name.
    pub fn of(&self, code: &RegionCode) -> (String, String) {
        self.names.get(code).cloned().unwrap_or_else(|| (code.to_string(), code.to_string()))
    }

    /// The city that the definitions are made for.
    pub fn city(&self) -> Option<RegionCode> {
        self.names.keys().filter(|code| code.as_str().len() == 4).min().cloned()
    }

    /// Whether the code, or the region that a longer code lies in, is known.
    pub fn knows(&self, code: &RegionCode) -> bool {
        let text = code.as_str();
        [12, 9, 6, 4].into_iter().filter(|len| *len <= text.len()).any(|len| {
            text.get(..len)
                .and_then(|part| RegionCode::parse(part).ok())
                .is_some_and(|part| self.names.contains_key(&part))
        })
    }
}

/// The code of the region that this one lies in; counties and the city stand at the top.
fn parent_of(code: &str) -> Option<&str> {
    match code.len() {
        12 => code.get(..9),
        9 => code.get(..6),
        _ => None,
    }
}
