//! What `obs run` is told: the pipeline and the configuration of agents, gateways and the store.

use std::time::Duration;

use super::Deployment;
use crate::choice::Choice;
use crate::pipeline::AckOn;
use crate::pipeline::text::Word;

/// A process that is told to end may take so long to hand on what it has.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// Who waits for its end waits longer.
pub(super) const STOP_TIMEOUT: Duration = Duration::from_secs(45);

/// A gateway may hold a request for the length of an outage, and needs a moment more to deliver it.
const AFTER_OUTAGE: Duration = Duration::from_secs(30);
/// The default of relays, which is kept unless an outage may last longer.
const GIVE_UP_AFTER: Duration = Duration::from_secs(300);

/// Where the store keeps its database.
pub(super) const DATABASE: &str = "/var/lib/obs/obs.db";

/// Where a process receives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listen {
    pub(super) grpc: &'static str,
    pub(super) http: &'static str,
}

impl Listen {
    /// The registered ports, for a process that has an address of its own.
    pub(super) const ANYWHERE: Listen = Listen { grpc: "0.0.0.0:4317", http: "0.0.0.0:4318" };
}

/// What one process is told.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) pipeline: String,
    pub(super) config: String,
    pub(super) ack: AckOn,
}

/// The agent of a node, which sends to the gateways at `to`, a word of a pipeline.
pub(super) fn agent(deployment: &Deployment, listen: Listen, to: &str) -> Program {
    let timeout = deployment.outage.saturating_add(AFTER_OUTAGE).as_secs();
    Program {
        pipeline: format!(
            "# What the programs of this node send goes to the gateways, which may hold it while the backend is away.\n\
             {collect}\n| {relay} --timeout {timeout}s\n",
            collect = collect(listen),
            relay = relay(deployment, to),
        ),
        config: batching(deployment, deployment.agent.buffer_capacity),
        ack: AckOn::Delivery,
    }
}

/// A gateway, which sends what it keeps to `to`, a word of a pipeline.
pub(super) fn gateway(deployment: &Deployment, listen: Listen, to: &str) -> Program {
    Program {
        pipeline: format!(
            "# What agents send is sampled and sent on. They are answered when it is in the queue, which holds it while the\n\
             # backend is away; a gateway that is killed loses that.\n\
             {collect}\n| sample\n| {relay}\n",
            collect = collect(listen),
            relay = relay(deployment, to),
        ),
        config: sampling(deployment) + &batching(deployment, deployment.gateway.buffer_capacity),
        ack: AckOn::Accept,
    }
}

/// The store.
pub(super) fn store(deployment: &Deployment, listen: Listen) -> Program {
    let pipeline = format!("# What gateways send is kept.\n{}\n| store\n", collect(listen));
    Program { pipeline, config: storage(deployment), ack: AckOn::Delivery }
}

/// Gateway and store in one, which shows traces in Jaeger and metrics in Prometheus.
pub(super) fn local(deployment: &Deployment) -> Program {
    let own = deployment.backend.as_deref().map(|backend| {
        let relay = relay(deployment, &word(backend));
        format!("  # The backend, too.\n  {{ {relay} --protocol grpc }}\n")
    });
    Program {
        pipeline: format!(
            "# What programs send is sampled and kept, and shown by Jaeger (traces) and Prometheus (metrics), whose\n\
             # addresses are in the environment.\n\
             {collect}\n| sample\n| tee\n  {{ store }}\n  {{ relay }}\n{own}",
            collect = collect(Listen::ANYWHERE),
            own = own.unwrap_or_default(),
        ),
        config: sampling(deployment)
            + &storage(deployment)
            + &batching(deployment, deployment.gateway.buffer_capacity),
        // Jaeger refuses logs, of which senders would be told.
        ack: AckOn::Accept,
    }
}

/// A text as one word of a pipeline.
pub(super) fn word(text: &str) -> String {
    Word { text: text.into(), span: 0..0 }.to_string()
}

fn collect(listen: Listen) -> String {
    format!("collect --grpc {} --http {}", listen.grpc, listen.http)
}

fn relay(deployment: &Deployment, to: &str) -> String {
    let give_up = deployment.outage.saturating_mul(2).max(GIVE_UP_AFTER).as_secs();
    format!("relay --to {to} --compression {} --give-up-after {give_up}s", name(deployment.compression))
}

/// The name of a choice.
pub(super) fn name<T: Choice + PartialEq>(choice: T) -> &'static str {
    let named = T::CHOICES.iter().find(|(_, _, other)| *other == choice);
    named.map_or("", |(name, _, _)| name)
}

fn sampling(deployment: &Deployment) -> String {
    format!(
        "sampling:\n  # Share of the traces that is kept, by their ids: all gateways keep the same ones.\n  \
         base_rate: {}\n  sample_errors: true\n",
        deployment.rate.clamp(0.0, 1.0)
    )
}

fn batching(deployment: &Deployment, capacity: u64) -> String {
    let timeout =
        deployment.batch_timeout.map(|timeout| format!("  batch_timeout: {}ms\n", timeout.as_millis()));
    format!(
        "agent:\n  # Items that may wait; more slow the senders down.\n  \
         buffer_capacity: {}\n  batch_size: {}\n{}",
        capacity.max(1),
        deployment.batch_size.max(1),
        timeout.unwrap_or_default()
    )
}

fn storage(deployment: &Deployment) -> String {
    let days = deployment.store.retention_days;
    format!("storage:\n  path: {DATABASE}\n  retention_days: {days}\n")
}
