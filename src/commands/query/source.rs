//! What is searched: a database, or streams.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};

use super::super::db_args::DbArgs;
use super::super::stream_args::InputArgs;
use super::unread;
use crate::config::{Config, Storage};
use crate::error::{CommandError, Outcome};
use crate::otlp::Signal;
use crate::query::{Reader, Temporary};
use crate::store::{Contents, Database};
use crate::stream::{Input, Stop};
use crate::ui::progress;

/// What is searched.
#[derive(Debug, Clone, Args)]
pub(in crate::commands) struct SourceArgs {
    #[command(flatten)]
    db: DbArgs,
    /// Streams to search instead of the database, NDJSON or frames; - is stdin
    #[arg(value_name = "FILE", help_heading = "Stream")]
    files: Vec<String>,
    /// Signal of frames that do not say theirs, as the collector's file exporter writes them
    #[arg(long, value_name = "SIGNAL", default_value = "traces", help_heading = "Stream")]
    signal: Signal,
}

/// An open database.
#[derive(Debug)]
pub(in crate::commands) struct Data {
    pub(in crate::commands) reader: Reader,
    /// Objects of a stream that could not be read.
    rejected: u64,
}

const SQLITE: &[u8] = b"SQLite format 3\0";

/// What is left of a stream is read for so long after a signal.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// The exit code of a second signal.
const INTERRUPTED: i32 = 130;

/// Threads that fill a temporary database.
const WORKERS: usize = 2;

impl SourceArgs {
    /// Opens the database, or reads the streams into a temporary one, with as much of them as `contents` says.
    ///
    /// # Errors
    /// It cannot be opened, or a stream not be read.
    pub(in crate::commands) fn open(
        &self,
        config: &Config,
        contents: Contents,
    ) -> Result<Data, CommandError> {
        let mut bar = progress::Bar::new("migrating", "rows");
        let mut read =
            |path: &Path| Database::read(path, &mut |done, of| bar.show(done, of)).and_then(Reader::new);
        self.expect_one()?;
        match self.files.as_slice() {
            [] => {
                let storage: Storage = config.section()?;
                let path = self.db.path(storage.path.as_ref());
                let data = Data::of(read(&path)?);
                unread::warn(&path);
                Ok(data)
            }
            [file] if is_database(file) => Ok(Data::of(read(Path::new(file))?)),
            files => {
                let (inputs, stop) = self.inputs()?;
                let temporary = Temporary::fill(inputs, &stop, WORKERS, contents)?;
                let reader = read(&temporary.path())?;
                // What has been read is answered about at once or not at all.
                for signal in [SIGINT, SIGTERM] {
                    signal_hook::flag::register_conditional_shutdown(
                        signal,
                        INTERRUPTED,
                        Arc::new(true.into()),
                    )?;
                }
                let name = if files == ["-"] { "stdin".to_owned() } else { files.join(", ") };
                Ok(Data { reader: reader.of_stream(name), rejected: temporary.unlink()? })
            }
        }
    }

    /// Whether the command line names one, which the environment and the configuration do not.
    pub(in crate::commands) fn is_given(&self) -> bool {
        self.db.given().is_some() || !self.files.is_empty()
    }

    /// Whether streams are searched.
    pub(super) fn is_stream(&self) -> bool {
        match self.files.as_slice() {
            [] => false,
            [file] => !is_database(file),
            _ => true,
        }
    }

    /// Opens the streams; what is left of them is read for a while after a first signal.
    ///
    /// # Errors
    /// One of them cannot be opened, or is a database.
    pub(super) fn inputs(&self) -> Result<(Vec<Input>, Stop), CommandError> {
        self.expect_one()?;
        if let Some(file) = self.files.iter().find(|file| is_database(file)) {
            return Err(CommandError::usage(anyhow!("{file} is a database, not a stream"))
                .hint("one database is searched at a time"));
        }
        let inputs = InputArgs { files: self.files.clone(), signal: self.signal }.open(&[])?;
        Ok((inputs, Stop::on_signals(DRAIN_TIMEOUT, || std::process::exit(INTERRUPTED))?))
    }
}

impl SourceArgs {
    /// Expects a database or streams, not both.
    fn expect_one(&self) -> Result<(), CommandError> {
        let (Some(db), Some(file)) = (self.db.given(), self.files.first()) else { return Ok(()) };
        let db = db.display();
        Err(CommandError::usage(anyhow!("expected --db or FILE, found --db {db} and the file {file}"))
            .hint(format!("without --db {file} is searched, without FILE the database {db}")))
    }

    /// Expects that an operand is what it stands for, not a file that was meant to be searched; `command` takes the file
    /// behind it.
    ///
    /// # Errors
    /// It is the name of a file, and no file is given.
    pub(super) fn expect_no_file(
        &self,
        what: &str,
        operand: &str,
        command: &str,
    ) -> Result<(), CommandError> {
        if !self.files.is_empty() || !is_file(operand) {
            return Ok(());
        }
        Err(CommandError::usage(anyhow!("expected {what} before the file {operand}"))
            .hint(format!("{command} {operand}")))
    }
}

impl Data {
    fn of(reader: Reader) -> Data {
        Data { reader, rejected: 0 }
    }

    /// Ok, unless something could not be read.
    pub(in crate::commands) fn outcome(&self) -> Outcome {
        if self.rejected > 0 || self.reader.unreadable() > 0 { Outcome::Rejected } else { Outcome::Ok }
    }
}

fn is_file(name: &str) -> bool {
    std::fs::metadata(name).is_ok_and(|metadata| metadata.is_file())
}

/// Whether an operand is a SQLite file.
fn is_database(file: &str) -> bool {
    use std::io::Read;
    let mut head = [0; SQLITE.len()];
    is_file(file)
        && std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && head == SQLITE
}
