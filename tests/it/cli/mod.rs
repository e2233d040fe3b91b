//! The command line: usage, help, and what kinds of input and output there are.

mod inputs;
mod lines;
mod terminals;
mod usage;
