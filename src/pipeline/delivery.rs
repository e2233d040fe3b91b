//! Batches on their way, and the acknowledgement that goes back.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::otlp::Batch;

/// Why a batch was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The pipeline is ending or its reader is gone; what was accepted before is not affected.
    #[error("the pipeline behind this collector has ended")]
    Closed,
    /// It could not be delivered; to send it again may help.
    #[error("{0}")]
    Undelivered(String),
    /// The peer will never take it.
    #[error("{0}")]
    Rejected(String),
}

/// What an accepted batch came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Items that the peer left out.
    pub rejected: u64,
    /// What it said about them.
    pub message: String,
}

/// The end of a batch's way.
pub type Fate = Result<Accepted, Refusal>;

/// A batch and the promise to say what became of it.
#[derive(Debug)]
pub struct Delivery {
    /// The batch.
    pub batch: Batch,
    /// The promise.
    pub receipt: Receipt,
}

/// The promise to say what became of a batch.
///
/// Where a batch is split or goes several ways each part holds a clone, and the sender is told when the last one has
/// resolved. One that is dropped has refused.
#[derive(Clone)]
pub struct Receipt(Option<Arc<Pending>>);

struct Pending {
    ack: Option<oneshot::Sender<Fate>>,
    fate: Mutex<Fate>,
    /// What the source has taken for the batch, such as its share of a limit; given back when its fate is known.
    held: Option<Box<dyn Send + Sync>>,
}

/// Resolves when the terminals have accepted or refused a batch.
#[derive(Debug)]
pub struct Ack(oneshot::Receiver<Fate>);

impl Delivery {
    /// A delivery whose sender waits; `held` is dropped when its fate is known, also where the sender has gone.
    pub fn new(batch: Batch, held: impl Send + Sync + 'static) -> (Delivery, Ack) {
        let (sender, receiver) = oneshot::channel();
        let pending = Pending {
            ack: Some(sender),
            fate: Mutex::new(Ok(Accepted::default())),
            held: Some(Box::new(held)),
        };
        (Delivery { batch, receipt: Receipt(Some(Arc::new(pending))) }, Ack(receiver))
    }

    /// A delivery for which nobody waits.
    pub fn unacknowledged(batch: Batch) -> Delivery {
        Delivery { batch, receipt: Receipt::NOBODY }
    }
}

impl Receipt {
    /// For which nobody waits.
    pub const NOBODY: Receipt = Receipt(None);

    /// Whether somebody waits for it.
    pub fn is_awaited(&self) -> bool {
        self.0.is_some()
    }

    /// This part is where it shall be.
    pub fn accept(mut self) {
        self.0 = None;
    }

    /// This part is where it shall be, but for some items.
    pub fn accept_partly(mut self, accepted: Accepted) {
        self.resolve(Ok(accepted));
    }

    /// This part was not accepted.
    pub fn refuse(mut self, refusal: Refusal) {
        self.resolve(Err(refusal));
    }

    fn resolve(&mut self, part: Fate) {
        if let Some(pending) = self.0.take() {
            let mut fate = pending.fate.lock().unwrap_or_else(PoisonError::into_inner);
            *fate = worse(std::mem::replace(&mut *fate, Err(Refusal::Closed)), part);
        }
    }
}

/// What a sender is told of two parts: that it should send again, if that may help one of them.
fn worse(one: Fate, other: Fate) -> Fate {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            let message = if one.rejected > 0 { one.message } else { other.message };
            Ok(Accepted { rejected: one.rejected + other.rejected, message })
        }
        (Ok(_), refused) | (refused, Ok(_)) => refused,
        (Err(Refusal::Rejected(_)), other) => other,
        (one, _) => one,
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.resolve(Err(Refusal::Closed));
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.held = None;
        let fate = self.fate.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(ack) = self.ack.take() {
            // A sender that no longer waits is no error.
            let _ = ack.send(std::mem::replace(fate, Err(Refusal::Closed)));
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receipt").field(&self.0.is_some()).finish()
    }
}

impl Ack {
    /// Waits for the terminals.
    ///
    /// # Errors
    /// One of them has refused.
    pub async fn wait(self) -> Fate {
        self.0.await.unwrap_or(Err(Refusal::Closed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::Signal;

    fn parts(fates: &[Fate]) -> Fate {
        let (delivery, mut ack) = Delivery::new(Batch::built(Signal::Traces, Vec::new(), 0), ());
        let receipts: Vec<Receipt> = fates.iter().map(|_| delivery.receipt.clone()).collect();
        delivery.receipt.accept();
        for (receipt, fate) in receipts.into_iter().zip(fates) {
            assert!(ack.0.try_recv().is_err(), "the sender was told before the last part had resolved");
            match fate.clone() {
                Ok(accepted) => receipt.accept_partly(accepted),
                Err(refusal) => receipt.refuse(refusal),
            }
        }
        ack.0.try_recv().unwrap()
    }

    #[test]
    fn a_sender_is_told_the_worst_that_sending_again_may_mend() {
        let ok = || Ok(Accepted::default());
        let partly = |rejected| Ok(Accepted { rejected, message: rejected.to_string() });
        let rejected = || Err(Refusal::Rejected("no".into()));
        let undelivered = || Err(Refusal::Undelivered("later".into()));
        assert_eq!(parts(&[ok(), ok()]), ok());
        assert_eq!(parts(&[partly(2), ok()]), partly(2));
        assert_eq!(parts(&[partly(2), partly(3)]), Ok(Accepted { rejected: 5, message: "2".into() }));
        assert_eq!(parts(&[ok(), rejected(), partly(1)]), rejected());
        assert_eq!(parts(&[rejected(), undelivered()]), undelivered());
        assert_eq!(parts(&[undelivered(), rejected()]), undelivered());
    }

    #[test]
    fn a_part_that_is_dropped_has_refused() {
        let (delivery, mut ack) = Delivery::new(Batch::built(Signal::Traces, Vec::new(), 0), ());
        let other = delivery.receipt.clone();
        other.accept();
        drop(delivery);
        assert_eq!(ack.0.try_recv().unwrap(), Err(Refusal::Closed));
    }
}
