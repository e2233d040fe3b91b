//! Where inputs come from, and what is said of wrong ones.

use serde_json::json as value;

use super::{capacity, json, number};
use crate::support::{Obs, TempDir};

#[test]
fn a_flag_outranks_the_environment_which_outranks_the_file() {
    let dir = TempDir::new();
    dir.write("obs.yaml", "capacity:\n  spans: 10k\n  size: 2KiB\n  rate: 50%\n  retention: 30d\n");
    let run = |line: &str| {
        let end = Obs::new(&dir, &format!("capacity {line} --format json"))
            .env("OBS_CAPACITY_SIZE", "512")
            .env("OBS_CAPACITY_RATE", "1/4")
            .run();
        assert_eq!(end.code, 0, "{}", end.stderr);
        serde_json::from_slice::<serde_json::Value>(&end.stdout).unwrap()["inputs"].clone()
    };
    let inputs = run("--rate 10%");
    assert_eq!(inputs["spans"], value!({"value": 10_000, "unit": "1/s", "from": "from obs.yaml"}));
    assert_eq!(inputs["size"], value!({"value": 512, "unit": "bytes", "from": "from the environment"}));
    assert_eq!(inputs["rate"], value!({"value": 0.1, "unit": "share", "from": "given"}));
    assert_eq!(inputs["retention"], value!({"value": 30, "unit": "days", "from": "from obs.yaml"}));
    assert_eq!(inputs["peak"]["from"], "assumed: day and night, without retry storms");
    assert_eq!(run("")["rate"]["value"], 0.25);
}

#[test]
fn wrong_inputs_are_told_with_what_was_expected() {
    for (line, message) in [
        ("--spans 1k --rate 1.5", "expected a share from 0 to 1 such as 0.05, 5% or 1/20, found \"1.5\""),
        ("--spans 1k --size 0", "expected bytes above zero such as 512, 1KiB or 1.5kB, found \"0\""),
        ("--spans 1k --growth -10%/month", "expected a growth of zero or more such as 10%/month"),
        ("--spans -5", "expected a number above zero such as 2500, 100k, 1.5M/min or 9G/day, found \"-5\""),
        ("--spans 1k --retention 7", "expected a duration such as 12h, 7d or 90d, found \"7\""),
        ("--spans 1k --zones 1.5", "expected a whole number of 1 or more"),
        ("--spans 1k --utilisation 0", "expected a share above zero such as 65%"),
        ("--spans 1k --what-if utilisation=0", "expected a share above zero such as 65%"),
        (
            "--spans 1k --what-if rate=0.1 --what-if rate=0.5",
            "expected one --what-if with all values of rate",
        ),
        ("--spans 1k/week", "found \"1k/week\""),
        ("--spans 1k --max-cost -5", "expected dollars such as 500 or 5k, found \"-5\""),
        ("--spans 1k --growth 1000%/month --horizon 50y", "the load is beyond what can be planned: "),
        ("--spans 1k --emit k8s --explain", "cannot be used with"),
        ("--spans 1k --since 1d", "a range of time, and nowhere to look"),
        ("--spans 1k --what-if rtae=1", "there is no input \"rtae\"; a similar one is rate"),
        ("--spans 1k --what-if rate=2", "expected a share from 0 to 1"),
        (
            "--spans 1k --price ebs_gp4=1",
            "--price: there is no price \"ebs_gp4\"\nhint: a similar one exists: ebs_gp3",
        ),
        ("--spans 1k --price hot=egress", "there is no storage class \"egress\""),
        ("--spans 1k --prices none.yaml", "cannot read the prices none.yaml"),
        ("--spans 1k --profile none.json", "cannot read the profile none.json"),
        ("--spans 1k --check", "--check: expected a limit to check"),
        ("--spans 1k --emit k8s --namespace Prod", "expected an RFC 1123 label"),
        ("--spans 1k --namespace prod", "--emit"),
    ] {
        capacity(line).expect(2, message);
    }
}

