//! `obs query` as a process: what it finds is what was put in.

mod arguments;
mod cases;
mod counts;
mod diagrams;
mod formats;
mod jaeger;
mod logs;
mod page;
mod pruning;
mod random;
mod rollups;
mod roots;
mod sources;
mod sql;
mod terminal;
mod trace;
mod untimely;
mod waterfall;
mod writer;
