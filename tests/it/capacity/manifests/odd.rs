//! Texts that mean something in YAML, in a pipeline, to Compose or to systemd.

use obs::capacity::manifests::{self, Deployment, Target, emit, joined};
use obs::pipeline::text;

use super::programs::Program;
use super::{TARGETS, composed, large, object, objects, unit};

/// A text with everything that has a meaning somewhere.
const ODD: &str = "a\"b'c $HOME %n {x}: #d\n- e: &f !g\n---\n\tz\\";

#[test]
fn an_odd_backend_is_one_word_of_the_pipeline() {
    let backend = "https://otlp.example:4317/a?b='$HOME'&c=%25{d}|e;(f)#g".to_owned();
    let deployment = Deployment { backend: Some(backend.clone()), ..large() };
    for target in TARGETS {
        let program = Program::of(target, &deployment, "gateway");
        let parsed =
            text::parse(program.pipeline(), &|_| None).unwrap_or_else(|mistake| panic!("{mistake:?}"));
        let tees = parsed.tee.iter().flat_map(|tee| &tee.branches).flat_map(|branch| &branch.parts);
        let words = parsed.parts.iter().chain(tees).flat_map(|part| &part.words);
        assert_eq!(words.filter(|word| word.text == backend).count(), 1, "{}", program.pipeline());
    }
}

#[test]
fn names_that_are_other_things_in_yaml_stay_names() {
    for namespace in ["123", "null", "true", "0x1f", "1e3"] {
        let namespace = manifests::namespace(namespace).unwrap();
        let objects = objects(&Deployment { namespace: namespace.clone(), ..large() });
        assert_eq!(object(&objects, "Namespace", &namespace)["metadata"]["name"], *namespace);
        assert_eq!(object(&objects, "Deployment", "otlp-gateway")["metadata"]["namespace"], *namespace);
    }
}

#[test]
fn unchecked_texts_stay_where_they_belong() {
    let odd = Deployment {
        command: ODD.into(),
        image: ODD.into(),
        namespace: ODD.into(),
        backend: Some(ODD.into()),
        ..large()
    };
    let plain = Deployment { backend: Some("http://a:1".into()), ..large() };
    let objects = objects(&odd);
    assert_eq!(objects.len(), super::objects(&plain).len());
    let gateway = object(&objects, "Deployment", "otlp-gateway");
    assert_eq!(gateway["metadata"]["namespace"], ODD);
    assert_eq!(gateway["spec"]["template"]["spec"]["containers"][0]["image"], ODD);
    let system = composed(&odd);
    assert_eq!(system["services"]["obs"]["image"], ODD.replace('$', "$$"));
    for target in TARGETS {
        for file in emit(&odd, target) {
            let made = file.text.lines().nth(1).unwrap();
            assert_eq!(made, format!("# Made by: {}", ODD.replace(['\n', '\t'], " ")));
        }
        assert!(!joined(&emit(&odd, target), target).is_empty());
    }
}

#[test]
fn a_binary_with_an_odd_path_is_one_word_of_its_unit() {
    let binary = manifests::binary(r#"/opt/100% "new"/obs"#).unwrap();
    let unit = unit(&Deployment { binary, ..large() }, "obs-agent.service");
    assert!(unit.contains("\nExecStart=\"/opt/100%% \\\"new\\\"/obs\" run --config "), "{unit}");
}

#[test]
fn figures_out_of_all_proportion_are_figures() {
    let mut deployment = large();
    for figure in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
        deployment.spans_per_second = figure;
        deployment.utilisation = figure;
        deployment.gateway.size.cores = figure;
        deployment.gateway.size.memory_bytes = figure;
        deployment.store.disk_bytes = figure;
        deployment.outage = std::time::Duration::MAX;
        for target in TARGETS {
            assert!(!joined(&emit(&deployment, target), target).is_empty());
        }
        let objects = objects(&deployment);
        let scaler = object(&objects, "HorizontalPodAutoscaler", "otlp-gateway");
        let utilisation = scaler["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"].as_u64();
        assert!((1..=100).contains(&utilisation.unwrap()), "{figure}: {utilisation:?}");
        let resources =
            &object(&objects, "Deployment", "otlp-gateway")["spec"]["template"]["spec"]["containers"][0];
        assert!(resources["resources"]["requests"]["cpu"].as_str().unwrap().ends_with('m'));
    }
    assert_eq!(
        joined(&emit(&deployment, Target::Compose), Target::Compose).matches("\nservices:").count(),
        1
    );
}
