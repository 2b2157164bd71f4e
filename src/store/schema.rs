//! The tables, and how an older database becomes a current one.
//!
//! Invariant: a database's `user_version` is the number of migrations that it has been through.
//! A released migration is never changed; what comes later is appended.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;
use super::error::at_open;

/// Written into the file's header ("PRLR"), so that `file` and we know whose database it is.
const APPLICATION_ID: i64 = 0x5052_4c52;

const MIGRATIONS: [&str; 3] = [
    include_str!("schema/001.sql"),
    include_str!("schema/002.sql"),
    include_str!("schema/003.sql"),
];

/// Brings the database from the layout that [`layout`] found to the one that this program knows.
pub(super) fn migrate(conn: &mut Connection, found: usize) -> rusqlite::Result<()> {
    for (done, migration) in MIGRATIONS.iter().enumerate().skip(found) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(migration)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", done as i64 + 1)?;
        tx.commit()?;
    }
    Ok(())
}

/// How many migrations the database has been through; none for a new one. Writes nothing.
///
/// # Errors
/// `Broken` for a database of a newer program or of another one, or one that cannot be read.
pub(super) fn layout(conn: &Connection, db: &Path) -> Result<usize, StoreError> {
    let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let failed = |error| at_open(&error, db);
    let (layout, owner) =
        (pragma("user_version").map_err(failed)?, pragma("application_id").map_err(failed)?);
    let tables = conn
        .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get::<_, i64>(0))
        .map_err(failed)?;
    let db = db.display();
    if tables > 0 && owner != APPLICATION_ID {
        return Err(StoreError::Broken(format!(
            "{db} is a database of another program. Choose another directory with --data."
        )));
    }
    usize::try_from(layout).ok().filter(|known| *known <= MIGRATIONS.len()).ok_or_else(|| {
        StoreError::Broken(format!(
            "The database {db} was written by a newer version of Parlor (layout {layout}, this \
             version knows up to {}). Start the newer version, or restore a backup that was made \
             before the upgrade.",
            MIGRATIONS.len()
        ))
    })
}

/// Whether there is such a table: who reads beside a server may meet a database of an older layout.
pub(super) fn has(conn: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    conn.prepare(sql)?.exists([table])
}
