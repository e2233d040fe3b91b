//! The forms of a plan, which say the same.

use serde_json::Value;

use super::{capacity, json, number};

const EXAMPLE: &str = "--spans 100000";

#[test]
fn the_readme_shows_what_is_printed() {
    let readme = include_str!("../../../README.md");
    let shown = readme.split("$ obs capacity --spans 100000\n").nth(1).expect("an example");
    let shown = shown.split("\n```").next().unwrap();
    let printed = capacity(&format!("{EXAMPLE} --format table")).text();
    assert_eq!(shown, printed.trim_end());
}

#[test]
fn csv_and_tsv_have_a_row_for_every_input_and_result() {
    let plan = json(EXAMPLE);
    let csv = capacity(&format!("{EXAMPLE} --format csv")).text();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("section,name,value,unit"));
    let mut results = 0;
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let [section, name, value, _] = cells[..] else { panic!("{line}") };
        let expected = match section {
            "inputs" => &plan["inputs"][name]["value"],
            _ => &plan[section][name],
        };
        assert_eq!(value.parse::<f64>().unwrap(), number(expected), "{line}");
        results += 1;
    }
    assert!(results > 90, "{results}");
    assert_eq!(capacity(EXAMPLE).text(), csv.replace(',', "\t"));
}

#[test]
fn the_cost_is_the_sum_of_its_parts() {
    let plan = json("--spans 100k --warm 30d --cold 90d --egress 10% --nat 5%");
    let cost = plan["cost"].as_object().unwrap();
    let parts = cost.iter().filter(|(name, _)| name.ends_with("_usd") && *name != "total_usd");
    let sum: f64 = parts
        .map(|(name, part)| {
            assert!(number(part) > 0.0, "{name}");
            number(part)
        })
        .sum();
    assert!((sum / number(&cost["total_usd"]) - 1.0).abs() < 1e-9);
    let range = &plan["cost_range_usd"];
    assert!(number(&range["low"]) < sum && sum < number(&range["high"]));
}

#[test]
fn what_if_is_a_grid_in_every_form() {
    let line = "--spans 100k --what-if rate=0.01,0.05,1 --what-if retention=7d,30d";
    let grid = json(line);
    let rows = grid["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 6);
    for row in rows {
        let alone = json(&format!("--spans 100k --rate {} --retention {}d", row["rate"], row["retention"]));
        assert_eq!(row["total_usd"], alone["cost"]["total_usd"]);
        assert_eq!(row["gateways"], alone["compute"]["gateways"]);
        assert_eq!(row["out_mbps"], alone["network"]["out_mbps"]);
    }
    let csv = capacity(&format!("{line} --format csv")).text();
    assert_eq!(
        csv.lines().next(),
        Some("rate,retention,total_usd,cores,memory_gib,gateways,storage_gib,out_mbps")
    );
    assert_eq!(csv.lines().count(), 7);
    assert!(csv.lines().nth(6).unwrap().starts_with("1,30,"));
    let table = capacity(&format!("{line} --format table")).text();
    assert_eq!(table.lines().count(), 10, "{table}");
}

#[test]
fn sensitivity_is_what_plans_with_other_inputs_say() {
    let plan = json(EXAMPLE);
    let effects = plan["sensitivity"].as_array().unwrap();
    let swing = |effect: &Value| (number(&effect["higher_usd"]) - number(&effect["lower_usd"])).abs();
    assert!(effects.is_sorted_by(|one, other| swing(one) >= swing(other)));
    let size = effects.iter().find(|effect| effect["input"] == "size").unwrap();
    let at = |size: &str| {
        json(&format!("--spans 100000 --peak 2.5 --price ebs_gp3=0.08 --size {size}"))["cost"]["total_usd"]
            .clone()
    };
    // 1024 bytes, a fifth more and less, to the byte.
    assert!((number(&size["higher_usd"]) / number(&at("1229")) - 1.0).abs() < 1e-3);
    assert!((number(&size["lower_usd"]) / number(&at("819")) - 1.0).abs() < 1e-3);
}

#[test]
fn every_formula_is_shown_with_its_numbers() {
    let explained = json("--spans 100000 --explain");
    let steps = explained["steps"].as_array().unwrap();
    let plan = json(EXAMPLE);
    assert!(steps.len() > 50, "{}", steps.len());
    for step in steps {
        let (section, name) = (step["section"].as_str().unwrap(), step["name"].as_str().unwrap());
        assert_eq!(step["value"], plan[section][name], "{name}");
    }
    let peak = steps.iter().find(|step| step["name"] == "peak_rate").unwrap();
    assert_eq!(peak["formula"], "mean_rate * peak");
    assert_eq!(peak["numbers"], "100,000 * 2.5");
    let table = capacity("--spans 100000 --explain --format table").text();
    for part in ["= mean_rate * peak", "= 100,000 * 2.5", "AWS EBS gp3", "Vector's sizing guide"] {
        assert!(table.contains(part), "{part}");
    }
}

#[test]
fn markdown_and_html_have_the_answer_and_the_charts() {
    let markdown = capacity(&format!("{EXAMPLE} --format markdown")).text();
    assert!(markdown.starts_with("# 100k/s spans of 1 KiB"), "{markdown}");
    for part in [
        "- **machines**: 3 gateways",
        "## Cost\n\n| part | a month | share |  |\n| --- | ---: | ---: | --- |\n",
        "█",
    ] {
        assert!(markdown.contains(part), "{part} in {markdown}");
    }
    let page = capacity(&format!("{EXAMPLE} --format html")).text();
    for part in ["<!doctype html>", "<dt>cost</dt>", "width:100.00%", "</html>"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn a_plan_is_metrics_too() {
    let end = capacity(&format!("{EXAMPLE} --format otlp"));
    let document: Value = serde_json::from_slice(&end.stdout).unwrap();
    let metrics = document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    let gateways = metrics.iter().find(|metric| metric["name"] == "obs.capacity.gateways").unwrap();
    assert_eq!(gateways["gauge"]["dataPoints"][0]["asDouble"], 3.0);
}
