//! The scenarios.

use self::Ack::{OnAccept, OnDelivery};
use crate::Options;
use crate::client::Compression::{self, Gzip, None as Plain, Zstd};
use crate::queries::Question;
use crate::spans::FAILED;
use crate::store::Store;

pub struct Scenario {
    pub name: &'static str,
    pub about: &'static str,
    pub system: System,
    /// Spans a second; `None` is as fast as they are accepted.
    pub rate: Option<u64>,
    /// What the generator compresses with.
    pub compression: Compression,
    /// Whether the sink stalls two seconds after the start.
    pub stall: bool,
    /// The scenarios whose spans per CPU-second this one's are compared with.
    pub references: References,
    /// The scenario of the shell pipe that does in several processes what this one does in one.
    pub own_pipe: &'static str,
}

/// What is under test.
#[derive(Clone, Copy)]
pub enum System {
    /// Nothing: the generator sends to the sink. What they can do limits all other figures.
    Nothing,
    /// `obs collect | obs sample | obs relay`, or without the one in the middle.
    Pipe {
        format: Format,
        sample: bool,
        compression: Compression,
    },
    /// `obs run`: the stages of a pipe in one process.
    Run {
        ack: Ack,
        sample: bool,
        compression: Compression,
    },
    /// `obs collect` to nowhere.
    Collect(Format),
    /// `obs sample --rate 0.05 FILE` to nowhere.
    SampleFile(Format),
    /// Spans into a database, their own table.
    Store(Store),
    /// A question to databases, their own table.
    Query(Question),
    /// What `obs capacity calibrate` says beside what the scenarios of its stages do, their own table.
    Calibrate,
    Rotel,
    Otelcol(Compression),
}

/// The encoding between processes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Ndjson,
    Proto,
}

/// When `obs run` answers a sender.
#[derive(Clone, Copy)]
pub enum Ack {
    OnAccept,
    OnDelivery,
}

impl Ack {
    pub fn name(self) -> &'static str {
        match self {
            Ack::OnAccept => "on-accept",
            Ack::OnDelivery => "on-delivery",
        }
    }
}

