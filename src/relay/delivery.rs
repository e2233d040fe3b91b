//! One request from its first attempt to its fate.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batcher::Export;
use super::dead_letter::DeadLetter;
use super::exporter::Exporter;
use super::queue::Meters;
use super::response::Answer;
use super::retry::Backoff;
use crate::otlp::join;
use crate::pipeline::{Accepted, Refusal};
use crate::stream::{Ledger, Reason, Stop};
use crate::telemetry::{Kind, OpenSpan, Tracer};

/// A peer that says "at once" is not taken at its word.
const SHORTEST_DELAY: Duration = Duration::from_millis(100);

/// What deliveries share.
#[derive(Debug)]
pub(super) struct Deliverer {
    pub(super) exporters: [Arc<Exporter>; 3],
    pub(super) ledger: Arc<Ledger>,
    pub(super) dead_letter: Option<DeadLetter>,
    pub(super) give_up_after: Duration,
    pub(super) stop: Stop,
    pub(super) meters: Arc<Meters>,
    pub(super) tracer: Option<Arc<Tracer>>,
}

/// Why a delivery ended without being accepted.
struct Undelivered {
    reason: Reason,
    message: String,
}

impl Deliverer {
    /// Delivers, and enters the fate into the ledger.
    pub(super) async fn deliver(&self, mut export: Export) {
        let span = self.tracer.as_ref().and_then(|tracer| tracer.start(None));
        let fate = self.attempt(&export, span.as_ref()).await;
        if let (Some(tracer), Some(span)) = (&self.tracer, span) {
            let error = fate.as_ref().err().map(|undelivered| undelivered.message.as_str());
            tracer.end(&span, "export", Kind::Client, export.signal, export.items, error);
        }
        match fate {
            Ok(Accepted { rejected, message }) => {
                let rejected = rejected.min(export.items as u64);
                self.ledger.sent(export.signal, export.items as u64 - rejected);
                self.ledger.lost(export.signal, Reason::PartialSuccess, rejected);
                accept(&mut export, rejected, &format!("rejected by the peer of this pipeline: {message}"));
            }
            Err(undelivered) => self.bury(&mut export, undelivered),
        }
        self.meters.settle(export.items);
    }

    /// Sends until the request is accepted (but for some items) or there is no more use in it.
    async fn attempt(&self, export: &Export, span: Option<&OpenSpan>) -> Result<Accepted, Undelivered> {
        let exporter = &self.exporters[export.signal.index()];
        let payload = exporter
            .encode(&export.batches)
            .map_err(|error| Undelivered { reason: Reason::RefusedByPeer, message: error.to_string() })?;
        self.ledger.unknown_fields(payload.unknown_fields());
        let began = Instant::now();
        let mut backoff = Backoff::new(fastrand::u64(..));
        let mut attempts = 0;
        loop {
            attempts += 1;
            let sent = Instant::now();
            let answer = tokio::select! {
                answer = exporter.send(payload.clone(), span) => answer,
                () = self.stop.drained_out() => {
                    let message = "no answer before the drain timeout".into();
                    return Err(Undelivered { reason: Reason::DrainTimeout, message });
                }
            };
            self.meters.observe(sent.elapsed(), &answer);
            let (code, message, after) = match answer {
                Answer::Accepted(warning) => {
                    if let Some(warning) = warning {
                        tracing::warn!("{} accepts with a warning: {warning}", exporter.peer());
                    }
                    return Ok(Accepted::default());
                }
                Answer::Partial { rejected, message } => {
                    tracing::warn!(
                        "{} rejected {rejected} {}: {message}",
                        exporter.peer(),
                        export.signal.items()
                    );
                    return Ok(Accepted { rejected, message });
                }
                Answer::Refused { code, message } => {
                    return Err(Undelivered {
                        reason: Reason::RefusedByPeer,
                        message: format!("{code}: {message}"),
                    });
                }
                Answer::Retry { code, message, after } => (code, message, after),
            };
            let delay = after.map_or_else(|| backoff.delay(), |after| after.max(SHORTEST_DELAY));
            if attempts == 1 {
                tracing::warn!(
                    "{}: {code}: {message}; trying again for {}",
                    exporter.peer(),
                    humantime::format_duration(self.give_up_after)
                );
            } else {
                tracing::debug!("{}: attempt {attempts}: {code}: {message}", exporter.peer());
            }
            if began.elapsed().saturating_add(delay) > self.give_up_after {
                let message = format!("{attempts} attempts, the last: {code}: {message}");
                return Err(Undelivered { reason: Reason::GaveUp, message });
            }
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = self.stop.drained_out() => {
                    return Err(Undelivered { reason: Reason::DrainTimeout, message: format!("{code}: {message}") });
                }
            }
        }
    }

    fn bury(&self, export: &mut Export, undelivered: Undelivered) {
        let Undelivered { reason, message } = &undelivered;
        let (signal, items) = (export.signal, export.items as u64);
        let peer = self.exporters[signal.index()].peer();
        let Some(dead_letter) = &self.dead_letter else {
            tracing::error!("{items} {} lost ({reason}): {peer}: {message}", signal.items());
            self.ledger.lost(signal, *reason, items);
            return refuse(export, &undelivered);
        };
        match dead_letter.write(&join(signal, &export.batches)) {
            Ok(written) => {
                let kept = written.counts(signal).sent;
                self.ledger.dead_lettered(signal, kept);
                self.ledger.lost(signal, Reason::Oversized, items.saturating_sub(kept));
                self.ledger.unknown_fields(written.unknown_fields_left_out());
                accept(
                    export,
                    items.saturating_sub(kept),
                    "too large for the dead-letter file of this pipeline",
                );
                tracing::error!(
                    "{kept} of {items} {} dead-lettered ({reason}): {peer}: {message}",
                    signal.items()
                );
            }
            Err(error) => {
                let what = signal.items();
                tracing::error!(
                    "{items} {what} lost ({reason}): {peer}: {message}; and the dead-letter file: {error}"
                );
                self.ledger.lost(signal, *reason, items);
                refuse(export, &undelivered);
            }
        }
    }
}

/// Accepts what an export is made of, but for `rejected` items, for the reason `why`. Nobody says which: every sender is
/// told of as many as it may be.
fn accept(export: &mut Export, rejected: u64, why: &str) {
    for (batch, receipt) in export.batches.iter().zip(export.receipts.drain(..)) {
        match rejected.min(batch.items() as u64) {
            0 => receipt.accept(),
            rejected => {
                let message = format!("up to {rejected} {why}");
                receipt.accept_partly(Accepted { rejected, message });
            }
        }
    }
}

fn refuse(export: &mut Export, undelivered: &Undelivered) {
    let refusal = match undelivered.reason {
        Reason::RefusedByPeer => Refusal::Rejected(undelivered.message.clone()),
        _ => Refusal::Undelivered(undelivered.message.clone()),
    };
    export.receipts.drain(..).for_each(|receipt| receipt.refuse(refusal.clone()));
}
