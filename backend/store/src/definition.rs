//! Definitions as they were published. A published version never changes.

use crate::columns::At;
use crate::error::{StoreError, raced};
use crate::schema::definitions;
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::time::Time;

/// One published version.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = definitions)]
pub struct Definition {
    /// `dictionary`, `codes`, `form` or `regions`.
    pub kind: String,
    /// The form's id; the kind again for the others.
    pub key: String,
    pub version: i64,
    /// The JSON text.
    pub body: String,
    /// SHA-256 over its RFC 8785 form, lower-case hex.
    pub hash: String,
    #[diesel(deserialize_as = At)]
    pub published_at: Time,
}

/// One version, if it was published.
pub fn find(c: &mut Conn, kind: &str, key: &str, version: i64) -> Result<Option<Definition>> {
    Ok(definitions::table.find((kind, key, version)).select(Definition::as_select()).get_result(c).optional()?)
}

/// Everything published, in order.
pub fn list(c: &mut Conn) -> Result<Vec<Definition>> {
    Ok(definitions::table
        .order((definitions::kind, definitions::key, definitions::version))
        .select(Definition::as_select())
        .load(c)?)
}

/// Publishes a version; publishing the same again is nothing.
/// `DefinitionChanged` when the version is there with another hash.
pub fn publish(c: &mut Conn, definition: &Definition) -> Result<()> {
    if let Some(known) = find(c, &definition.kind, &definition.key, definition.version)? {
        return if known.hash == definition.hash {
            Ok(())
        } else {
            let Definition { kind, key, version, .. } = definition;
            Err(StoreError::DefinitionChanged(format!("{kind} {key} version {version}")))
        };
    }
    diesel::insert_into(definitions::table)
        .values((
            definitions::kind.eq(&definition.kind),
            definitions::key.eq(&definition.key),
            definitions::version.eq(definition.version),
            definitions::body.eq(&definition.body),
            definitions::hash.eq(&definition.hash),
            definitions::published_at.eq(definition.published_at.naive_utc()),
        ))
        .execute(c)
        .map_err(raced)?;
    Ok(())
}
