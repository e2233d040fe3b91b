//! Capacity: what a load takes in machines, memory, disk, network and money, with its arithmetic.
//!
//! `inputs` are numbers with a default and its source each. `plan` puts them into formulas, which are written down once, for
//! the machine and for the reader (`sheet`). Everything else asks the same plan again with other
//! inputs: `whatif`, `sensitivity`, `limits`. Inputs can be measured: on this machine (`calibration`, kept in a `profile`)
//! and from the telemetry itself (`observation`). `manifests` turns a plan into a deployment.

pub mod calibration;
mod configured;
mod holdings;
mod inputs;
pub mod limits;
pub mod manifests;
pub mod observation;
mod plan;
pub mod prices;
pub mod profile;
mod quantity;
pub mod queueing;
pub mod sensitivity;
pub mod services;
mod sheet;
mod simple;
pub mod whatif;

pub use configured::Configured;
pub use holdings::{Aging, Held, Holdings, ServiceHeld};
pub use inputs::{Group, INPUTS, Input, Inputs, Origin, Values};
pub use limits::{Limit, Limits};
pub use observation::{Observation, ServiceLoad};
pub use plan::{Plan, residence_bytes, stock_gib};
pub use prices::{Prices, Tier};
pub use profile::Profile;
pub use quantity::{GIB, Unit, amount, digits, usd};
pub use sheet::Step;
pub use simple::Simple;
