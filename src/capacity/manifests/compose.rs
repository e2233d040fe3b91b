//! A local system for Docker Compose, in one file.

use super::pipelines::{self, DRAIN_TIMEOUT, STOP_TIMEOUT};
use super::text::{gibibytes, head, indented, quoted};
use super::{Deployment, File, dashboard};

pub(super) fn files(deployment: &Deployment) -> Vec<File> {
    let program = pipelines::local(deployment);
    let size = deployment.gateway.size.and(deployment.store.size);
    let dashboard = format!("{:#}", dashboard::dashboard());
    let text = format!(
        include_str!("compose/compose.yaml"),
        head = head(
            "A local system: obs, with Jaeger, Prometheus and Grafana to look at it.",
            &deployment.command
        ),
        image = literal(&quoted(&deployment.image)),
        drain = DRAIN_TIMEOUT.as_secs(),
        stop = STOP_TIMEOUT.as_secs(),
        cores = size.most_cores(),
        memory = size.mebibytes(),
        days = deployment.store.retention_days,
        disk = gibibytes(deployment.store.disk_bytes),
        config = literal(&indented(&program.config, 6)),
        pipeline = literal(&indented(&program.pipeline, 6)),
        dashboard = literal(&indented(&dashboard, 6)),
    );
    vec![File { name: "compose.yaml".into(), text }]
}

/// A text in which Compose finds no variables.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}
