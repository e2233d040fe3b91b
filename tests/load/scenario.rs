//! The scenarios.

use crate::Options;
use crate::client::Compression::{self, Gzip, None as Plain, Zstd};
use crate::spans::FAILED;

pub struct Scenario {
    pub name: &'static str,
    pub about: &'static str,
    pub system: System,
    /// Spans a second; `None` is as fast as they are accepted.
    pub rate: Option<u64>,
    /// Whether the sink stalls two seconds after the start.
    pub stall: bool,
    /// The scenarios whose spans per CPU-second this one's are compared with.
    pub references: References,
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
    /// `obs collect` to nowhere.
    Collect(Format),
    /// `obs sample --rate 0.05 FILE` to nowhere.
    SampleFile(Format),
    Rotel,
    Otelcol(Compression),
}

/// The encoding between processes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Ndjson,
    Proto,
}

/// With rotel, and with the OpenTelemetry Collector.
type References = [&'static str; 2];

const PLAIN: References = ["rotel", "otelcol"];
const GZIP: References = ["rotel", "otelcol-gzip"];
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

const fn full(name: &'static str, about: &'static str, system: System, references: References) -> Scenario {
    Scenario { name, about, system, rate: None, stall: false, references }
}

const fn at(rate: u64, name: &'static str, system: System, references: References) -> Scenario {
    let about = "the same at a fixed rate: CPU share, latency";
    Scenario { name, about, system, rate: Some(rate), stall: false, references }
}

const fn stalled(name: &'static str, system: System) -> Scenario {
    let about = "full load while the sink answers nothing for a while: peak memory";
    Scenario { name, about, system, rate: None, stall: true, references: STALLED }
}

#[rustfmt::skip]
pub const SCENARIOS: &[Scenario] = &[
    full("direct", "generator to sink, nothing between: the limit of the harness", System::Nothing, ["", ""]),
    full("rotel", "rotel; it cannot but compress with gzip", System::Rotel, GZIP),
    full("otelcol", "OpenTelemetry Collector, no compression", System::Otelcol(Plain), PLAIN),
    full("otelcol-gzip", "OpenTelemetry Collector, gzip to the sink", System::Otelcol(Gzip), GZIP),
    full("relay-gzip", "collect | relay, frames, gzip to the sink", relayed(Gzip), GZIP),
    full("relay-zstd", "collect | relay, frames, zstd to the sink", relayed(Zstd), GZIP),
    full("relay", "collect | relay, frames", relayed(Plain), PLAIN),
    full("pipe-proto", "collect | sample 5 % | relay, frames", sampled(Format::Proto), PLAIN),
    full("pipe-ndjson", "collect | sample 5 % | relay, NDJSON", sampled(Format::Ndjson), PLAIN),
    full("collect-proto", "collect alone, frames to nowhere", System::Collect(Format::Proto), PLAIN),
    full("collect-ndjson", "collect alone, NDJSON to nowhere", System::Collect(Format::Ndjson), PLAIN),
    full("sample-proto", "sample 5 % of a file of frames", System::SampleFile(Format::Proto), ["", ""]),
    full("sample-ndjson", "sample 5 % of a file of NDJSON", System::SampleFile(Format::Ndjson), ["", ""]),
    at(10_000, "10k-rotel", System::Rotel, AT_10K),
    at(10_000, "10k-otelcol", System::Otelcol(Plain), AT_10K),
    at(10_000, "10k-pipe-proto", sampled(Format::Proto), AT_10K),
    at(10_000, "10k-pipe-ndjson", sampled(Format::Ndjson), AT_10K),
    at(100_000, "100k-rotel", System::Rotel, AT_100K),
    at(100_000, "100k-otelcol", System::Otelcol(Plain), AT_100K),
    at(100_000, "100k-relay", relayed(Plain), AT_100K),
    at(100_000, "100k-pipe-proto", sampled(Format::Proto), AT_100K),
    at(100_000, "100k-pipe-ndjson", sampled(Format::Ndjson), AT_100K),
    stalled("stall-rotel", System::Rotel),
    stalled("stall-otelcol", System::Otelcol(Plain)),
    stalled("stall-relay", relayed(Plain)),
    stalled("stall-pipe-ndjson", sampled(Format::Ndjson)),
];

impl Scenario {
    /// The share of the spans that must arrive; a sampler keeps failed spans in any case.
    pub fn share(&self) -> f64 {
        match self.system {
            System::Pipe { sample: true, .. } | System::SampleFile(_) => RATE + (1.0 - RATE) * FAILED,
            _ => 1.0,
        }
    }

    /// The program that the scenario lacks.
    pub fn missing(&self, options: &Options) -> Option<&'static str> {
        match self.system {
            System::Rotel if options.rotel.is_none() => Some("rotel"),
            System::Otelcol(_) if options.otelcol.is_none() => Some("otelcol"),
            _ => None,
        }
    }
}
