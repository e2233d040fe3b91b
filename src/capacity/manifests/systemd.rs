//! Units for systemd, with the files that they name.

use super::pipelines::{self, DRAIN_TIMEOUT, Listen, Program, STOP_TIMEOUT};
use super::text::{gibibytes, head};
use super::{Deployment, File, Size};

/// On one machine each has ports of its own; only the agent, which listens for this machine alone, has the registered ones.
const AGENT: Listen = Listen { grpc: "127.0.0.1:4317", http: "127.0.0.1:4318" };
const GATEWAY: Listen = Listen { grpc: "0.0.0.0:4327", http: "0.0.0.0:4328" };
const STORE: Listen = Listen { grpc: "0.0.0.0:4337", http: "0.0.0.0:4338" };

pub(super) fn files(deployment: &Deployment) -> Vec<File> {
    let mut services = vec![gateway(deployment), agent(deployment)];
    if deployment.backend.is_none() {
        services.insert(0, store(deployment));
    }
    services.iter().flat_map(|service| service.files(deployment)).collect()
}

fn store(deployment: &Deployment) -> Service {
    Service {
        name: "store",
        what: "keeps what gateways send",
        note: format!(
            "# {} days take {} GiB of /var/lib/obs by the plan.\n",
            deployment.store.retention_days,
            gibibytes(deployment.store.disk_bytes)
        ),
        program: pipelines::store(deployment, STORE),
        size: deployment.store.size,
        health: 13135,
        settings: "StateDirectory=obs\nStateDirectoryMode=0700\n",
    }
}

fn gateway(deployment: &Deployment) -> Service {
    let (to, settings) = match &deployment.backend {
        Some(backend) => (pipelines::word(backend), ""),
        None => ("$OBS_STORE".into(), "Environment=OBS_STORE=http://127.0.0.1:4337\n"),
    };
    let replicas = deployment.gateway.replicas.max(1);
    Service {
        name: "gateway",
        what: "samples what agents send, and sends it on",
        note: format!("# The plan has {replicas}, each on a machine of its own.\n"),
        program: pipelines::gateway(deployment, GATEWAY, &to),
        size: deployment.gateway.size,
        health: 13134,
        settings,
    }
}

fn agent(deployment: &Deployment) -> Service {
    Service {
        name: "agent",
        what: "takes what the programs of this machine send",
        note: String::new(),
        program: pipelines::agent(deployment, AGENT, "$OBS_GATEWAY"),
        size: deployment.agent.size,
        health: 13133,
        settings: "Environment=OBS_GATEWAY=http://127.0.0.1:4327\n",
    }
}

/// A unit with its configuration and its pipeline.
struct Service {
    name: &'static str,
    /// What it does.
    what: &'static str,
    note: String,
    program: Program,
    size: Size,
    health: u16,
    settings: &'static str,
}

impl Service {
    fn files(&self, deployment: &Deployment) -> [File; 3] {
        let (name, what) = (self.name, self.what);
        let head = |of: &str| head(&format!("{of} {name}, which {what}."), &deployment.command);
        let unit = format!(
            include_str!("systemd/unit.service"),
            head = head("Unit of the"),
            note = self.note,
            name = name,
            what = what,
            binary = executable(&deployment.binary),
            health = self.health,
            ack = pipelines::name(self.program.ack),
            drain = DRAIN_TIMEOUT.as_secs(),
            stop = STOP_TIMEOUT.as_secs(),
            settings = self.settings,
            quota = self.size.most_cores().saturating_mul(100),
            cores = self.size.millicores() as f64 / 1e3,
            memory = self.size.mebibytes(),
        );
        let config = head("Configuration of the") + &self.program.config;
        let pipeline = head("Pipeline of the") + &self.program.pipeline;
        [
            (format!("/etc/systemd/system/obs-{name}.service"), unit),
            (format!("/etc/obs/{name}.yaml"), config),
            (format!("/etc/obs/{name}.obs"), pipeline),
        ]
        .map(|(name, text)| File { name, text })
    }
}

/// The path of a binary as the first word of ExecStart, in which specifiers are replaced and variables are not.
fn executable(path: &str) -> String {
    let escaped = path.replace('\\', r"\\").replace('"', "\\\"").replace('%', "%%");
    format!("\"{escaped}\"")
}
