//! What other projects published comes back as it went in.

use std::collections::BTreeMap;

use obs::otlp::Signal;
use opentelemetry_proto::tonic::metrics::v1::{Metric, MetricsData, metric};
use prost::Message;

use super::database::{Db, Frame, LOGS, METRICS, TRACES, frames, of_signal};
use crate::documents::shared::{self, documents, is_json};
use crate::support::Obs;

/// Command lines and input that give all documents: those in JSON by name, the bare messages as frames.
fn inputs(root: &std::path::Path) -> (Vec<String>, Vec<u8>) {
    let (named, bare): (Vec<String>, Vec<String>) =
        documents(root).into_iter().partition(|name| is_json(name));
    let mut stream = Vec::new();
    for name in bare {
        let message = std::fs::read(root.join(&name)).unwrap();
        let length = u32::try_from(message.len()).unwrap() | (number(shared::signal(&name)) << 24);
        stream.extend(length.to_be_bytes());
        stream.extend(message);
    }
    (named.iter().map(|name| root.join(name).to_str().unwrap().to_owned()).collect(), stream)
}

fn number(signal: Signal) -> u32 {
    signal.index() as u32 + 1
}

/// A data point with all that tells it from others: its resource, its scope, its metric without points, itself.
type Point = [Vec<u8>; 4];

/// How often each data point is there.
fn points(frames: &[Frame]) -> BTreeMap<Point, usize> {
    let mut found = BTreeMap::new();
    for message in of_signal(frames, METRICS) {
        for resource in MetricsData::decode(&message[..]).unwrap().resource_metrics {
            let of = resource.resource.unwrap_or_default().encode_to_vec();
            for scope in resource.scope_metrics {
                let within = scope.scope.unwrap_or_default().encode_to_vec();
                for mut metric in scope.metrics {
                    for point in take_points(&mut metric) {
                        let point = [of.clone(), within.clone(), metric.encode_to_vec(), point];
                        *found.entry(point).or_default() += 1;
                    }
                }
            }
        }
    }
    found
}

fn take_points(metric: &mut Metric) -> Vec<Vec<u8>> {
    fn taken<T: Message>(points: &mut Vec<T>) -> Vec<Vec<u8>> {
        std::mem::take(points).iter().map(T::encode_to_vec).collect()
    }
    match &mut metric.data {
        Some(metric::Data::Gauge(data)) => taken(&mut data.data_points),
        Some(metric::Data::Sum(data)) => taken(&mut data.data_points),
        Some(metric::Data::Histogram(data)) => taken(&mut data.data_points),
        Some(metric::Data::ExponentialHistogram(data)) => taken(&mut data.data_points),
        Some(metric::Data::Summary(data)) => taken(&mut data.data_points),
        None => Vec::new(),
    }
}

#[test]
fn what_can_be_read_of_a_document_comes_back() {
    let Some(root) = shared::root() else { return };
    let (names, stream) = inputs(&root);
    let db = Db::new();
    // Some of the documents hold objects that cannot be read.
    let mut store = db.store("--ledger ledger.json").stdin(stream.clone()).arg("-");
    let mut sample = Obs::new(&db.dir, "sample --rate 1 --format proto").stdin(stream).arg("-");
    for name in &names {
        (store, sample) = (store.arg(name), sample.arg(name));
    }
    let (stored, sampled) = (store.run(), sample.run());
    stored.expect(3, "");
    sampled.expect(3, "");
    let (given, found) = (frames(&sampled.stdout), db.export(""));

    for signal in [TRACES, LOGS] {
        let (given, found) = (of_signal(&given, signal), of_signal(&found, signal));
        assert!(given.len() > 10, "{} batches of signal {signal}", given.len());
        assert_eq!(found.len(), given.len(), "batches of signal {signal}");
        assert!(found == given, "batches of signal {signal} differ");
    }
    let (given_points, found_points) = (points(&given), points(&found));
    assert!(given_points.len() > 30, "{} data points", given_points.len());
    assert!(found_points == given_points, "data points differ");

    let ledger: serde_json::Value =
        serde_json::from_slice(&std::fs::read(db.dir.file("ledger.json")).unwrap()).unwrap();
    let mut items = 0;
    for (index, signal) in Signal::ALL.iter().enumerate() {
        let stats = db.stats()["signals"][index].clone();
        assert_eq!(stats["signal"], signal.name());
        assert_eq!(stats["items"], ledger[signal.name()]["out"]);
        items += stats["items"].as_u64().unwrap();
    }
    db.expect_whole(items);
}

#[test]
fn every_document_comes_back_alone() {
    let Some(root) = shared::root() else { return };
    let db = Db::new();
    let mut before = 0;
    for name in documents(&root).iter().filter(|name| is_json(name)).step_by(5) {
        let path = root.join(name);
        let given = Obs::new(&db.dir, "sample --rate 1 --format proto").arg(&path).run();
        let stored = db.store("").arg(&path).run();
        assert_eq!(stored.code, given.code, "{name}: {}", stored.stderr);
        // What is there already stands in front of it, unless segments were merged, which keeps the signals apart.
        let (given, all) = (frames(&given.stdout), db.export(""));
        assert_eq!(all.len(), before + given.len(), "{name}");
        for signal in [TRACES, METRICS, LOGS] {
            let given = of_signal(&given, signal);
            assert!(of_signal(&all, signal).ends_with(&given), "{name}: batches of signal {signal}");
        }
        before = all.len();
    }
    assert!(before > 10, "{before} batches");
}
