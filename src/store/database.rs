//! The file: opening it, its schema version, and what its errors mean.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, ffi};

use super::{histogram, migration};
use crate::error::CommandError;

/// Marks a SQLite database as one of ours: "obsd".
const APPLICATION_ID: i32 = 0x6f62_7364;

/// Large pages suit parts of some hundred kilobytes.
const PAGE_BYTES: usize = 16 << 10;
const CACHE_PAGES: usize = 512;
/// Readers mostly read each page once, and memory that was used before is quicker than new one.
const READERS_CACHE_PAGES: usize = 32;
/// The log is brought into the database when it has so many pages.
const CHECKPOINT_PAGES: i64 = 2048;
/// What is left of the log's file then.
const LOG_BYTES: i64 = 64 << 20;

/// Another process that keeps the database locked for longer has stopped.
const BUSY_TIMEOUT: Duration = Duration::from_secs(60);
const BUSY_PAUSE: Duration = Duration::from_millis(2);
/// A reader may be at work for much longer.
const READERS_TIMEOUT: Duration = Duration::from_secs(1);

/// What a committed item survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Nothing: the database goes with the process.
    Nothing,
    /// The death of the process.
    #[default]
    Process,
    /// A power cut too: every commit waits for the disk.
    Power,
}

/// Told how far a migration has come: steps done, and of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// An open database.
#[derive(Debug)]
pub struct Database {
    pub(super) connection: Connection,
    path: PathBuf,
    /// Whether it is not the file, which is empty yet.
    stands_in: bool,
}

impl Database {
    /// Opens a database to write to, which is created where there is none, and migrated where its schema is older.
    ///
    /// # Errors
    /// It cannot be opened or written, is no database of ours, or has a newer schema.
    pub fn open(
        path: &Path,
        durability: Durability,
        progress: Progress<'_>,
    ) -> Result<Database, CommandError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut database = Database::connect(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        let is_new = database.identify()? == 0;
        if database.connection.is_readonly("main").unwrap_or_default() {
            return Err(CommandError::failure(anyhow!("cannot write {}: it is read-only", path.display())));
        }
        let prepared = database.prepare(is_new, durability, progress);
        prepared.map_err(|error| database.explain("write", error))?;
        database.limit_cache(CACHE_PAGES)?;
        Ok(database)
    }

