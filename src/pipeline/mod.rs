//! Pipelines of stages in one process.
//!
//! A *source* hands over deliveries and slows its senders until they resolve; a *transform* is pushed deliveries and
//! pushes deliveries on; a *terminal* takes them and resolves what it has accepted. None of them knows stdin, stdout
//! or arguments. A batch goes through the stages by plain calls (`node`) on the task that received it, and waits only
//! where there is a queue: before the terminals and the branches. Its receipt goes along and comes back to the source.

mod ack;
mod branch;
mod delivery;
mod direct;
mod engine;
mod feed;
mod node;
mod plan;
mod room;
mod stage;
mod stdout;
pub mod text;

pub use ack::AckOn;
pub use delivery::{Accepted, Ack, Delivery, Fate, Receipt, Refusal};
pub use engine::run;
pub(crate) use feed::{Sink, read};
pub use node::Outlet;
pub use plan::{BranchPlan, End, Line, Plan};
pub use room::{Place, Room};
pub use stage::{Boxed, Intake, Role, Source, Stage, Terminal, Transform};
