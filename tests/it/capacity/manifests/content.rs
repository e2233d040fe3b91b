//! What manifests say, and that their parts agree with each other and with the plan.

use obs::capacity::manifests::{Target, emit, joined};
use serde_json::{Value, json};

use super::{TARGETS, composed, large, object, objects, small, unit, with_backend};

const WORKLOADS: [(&str, &str); 3] =
    [("Deployment", "otlp-gateway"), ("DaemonSet", "otlp-agent"), ("StatefulSet", "otlp-store")];

fn names(objects: &[Value]) -> Vec<String> {
    let name = |object: &Value| {
        format!("{} {}", object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap())
    };
    objects.iter().map(name).collect()
}

#[test]
fn every_file_says_how_it_was_made() {
    for deployment in [large(), small(), with_backend()] {
        for target in TARGETS {
            let files = emit(&deployment, target);
            for file in &files {
                let made = format!("\n# Made by: {}\n", deployment.command);
                assert!(file.text.starts_with("# ") && file.text.contains(&made), "{}", file.text);
                assert!(joined(&files, target).contains(&file.text));
            }
        }
    }
}

#[test]
fn the_namespace_and_what_others_need_come_first() {
    let expected = [
        "Namespace observability",
        "ConfigMap otlp-store",
        "StatefulSet otlp-store",
        "Service otlp-store",
        "ConfigMap otlp-gateway",
        "Deployment otlp-gateway",
        "Service otlp-gateway",
        "HorizontalPodAutoscaler otlp-gateway",
        "PodDisruptionBudget otlp-gateway",
        "ConfigMap otlp-agent",
        "DaemonSet otlp-agent",
        "Service otlp-agent",
    ];
    assert_eq!(names(&objects(&large())), expected);
    let files = emit(&large(), Target::K8s);
    assert!(files.is_sorted_by_key(|file| file.name.clone()), "a directory is applied in the order of names");
    // A backend takes the place of the store.
    let without_store: Vec<_> = expected.into_iter().filter(|name| !name.ends_with("otlp-store")).collect();
    assert_eq!(names(&objects(&with_backend())), without_store);
    for object in &objects(&large())[1..] {
        assert_eq!(object["metadata"]["namespace"], "observability");
    }
}

#[test]
fn resources_are_those_of_the_plan() {
    let objects = objects(&large());
    let resources =
        |kind, name| &object(&objects, kind, name)["spec"]["template"]["spec"]["containers"][0]["resources"];
    let expected = |cpu: &str, most: u64, memory: &str| json!({"requests": {"cpu": cpu, "memory": memory}, "limits": {"cpu": most, "memory": memory}});
    assert_eq!(*resources("Deployment", "otlp-gateway"), expected("1235m", 2, "701Mi"));
    assert_eq!(*resources("DaemonSet", "otlp-agent"), expected("50m", 1, "64Mi"));
    assert_eq!(*resources("StatefulSet", "otlp-store"), expected("500m", 1, "512Mi"));
    let claim = &object(&objects, "StatefulSet", "otlp-store")["spec"]["volumeClaimTemplates"][0];
    assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "1235Gi");
    let limits = &composed(&large())["services"]["obs"]["deploy"]["resources"]["limits"];
    assert_eq!(*limits, json!({"cpus": "2", "memory": "1213M"}));
    for (name, quota, memory) in [("gateway", 200, 701), ("agent", 100, 64), ("store", 100, 512)] {
        let unit = unit(&large(), &format!("obs-{name}.service"));
        assert!(unit.contains(&format!("\nCPUQuota={quota}%\nMemoryMax={memory}M\n")), "{unit}");
    }
}