    /// Opens a database to read from, which must exist; an older schema is migrated.
    ///
    /// # Errors
    /// It cannot be opened, is no database of ours, or has a newer schema.
    pub fn read(path: &Path, progress: Progress<'_>) -> Result<Database, CommandError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut database = Database::connect(path, flags)?;
        if database.obstacle() == Some(ErrorCode::ReadOnly) {
            // A writer was killed while it created the file: only who may write can take back what it had begun.
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            database = Database::connect(path, flags)?;
        }
        // Where no log can be made beside it and none is there, nobody writes.
        if matches!(database.obstacle(), Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen)) && !has_log(path)
        {
            database = Database::connect_to(path, &immutable(path), flags | OpenFlags::SQLITE_OPEN_URI)?;
        }
        match database.identify()? {
            0 => Database::empty(path),
            version if version < migration::VERSION => {
                let opened = Database::open(path, Durability::Process, progress);
                opened.map_err(|error| match error.hint {
                    None => error.hint("an older obs has written it: it is migrated where it can be written, such as in a copy"),
                    Some(_) => error,
                })
            }
            _ => {
                database.limit_cache(READERS_CACHE_PAGES)?;
                Ok(database)
            }
        }
    }

    /// A database that has nothing in it, for a file that has not been begun yet.
    fn empty(path: &Path) -> Result<Database, CommandError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_MEMORY;
        let mut database = Database::connect_to(path, Path::new(":memory:"), flags)?;
        let prepared = database.prepare(true, Durability::Process, &mut |_, _| {});
        prepared.map_err(|error| database.explain("read", error))?;
        database.stands_in = true;
        Ok(database)
    }

    /// Bounds the memory of the cache, once the size of the pages is known.
    fn limit_cache(&self, pages: usize) -> Result<(), CommandError> {
        let limited = self.connection.pragma_update(None, "cache_size", pages);
        limited.map_err(|error| self.explain("open", error))
    }

    /// What stands in the way of reading it.
    fn obstacle(&self) -> Option<ErrorCode> {
        let read = self.connection.pragma_query_value(None, "application_id", |row| row.get::<_, i32>(0));
        read.err()?.sqlite_error_code()
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Database, CommandError> {
        Database::connect_to(path, path, flags)
    }

    /// Connects to a database that SQLite knows by another name.
    fn connect_to(path: &Path, name: &Path, flags: OpenFlags) -> Result<Database, CommandError> {
        let hint = "--db names the file that obs store writes";
        if !flags.contains(OpenFlags::SQLITE_OPEN_CREATE) {
            // SQLite's own message does not say why.
            std::fs::metadata(path).map_err(|error| {
                CommandError::failure(anyhow!(error).context(format!("cannot open {}", path.display())))
                    .hint(hint)
            })?;
        }
        let connection = Connection::open_with_flags(name, flags)
            .map_err(|error| explain(path, "open", error).hint(hint))?;
        let mut database = Database { connection, path: path.to_owned(), stands_in: false };
        database.set_up().map_err(|error| explain(path, "open", error))?;
        Ok(database)
    }

    fn set_up(&mut self) -> rusqlite::Result<()> {
        self.connection.busy_handler(Some(wait_for_others))?;
        self.connection.pragma_update(None, "temp_store", "MEMORY")?;
        // They say what belongs together; whether it does is for the check to find out, not for every row.
        self.connection.pragma_update(None, "foreign_keys", false)?;
        self.connection.set_prepared_statement_cache_capacity(64);
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        self.connection.create_scalar_function("merge_durations", 2, flags, |context| {
            let read = |index| histogram::decode(context.get_raw(index).as_blob().unwrap_or_default());
            // One that is damaged counts as none, or its minute could take nothing any more; the check tells of it.
            let (one, other) = (read(0).unwrap_or_default(), read(1).unwrap_or_default());
            let mut merged = Vec::new();
            histogram::encode(&histogram::merge(&one, &other), &mut merged);
            Ok(merged)
        })
    }

    /// Whose database it is; returns the version of its schema, 0 where it is empty.
    fn identify(&self) -> Result<i32, CommandError> {
        let path = self.path.display();
        let read = || -> rusqlite::Result<(i32, i32, i64)> {
            // At once, because another process may be creating it.
            self.connection.query_row(
                "SELECT (SELECT application_id FROM pragma_application_id),
                        (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
        };
        let hint = "--db names the file that obs store writes";
        match read().map_err(|error| self.explain("open", error))? {
            (APPLICATION_ID, version, _) if version > migration::VERSION => {
                Err(CommandError::failure(anyhow!(
                    "{path} has the schema version {version}; this obs knows versions up to {}",
                    migration::VERSION
                ))
                .hint("a newer obs has written it: use that one, or another --db"))
            }
            (APPLICATION_ID, version, _) => Ok(version),
            (0, 0, 0) => Ok(0),
            _ => {
                Err(CommandError::failure(anyhow!("{path} is a SQLite database of another program"))
                    .hint(hint))
            }
        }
    }

    fn prepare(
        &mut self,
        is_new: bool,
        durability: Durability,
        progress: Progress<'_>,
    ) -> rusqlite::Result<()> {
        let connection = &mut self.connection;
        if is_new {
            // These two hold from the first page on.
            connection.pragma_update(None, "page_size", PAGE_BYTES as i64)?;
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        }
        let journal = if durability == Durability::Nothing { "MEMORY" } else { "WAL" };
        connection.pragma_update_and_check(None, "journal_mode", journal, |_| Ok(()))?;
        connection.pragma_update_and_check(None, "journal_size_limit", LOG_BYTES, |_| Ok(()))?;
        connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT_PAGES, |_| Ok(()))?;
        let synchronous = match durability {
            Durability::Nothing => "OFF",
            Durability::Process => "NORMAL",
            Durability::Power => "FULL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        // Also where there is nothing to migrate, to know at once whether it can be written.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version < migration::VERSION {
            migration::migrate(&transaction, version, progress)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        transaction.commit()
    }

    /// Reads all from now on as it is now, whatever others write.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn hold(&self) -> Result<(), CommandError> {
        let hold = || match self.connection.is_autocommit() {
            true => self.connection.execute_batch("BEGIN; SELECT count(*) FROM segments"),
            false => Ok(()),
        };
        hold().map_err(|error| self.explain("read", error))
    }

    /// Reads all as it is now again, after [`Database::hold`]; a file that was empty may have been begun since.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn refresh(&mut self) -> Result<(), CommandError> {
        self.release()?;
        if self.stands_in {
            *self = Database::read(&self.path, &mut |_, _| {})?;
        }
        self.hold()
    }

    /// Ends what [`Database::hold`] has begun, so that the log can be brought into the file.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn release(&self) -> Result<(), CommandError> {
        let release = || match self.connection.is_autocommit() {
            true => Ok(()),
            false => self.connection.execute_batch("COMMIT"),
        };
        release().map_err(|error| self.explain("read", error))
    }

    /// Reads several things as they are at one moment.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(super) fn at_one_moment<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, CommandError> {
        let is_held = !self.connection.is_autocommit();
        self.hold()?;
        let found = read(&self.connection);
        if !is_held {
            self.connection.execute_batch("COMMIT").map_err(|error| self.explain("read", error))?;
        }
        found.map_err(|error| self.explain("read", error))
    }

    /// Brings the log into the file, without waiting long for readers that need the one or the other.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(super) fn checkpoint(&mut self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(READERS_TIMEOUT)?;
        let checkpoint = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        self.connection.busy_handler(Some(wait_for_others))?;
        checkpoint
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The connection to it.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The same, to be changed.
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// A database that is open already.
    pub(crate) fn of_connection(connection: Connection, path: &Path) -> Database {
        Database { connection, path: path.to_owned(), stands_in: false }
    }

    /// Says what an error means that came of an attempt to `do_what` with it.
    pub(crate) fn explain(&self, do_what: &str, error: rusqlite::Error) -> CommandError {
        explain(&self.path, do_what, error)
    }
}

