//! `obs capacity`.
