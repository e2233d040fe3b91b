use std::path::Path;

use crate::error::{CommandError, Outcome};
use crate::store::Database;
use crate::ui::{progress, table};

/// Checks a database and says what is wrong, a line each, and what can still be read.
pub(super) fn run(path: &Path) -> Result<Outcome, CommandError> {
    let mut migration = progress::Bar::new("migrating", "rows");
    let database = Database::read(path, &mut |done, of| migration.show(done, of))?;
    drop(migration);
    let mut bar = progress::Bar::new("checking", "segments");
    let findings = database.check(&mut |done, of| bar.show(done, of))?;
    drop(bar);
    let mut text: String = findings.faults.iter().map(|fault| format!("{fault}\n")).collect();
    let is_whole = findings.faults.is_empty();
    let items = findings.readable_items;
    text += &match is_whole {
        true => format!("{}: whole, {} segments with {items} items\n", path.display(), findings.segments),
        false => format!(
            "{}: damaged; {items} items can be read, {} cannot\n",
            path.display(),
            findings.lost_items
        ),
    };
    table::print(&text)?;
    Ok(if is_whole { Outcome::Ok } else { Outcome::No })
}