/// Whether there is something that is not in the file yet.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// The name of a file that nobody writes to.
fn immutable(path: &Path) -> PathBuf {
    let mut name = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => {
                name.push(char::from(*byte))
            }
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    PathBuf::from(name + "?immutable=1")
}

/// Writers wait for each other. Threads of one process take turns more fairly when they do not wait for longer and
/// longer, as SQLite's own handler does.
fn wait_for_others(times: i32) -> bool {
    std::thread::sleep(BUSY_PAUSE);
    i64::from(times) * (BUSY_PAUSE.as_millis() as i64) < BUSY_TIMEOUT.as_millis() as i64
}

fn explain(path: &Path, do_what: &str, error: rusqlite::Error) -> CommandError {
    let what = format!("cannot {do_what} {}", path.display());
    let failure = |why: &str| CommandError::failure(anyhow!("{what}: {why}"));
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            failure("it is not a SQLite database").hint("--db names the file that obs store writes")
        }
        Some(ErrorCode::DatabaseCorrupt) => failure("it is damaged")
            .hint(format!("obs store check --db {} says what can still be read", path.display())),
        Some(ErrorCode::DiskFull) => {
            failure("the disk is full").hint("what was committed before is safe; obs store prune makes room")
        }
        _ if error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_WRITE) => {
            failure("the disk does not take it").hint(
                "what was committed before is safe; the disk may be faulty, or the file as large as is allowed (ulimit -f)",
            )
        }
        Some(ErrorCode::ReadOnly) => failure("it is read-only"),
        Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) if path.is_dir() => failure("it is a directory"),
        Some(ErrorCode::CannotOpen)
            if path.parent().is_some_and(|parent| !parent.as_os_str().is_empty() && !parent.is_dir()) =>
        {
            failure("its directory does not exist")
        }
        Some(ErrorCode::CannotOpen) => failure("it or its directory cannot be opened"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => failure(&format!(
            "another process has kept it locked for {}",
            humantime::format_duration(BUSY_TIMEOUT)
        )),
        _ => CommandError::failure(anyhow!(error).context(what)),
    }
}
