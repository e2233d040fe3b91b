//! A database in a directory of its own, and what is in it.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;

use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;
use serde_json::Value;

use crate::support::{End, Obs, TempDir};

/// A batch of the stream: the number of its signal, and its message.
pub(super) type Frame = (u8, Vec<u8>);

/// Signals as frames number them.
pub(super) const TRACES: u8 = 1;
pub(super) const METRICS: u8 = 2;
pub(super) const LOGS: u8 = 3;

/// `obs.db`, the default, in a directory of its own.
#[derive(Debug)]
pub(super) struct Db {
    pub(super) dir: TempDir,
}

/// A line of a commit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) segment: i64,
    pub(super) items: u64,
}

impl Db {
    pub(super) fn new() -> Db {
        Db { dir: TempDir::new() }
    }

    /// `obs store` with more words.
    pub(super) fn store(&self, line: &str) -> Obs {
        Obs::new(&self.dir, "store").args(line)
    }

    /// Keeps a stream: one segment a signal, as it comes in one go.
    #[track_caller]
    pub(super) fn keep(&self, stream: impl Into<Vec<u8>>) {
        self.store("").stdin(stream).run().expect(0, "obs store: ");
    }

    /// All of it, or what the options select.
    #[track_caller]
    pub(super) fn export(&self, options: &str) -> Vec<Frame> {
        let end = self.store("export --format proto").args(options).run();
        end.expect(0, "");
        frames(&end.stdout)
    }

    #[track_caller]
    pub(super) fn stats(&self) -> Value {
        let end = self.store("stats --format json").run();
        end.expect(0, "");
        serde_json::from_slice(&end.stdout).unwrap()
    }

    /// Expects that all is well, and so many items.
    #[track_caller]
    pub(super) fn expect_whole(&self, items: u64) {
        let end = self.store("check").run();
        assert_eq!(end.code, 0, "{}{}", end.text(), end.stderr);
        assert!(end.text().starts_with("obs.db: whole, "), "{}", end.text());
        assert!(end.text().ends_with(&format!(" with {items} items\n")), "{}", end.text());
    }

    /// The file as any SQLite client sees it.
    pub(super) fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    /// One number from the file.
    #[track_caller]
    pub(super) fn number(&self, query: &str) -> i64 {
        self.sql().query_row(query, [], |row| row.get(0)).unwrap()
    }

    pub(super) fn path(&self) -> String {
        self.dir.file("obs.db")
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        fs::read(self.path()).unwrap()
    }
}

/// The batches of a stream of frames.
#[track_caller]
pub(super) fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some((header, rest)) = bytes.split_first_chunk::<4>() {
        let length = u32::from_be_bytes([0, header[1], header[2], header[3]]) as usize;
        assert!(length <= rest.len(), "a frame of {length} bytes, of which {} are there", rest.len());
        let (message, rest) = rest.split_at(length);
        frames.push((header[0], message.to_vec()));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "{} bytes behind the last frame", bytes.len());
    frames
}

/// The batches of one signal, in order.
pub(super) fn of_signal(frames: &[Frame], signal: u8) -> Vec<&Vec<u8>> {
    frames.iter().filter(|(found, _)| *found == signal).map(|(_, message)| message).collect()
}

/// The numbers of the spans that [`crate::support::telemetry::span`] has made.
#[track_caller]
pub(super) fn numbers(frames: &[Frame]) -> BTreeSet<u64> {
    let mut numbers = BTreeSet::new();
    for message in of_signal(frames, TRACES) {
        let data = TracesData::decode(&message[..]).unwrap();
        let scopes = data.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        for span in scopes.flat_map(|scope| scope.spans) {
            let number = u64::from_be_bytes(span.span_id[..].try_into().unwrap()) - 1;
            assert_eq!(span.name, format!("span {number}"));
            assert!(numbers.insert(number), "span {number} is there twice");
        }
    }
    numbers
}

/// The whole lines of a commit log; one that was never opened has none.
#[track_caller]
pub(super) fn commits(path: &str) -> Vec<Commit> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        text => text.unwrap(),
    };
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let commit = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        Commit { segment: line["segment"].as_i64().unwrap(), items: line["items"].as_u64().unwrap() }
    };
    whole.map(commit).collect()
}

/// Copies a database whose writers have ended.
pub(super) fn copy(from: &Db) -> Db {
    let db = Db::new();
    fs::copy(from.path(), db.path()).unwrap();
    db
}

/// Whether `part` is `whole` with some left out.
pub(super) fn is_in_order<T: PartialEq>(part: &[T], whole: &[T]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|one| whole.any(|other| other == one))
}

/// What `obs` says on stderr, without its ledger.
pub(super) fn complaints(end: &End) -> String {
    end.stderr
        .lines()
        .filter(|line| !line.contains(" in = ") && !line.contains("nothing came in"))
        .collect::<Vec<_>>()
        .join("\n")
}
