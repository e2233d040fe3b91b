//! `obs query` as a process: what it finds is what was put in.

mod cases;
mod counts;
mod diagrams;
mod formats;
mod jaeger;
mod page;
mod random;
mod rollups;
mod sql;
mod trace;
mod writer;
