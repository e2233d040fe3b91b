use serde_json::Value;

/// The closing ledger of a process.
#[derive(Debug, Clone)]
pub struct LedgerFile(pub Value);

/// The account of one signal, in items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    pub received: u64,
    pub sent: u64,
    pub dropped: u64,
    pub dead_lettered: u64,
    pub lost: u64,
}

impl LedgerFile {
    /// Reads a ledger and asserts its equation for every signal.
    #[track_caller]
    pub fn parse(text: &str) -> LedgerFile {
        let ledger = LedgerFile(serde_json::from_str(text).unwrap());
        assert_eq!(ledger.0["schema"], "obs.ledger/1");
        for signal in ["traces", "metrics", "logs"] {
            let account = ledger.account(signal);
            let settled = account.sent + account.dropped + account.dead_lettered + account.lost;
            assert_eq!(account.received, settled, "{signal} of the ledger do not add up:\n{text}");
        }
        ledger
    }

    pub fn account(&self, signal: &str) -> Account {
        let number = |name: &str| self.0[signal][name].as_u64().unwrap();
        let sum = |name: &str| {
            self.0[signal][name].as_object().unwrap().values().map(|items| items.as_u64().unwrap()).sum()
        };
        Account {
            received: number("in"),
            sent: number("out"),
            dropped: sum("dropped"),
            dead_lettered: number("dead_lettered"),
            lost: sum("lost"),
        }
    }

    pub fn traces(&self) -> Account {
        self.account("traces")
    }

    pub fn lost(&self, signal: &str, reason: &str) -> u64 {
        self.0[signal]["lost"][reason].as_u64().unwrap_or(0)
    }

    pub fn dropped(&self, signal: &str, reason: &str) -> u64 {
        self.0[signal]["dropped"][reason].as_u64().unwrap_or(0)
    }

    pub fn rejected(&self) -> u64 {
        self.0["rejected_objects"].as_u64().unwrap()
    }
}

impl Account {
    /// Everything that came in went out.
    pub fn all(items: u64) -> Account {
        Account { received: items, sent: items, ..Account::default() }
    }

    /// Everything that came in is lost.
    pub fn all_lost(items: u64) -> Account {
        Account { received: items, lost: items, ..Account::default() }
    }
}
