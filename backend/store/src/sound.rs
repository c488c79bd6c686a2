//! Many rows for somebody to see, one of which may be damaged: it takes nothing with it. It is left out, and the log
//! names it. What the rules decide about is read strictly, elsewhere.

use crate::{Conn, Result, StoreError};
use uuid::Uuid;

/// What a query found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    pub rows: Vec<T>,
    /// Those that are there and cannot be read.
    pub damaged: Vec<Uuid>,
}

/// Rows all at once or, when that fails, one by one by their keys.
pub(crate) fn rows<T>(
    c: &mut Conn,
    table: &str,
    all: impl FnOnce(&mut Conn) -> Result<Vec<T>>,
    keys: impl FnOnce(&mut Conn) -> Result<Vec<String>>,
    one: impl Fn(&mut Conn, &str) -> Result<T>,
) -> Result<Found<T>> {
    match all(c) {
        Err(error) if !error.is_infrastructure() => {}
        rows => return Ok(Found { rows: rows?, damaged: Vec::new() }),
    }
    let mut found = Found { rows: Vec::new(), damaged: Vec::new() };
    for key in keys(c)? {
        let row = one(c, &key);
        keep(&mut found, table, &key, row)?;
    }
    Ok(found)
}

/// The rows of an earlier step in a further form.
pub(crate) fn each<T, U>(
    found: Found<T>,
    table: &str,
    key: impl Fn(&T) -> String,
    form: impl Fn(T) -> Result<U>,
) -> Result<Found<U>> {
    let mut formed = Found { rows: Vec::with_capacity(found.rows.len()), damaged: found.damaged };
    for row in found.rows {
        let key = key(&row);
        keep(&mut formed, table, &key, form(row))?;
    }
    Ok(formed)
}

fn keep<T>(found: &mut Found<T>, table: &str, key: &str, row: Result<T>) -> Result<()> {
    match row {
        Ok(row) => found.rows.push(row),
        Err(error) if error.is_infrastructure() => return Err(error),
        Err(cause) => {
            note(table, key, &cause);
            found.damaged.extend(Uuid::try_parse(key));
        }
    }
    Ok(())
}

/// Says that a row was left out.
fn note(table: &str, key: &str, cause: &StoreError) {
    tracing::error!(row.table = table, row.id = key, %cause, "a damaged row of {table} was left out: {key}");
}

/// Everything of a query over a table whose key is `id`, without what cannot be read. The query is a closure, because
/// it is asked again for the keys.
macro_rules! load_sound {
    ($conn:expr, $table:ident, $row:ty, $query:expr) => {
        $crate::sound::rows(
            $conn,
            stringify!($table),
            |c| Ok($query().select(<$row>::as_select()).load::<$row>(c)?),
            |c| Ok($query().select($table::id).load::<String>(c)?),
            |c, id| Ok($table::table.find(id.to_owned()).select(<$row>::as_select()).get_result::<$row>(c)?),
        )
    };
}
pub(crate) use load_sound;