/// With rotel, and with the OpenTelemetry Collector.
type References = [&'static str; 2];

const PLAIN: References = ["rotel", "otelcol"];
const GZIP: References = ["rotel", "otelcol-gzip"];
const GZIP_BOTH: References = ["rotel-gzip", ""];
const AT_10K: References = ["10k-rotel", "10k-otelcol"];
const AT_100K: References = ["100k-rotel", "100k-otelcol"];
const STALLED: References = ["stall-rotel", "stall-otelcol"];

/// The rate at which traces are sampled.
pub const RATE: f64 = 0.05;

const fn sampled(format: Format) -> System {
    System::Pipe { format, sample: true, compression: Plain }
}

const fn relayed(compression: Compression) -> System {
    System::Pipe { format: Format::Proto, sample: false, compression }
}

const RUN_SAMPLE: System = System::Run { ack: OnDelivery, sample: true, compression: Plain };

const fn run_relay(ack: Ack, compression: Compression) -> System {
    System::Run { ack, sample: false, compression }
}

const fn full(name: &'static str, about: &'static str, system: System, references: References) -> Scenario {
    Scenario { name, about, system, rate: None, compression: Plain, stall: false, references, own_pipe: "" }
}

const fn at(rate: u64, name: &'static str, system: System, references: References) -> Scenario {
    let about = "the same at a fixed rate: CPU share, latency";
    Scenario { rate: Some(rate), ..full(name, about, system, references) }
}

const fn kept(name: &'static str, about: &'static str, store: Store) -> Scenario {
    full(name, about, System::Store(store), ["rows-sqlite", "rows-duckdb"])
}

const fn asked(name: &'static str, about: &'static str, question: Question) -> Scenario {
    full(name, about, System::Query(question), ["", ""])
}

const fn stalled(name: &'static str, system: System) -> Scenario {
    let about = "full load while the sink answers nothing for a while: peak memory";
    Scenario { stall: true, ..full(name, about, system, STALLED) }
}

/// gzip from the generator too.
const fn gzipped(name: &'static str, about: &'static str, system: System) -> Scenario {
    Scenario { compression: Gzip, ..full(name, about, system, GZIP_BOTH) }
}

#[rustfmt::skip]
pub const SCENARIOS: &[Scenario] = &[
    full("direct", "generator to sink, nothing between: the limit of the harness", System::Nothing, ["", ""]),
    full("rotel", "rotel; it cannot but compress with gzip", System::Rotel, GZIP),
    gzipped("rotel-gzip", "rotel, gzip in and out", System::Rotel),
    full("otelcol", "OpenTelemetry Collector, no compression", System::Otelcol(Plain), PLAIN),
    full("otelcol-gzip", "OpenTelemetry Collector, gzip to the sink", System::Otelcol(Gzip), GZIP),
    full("relay-gzip", "collect | relay, frames, gzip to the sink", relayed(Gzip), GZIP),
    full("relay-zstd", "collect | relay, frames, zstd to the sink", relayed(Zstd), GZIP),
    gzipped("pipe-gzip", "collect | relay, frames, gzip in and out", relayed(Gzip)),
    gzipped("run-gzip", "run: collect | relay, gzip in and out", run_relay(OnDelivery, Gzip)).fuses("pipe-gzip"),
    full("relay", "collect | relay, frames", relayed(Plain), PLAIN),
    full("run-relay", "run: collect | relay", run_relay(OnDelivery, Plain), PLAIN).fuses("relay"),
    full("pipe-proto", "collect | sample 5 % | relay, frames", sampled(Format::Proto), PLAIN),
    full("run-sample", "run: collect | sample 5 % | relay", RUN_SAMPLE, PLAIN).fuses("pipe-proto"),
    full("pipe-ndjson", "collect | sample 5 % | relay, NDJSON", sampled(Format::Ndjson), PLAIN),
    full("collect-proto", "collect alone, frames to nowhere", System::Collect(Format::Proto), PLAIN),
    full("collect-ndjson", "collect alone, NDJSON to nowhere", System::Collect(Format::Ndjson), PLAIN),
    full("sample-proto", "sample 5 % of a file of frames", System::SampleFile(Format::Proto), ["", ""]),
    full("sample-ndjson", "sample 5 % of a file of NDJSON", System::SampleFile(Format::Ndjson), ["", ""]),
    at(10_000, "10k-rotel", System::Rotel, AT_10K),
    at(10_000, "10k-otelcol", System::Otelcol(Plain), AT_10K),
    at(10_000, "10k-pipe-proto", sampled(Format::Proto), AT_10K),
    at(10_000, "10k-run", RUN_SAMPLE, AT_10K).fuses("10k-pipe-proto"),
    at(10_000, "10k-pipe-ndjson", sampled(Format::Ndjson), AT_10K),
    at(100_000, "100k-rotel", System::Rotel, AT_100K),
    at(100_000, "100k-otelcol", System::Otelcol(Plain), AT_100K),
    at(100_000, "100k-relay", relayed(Plain), AT_100K),
    at(100_000, "100k-run-relay", run_relay(OnDelivery, Plain), AT_100K).fuses("100k-relay"),
    at(100_000, "100k-pipe-proto", sampled(Format::Proto), AT_100K),
    at(100_000, "100k-run", RUN_SAMPLE, AT_100K).fuses("100k-pipe-proto"),
    at(100_000, "100k-pipe-ndjson", sampled(Format::Ndjson), AT_100K),
    stalled("stall-rotel", System::Rotel),
    stalled("stall-otelcol", System::Otelcol(Plain)),
    stalled("stall-relay", relayed(Plain)),
    stalled("stall-run", run_relay(OnDelivery, Plain)).fuses("stall-relay"),
    stalled("stall-run-accept", run_relay(OnAccept, Plain)).fuses("stall-relay"),
    stalled("stall-pipe-ndjson", sampled(Format::Ndjson)),
    kept("store-proto", "store a file of frames, spans of 30 days", Store::File(Format::Proto)),
    kept("store-ndjson", "store a file of NDJSON, spans of 30 days", Store::File(Format::Ndjson)),
    kept("store-run", "run: collect | store", Store::Run),
    kept("rows-sqlite", "the file of frames as rows in SQLite, with an index on the trace id", Store::RowsSqlite),
    kept("rows-duckdb", "a file of NDJSON as rows in DuckDB, no index", Store::RowsDuckdb),
    kept("store-memory", "store 100 M spans from a pipe: peak memory; only when named", Store::Pipe),
    asked("query-trace", "a trace by its id, of 10 M spans in 30 days (and so do all that follow)", Question::Trace),
    asked("query-search", "the newest 20 of an operation that took 100 ms or longer", Question::Search),
    asked("query-attribute", "traces by an attribute that five spans have", Question::Attribute),
    asked("query-scan", "the same by a part of its value, which no filter knows of", Question::Scan),
    asked("query-services", "requests, errors and the 95th percentile of every service", Question::Services),
    asked("query-bottlenecks", "where the time of a service's traces of a day goes", Question::Bottlenecks),
    asked("query-logs", "seven of 10 M log records, by a part of a word", Question::Logs),
    asked("query-file", "the newest 20 of an operation, in a file of NDJSON of 1 GB", Question::File),
    full("calibrate", "capacity calibrate beside collect-proto, relay, sample-proto and store-proto; only when named", System::Calibrate, ["", ""]),
];

impl Scenario {
    const fn fuses(self, own_pipe: &'static str) -> Scenario {
        Scenario { own_pipe, ..self }
    }

    /// The share of the spans that must arrive; a sampler keeps failed spans in any case.
    pub fn share(&self) -> f64 {
        match self.system {
            System::Pipe { sample: true, .. } | System::Run { sample: true, .. } | System::SampleFile(_) => {
                RATE + (1.0 - RATE) * FAILED
            }
            _ => 1.0,
        }
    }

    /// Whether it takes so much time and disk that it runs only when its whole name is given.
    pub fn is_long(&self) -> bool {
        matches!(self.system, System::Store(Store::Pipe))
    }

    /// Whether it asks databases that have to be made first, which is done only when such a scenario is named.
    pub fn is_query(&self) -> bool {
        matches!(self.system, System::Query(_))
    }

    /// Whether it runs other scenarios, which is done only when it is named.
    pub fn is_comparison(&self) -> bool {
        matches!(self.system, System::Calibrate)
    }

    /// The program that the scenario lacks.
    pub fn missing(&self, options: &Options) -> Option<&'static str> {
        match self.system {
            System::Rotel if options.rotel.is_none() => Some("rotel binary"),
            System::Otelcol(_) if options.otelcol.is_none() => Some("otelcol binary"),
            System::Store(Store::RowsDuckdb) if options.python.is_none() => Some("Python with DuckDB"),
            _ => None,
        }
    }
}
