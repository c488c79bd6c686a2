//! City, banners, towns, streets and communities.

use crate::dialect::each;
use crate::schema::regions;
use crate::{Conn, Result};
use diesel::prelude::*;

/// One region.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = regions)]
pub struct Region {
    pub code: String,
    pub parent: Option<String>,
    pub zh: String,
    pub en: String,
}

/// Every region, by code.
pub fn list(c: &mut Conn) -> Result<Vec<Region>> {
    Ok(regions::table.order(regions::code).select(Region::as_select()).load(c)?)
}

/// Adds a region or gives it new names.
pub fn upsert(c: &mut Conn, region: &Region) -> Result<()> {
    each!(c, c => diesel::insert_into(regions::table)
        .values(region)
        .on_conflict(regions::code)
        .do_update()
        .set((regions::parent.eq(&region.parent), regions::zh.eq(&region.zh), regions::en.eq(&region.en)))
        .execute(c))?;
    Ok(())
}