#[test]
fn selectors_ports_and_probes_agree() {
    let objects = objects(&large());
    for (kind, name) in WORKLOADS {
        let spec = &object(&objects, kind, name)["spec"];
        let pod = &spec["template"];
        let labels = &pod["metadata"]["labels"];
        let selector = &spec["selector"]["matchLabels"];
        assert_eq!(*selector, json!({"app.kubernetes.io/name": name}));
        assert_eq!(labels["app.kubernetes.io/name"], name);
        let service = &object(&objects, "Service", name)["spec"];
        assert_eq!(service["selector"], *selector);
        let container = &pod["spec"]["containers"][0];
        let port = |name: &Value| {
            let mut ports = container["ports"].as_array().unwrap().iter();
            ports.find(|port| port["name"] == *name).unwrap_or_else(|| panic!("no port {name}"))["containerPort"]
                .clone()
        };
        for exposed in service["ports"].as_array().unwrap() {
            assert_eq!(exposed["port"], port(&exposed["targetPort"]), "{name}");
        }
        let health = port(&json!("health"));
        let command = container["command"].as_array().unwrap();
        let flag = command.iter().position(|word| word == "--health").unwrap();
        assert_eq!(command[flag + 1], json!(format!("0.0.0.0:{health}")));
        for (probe, path) in [("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")] {
            assert_eq!(container[probe]["httpGet"], json!({"path": path, "port": "health"}));
        }
        let annotations = &pod["metadata"]["annotations"];
        assert_eq!(annotations["prometheus.io/port"], json!(health.to_string()));
        // The ports that the pipeline listens on.
        let pipeline = object(&objects, "ConfigMap", name)["data"]["pipeline.obs"].as_str().unwrap();
        let listens = format!(
            "collect --grpc 0.0.0.0:{} --http 0.0.0.0:{}\n",
            port(&json!("grpc")),
            port(&json!("http"))
        );
        assert!(pipeline.contains(&listens), "{pipeline}");
        let mounted = &pod["spec"]["volumes"][0];
        assert_eq!(*mounted, json!({"name": "config", "configMap": {"name": name}}));
    }
}

#[test]
fn pods_are_confined_and_have_time_to_drain() {
    let objects = objects(&large());
    for (kind, name) in WORKLOADS {
        let pod = &object(&objects, kind, name)["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(
            container["securityContext"],
            json!({
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            })
        );
        let command = container["command"].as_array().unwrap();
        let flag = command.iter().position(|word| word == "--drain-timeout").unwrap();
        let drain: u64 = command[flag + 1].as_str().unwrap().trim_end_matches('s').parse().unwrap();
        assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() > drain, "{name}");
    }
}

#[test]
fn gateways_are_scaled_spread_and_kept_up() {
    for (deployment, most, keys) in [
        (large(), 12, vec!["topology.kubernetes.io/zone", "kubernetes.io/hostname"]),
        (small(), 1, vec!["kubernetes.io/hostname"]),
    ] {
        let objects = objects(&deployment);
        let gateway = object(&objects, "Deployment", "otlp-gateway");
        let scaler = &object(&objects, "HorizontalPodAutoscaler", "otlp-gateway")["spec"];
        let target =
            json!({"apiVersion": gateway["apiVersion"], "kind": "Deployment", "name": "otlp-gateway"});
        assert_eq!(scaler["scaleTargetRef"], target);
        assert_eq!(gateway["spec"]["replicas"], deployment.gateway.replicas);
        assert_eq!(scaler["minReplicas"], deployment.gateway.replicas);
        assert_eq!(scaler["maxReplicas"], most);
        let metrics = &scaler["metrics"];
        assert_eq!(metrics[0]["resource"]["name"], "cpu");
        assert_eq!(metrics[0]["resource"]["target"]["averageUtilization"], 65);
        assert_eq!(metrics[1]["resource"]["name"], "memory");
        assert_eq!(metrics[1]["resource"]["target"]["averageUtilization"], 80);
        assert_eq!(metrics[2]["pods"]["metric"]["name"], "otlp_spans_per_second");
        let spans = format!("{}", deployment.spans_per_second.ceil());
        assert_eq!(metrics[2]["pods"]["target"], json!({"type": "AverageValue", "averageValue": spans}));
        let budget = &object(&objects, "PodDisruptionBudget", "otlp-gateway")["spec"];
        assert_eq!(budget["selector"], gateway["spec"]["selector"]);
        assert_eq!(budget["maxUnavailable"], 1);
        let spread = gateway["spec"]["template"]["spec"]["topologySpreadConstraints"].as_array().unwrap();
        assert_eq!(spread.iter().map(|one| &one["topologyKey"]).collect::<Vec<_>>(), keys);
        assert!(spread.iter().all(|one| one["labelSelector"] == gateway["spec"]["selector"]));
    }
    // More than the most would stop it from scaling at all.
    let mut fewer = large();
    fewer.gateway.max_replicas = 2;
    let objects = objects(&fewer);
    assert_eq!(object(&objects, "HorizontalPodAutoscaler", "otlp-gateway")["spec"]["maxReplicas"], 4);
}

