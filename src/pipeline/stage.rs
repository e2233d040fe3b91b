use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::delivery::Delivery;
use super::node::Outlet;
use crate::error::CommandError;
use crate::stream::{Ledger, Stop};
use crate::telemetry::{SelfMetrics, StageFigures};

/// A future of a stage whose type is not known.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where deliveries come from.
pub trait Source: Send {
    /// Hands deliveries on until there are no more or `stop` is requested; returns when all senders have their answers.
    fn run(self: Box<Self>, outlet: Outlet, stop: Stop) -> Boxed<'static, Result<(), CommandError>>;
}

/// A synchronous stage in the middle, which several threads push to at once.
pub trait Transform: Send + Sync {
    /// Takes a delivery and hands what becomes of it to `next`; a receipt that is not handed on is resolved here.
    fn push(&self, delivery: Delivery, next: &mut dyn FnMut(Delivery));

    /// No more deliveries will come.
    fn end(&self, _next: &mut dyn FnMut(Delivery)) {}
}

/// Where deliveries end.
pub trait Terminal: Send {
    /// Begins to take deliveries, on the current tokio runtime.
    ///
    /// # Errors
    /// What it writes to cannot be opened.
    fn start(self: Box<Self>, stop: &Stop) -> Result<Arc<dyn Intake>, CommandError>;
}

/// A terminal that has started.
pub trait Intake: Send + Sync {
    /// Waits until there is room for a delivery and takes it, which resolves its receipt in the end. After the drain
    /// timeout it returns at once.
    fn accept(&self, delivery: Delivery) -> Boxed<'_, ()>;

    /// Brings to an end what it has taken; nothing will follow. Returns soon after the drain timeout at the latest.
    ///
    /// # Errors
    /// Why it has failed, where it has.
    fn finish(&self) -> Boxed<'_, Result<(), CommandError>>;
}

/// What a stage does.
pub enum Role {
    /// Where deliveries come from.
    Source(Box<dyn Source>),
    /// Between others.
    Transform(Arc<dyn Transform>),
    /// Where deliveries end.
    Terminal(Box<dyn Terminal>),
}

/// A stage that has not started yet.
#[derive(Debug)]
pub struct Stage {
    /// What it does.
    pub role: Role,
    /// Its account and what else it says about itself.
    pub figures: Arc<StageFigures>,
    /// Our own metrics that it adds to what it takes in.
    pub self_metrics: Option<SelfMetrics>,
}

impl Stage {
    /// Its account.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.figures.ledger
    }
}

/// Says which stage has failed.
pub(super) fn named<T>(result: Result<T, CommandError>, name: Option<String>) -> Result<T, CommandError> {
    result.map_err(|error| match name {
        Some(name) => CommandError { cause: error.cause.context(name), ..error },
        None => error,
    })
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Source(_) => "Source",
            Role::Transform(_) => "Transform",
            Role::Terminal(_) => "Terminal",
        })
    }
}
