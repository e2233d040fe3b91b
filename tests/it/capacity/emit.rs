//! Deployments of a plan: their figures are the plan's.

use serde_json::Value;

use super::{capacity, json, number};
use crate::support::{Obs, TempDir};

/// The objects that the command writes for Kubernetes.
fn objects(line: &str) -> Vec<Value> {
    let text = capacity(&format!("{line} --emit k8s")).text();
    serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn manifests_have_the_figures_of_the_plan() {
    let line = "--spans 800k --rate 5% --retention 30d --outage 1m";
    let (objects, plan) = (objects(line), json(line));
    let of = |kind: &str, name: &str| {
        let found =
            objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("no {kind} {name}"))
    };
    let gateway = of("Deployment", "otlp-gateway");
    assert_eq!(gateway["spec"]["replicas"], plan["compute"]["gateways"]);
    let container = &gateway["spec"]["template"]["spec"]["containers"][0];
    let millicores = |text: &Value| text.as_str().unwrap().trim_end_matches('m').parse::<f64>().unwrap();
    let cores = millicores(&container["resources"]["requests"]["cpu"]) / 1000.0;
    assert!((cores - number(&plan["compute"]["gateway_cores_each"])).abs() < 1e-3, "{cores}");
    let scaler = objects.iter().find(|object| object["kind"] == "HorizontalPodAutoscaler").unwrap();
    let spans = &scaler["spec"]["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|metric| metric["type"] == "Pods")
        .unwrap()["pods"];
    assert_eq!(spans["metric"]["name"], "otlp_spans_per_second");
    let target: f64 = spans["target"]["averageValue"].as_str().unwrap().parse().unwrap();
    assert!((target / number(&plan["compute"]["gateway_spans"]) - 1.0).abs() < 0.01, "{target}");
    let config = of("ConfigMap", "otlp-gateway")["data"]["obs.yaml"].as_str().unwrap();
    assert!(config.contains("base_rate: 0.05"), "{config}");
    let queue = format!("buffer_capacity: {}", plan["memory"]["queue_items"]);
    assert!(config.contains(&queue), "{queue} in {config}");
    let store = of("ConfigMap", "otlp-store")["data"]["obs.yaml"].as_str().unwrap();
    assert!(store.contains("retention_days: 30"), "{store}");
}

#[test]
fn what_one_store_cannot_take_is_not_deployed() {
    capacity("--spans 5M --rate 1 --emit k8s")
        .expect(2, "stores, and a deployment has one\nhint: a lower --rate");
    capacity("--spans 1k --retention 0d --emit k8s").expect(2, "--retention: expected a duration above zero");
    capacity("--spans 5M --rate 1 --emit k8s --backend http://tempo:4317").expect(0, "");
    capacity("--spans 1k --decision-wait 30s --emit k8s")
        .expect(0, "--decision-wait: the deployment has no tail sampler");
}

#[test]
fn a_backend_takes_the_place_of_the_store() {
    let objects =
        objects("--spans 100k --backend http://tempo:4317 --image registry/obs:1 --namespace traces");
    assert!(objects.iter().all(|object| object["kind"] != "StatefulSet"));
    let text = serde_json::to_string(&objects).unwrap();
    assert!(
        text.contains("http://tempo:4317") && text.contains("registry/obs:1") && text.contains("\"traces\"")
    );
}

#[test]
fn files_go_to_a_directory() {
    let dir = TempDir::new();
    let end = Obs::new(&dir, "capacity --spans 100k --emit systemd --output units").run();
    end.expect(0, "obs capacity: wrote units/etc/systemd/system/obs-gateway.service\n");
    assert!(end.stdout.is_empty());
    let unit =
        std::fs::read_to_string(dir.path().join("units/etc/systemd/system/obs-gateway.service")).unwrap();
    let told = "# Made by: obs capacity --spans 100k --emit systemd --output units";
    assert!(unit.lines().any(|line| line == told), "{unit}");
    dir.write("occupied", "");
    Obs::new(&dir, "capacity --spans 1k --emit compose --output occupied")
        .run()
        .expect(4, "cannot write occupied/compose.yaml");
}
