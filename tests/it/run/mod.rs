//! `obs run`: whole pipelines in one process.

mod ack;
mod branches;
mod endings;
mod equal;
mod figures;
mod kill;
mod life;
mod mistakes;
mod reload;
mod whole;
