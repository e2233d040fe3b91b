use std::sync::Arc;

use anyhow::anyhow;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::otlp::{Receiver, Reception};
use super::synthetic::{self, Traffic};
use crate::error::CommandError;
use crate::net::server;
use crate::net::tls::ServerTls;
use crate::pipeline::{Boxed, Outlet, Source};
use crate::stream::Stop;

/// The source that listens for OTLP and makes synthetic traffic.
#[derive(Debug)]
pub struct Collector {
    /// Where to listen.
    pub listeners: Vec<Listener>,
    /// With what certificate, if any.
    pub tls: Option<Arc<ServerTls>>,
    /// What is taken in there.
    pub reception: Reception,
    /// What is made.
    pub traffic: Option<Traffic>,
}

/// Where to listen.
#[derive(Debug)]
pub struct Listener {
    /// `gRPC` or `HTTP`, for people: all listeners speak both.
    pub protocol: &'static str,
    /// Host and port.
    pub address: String,
}

impl Source for Collector {
    fn run(self: Box<Self>, outlet: Outlet, stop: Stop) -> Boxed<'static, Result<(), CommandError>> {
        Box::pin(async move {
            let mut bound = Vec::new();
            for listener in &self.listeners {
                bound.push(listener.bind(self.tls.is_some()).await?);
            }
            let mut parts = JoinSet::new();
            let receiver = Receiver::new(self.reception, outlet.clone());
            for listener in bound {
                let receiver = receiver.clone();
                let answer = move |request| receiver.clone().answer(request);
                parts.spawn(server::serve(listener, self.tls.clone(), stop.clone(), answer));
            }
            drop(receiver);
            if let Some(traffic) = self.traffic {
                parts.spawn(synthetic::run(traffic, outlet, stop));
            } else {
                drop(outlet);
            }
            while let Some(ended) = parts.join_next().await {
                ended.map_err(|error| CommandError::failure(anyhow!(error)))?;
            }
            Ok(())
        })
    }
}

impl Listener {
    async fn bind(&self, with_tls: bool) -> Result<TcpListener, CommandError> {
        let Listener { protocol, address } = self;
        let (listener, local) = server::bind(address).await.map_err(|error| {
            let hint =
                format!("--{} ADDR chooses another address, off switches it off", protocol.to_lowercase());
            let what = format!("cannot listen for OTLP/{protocol} on {address}");
            CommandError::usage(anyhow::Error::new(error).context(what)).hint(hint)
        })?;
        let tls = if with_tls { " with TLS" } else { "" };
        tracing::info!("listening for OTLP/{protocol} on {local}{tls}");
        Ok(listener)
    }
}
