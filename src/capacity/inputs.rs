//! The inputs of a plan: each has a name, a unit, a default and says where that is from.

use super::Unit;
use super::observation::Observation;
use super::profile::Profile;

/// Where the value of an input is from, the highest rank first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It was solved for, to keep within limits.
    Solved,
    /// A flag.
    Flag,
    /// An environment variable.
    Environment,
    /// Seen in telemetry: where.
    Observed(String),
    /// Measured on a machine: which profile.
    Measured(String),
    /// The configuration: which file.
    File(String),
    /// The default.
    Default,
}

/// What belongs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// What comes in.
    Load,
    /// What is kept, and for how long.
    Storage,
    /// What handles it.
    Compute,
    /// What of it is in memory.
    Memory,
    /// What goes over the network.
    Network,
    /// What is asked.
    Queries,
}

impl Group {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Group; 6] =
        [Group::Load, Group::Storage, Group::Compute, Group::Memory, Group::Network, Group::Queries];

    /// Its name.
    pub fn name(self) -> &'static str {
        ["load", "storage", "compute", "memory", "network", "queries"][self as usize]
    }
}

/// What is known about an input.
#[derive(Debug)]
pub struct Input {
    /// Its key in the configuration; with dashes, its flag.
    pub key: &'static str,
    /// What it belongs to.
    pub group: Group,
    /// What it is of.
    pub unit: Unit,
    /// What it is.
    pub help: &'static str,
    /// Taken where nothing says otherwise.
    pub default: f64,
    /// Where the default is from.
    pub source: &'static str,
    /// How far the default may be off, as a factor either way: 2 is from half to twice.
    pub band: f64,
    get: fn(&Values) -> f64,
    set: fn(&mut Values) -> &mut f64,
}

