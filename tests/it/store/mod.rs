//! `obs store` as processes: what goes in comes out, whatever happens to the process, the file and the disk.

mod acknowledged;
mod compact;
mod config;
mod damage;
mod database;
mod documents;
mod flips;
mod foreign;
mod full;
mod kill;
mod migration;
mod prune;
mod read_only;
mod redact;
mod reports;
mod select;
mod together;
