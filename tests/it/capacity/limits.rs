//! Limits: solved for, checked, and reached by growth.

use super::{capacity, json, number};
use crate::support::{Obs, TempDir};

#[test]
fn a_budget_is_met_by_the_highest_rate() {
    let plan = json("--spans 100k --budget 1500");
    let rate = number(&plan["inputs"]["rate"]["value"]);
    assert_eq!(plan["inputs"]["rate"]["from"], "solved for, to keep within the limits");
    let cost = |rate: f64| number(&json(&format!("--spans 100k --rate {rate}"))["cost"]["total_usd"]);
    assert!(cost(rate) <= 1500.0 && cost(rate + 2e-4) > 1500.0, "{rate}");
    // Of two limits the stricter one holds.
    let both = json("--spans 100k --budget 1500 --max-storage 1TiB");
    assert!(number(&both["storage"]["hot_gib"]) <= 1024.0);
    assert!(number(&both["inputs"]["rate"]["value"]) < rate);
    let cores = json("--spans 1M --rate 1 --max-cores 8");
    assert_eq!(cores["limits"][0]["exceeded"], true);
    assert!(number(&json("--spans 500k --max-cores 20")["compute"]["cores"]) <= 20.0);
}

#[test]
fn a_rate_that_is_given_anywhere_is_not_solved_for() {
    let dir = TempDir::new();
    dir.write("obs.yaml", "capacity:\n  rate: 1%\n");
    let obs = || Obs::new(&dir, "capacity --spans 100k --max-cost 1500 --format json");
    for end in [obs().run(), obs().env("OBS_CAPACITY_RATE", "1%").run(), obs().args("--rate 1%").run()] {
        let plan: serde_json::Value = serde_json::from_slice(&end.stdout).unwrap();
        assert_eq!(plan["inputs"]["rate"]["value"], 0.01);
    }
}

#[test]
fn a_plan_that_exceeds_what_is_checked_is_not_deployed() {
    let end = capacity("--spans 100k --check --max-cost 5 --emit k8s");
    end.expect(1, "error: cost $");
    assert!(end.stdout.is_empty());
    // Nor where something else is to be told too.
    let dir = TempDir::new();
    let span = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00000000000000000000000000000001","spanId":"0000000000000001","startTimeUnixNano":"1767225600000000000"}]}]}]}"#;
    dir.write("half.jsonl", format!("{span}\n{{\"resourceSpans\": 7}}\n"));
    let line = "capacity --spans 100k --check --max-cost 5 --emit k8s half.jsonl";
    let end = Obs::new(&dir, line).run();
    end.expect(3, "error: cost $");
    assert!(end.stdout.is_empty());
}

#[test]
fn fast_growth_reaches_limits_soon() {
    let months = |growth: u32| {
        let plan = json(&format!("--spans 100k --growth {growth}%/month --max-cost 5000 --rate 5%"));
        number(&plan["growth"][0]["months"])
    };
    let found = [60, 80, 100, 1000].map(months);
    assert!(found.is_sorted_by(|one, other| one > other && *other > 0.0), "{found:?}");
}

#[test]
fn what_no_rate_meets_is_told_with_the_floor() {
    let floor = number(&json("--spans 100k --rate 0")["cost"]["total_usd"]);
    let end = capacity("--spans 100k --budget 100");
    let message =
        format!("no sampling rate meets this budget: the floor is ${floor:.0} a month where $100 a month");
    end.expect(2, &message).expect(2, "hint: ");
    assert!(end.stdout.is_empty());
    capacity("--spans 100k --budget 100 --max-cores 0.1")
        .expect(2, "no sampling rate meets this budget and this number of cores: the floor is ");
}

#[test]
fn a_check_says_no_with_exit_code_1() {
    let no = capacity("--spans 100k --check --max-cost 500 --max-cores 100 --format json");
    no.expect(1, "obs capacity: error: cost $");
    let plan: serde_json::Value = serde_json::from_slice(&no.stdout).unwrap();
    assert_eq!(plan["limits"][0]["exceeded"], true);
    assert_eq!(plan["limits"][1]["exceeded"], false);
    assert!(no.stderr.ends_with(", the limit is $500 a month\n"), "{}", no.stderr);
    capacity("--spans 100k --check --max-cost 5000").expect(0, "");
}

#[test]
fn growth_reaches_limits_on_a_date() {
    let plan = json("--spans 100k --growth 10%/month --rate 5% --max-cost 5000");
    let growth = plan["growth"].as_array().unwrap();
    let names: Vec<&str> = growth.iter().map(|row| row["what"].as_str().unwrap()).collect();
    assert_eq!(names, ["cost", "gateways of today", "one store"]);
    let months = number(&growth[0]["months"]);
    let at = |months: f64| {
        let line = format!("--spans 100k --growth 10%/month --rate 5% --horizon {months}");
        number(&json(&line)["cost"]["total_usd"])
    };
    assert!(at(months + 0.01) > 5000.0 && at(months - 0.01) <= 5000.0, "{months}");
    // From 2026-11-28 on, 30.4 days a month.
    let date: jiff::civil::Date = growth[0]["date"].as_str().unwrap().parse().unwrap();
    let days = (date - jiff::civil::date(2026, 11, 28)).get_days();
    assert!((f64::from(days) - months * 30.4375).abs() <= 1.0, "{days} {months}");
    assert!(json("--spans 100k")["growth"].as_array().unwrap().is_empty());
}
