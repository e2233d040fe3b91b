//! How whole pipelines are started, and what they say in the end.

use std::net::TcpListener;
use std::ops::Index;

use crate::support::{LedgerFile, Obs, TempDir};

pub(super) const COLLECT: &str = "collect --grpc 127.0.0.1:0 --http 127.0.0.1:0";

/// `obs run` with `options`; [`Ledgers::read`] tells its accounts.
pub(super) fn run(dir: &TempDir, options: &str, pipeline: &str) -> Obs {
    Obs::new(dir, "run --ledger ledgers.json").args(options).arg(pipeline)
}

/// A port that nobody listens on.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The closing ledgers of all stages, whose equations hold.
#[derive(Debug)]
pub(super) struct Ledgers(Vec<LedgerFile>);

impl Ledgers {
    #[track_caller]
    pub(super) fn read(dir: &TempDir) -> Ledgers {
        let text = std::fs::read_to_string(dir.file("ledgers.json")).expect("the ledgers are written");
        let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(whole["schema"], "obs.ledgers/1");
        let stages = whole["stages"].as_array().unwrap();
        Ledgers(stages.iter().map(|stage| LedgerFile::parse(&stage.to_string())).collect())
    }

    /// The stages in the order of the pipeline.
    pub(super) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|ledger| ledger.0["stage"].as_str().unwrap()).collect()
    }

    /// Expects these stages, all of which handed on so many spans and lost none.
    #[track_caller]
    pub(super) fn expect_all(&self, names: &[&str], spans: usize) {
        assert_eq!(self.names(), names);
        for name in names {
            assert_eq!(self[name].traces(), crate::support::Account::all(spans as u64), "{name}");
        }
    }
}

impl Index<&str> for Ledgers {
    type Output = LedgerFile;

    fn index(&self, name: &str) -> &LedgerFile {
        let found = self.0.iter().find(|ledger| ledger.0["stage"] == name);
        found.unwrap_or_else(|| panic!("no {name} among {:?}", self.names()))
    }
}
