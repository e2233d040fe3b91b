//! Other collectors, set up to do what obs does: OTLP/gRPC in, OTLP/gRPC out, every span delivered.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::client::Compression;
use crate::process::Process;

/// A peer and the address at which it takes spans.
pub type Started = (Process, String);

/// rotel with its defaults: batches of 8192 spans or 200 ms, and gzip.
///
/// Its `--otlp-exporter-compression none` compresses with gzip just the same, so there is nothing to choose.
pub fn rotel(binary: &Path, sink: SocketAddr, directory: &Path, verbose: bool) -> Result<Started> {
    let address = free_address()?.to_string();
    let mut command = Command::new(binary);
    command
        .arg("start")
        .args(["--otlp-grpc-endpoint", &address])
        .args(["--otlp-http-endpoint", &free_address()?.to_string()])
        .args(["--exporter", "otlp"])
        .args(["--otlp-exporter-endpoint", &format!("http://{sink}")])
        .arg("--pid-file")
        .arg(directory.join("rotel.pid"))
        .arg("--log-file")
        .arg(directory.join("rotel.log"))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let (process, _) = Process::start("rotel", &mut command, &[], verbose)?;
    wait_for(&address)?;
    Ok((process, address))
}

/// The OpenTelemetry Collector with its defaults, but a queue that blocks: by default it drops what finds it full.
pub fn otelcol(
    binary: &Path,
    sink: SocketAddr,
    compression: Compression,
    directory: &Path,
    verbose: bool,
) -> Result<Started> {
    let address = free_address()?.to_string();
    let configuration = format!(
        "receivers: {{otlp: {{protocols: {{grpc: {{endpoint: \"{address}\"}}}}}}}}
processors: {{batch: {{}}}}
exporters:
  otlp:
    endpoint: {sink}
    compression: {}
    tls: {{insecure: true}}
    sending_queue: {{block_on_overflow: true}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], processors: [batch], exporters: [otlp]}}}}
",
        compression.name()
    );
    let path = directory.join("otelcol.yaml");
    std::fs::write(&path, configuration)?;
    let mut command = Command::new(binary);
    command.arg("--config").arg(path).stdin(Stdio::null()).stdout(Stdio::null());
    let (process, _) = Process::start("otelcol", &mut command, &[], verbose)?;
    wait_for(&address)?;
    Ok((process, address))
}

/// An address that nobody listened at a moment ago: these programs cannot say which port they were given.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn wait_for(address: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(address).is_err() {
        if Instant::now() > deadline {
            bail!("nothing listens at {address}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
