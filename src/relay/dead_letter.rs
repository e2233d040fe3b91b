use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::otlp::Batch;
use crate::stream::{Encoding, Ledger, StreamWriter};

/// A file for what could not be delivered: a stream that `obs relay` can send later.
#[derive(Debug)]
pub struct DeadLetter {
    file: Mutex<File>,
}

impl DeadLetter {
    /// Appends to `path`.
    ///
    /// # Errors
    /// It cannot be opened for writing.
    pub fn open(path: &Path) -> io::Result<DeadLetter> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(DeadLetter { file: Mutex::new(file) })
    }

    /// Writes a batch; returns the account of what was written and left out.
    ///
    /// # Errors
    /// Not all of it was written.
    pub(super) fn write(&self, batch: &Batch) -> io::Result<Arc<Ledger>> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let ledger = Arc::new(Ledger::new("dead-letter"));
        let mut writer = StreamWriter::new(&*file, Encoding::Ndjson, ledger.clone());
        writer.write(batch)?;
        writer.flush()?;
        Ok(ledger)
    }
}
