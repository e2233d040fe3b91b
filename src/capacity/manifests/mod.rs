//! A plan as a deployment: manifests for Kubernetes, a file for Docker Compose, units for systemd.
//!
//! Agents beside the programs hand everything to gateways, which sample and send it on: to the backend, or to a store of
//! our own where there is none. Each file is a template beside this code; `pipelines` has what `obs run` is told in all
//! of them.

mod checks;
mod compose;
mod dashboard;
mod k8s;
mod pipelines;
mod systemd;
mod text;

use std::time::Duration;

use crate::choice::Choice;
use crate::relay::Compression;

pub use checks::{backend, binary, image, namespace};

/// What runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Kubernetes.
    K8s,
    /// Docker Compose, on one machine.
    Compose,
    /// systemd.
    Systemd,
}

impl Choice for Target {
    const CHOICES: &'static [(&'static str, &'static str, Self)] = &[
        ("k8s", "Manifests for Kubernetes", Target::K8s),
        (
            "compose",
            "A local system with Prometheus, Grafana and Jaeger, for Docker Compose",
            Target::Compose,
        ),
        ("systemd", "Units for systemd, with their configuration", Target::Systemd),
    ];
}

/// What is to be deployed.
///
/// [`namespace`], [`image`], [`backend`] and [`binary`] check those of its texts that people give.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// The command line that it is made by.
    pub command: String,
    /// Image of containers.
    pub image: String,
    /// The binary that units start.
    pub binary: String,
    /// Namespace in Kubernetes.
    pub namespace: String,
    /// OTLP/gRPC endpoint that everything goes to; a store of our own where there is none.
    pub backend: Option<String>,
    /// How agents and gateways compress what they send.
    pub compression: Compression,
    /// Share of the traces that gateways keep.
    pub rate: f64,
    /// Share of a gateway's cores that is in use at the peak; above it gateways are added.
    pub utilisation: f64,
    /// Spans a second of one gateway at the peak; above it gateways are added.
    pub spans_per_second: f64,
    /// Zones that gateways are spread over.
    pub zones: u32,
    /// How long the backend may be away.
    pub outage: Duration,
    /// Items in a request.
    pub batch_size: u64,
    /// How long a batch waits for others, if not as long as relays do by themselves.
    pub batch_timeout: Option<Duration>,
    /// The gateways.
    pub gateway: Gateway,
    /// The agent of each node.
    pub agent: Agent,
    /// The store of our own.
    pub store: Store,
}

/// What one process takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Cores.
    pub cores: f64,
    /// Memory.
    pub memory_bytes: f64,
}

/// The gateways.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gateway {
    /// What one of them takes.
    pub size: Size,
    /// How many there are.
    pub replicas: u32,
    /// How many there may be at the most.
    pub max_replicas: u32,
    /// Items that may wait in one of them.
    pub buffer_capacity: u64,
}

/// The agent of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agent {
    /// What it takes.
    pub size: Size,
    /// Items that may wait in it.
    pub buffer_capacity: u64,
}

/// The store.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Store {
    /// What it takes.
    pub size: Size,
    /// Its disk.
    pub disk_bytes: f64,
    /// Days after which items are deleted.
    pub retention_days: f64,
}

/// A file of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name; for systemd, the path where it belongs.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// The files that deploy it, in the order in which they are to be applied.
pub fn emit(deployment: &Deployment, target: Target) -> Vec<File> {
    match target {
        Target::K8s => k8s::files(deployment),
        Target::Compose => compose::files(deployment),
        Target::Systemd => systemd::files(deployment),
    }
}

/// All files as one text: documents for Kubernetes; for systemd, each after a comment with its path.
pub fn joined(files: &[File], target: Target) -> String {
    let texts = files.iter().map(|file| match target {
        Target::K8s | Target::Compose => file.text.clone(),
        Target::Systemd => format!("# {}\n{}", file.name, file.text),
    });
    texts.collect::<Vec<_>>().join(if target == Target::K8s { "---\n" } else { "\n" })
}