#[test]
fn another_configuration_makes_other_pods() {
    let checksum = |rate| {
        let objects = objects(&obs::capacity::manifests::Deployment { rate, ..large() });
        WORKLOADS.map(|(kind, name)| {
            let pod = &object(&objects, kind, name)["spec"]["template"];
            pod["metadata"]["annotations"]["checksum/config"].as_str().unwrap().to_owned()
        })
    };
    let (before, after) = (checksum(0.05), checksum(0.1));
    assert_eq!(before, checksum(0.05));
    assert_ne!(before[0], after[0], "gateways sample");
    assert_eq!(before[1..], after[1..], "agents and the store do not");
}

#[test]
fn relays_go_on_for_as_long_as_the_backend_may_be_away() {
    let pipeline = |deployment, name| unit(deployment, name);
    let (large, backend) = (large(), with_backend());
    let agent = pipeline(&large, "agent.obs");
    assert!(agent.contains("--compression zstd --give-up-after 300s --timeout 60s\n"), "{agent}");
    let gateway = pipeline(&backend, "gateway.obs");
    let expected = "relay --to https://otlp.example:4317 --compression gzip --give-up-after 1200s\n";
    assert!(gateway.contains(expected), "{gateway}");
    let agent = pipeline(&backend, "agent.obs");
    assert!(agent.contains("--give-up-after 1200s --timeout 630s\n"), "{agent}");
}

#[test]
fn the_local_system_shows_everything() {
    let system = composed(&large());
    let configs = &system["configs"];
    let services = system["services"].as_object().unwrap();
    for (name, service) in services {
        let ports = service["ports"].as_array();
        // What only sends has nobody that would ask it.
        assert_eq!(service["healthcheck"]["test"].is_array(), ports.is_some(), "{name}");
        for port in ports.into_iter().flatten() {
            assert!(port.as_str().unwrap().starts_with("127.0.0.1:"), "{port}");
        }
        for config in service["configs"].as_array().into_iter().flatten() {
            let content = &configs[config["source"].as_str().unwrap()]["content"];
            assert!(content.is_string(), "{config}");
            // Compose copies it into the container.
            assert_eq!(service["read_only"], Value::Null, "{name}");
        }
    }
    let content = |name: &str| configs[name]["content"].as_str().unwrap().replace("$$", "$");
    let prometheus = super::yaml(&content("prometheus")).remove(0);
    assert_eq!(prometheus["scrape_configs"][0]["static_configs"][0]["targets"], json!(["obs:13133"]));
    let sources = super::yaml(&content("datasources")).remove(0);
    let sources = sources["datasources"].as_array().unwrap();
    let urls: Vec<_> = sources.iter().map(|source| source["url"].as_str().unwrap()).collect();
    assert_eq!(urls, ["http://prometheus:9090", "http://jaeger:16686"]);
    let dashboard: Value = serde_json::from_str(&content("dashboard")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries: Vec<_> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    for metric in [
        "rate(otlp_spans_total[$__rate_interval])",
        "sum by (tier) (otlp_storage_cost_usd)",
        "sum by (tier) (otlp_storage_size_gb)",
        "sum by (service_name) (otlp_service_cost_usd)",
    ] {
        assert!(queries.iter().any(|query| query.contains(metric)), "{metric} in {queries:?}");
    }
}

#[test]
fn units_for_a_backend_need_no_store() {
    let names: Vec<_> = emit(&with_backend(), Target::Systemd).into_iter().map(|file| file.name).collect();
    let expected = [
        "/etc/systemd/system/obs-gateway.service",
        "/etc/obs/gateway.yaml",
        "/etc/obs/gateway.obs",
        "/etc/systemd/system/obs-agent.service",
        "/etc/obs/agent.yaml",
        "/etc/obs/agent.obs",
    ];
    assert_eq!(names, expected);
    let text = joined(&emit(&with_backend(), Target::Systemd), Target::Systemd);
    for path in expected {
        assert!(text.contains(&format!("# {path}\n# ")), "{path}");
    }
    assert!(!text.contains("OBS_STORE=http://127"), "{text}");
}
