//! What the simulator does to a SQLite database behind the program's back, and what it reads there.
//! Only with the feature `sim`, which no release has.

use crate::{Conn, Result};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Runs statements: a trigger that plants a bug, a `PRAGMA` that makes the disk full.
pub fn execute(c: &mut Conn, sql: &str) -> Result<()> {
    Ok(c.batch_execute(sql)?)
}

/// The column `line` of each row of a query, in its order.
pub fn lines(c: &mut Conn, sql: &str) -> Result<Vec<String>> {
    let rows: Vec<Line> = diesel::sql_query(sql).load(c)?;
    Ok(rows.into_iter().map(|row| row.line).collect())
}
