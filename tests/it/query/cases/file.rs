//! Files of cases.
//!
//! A file begins with its signal and the present, then a record a line, its name before its JSON. Behind `---` each line
//! is a case:
//!
//! ```text
//! query -> names of the records that are found
//! query | count by field => how many, and the value; how many, and the value
//! ```
//!
//! or, as a person sees it, a query that is wrong, with carets, column and message, and the hint if there is one. Lines
//! that begin with `#` are comments.

use std::collections::BTreeSet;
use std::fmt;

use obs::expr::Clock;
use obs::otlp::{Batch, Signal, join, json};

use super::records::{Record, time_ns};

pub struct CaseFile {
    pub signal: Signal,
    /// RFC 3339.
    pub now: String,
    now_ns: i64,
    pub records: Vec<Record>,
    pub cases: Vec<Case>,
}

pub struct Case {
    /// In the file, from 1.
    pub line: usize,
    pub query: String,
    pub expected: Expected,
}

#[derive(PartialEq)]
pub enum Expected {
    /// The names of the records.
    Found(BTreeSet<String>),
    /// How many there are of each combination of values, as text.
    Counts(BTreeSet<String>),
    /// As people see it.
    Mistake(String),
}

impl CaseFile {
    #[track_caller]
    pub fn parse(text: &str) -> CaseFile {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty());
        let mut lines = lines.map(|(index, line)| (index + 1, line)).peekable();
        let (signal, now) =
            lines.next().and_then(|(_, line)| line.split_once(" now ")).expect("signal and present");
        let signal = match signal {
            "logs" => Signal::Logs,
            "spans" => Signal::Traces,
            other => panic!("expected logs or spans, found {other}"),
        };
        let mut file = CaseFile {
            signal,
            now: now.to_owned(),
            now_ns: time_ns(now),
            records: Vec::new(),
            cases: Vec::new(),
        };
        for (_, line) in lines.by_ref().take_while(|(_, line)| *line != "---") {
            file.records.push(Record::parse(signal, file.records.len(), line));
        }
        while let Some((line, text)) = lines.next() {
            let is_carets = |text: &str| text.contains('^') && text.trim().chars().all(|c| c == '^');
            let (query, expected) = if let Some((_, carets)) = lines.next_if(|(_, next)| is_carets(next)) {
                let (_, said) = lines.next().expect("column and message");
                let hint = lines.next_if(|(_, next)| next.starts_with("hint: "));
                let hint = hint.map(|(_, hint)| format!("\n{hint}")).unwrap_or_default();
                (text, Expected::Mistake(format!("query:1:{said}\n  {text}\n  {carets}{hint}")))
            } else if let Some((query, counts)) = text.rsplit_once(" => ") {
                (query, Expected::Counts(counts.split("; ").map(str::to_owned).collect()))
            } else {
                let (query, names) = text.rsplit_once("-> ").unwrap_or_else(|| panic!("{line}: {text}"));
                let names: BTreeSet<String> = match names {
                    "none" => BTreeSet::new(),
                    "all" => file.records.iter().map(|record| record.name.clone()).collect(),
                    names => names.split(' ').map(str::to_owned).collect(),
                };
                let is_known = |name: &String| file.records.iter().any(|record| record.name == *name);
                assert!(names.iter().all(is_known), "{line}: {names:?}");
                (query.trim_end(), Expected::Found(names))
            };
            file.cases.push(Case { line, query: query.to_owned(), expected });
        }
        file
    }

    /// The records with these keys.
    #[track_caller]
    pub fn found(&self, keys: impl IntoIterator<Item = String>) -> Expected {
        let name_of = |key: String| {
            let record = self.records.iter().find(|record| record.key == key);
            record.unwrap_or_else(|| panic!("no record has the key {key}")).name.clone()
        };
        Expected::Found(keys.into_iter().map(name_of).collect())
    }

    /// The present, in UTC.
    pub fn clock(&self) -> Clock {
        Clock::utc(self.now_ns)
    }

    /// All records.
    pub fn batch(&self) -> Batch {
        let read =
            |record: &Record| json::read_as(self.signal, record.document.to_string().as_bytes()).unwrap();
        join(self.signal, &self.records.iter().map(read).collect::<Vec<_>>())
    }
}

impl Expected {
    /// Of combinations of values, `-` for none.
    pub fn counts(counts: impl IntoIterator<Item = (Vec<Option<String>>, u64)>) -> Expected {
        let text = |(values, count): (Vec<Option<String>>, u64)| {
            let values = values.into_iter().map(|value| value.unwrap_or("-".into()));
            [count.to_string()].into_iter().chain(values).collect::<Vec<_>>().join(" ")
        };
        Expected::Counts(counts.into_iter().map(text).collect())
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined =
            |names: &BTreeSet<String>, by| names.iter().map(String::as_str).collect::<Vec<_>>().join(by);
        match self {
            Expected::Found(names) => write!(to, "-> {}", joined(names, " ")),
            Expected::Counts(counts) => write!(to, "=> {}", joined(counts, "; ")),
            Expected::Mistake(message) => write!(to, "\n{message}"),
        }
    }
}
