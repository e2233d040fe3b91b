//! A plan as a deployment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;

use super::super::relay::{DEFAULT_BATCH_ITEMS, DEFAULT_CAPACITY};
use crate::capacity::manifests::{self, Agent, Deployment, File, Gateway, Size, Store, Target};
use crate::capacity::{GIB, Input, Inputs, Origin, Plan};
use crate::commands::one_of;
use crate::error::CommandError;
use crate::relay::Compression;
use crate::ui::table;

/// The autoscaler may go so far beyond the plan: three times the peak is no load but a mistake.
const MOST: f64 = 3.0;

/// What is made of the plan.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Deployment")]
pub(super) struct EmitArgs {
    /// Write a deployment of the plan instead of a report
    #[arg(long, value_name = "TARGET", value_parser = one_of::<Target>())]
    pub(super) emit: Option<Target>,
    /// Write its files to DIR instead of stdout
    #[arg(long, value_name = "DIR", requires = "emit")]
    output: Option<PathBuf>,
    /// Image of its containers
    #[arg(long, value_name = "IMAGE", requires = "emit", default_value = "obs:latest", value_parser = manifests::image)]
    image: String,
    /// Its namespace
    #[arg(long, value_name = "NAME", requires = "emit", default_value = "observability", value_parser = manifests::namespace)]
    namespace: String,
    /// OTLP/gRPC endpoint that everything goes to, instead of a store of our own
    #[arg(long, value_name = "URL", requires = "emit", value_parser = manifests::backend)]
    backend: Option<String>,
    /// The binary that units start
    #[arg(long, value_name = "PATH", requires = "emit", default_value = "/usr/local/bin/obs", value_parser = manifests::binary)]
    binary: String,
}

impl EmitArgs {
    /// Writes the files of a deployment.
    ///
    /// # Errors
    /// The plan cannot be deployed so, or they cannot be written.
    pub(super) fn write(&self, plan: &Plan, inputs: &Inputs, target: Target) -> Result<(), CommandError> {
        self.expect_deployable(plan)?;
        for (key, what) in [
            ("decision_wait", "no tail sampler"),
            ("fanout", "one backend"),
            ("warm", "no warm tier"),
            ("cold", "no cold tier"),
        ] {
            if let Some(input) = Input::of(key).filter(|input| input.get(&plan.values) > input.default) {
                tracing::warn!(
                    "--{}: the deployment has {what}; only its resources allow for it",
                    input.flag()
                );
            }
        }
        if plan.values.nodes == 0.0 {
            tracing::warn!("--nodes 0: the deployment has agents all the same; leave their file out");
        }
        let files = manifests::emit(&self.deployment(plan, inputs), target);
        match &self.output {
            None => table::print(&manifests::joined(&files, target)),
            Some(directory) => files.iter().try_for_each(|file| write(directory, file)),
        }
    }

    /// One store of our own is one file with one writer.
    fn expect_deployable(&self, plan: &Plan) -> Result<(), CommandError> {
        let stores = plan.value("stores");
        match () {
            () if self.backend.is_some() => Ok(()),
            () if stores > 1.0 => {
                Err(CommandError::usage(anyhow!("the plan needs {stores} stores, and a deployment has one"))
                    .hint(
                        "a lower --rate or --replication, or --backend URL for another place to keep spans",
                    ))
            }
            () if plan.values.retention <= 0.0 => Err(CommandError::usage(anyhow!(
                "--retention: expected a duration above zero for the store of the deployment"
            ))
            .hint("--backend URL sends spans elsewhere")),
            () => Ok(()),
        }
    }

    fn deployment(&self, plan: &Plan, inputs: &Inputs) -> Deployment {
        let value = |name: &str| plan.value(name);
        let count = |name: &str| value(name).min(f64::from(u32::MAX)) as u32;
        let size = |name: &str| Size {
            cores: value(&format!("{name}_cores_each")),
            memory_bytes: value(&format!("{name}_memory_bytes")),
        };
        let values = &plan.values;
        let is_compressed = values.compression_in > 1.0 || values.compression_out > 1.0;
        Deployment {
            command: command(std::env::args_os().skip(1)),
            image: self.image.clone(),
            binary: self.binary.clone(),
            namespace: self.namespace.clone(),
            backend: self.backend.clone(),
            compression: if is_compressed { Compression::Zstd } else { Compression::None },
            rate: values.rate,
            utilisation: values.utilisation,
            spans_per_second: value("gateway_spans"),
            zones: values.zones as u32,
            outage: Duration::try_from_secs_f64(values.outage).unwrap_or_default(),
            batch_size: DEFAULT_BATCH_ITEMS.get() as u64,
            batch_timeout: batch_timeout(inputs),
            gateway: Gateway {
                size: size("gateway"),
                replicas: count("gateways"),
                max_replicas: (value("gateways") * MOST).min(f64::from(u32::MAX)) as u32,
                buffer_capacity: (value("queue_items") as u64).max(DEFAULT_CAPACITY.get() as u64),
            },
            agent: Agent { size: size("agent"), buffer_capacity: DEFAULT_CAPACITY.get() as u64 },
            store: Store {
                size: size("store"),
                disk_bytes: value("store_disk_gib") * GIB,
                retention_days: values.retention,
            },
        }
    }
}

/// How long batches wait, where somebody says so.
fn batch_timeout(inputs: &Inputs) -> Option<Duration> {
    let input = Input::of("batch_timeout").filter(|input| *inputs.origin(input) != Origin::Default)?;
    Duration::try_from_secs_f64(input.get(&inputs.values)).ok()
}

/// The command line as a shell would take it.
fn command(arguments: impl Iterator<Item = OsString>) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,%+@".contains(c);
    let quoted = |argument: OsString| {
        let argument = argument.to_string_lossy().into_owned();
        match !argument.is_empty() && argument.chars().all(is_plain) {
            true => argument,
            false => format!("'{}'", argument.replace('\'', "'\\''")),
        }
    };
    std::iter::once("obs".to_owned()).chain(arguments.map(quoted)).collect::<Vec<_>>().join(" ")
}

/// Writes a file below a directory; the path of one that belongs elsewhere is kept below it.
fn write(directory: &Path, file: &File) -> Result<(), CommandError> {
    let path = directory.join(file.name.trim_start_matches('/'));
    let parent = path.parent().unwrap_or(directory);
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(&path, &file.text))
        .with_context(|| format!("cannot write {}", path.display()))?;
    tracing::info!("wrote {}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_quoted_as_shells_need_it() {
        let words = ["capacity", "--spans", "100k", "--price", "a b'c", ""].map(OsString::from);
        assert_eq!(command(words.into_iter()), "obs capacity --spans 100k --price 'a b'\\''c' ''");
    }
}
