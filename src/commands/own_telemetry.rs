//! Where our own telemetry goes: `--health`, `--self-metrics`, and the sections `telemetry`, `tracing` and `metrics`
//! of the configuration.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::config::{Config, Metrics, Telemetry, Tracing};
use crate::error::CommandError;
use crate::otlp::Signal;
use crate::probability::Rate;
use crate::relay::{Environment, Exporter, Overrides, Protocol};
use crate::telemetry::{Figures, SelfMetrics, Tracer, spawn_health};

const SERVICE_NAME: &str = "obs";
/// The last export, at the end of the process, may take so long.
const LAST_EXPORT: Duration = Duration::from_secs(2);
const INTERVAL: Duration = Duration::from_secs(15);

/// The registered port of OTLP/HTTP.
const HTTP_PORT: u16 = 4318;

/// What the configuration says about our own telemetry.
pub(super) struct OwnTelemetry {
    service_name: String,
    metrics: Option<String>,
    interval: Duration,
    traces: Option<(String, Arc<Tracer>)>,
}

impl OwnTelemetry {
    pub(super) fn configured(config: &Config) -> Result<OwnTelemetry, CommandError> {
        let telemetry: Telemetry = config.section()?;
        let tracing: Tracing = config.section()?;
        let metrics: Metrics = config.section()?;
        let enabled = |endpoint: Option<String>| endpoint.filter(|_| telemetry.enabled != Some(false));
        let shared = enabled(telemetry.endpoint.clone());
        let service_name = tracing.service_name.unwrap_or_else(|| SERVICE_NAME.into());
        let ratio = tracing.sampling_ratio.or(telemetry.sampling_ratio).unwrap_or(Rate::ALL);
        let tracer = |endpoint| (endpoint, Arc::new(Tracer::new(service_name.clone(), ratio)));
        Ok(OwnTelemetry {
            metrics: enabled(metrics.endpoint).or(shared.clone()),
            interval: metrics.export_interval.unwrap_or(INTERVAL),
            traces: enabled(tracing.endpoint).or(shared).map(tracer),
            service_name,
        })
    }

    /// Records our own traces, where they have somewhere to go.
    pub(super) fn tracer(&self) -> Option<Arc<Tracer>> {
        self.traces.as_ref().map(|(_, tracer)| tracer.clone())
    }

    /// Batches of figures, for a stream.
    pub(super) fn self_metrics(&self, figures: &Arc<Figures>, interval: Duration) -> SelfMetrics {
        SelfMetrics::new(figures.clone(), &*self.service_name, interval)
    }

    /// Serves the figures on the address `health`, and sends them where the configuration says.
    pub(super) fn start(self, health: Option<&str>, figures: &Arc<Figures>) -> Result<Sending, CommandError> {
        if let Some(address) = health {
            let local = spawn_health(address, figures.clone())
                .with_context(|| format!("cannot serve health on {address}"))
                .map_err(CommandError::usage)?;
            tracing::info!("health and metrics on http://{local}");
        }
        let sending =
            if self.metrics.is_some() || self.traces.is_some() { Some(self.spawn(figures)?) } else { None };
        Ok(Sending(sending))
    }

    /// Sends our own telemetry from a thread of its own, every interval and at the end.
    fn spawn(self, figures: &Arc<Figures>) -> Result<(oneshot::Sender<()>, JoinHandle<()>), CommandError> {
        let metrics =
            self.metrics.as_deref().map(|endpoint| exporter(endpoint, Signal::Metrics)).transpose()?;
        let traces =
            self.traces.as_ref().map(|(endpoint, _)| exporter(endpoint, Signal::Traces)).transpose()?;
        let runtime: Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let figures = figures.clone();
        let (end, mut ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("own-telemetry".into()).spawn(move || {
            let mut readings = SelfMetrics::new(figures.clone(), self.service_name, self.interval);
            let mut send = async || {
                if let Some(exporter) = &metrics {
                    report(exporter, exporter.export(readings.read()).await);
                }
                let spans = self.traces.as_ref().and_then(|(_, tracer)| tracer.take(figures.command()));
                if let (Some(exporter), Some(spans)) = (&traces, spans) {
                    report(exporter, exporter.export(spans).await);
                }
            };
            runtime.block_on(async {
                while tokio::time::timeout(self.interval, &mut ended).await.is_err() {
                    tokio::select! {
                        () = send() => {}
                        _ = &mut ended => break,
                    }
                }
                // Nobody waits for long for our own telemetry.
                let _ = tokio::time::timeout(LAST_EXPORT, send()).await;
            });
        })?;
        Ok((end, thread))
    }
}

/// Our own telemetry on its way.
pub(super) struct Sending(Option<(oneshot::Sender<()>, JoinHandle<()>)>);

impl Sending {
    /// Sends what has come up since the last interval.
    pub(super) fn finish(self) {
        if let Some((end, thread)) = self.0 {
            drop(end);
            let _ = thread.join();
        }
    }
}

fn report(exporter: &Exporter, result: Result<(), String>) {
    if let Err(message) = result {
        tracing::debug!("our own telemetry to {}: {message}", exporter.peer());
    }
}

fn exporter(endpoint: &str, signal: Signal) -> Result<Exporter, CommandError> {
    let is_http = reqwest::Url::parse(endpoint).ok().and_then(|url| url.port()) == Some(HTTP_PORT);
    let protocol = if is_http { Protocol::HttpProtobuf } else { Protocol::Grpc };
    let flags = Overrides { to: Some(endpoint.into()), protocol: Some(protocol), ..Default::default() };
    let endpoint = Environment::default().endpoint(signal, &flags).map_err(CommandError::usage)?;
    let endpoint =
        endpoint.ok_or_else(|| CommandError::usage(anyhow!("no endpoint for our own {signal}")))?;
    Exporter::new(signal, endpoint).map_err(CommandError::usage)
}