#[test]
fn a_wrong_configuration_is_told_with_its_place() {
    for (text, message) in [
        (
            "capacity:\n  spans: 1k\n  sise: 1\n",
            "obs.yaml:3:3: there is no input \"sise\"; a similar one is size",
        ),
        ("capacity:\n  rate: 1.5\n", "obs.yaml:2:9: expected a share from 0 to 1"),
        ("capacity:\n  size: [1]\n", "obs.yaml:2:3: invalid type: sequence, expected bytes above zero"),
    ] {
        let dir = TempDir::new();
        dir.write("obs.yaml", text);
        Obs::new(&dir, "capacity --spans 1k").run().expect(2, message);
    }
    let dir = TempDir::new();
    dir.write("prices.yaml", "prices:\n  ebs_gp3: 0.05\n  ebs: 1\n");
    Obs::new(&dir, "capacity --spans 1k --prices prices.yaml")
        .run()
        .expect(2, "prices.yaml:3:3: there is no price \"ebs\"");
}

#[test]
fn prices_are_replaced_from_a_file_and_one_by_one() {
    let dir = TempDir::new();
    dir.write("prices.yaml", "prices:\n  ebs_gp3: 0.8\n");
    dir.write("obs.yaml", "capacity:\n  prices: prices.yaml\n");
    let hot = |line: &str| {
        let end = Obs::new(&dir, &format!("capacity --spans 100k {line} --format json")).run();
        let plan: serde_json::Value = serde_json::from_slice(&end.stdout).unwrap();
        number(&plan["cost"]["hot_usd"]) / number(&plan["storage"]["hot_gib"])
    };
    assert!((hot("") - 0.8).abs() < 1e-12);
    assert!((hot("--price ebs_gp3=0.4") - 0.4).abs() < 1e-12);
    assert!((hot("--price hot=disk_nvme") - 0.0045).abs() < 1e-12);
}

#[test]
fn a_profile_says_what_was_measured() {
    let dir = TempDir::new();
    let measured = |median: f64| value!({"median": median, "min": median, "max": median});
    let profile = value!({
        "schema": "obs.capacity.profile/1",
        "measured_at": "2026-11-28T00:00:00Z",
        "version": "0.1.0",
        "host": {"cpu": "a test", "cores": 2, "system": "Linux"},
        "sample": {"source": "synthetic", "spans": 20000},
        "stages": {"collect": measured(1e6), "sample": measured(2e6), "relay": measured(3e6), "store": measured(4e6)},
        "bytes": {"wire": 500.0, "gzip": 120.0, "zstd": 100.0, "stored": 50.0},
        "memory_bytes_per_span": measured(1000.0),
        "latency": [],
    });
    dir.write("profile.json", profile.to_string());
    let end = Obs::new(&dir, "capacity --spans 100k --profile profile.json --size 600 --format json").run();
    end.expect(0, "");
    let inputs = serde_json::from_slice::<serde_json::Value>(&end.stdout).unwrap()["inputs"].clone();
    for (key, expected) in [
        ("collect_speed", 1e6),
        ("store_speed", 4e6),
        ("speed_size", 500.0),
        ("stored", 0.1),
        ("compression_out", 5.0),
        ("memory_size", 2.0),
        ("size", 600.0),
    ] {
        assert_eq!(number(&inputs[key]["value"]), expected, "{key}");
    }
    assert_eq!(inputs["stored"]["from"], "measured, profile.json of 2026-11-28T00:00:00Z");
    assert_eq!(inputs["size"]["from"], "given");
    dir.write("profile.json", "{\"schema\": 1}");
    Obs::new(&dir, "capacity --spans 1k --profile profile.json").run().expect(2, "profile.json: ");
}

#[test]
fn without_a_load_it_says_how_to_give_one() {
    capacity("").expect(2, "cannot open obs.db").expect(2, "how large is the load? --spans 100k says it");
}

#[test]
fn the_range_is_as_wide_as_what_is_not_known() {
    let width = |line: &str| {
        let range = json(line)["cost_range_usd"].clone();
        number(&range["high"]) - number(&range["low"])
    };
    let guessed = width("--spans 100k");
    assert!(width("--spans 100k --size 1024") < guessed);
    let inputs = json("--spans 100k")["inputs"].as_object().unwrap().clone();
    let given = inputs.iter().filter(|(key, _)| *key != "spans").map(|(key, input)| {
        let value = match input["unit"].as_str().unwrap() {
            "s" => format!("{}ms", number(&input["value"]) * 1000.0),
            "days" => format!("{}d", input["value"]),
            _ => input["value"].to_string(),
        };
        format!(" --{} {value}", key.replace('_', "-"))
    });
    let line = format!("--spans 100k{}", given.collect::<String>());
    assert!(width(&line) < 1e-6, "{line}: {}", width(&line));
}
