//! The store as the source of a pipeline: its batches, in the order in which they came.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use tokio::runtime::Handle;

use super::database::Database;
use super::selection::Selection;
use crate::error::CommandError;
use crate::pipeline::{Boxed, Delivery, Outlet, Source};
use crate::stream::{Ledger, Stop};

/// Hands on what is selected of a database, as it stands when this begins.
#[derive(Debug)]
pub struct Export {
    /// The database.
    pub path: PathBuf,
    /// What is wanted.
    pub selection: Selection,
    /// Counts segments that cannot be read as rejected.
    pub ledger: Arc<Ledger>,
}

impl Source for Export {
    fn run(self: Box<Self>, outlet: Outlet, stop: Stop) -> Boxed<'static, Result<(), CommandError>> {
        Box::pin(async move {
            let runtime = Handle::current();
            let read = tokio::task::spawn_blocking(move || {
                let _stops = stop.on_panic();
                self.read(&outlet, &stop, &runtime)
            });
            read.await.map_err(|error| CommandError::failure(anyhow!(error)))?
        })
    }
}

impl Export {
    fn read(&self, outlet: &Outlet, stop: &Stop, runtime: &Handle) -> Result<(), CommandError> {
        let database = Database::read(&self.path, &mut |_, _| {})?;
        // All of it as it is now, whatever writers merge meanwhile.
        database.hold()?;
        for segment in database.segments(&self.selection)? {
            let batches = match database.batches(segment.id) {
                Ok(batches) => batches,
                Err(damage) => {
                    self.ledger.rejected();
                    tracing::warn!(
                        "segment {}: {damage}; its {} {} are left out",
                        segment.id,
                        segment.items,
                        segment.signal.items()
                    );
                    continue;
                }
            };
            let is_whole = self.selection.covers(&segment);
            for batch in batches {
                let wanted = if is_whole { Some(batch) } else { self.selection.of(&batch) };
                if let Some(batch) = wanted {
                    runtime.block_on(outlet.hand_on(Delivery::unacknowledged(batch)));
                }
                if stop.requested() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}