macro_rules! inputs {
    ($($group:ident { $($(#[doc = $help:literal])+ $key:ident: $unit:ident = $default:expr, $band:expr, $source:expr;)+ })+) => {
        /// The inputs by name, in their units.
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[allow(missing_docs, reason = "the help of each input says what it is")]
        pub struct Values { $($(pub $key: f64,)+)+ }

        /// All inputs, by group.
        pub const INPUTS: &[Input] = &[$($(Input {
            key: stringify!($key),
            group: Group::$group,
            unit: Unit::$unit,
            help: concat!($($help),+).trim_ascii_start(),
            default: $default,
            source: $source,
            band: $band,
            get: |values| values.$key,
            set: |values| &mut values.$key,
        },)+)+];

        impl Values {
            /// The defaults.
            pub const DEFAULT: Values = Values { $($($key: $default,)+)+ };
        }
    };
}

/// Processes of their own, with spans of `scripts/bench`: 349 bytes, 8 attributes. `obs run` takes less.
const CALIBRATED: &str = "calibrate, 2026-11-28, Intel Xeon, 2 virtual cores";
/// The tables of the README.
const BENCH: &str = "scripts/bench, 2026-11-28, Intel Xeon, 2 virtual cores";

inputs! {
    Load {
        /// Spans a second, on average
        spans: PerSecond = f64::NAN, 1.0, "none: --spans, or --db, --prometheus or FILE to look";
        /// The busiest minute, by the average
        peak: Factor = 2.5, 1.5, "assumed: day and night, without retry storms";
        /// Bytes of a span on the wire, uncompressed
        size: Bytes = 1024.0, 2.0, "Vector's sizing guide: about 1 KB (Tempo's: 500 B)";
        /// Share of spans with an error, which a sampler keeps
        errors: Share = 0.01, 2.0, "assumed";
        /// A span with an error is so many times as large as one without
        error_size: Ratio = 3.0, 1.5, "tracekit: stack traces of 2 to 5 KB";
        /// Growth of the load, as 10%/month
        growth: Growth = 0.0, 1.0, "assumed: none";
        /// Months ahead that the plan is for
        horizon: Months = 6.0, 1.0, "assumed; without growth it makes no difference";
        /// Share of the other traces that the sampler keeps
        rate: Share = 0.05, 1.0, "assumed: --rate 1 keeps everything";
    }
    Storage {
        /// How long spans stay in the hot tier
        retention: Days = 7.0, 1.0, "assumed";
        /// How long they stay in the warm tier after that
        warm: Days = 0.0, 1.0, "assumed: no such tier";
        /// How long they stay in the cold tier after that
        cold: Days = 0.0, 1.0, "assumed: no such tier";
        /// Bytes in the store, with all that searches need, for each byte on the wire
        stored: Ratio = 0.2, 1.4, "calibrate: 0.18 for the spans of scripts/bench, 0.24 for spans full of text";
        /// Room on a disk for what is merged, deleted and to come, as a factor
        headroom: Factor = 1.25, 1.1, "VictoriaMetrics: 20 % of the disk free";
        /// Copies of everything
        replication: Count = 1.0, 1.0, "obs store keeps one";
    }
    Compute {
        /// Spans a second and core that collect handles
        collect_speed: SpansPerCore = 3_400_000.0, 1.5, CALIBRATED;
        /// Spans a second and core that sample handles
        sample_speed: SpansPerCore = 3_500_000.0, 1.5, CALIBRATED;
        /// Spans a second and core that relay handles
        relay_speed: SpansPerCore = 2_250_000.0, 1.5, CALIBRATED;
        /// Spans a second and core that store handles
        store_speed: SpansPerCore = 430_000.0, 1.5, CALIBRATED;
        /// Spans a second and core that are compressed (zstd) to be sent
        compress_speed: SpansPerCore = 2_900_000.0, 1.5, BENCH;
        /// Spans a second and core that are decompressed
        decompress_speed: SpansPerCore = 7_000_000.0, 1.5, "assumed: zstd takes less than half of that to decompress";
        /// Bytes of the spans that these speeds were measured with
        speed_size: Bytes = 349.0, 1.0, CALIBRATED;
        /// Share of the work of all but the store that grows with the size of a span
        per_byte: Share = 0.4, 1.3, "calibrate, spans of 353 and 1004 bytes: 35 to 40 %";
        /// Share of a core that is to be used at the peak
        utilisation: Utilisation = 0.65, 1.0, "queueing: below 70 % waiting is short and a burst has room";
        /// Most cores of one gateway
        replica_cores: Cores = 4.0, 1.0, "obs run uses at most 4 threads by itself";
        /// Fewest gateways
        min_replicas: Count = 3.0, 1.0, "OpenTelemetry's guide to scaling collectors: at least 3";
        /// Gateways that may fail while all else goes on
        spare: Whole = 1.0, 1.0, "Splunk's sizing guide: N+1";
        /// Zones; the load survives the loss of one
        zones: Count = 3.0, 1.0, "Vector's sizing guide: at least one instance in each zone";
        /// Nodes with an agent each; 0 where programs send to the gateways
        nodes: Whole = 20.0, 1.0, "assumed";
        /// How bursty requests arrive: the squared coefficient of variation, 1 is random
        burst: Factor = 4.0, 2.0, "assumed: exporters send batches";
        /// Spans in a request
        request: Count = 512.0, 1.0, "OpenTelemetry's SDKs: OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
    }
    Memory {
        /// Memory of a gateway or an agent without load
        base_memory: Bytes = 18874368.0, 1.5, BENCH;
        /// Bytes in memory for each byte on the wire of a span under way
        memory_size: Ratio = 1.2, 1.5, CALIBRATED;
        /// Memory of a store and of a search in it
        store_memory: Bytes = 272629760.0, 1.3, "scripts/bench: 159 MiB of a writer and 85 MiB of a search";
        /// How long a batch waits for others
        batch_timeout: Seconds = 0.2, 1.0, "the default of obs relay";
        /// How long a tail sampler holds spans before it decides
        decision_wait: Seconds = 0.0, 1.0, "obs sample decides at once; tail samplers: 30s";
        /// How long the backend may be away while gateways hold what is kept
        outage: Seconds = 30.0, 1.0, "assumed: a restart of the backend";
    }
    Network {
        /// Compression of what agents send (zstd); 1 is none
        compression_in: Factor = 5.0, 2.0, "calibrate: 4.7 for spans full of text, 9.8 for those of scripts/bench";
        /// Compression of what gateways send (zstd); 1 is none
        compression_out: Factor = 5.0, 2.0, "calibrate: 4.7 for spans full of text, 9.8 for those of scripts/bench";
        /// What TLS, gRPC and TCP add
        overhead: Share = 0.05, 2.0, "3 to 10 %";
        /// What is sent again
        retries: Share = 0.01, 2.0, "assumed";
        /// Backends that everything goes to
        fanout: Count = 1.0, 1.0, "assumed";
        /// Share of the traffic that goes to any zone, not to the nearest one
        cross_zone: Share = 1.0, 1.5, "a Service of Kubernetes spreads requests over all zones";
        /// Share of what goes out that leaves for the internet
        egress: Share = 0.0, 1.0, "assumed: the backend is in the same region";
        /// Share of what comes in that goes through a NAT gateway
        nat: Share = 0.0, 1.0, "assumed: none";
    }
    Queries {
        /// Searches a month
        queries: PerMonth = 100_000.0, 2.0, "assumed: 50 people, 100 a working day";
        /// CPU time of a search
        query_time: Seconds = 0.3, 2.0, BENCH;
        /// Objects that a search reads where tiers keep objects, by the days that each keeps
        query_objects: Ratio = 20.0, 2.0, "assumed";
        /// Bytes of an object there
        object_size: Bytes = 1048576.0, 2.0, "a segment of the store, compressed";
    }
}

/// Values with their origins.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// The values.
    pub values: Values,
    origins: Vec<Origin>,
}

impl Default for Inputs {
    fn default() -> Inputs {
        Inputs { values: Values::DEFAULT, origins: vec![Origin::Default; INPUTS.len()] }
    }
}

impl Input {
    /// The one of that name, with dashes or underscores.
    pub fn of(name: &str) -> Option<&'static Input> {
        let name = name.replace('-', "_");
        INPUTS.iter().find(|input| input.key == name)
    }

    /// The name of its flag, without the dashes before it.
    pub fn flag(&self) -> String {
        self.key.replace('_', "-")
    }

    /// Its environment variable.
    pub fn variable(&self) -> String {
        format!("OBS_CAPACITY_{}", self.key.to_uppercase())
    }

    /// Its value.
    pub fn get(&self, values: &Values) -> f64 {
        (self.get)(values)
    }

    /// The same values with another one of it.
    pub fn with(&self, values: &Values, value: f64) -> Values {
        let mut values = *values;
        *(self.set)(&mut values) = value;
        values
    }

    /// The same values with this one times a factor, within its range; whole numbers move by 1 at least.
    pub fn scaled(&self, values: &Values, factor: f64) -> Values {
        let value = self.get(values);
        let scaled = match self.unit {
            Unit::Count | Unit::Whole if factor < 1.0 => (value * factor).floor(),
            Unit::Count | Unit::Whole => (value * factor).ceil(),
            _ => value * factor,
        };
        let least = match self.unit {
            Unit::Count | Unit::Factor => 1.0,
            _ => 0.0,
        };
        let most = match self.unit {
            Unit::Share | Unit::Utilisation => 1.0,
            _ => f64::INFINITY,
        };
        self.with(values, scaled.clamp(least, most))
    }

    fn index(&self) -> usize {
        INPUTS.iter().position(|input| input.key == self.key).unwrap_or_default()
    }
}

impl Inputs {
    /// Sets a value, unless one of a higher rank is there.
    pub fn set(&mut self, input: &Input, value: f64, origin: Origin) {
        let place = input.index();
        if origin.rank() <= self.origins[place].rank() {
            self.values = input.with(&self.values, value);
            self.origins[place] = origin;
        }
    }

    /// Where a value is from.
    pub fn origin(&self, input: &Input) -> &Origin {
        &self.origins[input.index()]
    }

    /// How far a value may be off, as a factor either way: defaults as they say, measurements by what rounds differ, what is
    /// given or seen not at all.
    pub fn band(&self, input: &Input) -> f64 {
        /// Of rounds on a shared machine.
        const MEASURED: f64 = 1.2;
        match self.origin(input) {
            Origin::Default => input.band,
            Origin::Measured(_) => input.band.min(MEASURED),
            _ => 1.0,
        }
    }

    /// Takes what was seen.
    pub fn observe(&mut self, seen: &Observation) {
        let error_size = seen.error_size.zip(seen.errors).map(|(size, share)| of_others(size, share));
        let known = [
            ("spans", Some(seen.spans)),
            ("peak", seen.peak),
            ("size", seen.size),
            ("errors", seen.errors),
            ("error_size", error_size),
            ("stored", seen.stored),
        ];
        self.take(&known, &Origin::Observed(seen.source.clone()));
    }

    /// Takes what was measured; `name` is that of the profile.
    pub fn measure(&mut self, profile: &Profile, name: &str) {
        /// With fewer the tables that are empty count for more.
        const LEAST_STORED: u64 = 20_000;
        let bytes = &profile.bytes;
        let known = [
            ("size", Some(bytes.wire)),
            ("speed_size", Some(bytes.wire)),
            ("collect_speed", Some(profile.stages.collect.median)),
            ("sample_speed", Some(profile.stages.sample.median)),
            ("relay_speed", Some(profile.stages.relay.median)),
            ("store_speed", Some(profile.stages.store.median)),
            ("stored", Some(bytes.stored / bytes.wire).filter(|_| profile.sample.spans >= LEAST_STORED)),
            ("compression_in", Some(bytes.wire / bytes.zstd)),
            ("compression_out", Some(bytes.wire / bytes.zstd)),
            ("memory_size", Some(profile.memory_bytes_per_span.median / bytes.wire)),
        ];
        self.take(&known, &Origin::Measured(name.into()));
    }

    fn take(&mut self, known: &[(&str, Option<f64>)], origin: &Origin) {
        for (key, value) in known {
            let Some((input, value)) = Input::of(key).zip(*value) else { continue };
            if input.unit.holds(value) {
                self.set(input, value, origin.clone());
            }
        }
    }
}

/// What is so many times as large as the average of all, by the size of the others.
fn of_others(size: f64, share: f64) -> f64 {
    let others = (1.0 - share * size) / (1.0 - share);
    if others > 0.0 && others.is_finite() { size / others } else { size }
}

impl Origin {
    fn rank(&self) -> usize {
        match self {
            Origin::Solved => 0,
            Origin::Flag => 1,
            Origin::Environment => 2,
            Origin::Observed(_) => 3,
            Origin::Measured(_) => 4,
            Origin::File(_) => 5,
            Origin::Default => 6,
        }
    }

    /// What people read; `source` is that of the default.
    pub fn text(&self, source: &str) -> String {
        match self {
            Origin::Solved => "solved for, to keep within the limits".into(),
            Origin::Flag => "given".into(),
            Origin::Environment => "from the environment".into(),
            Origin::Observed(source) => format!("seen in {source}"),
            Origin::Measured(profile) => format!("measured, {profile}"),
            Origin::File(path) => format!("from {path}"),
            Origin::Default => source.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_range_and_say_where_they_are_from() {
        for input in INPUTS {
            let is_needed = input.default.is_nan();
            assert!(is_needed || input.unit.holds(input.default), "{}", input.key);
            assert!(!input.source.is_empty() && input.band >= 1.0, "{}", input.key);
            assert_eq!(Input::of(&input.flag()).map(|found| found.key), Some(input.key));
        }
    }

    #[test]
    fn sizes_by_the_average_are_sizes_by_the_others() {
        // One of ten spans has 500 bytes, the others 100: 140 on average.
        assert!((of_others(500.0 / 140.0, 0.1) - 5.0).abs() < 1e-9);
        assert_eq!(of_others(1.0, 1.0), 1.0);
    }

    #[test]
    fn whole_numbers_move_by_one_and_factors_stay_above_it() {
        let of = |key: &str, factor: f64| {
            let input = Input::of(key).unwrap();
            input.get(&input.scaled(&Values::DEFAULT, factor))
        };
        assert_eq!([of("zones", 0.8), of("zones", 1.2)], [2.0, 4.0]);
        assert_eq!([of("replication", 0.8), of("replication", 1.2)], [1.0, 2.0]);
        assert_eq!([of("headroom", 0.5), of("cross_zone", 1.2)], [1.0, 1.0]);
    }

    #[test]
    fn a_higher_rank_stays() {
        let mut inputs = Inputs::default();
        let size = Input::of("size").unwrap();
        inputs.set(size, 2.0, Origin::Environment);
        inputs.set(size, 3.0, Origin::File("obs.yaml".into()));
        assert_eq!(inputs.values.size, 2.0);
        inputs.set(size, 4.0, Origin::Flag);
        assert_eq!((inputs.values.size, inputs.origin(size)), (4.0, &Origin::Flag));
    }
}
