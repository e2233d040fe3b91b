//! Stages joined to each other in one process: a batch goes through them by plain calls, each of which enters it into
//! the ledgers of both sides.

use std::fmt;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::branch::Branch;
use super::delivery::Delivery;
use super::stage::{Boxed, Intake, Transform};
use super::stdout::Stdout;
use crate::stream::{Ledger, Stop};
use crate::telemetry::SelfMetrics;

/// A stage and all that follows it.
pub struct Node {
    ledger: Arc<Ledger>,
    work: Work,
}

/// What a stage does with a delivery.
pub(super) enum Work {
    /// Passes it on: a source is its own first stage.
    Pass(Next),
    Transform(Arc<dyn Transform>, Next),
    Terminal(Arc<dyn Intake>),
}

/// What follows a stage.
pub(super) enum Next {
    Stage(Arc<Node>),
    Branches(Vec<Branch>),
    /// Writes in the name of the stage before.
    Stdout(Arc<Stdout>),
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

impl Node {
    pub(super) fn new(ledger: Arc<Ledger>, work: Work) -> Arc<Node> {
        Arc::new(Node { ledger, work })
    }

    /// The account of the stage.
    pub(super) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Takes a delivery in, as soon as those behind it can.
    pub fn accept(&self, delivery: Delivery) -> Boxed<'_, ()> {
        self.ledger.received(delivery.batch.signal(), delivery.batch.items() as u64);
        match &self.work {
            Work::Pass(next) => next.take(&self.ledger, delivery),
            Work::Transform(transform, next) => {
                let mut made = Vec::new();
                transform.push(delivery, &mut |delivery| made.push(delivery));
                next.take_all(&self.ledger, made)
            }
            Work::Terminal(intake) => intake.accept(delivery),
        }
    }

    /// Tells all stages from here on, in order, that nothing will follow.
    pub(super) fn end(&self) -> Boxed<'_, ()> {
        Box::pin(async move {
            match &self.work {
                Work::Pass(next) => next.end().await,
                Work::Transform(transform, next) => {
                    let mut made = Vec::new();
                    transform.end(&mut |delivery| made.push(delivery));
                    next.take_all(&self.ledger, made).await;
                    next.end().await;
                }
                Work::Terminal(_) => {}
            }
        })
    }
}

impl Next {
    fn take_all<'a>(&'a self, from: &'a Ledger, deliveries: Vec<Delivery>) -> Boxed<'a, ()> {
        Box::pin(async move {
            for delivery in deliveries {
                self.take(from, delivery).await;
            }
        })
    }

    pub(super) fn take<'a>(&'a self, from: &'a Ledger, delivery: Delivery) -> Boxed<'a, ()> {
        let (signal, items) = (delivery.batch.signal(), delivery.batch.items() as u64);
        match self {
            Next::Stage(node) => {
                from.sent(signal, items);
                node.accept(delivery)
            }
            Next::Branches(branches) => {
                from.sent(signal, items);
                Box::pin(async move {
                    let Delivery { batch, receipt } = delivery;
                    for branch in branches {
                        let delivery = Delivery { batch: batch.clone(), receipt: receipt.clone() };
                        branch.accept(delivery).await;
                    }
                    receipt.accept();
                })
            }
            Next::Stdout(stdout) => stdout.accept(delivery),
        }
    }

    pub(super) async fn end(&self) {
        match self {
            Next::Stage(node) => node.end().await,
            Next::Branches(branches) => {
                // At once, so that none waits for a slower one.
                branches.iter().for_each(Branch::close);
                for branch in branches {
                    branch.closed().await;
                }
            }
            Next::Stdout(_) => {}
        }
    }
}

/// Where a source puts its deliveries; the pipeline ends when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct Outlet {
    node: Arc<Node>,
    open: mpsc::Sender<()>,
    stop: Stop,
}

/// Resolves when all clones of an outlet are gone.
#[derive(Debug)]
pub(super) struct Closed(mpsc::Receiver<()>);

impl Outlet {
    pub(super) fn new(node: Arc<Node>, stop: Stop) -> (Outlet, Closed) {
        let (open, closed) = mpsc::channel(1);
        (Outlet { node, open, stop }, Closed(closed))
    }

    /// Hands a delivery on, and returns when there is room for another.
    pub async fn hand_on(&self, delivery: Delivery) {
        self.node.accept(delivery).await;
    }

    /// A way into another stage of the same pipeline.
    pub(super) fn weak_at(&self, node: Arc<Node>) -> WeakOutlet {
        WeakOutlet { node, open: self.open.downgrade() }
    }

    /// Hands a delivery on, also when whoever waits for it goes away.
    pub fn hand_on_in_any_case(self, delivery: Delivery) {
        tokio::spawn(async move {
            let _stops = self.stop.on_panic();
            self.hand_on(delivery).await;
        });
    }
}

/// A way into a pipeline that does not keep it open.
pub(super) struct WeakOutlet {
    node: Arc<Node>,
    open: mpsc::WeakSender<()>,
}

impl WeakOutlet {
    /// Adds our own metrics until the pipeline ends.
    pub(super) async fn add_self_metrics(self, mut metrics: SelfMetrics, stop: Stop) {
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(metrics.due().into()) => {}
                () = stop.wait() => return,
            }
            let Some(_open) = self.open.upgrade() else { return };
            self.node.accept(Delivery::unacknowledged(metrics.read())).await;
        }
    }
}

impl Closed {
    pub(super) async fn wait(mut self) {
        // Nothing is ever sent.
        let _ = self.0.recv().await;
    }
}
