//! What a pipeline is made of.
//!
//! A *source* hands over deliveries and waits for their acknowledgement; a *transform* is pushed batches and pushes
//! batches on; a *terminal* acknowledges what it has accepted. None of them knows stdin, stdout or arguments.

use std::fmt;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::otlp::Batch;

/// A synchronous stage in the middle.
pub trait Transform {
    /// Takes a batch and hands what becomes of it to `next`.
    fn push(&mut self, batch: Batch, next: &mut dyn FnMut(Batch));

    /// Time has passed; what was held back for it may go.
    fn tick(&mut self, _now: Instant, _next: &mut dyn FnMut(Batch)) {}

    /// No more batches will come.
    fn end(&mut self, _next: &mut dyn FnMut(Batch)) {}
}

/// Why a batch was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The pipeline is ending or its reader is gone; what was accepted before is not affected.
    #[error("the pipeline behind this collector has ended")]
    Closed,
}

/// A batch and the promise to say what became of it.
pub struct Delivery {
    /// The batch.
    pub batch: Batch,
    ack: Option<oneshot::Sender<Result<(), Refusal>>>,
    /// What the source has taken for the batch, such as its share of a limit; given back when its fate is known.
    _held: Option<Box<dyn Send>>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("batch", &self.batch).finish_non_exhaustive()
    }
}

/// Resolves when the terminal has accepted or refused a batch.
#[derive(Debug)]
pub struct Ack(oneshot::Receiver<Result<(), Refusal>>);

impl Delivery {
    /// A delivery whose sender waits; `held` is dropped when its fate is known, also where the sender has gone.
    pub fn new(batch: Batch, held: impl Send + 'static) -> (Delivery, Ack) {
        let (sender, receiver) = oneshot::channel();
        (Delivery { batch, ack: Some(sender), _held: Some(Box::new(held)) }, Ack(receiver))
    }

    /// A delivery for which nobody waits.
    pub fn unacknowledged(batch: Batch) -> Delivery {
        Delivery { batch, ack: None, _held: None }
    }

    /// Tells the sender; one that no longer waits is no error.
    pub fn resolve(self, result: Result<(), Refusal>) {
        if let Some(ack) = self.ack {
            let _ = ack.send(result);
        }
    }
}

impl Ack {
    /// Waits for the terminal; one that went away has refused.
    pub async fn wait(self) -> Result<(), Refusal> {
        self.0.await.unwrap_or(Err(Refusal::Closed))
    }
}
