//! `obs capacity`.

mod manifests;
