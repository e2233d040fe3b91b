//! What the two ends of OTLP over the network share.

mod error_body;
pub mod grpc;
pub mod paths;
pub mod server;
pub mod tls;

pub use error_body::ErrorBody;
