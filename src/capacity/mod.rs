//! Capacity: what a load takes in machines, memory, disk, network and money, with its arithmetic.
//!
//! `inputs` are numbers with a default and its source each. `plan` puts them into the formulas of `load` and `cost`, which
//! are written down once, for the machine and for the reader (`sheet`). Everything else asks the same plan again with other
//! inputs: `whatif`, `sensitivity`, `limits`. Inputs can be measured: on this machine (`calibration`, kept in a `profile`)
//! and from the telemetry itself (`observation`). `manifests` turns a plan into a deployment.

mod inputs;
pub mod observation;
pub mod prices;
pub mod profile;
mod quantity;

pub use inputs::{Group, INPUTS, Input, Inputs, Origin, Values};
pub use observation::{Observation, ServiceLoad};
pub use prices::{Prices, Tier};
pub use profile::Profile;
pub use quantity::{Unit, amount};
