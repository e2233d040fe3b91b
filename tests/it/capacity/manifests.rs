//! Deployments: what is in them, what the tools of their targets say, and that what they start handles spans.

mod content;
mod odd;
mod programs;
mod running;
mod validators;

use std::time::Duration;

use obs::capacity::manifests::{Agent, Deployment, Gateway, Size, Store, Target, emit, joined};
use obs::relay::Compression;
use serde_json::Value;

const GIB: f64 = (1_u64 << 30) as f64;
const MIB: f64 = (1_u64 << 20) as f64;

fn size(cores: f64, mebibytes: f64) -> Size {
    Size { cores, memory_bytes: mebibytes * MIB }
}

/// 100 000 spans a second, with a store of our own.
fn large() -> Deployment {
    Deployment {
        command: "obs capacity --spans 100k --emit k8s".into(),
        image: "obs:latest".into(),
        binary: "/usr/local/bin/obs".into(),
        namespace: "observability".into(),
        backend: None,
        compression: Compression::Zstd,
        rate: 0.05,
        utilisation: 0.65,
        spans_per_second: 83_333.4,
        zones: 3,
        outage: Duration::from_secs(30),
        batch_size: 8192,
        batch_timeout: None,
        gateway: Gateway {
            size: size(1.2345, 700.5),
            replicas: 4,
            max_replicas: 12,
            buffer_capacity: 120_000,
        },
        agent: Agent { size: size(0.05, 64.0), buffer_capacity: 30_000 },
        store: Store { size: size(0.5, 512.0), disk_bytes: 1234.5 * GIB, retention_days: 7.0 },
    }
}

/// As little as there is: one gateway on one machine, which keeps everything.
fn small() -> Deployment {
    Deployment {
        command: "obs capacity --spans 10 --rate 1 --zones 1".into(),
        rate: 1.0,
        spans_per_second: 25.0,
        zones: 1,
        batch_timeout: Some(Duration::from_millis(1500)),
        gateway: Gateway { size: size(0.001, 20.0), replicas: 1, max_replicas: 1, buffer_capacity: 0 },
        store: Store { size: size(0.001, 20.0), disk_bytes: 1.0, retention_days: 0.5 },
        ..large()
    }
}

/// Everything goes to a backend, on another machine.
fn with_backend() -> Deployment {
    Deployment {
        command: "obs capacity --spans 100k --backend https://otlp.example:4317".into(),
        backend: Some("https://otlp.example:4317".into()),
        compression: Compression::Gzip,
        outage: Duration::from_secs(600),
        ..large()
    }
}

const TARGETS: [Target; 3] = [Target::K8s, Target::Compose, Target::Systemd];

/// The documents of a text in YAML.
#[track_caller]
fn yaml(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The objects for Kubernetes, as they come on stdout.
fn objects(deployment: &Deployment) -> Vec<Value> {
    yaml(&joined(&emit(deployment, Target::K8s), Target::K8s))
}

/// The object of that kind and name.
#[track_caller]
fn object<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

/// The system for Docker Compose.
fn composed(deployment: &Deployment) -> Value {
    yaml(&joined(&emit(deployment, Target::Compose), Target::Compose)).remove(0)
}

/// A file for systemd, by the end of its path.
#[track_caller]
fn unit(deployment: &Deployment, name: &str) -> String {
    let files = emit(deployment, Target::Systemd);
    let found = files.into_iter().find(|file| file.name.ends_with(&format!("/{name}")));
    found.unwrap_or_else(|| panic!("no {name}")).text
}
