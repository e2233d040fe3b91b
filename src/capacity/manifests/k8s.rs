//! Manifests for Kubernetes.

use sha2::{Digest, Sha256};

use super::pipelines::{self, DRAIN_TIMEOUT, Listen, Program, STOP_TIMEOUT};
use super::text::{gibibytes, head, indented, quoted, whole};
use super::{Deployment, File, Size};

/// As much of a checksum as tells configurations apart.
const CHECKSUM_DIGITS: usize = 16;

pub(super) fn files(deployment: &Deployment) -> Vec<File> {
    let namespace = format!(
        include_str!("k8s/namespace.yaml"),
        head = head("The namespace of all that follows.", &deployment.command),
        namespace = quoted(&deployment.namespace),
    );
    let mut files = vec![("0-namespace.yaml", namespace)];
    if deployment.backend.is_none() {
        files.push(("1-store.yaml", store(deployment)));
    }
    files.push(("2-gateway.yaml", gateway(deployment)));
    files.push(("3-agent.yaml", agent(deployment)));
    files.into_iter().map(|(name, text)| File { name: name.into(), text }).collect()
}

fn store(deployment: &Deployment) -> String {
    let program = pipelines::store(deployment, Listen::ANYWHERE);
    let pod = Pod {
        name: "otlp-store",
        deployment,
        program: &program,
        size: deployment.store.size,
        placement: String::new(),
        mounts: "- name: data\n  mountPath: /var/lib/obs\n- name: tmp\n  mountPath: /tmp",
        volumes: "- name: tmp\n  emptyDir: {}",
    };
    format!(
        include_str!("k8s/store.yaml"),
        head = head("The store: keeps what gateways send.", &deployment.command),
        config = config("otlp-store", deployment, &program),
        namespace = quoted(&deployment.namespace),
        pod = indented(&pod.template(), 4),
        days = deployment.store.retention_days,
        disk = gibibytes(deployment.store.disk_bytes),
    )
}

fn gateway(deployment: &Deployment) -> String {
    let to = match &deployment.backend {
        Some(backend) => pipelines::word(backend),
        None => service("otlp-store", deployment),
    };
    let program = pipelines::gateway(deployment, Listen::ANYWHERE, &to);
    let gateway = &deployment.gateway;
    let pod = Pod {
        name: "otlp-gateway",
        deployment,
        program: &program,
        size: gateway.size,
        placement: spread(deployment),
        mounts: "",
        volumes: "",
    };
    let replicas = gateway.replicas.max(1);
    format!(
        include_str!("k8s/gateway.yaml"),
        head = head("The gateways: sample what agents send, and send it on.", &deployment.command),
        config = config("otlp-gateway", deployment, &program),
        namespace = quoted(&deployment.namespace),
        pod = indented(&pod.template(), 4),
        replicas = replicas,
        max_replicas = gateway.max_replicas.max(replicas),
        utilisation = whole((deployment.utilisation * 100.0).round()).min(100),
        spans = whole(deployment.spans_per_second),
    )
}

fn agent(deployment: &Deployment) -> String {
    let program = pipelines::agent(deployment, Listen::ANYWHERE, &service("otlp-gateway", deployment));
    let pod = Pod {
        name: "otlp-agent",
        deployment,
        program: &program,
        size: deployment.agent.size,
        placement: EVERYWHERE.into(),
        mounts: "",
        volumes: "",
    };
    format!(
        include_str!("k8s/agent.yaml"),
        head = head("The agents: one on each node takes what its programs send.", &deployment.command),
        config = config("otlp-agent", deployment, &program),
        namespace = quoted(&deployment.namespace),
        pod = indented(&pod.template(), 4),
    )
}

/// On nodes with taints too.
const EVERYWHERE: &str = "tolerations:\n- operator: Exists";

/// The endpoint of a service, a word of a pipeline.
fn service(name: &str, deployment: &Deployment) -> String {
    pipelines::word(&format!("http://{name}.{}.svc:4317", deployment.namespace))
}

fn config(name: &str, deployment: &Deployment, program: &Program) -> String {
    format!(
        include_str!("k8s/config.yaml"),
        name = name,
        namespace = quoted(&deployment.namespace),
        config = indented(&program.config, 4),
        pipeline = indented(&program.pipeline, 4),
    )
}

/// Spreads gateways over the zones, and over nodes.
fn spread(deployment: &Deployment) -> String {
    let zone = (deployment.zones > 1).then_some("topology.kubernetes.io/zone");
    let keys = zone.into_iter().chain(["kubernetes.io/hostname"]);
    let constraints = keys.map(|key| format!(include_str!("k8s/spread.yaml"), key = key));
    format!("topologySpreadConstraints:\n{}", constraints.collect::<String>())
}

/// What the pods of a workload have in common.
struct Pod<'a> {
    name: &'a str,
    deployment: &'a Deployment,
    program: &'a Program,
    size: Size,
    placement: String,
    mounts: &'a str,
    volumes: &'a str,
}

impl Pod<'_> {
    fn template(&self) -> String {
        let text = format!(
            include_str!("k8s/pod.yaml"),
            name = self.name,
            checksum = self.checksum(),
            stop = STOP_TIMEOUT.as_secs(),
            drain = DRAIN_TIMEOUT.as_secs(),
            placement = indented(&self.placement, 2),
            ack = pipelines::name(self.program.ack),
            image = quoted(&self.deployment.image),
            cores = self.size.millicores(),
            most_cores = self.size.most_cores(),
            memory = self.size.mebibytes(),
            mounts = indented(self.mounts, 4),
            volumes = indented(self.volumes, 2),
        );
        // What a workload does not have leaves an empty line.
        text.lines().filter(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect()
    }

    /// Differs when the configuration does, so that pods are replaced then.
    fn checksum(&self) -> String {
        let digest = Sha256::digest(format!("{}\n{}", self.program.config, self.program.pipeline));
        const_hex::encode(digest).chars().take(CHECKSUM_DIGITS).collect()
    }
}
