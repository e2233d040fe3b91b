//! A load as it was seen: in a database, in a stream, or by a Prometheus server.

mod database;
mod extent;
mod prometheus;
mod sizes;

pub use database::of_database;
pub use prometheus::{Server, of_prometheus};

/// What was seen. What was not known is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Where and when, for people: `obs.db, 2026-11-20T10:00Z to 2026-11-21T10:00Z`.
    pub source: String,
    /// The mean of spans a second, before any sampler that left its threshold in them.
    pub spans: f64,
    /// The busiest minute by the mean.
    pub peak: Option<f64>,
    /// Bytes of a span on the wire, with its share of resource and scope, uncompressed.
    pub size: Option<f64>,
    /// The share of spans with the status ERROR.
    pub errors: Option<f64>,
    /// How many times as large as the mean a span with an error is.
    pub error_size: Option<f64>,
    /// Bytes in the store for each byte on the wire.
    pub stored: Option<f64>,
    /// By service, the most spans first.
    pub services: Vec<ServiceLoad>,
}

/// The load of a service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceLoad {
    /// Its name; empty where a resource had none.
    pub name: String,
    /// The mean of spans a second.
    pub spans: f64,
    /// Bytes of a span on the wire.
    pub size: Option<f64>,
    /// The share of spans with the status ERROR.
    pub errors: f64,
    /// How many times as large as its mean a span with an error is.
    pub error_size: Option<f64>,
}

/// The most spans first; services with as many by their names.
fn sort(services: &mut [ServiceLoad]) {
    services.sort_by(|one, other| other.spans.total_cmp(&one.spans).then_with(|| one.name.cmp(&other.name)));
}

/// The mean of the sizes of all services, and how many times as large a span with an error is.
fn mean_sizes(services: &[ServiceLoad]) -> (Option<f64>, Option<f64>) {
    let mean = |of: fn(&ServiceLoad) -> Option<[f64; 2]>| {
        let [spans, bytes] = services
            .iter()
            .filter_map(of)
            .fold([0.0, 0.0], |[spans, bytes], [of, size]| [spans + of, bytes + of * size]);
        (spans > 0.0).then(|| bytes / spans)
    };
    let size = mean(|service| Some([service.spans, service.size?]));
    let with_error =
        mean(|service| Some([service.spans * service.errors, service.size? * service.error_size?]));
    (size, with_error.zip(size).map(|(with_error, size)| with_error / size))
}
