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
fn csv_has_a_row_for_every_input_result_limit_date_and_effect() {
    let line = "--spans 100k --rate 5% --growth 10%/month --max-cost 5000";
    let plan = json(line);
    let csv = capacity(&format!("{line} --format csv"));
    let mut reader = csv::Reader::from_reader(csv.stdout.as_slice());
    assert_eq!(reader.headers().unwrap(), vec!["section", "name", "value", "unit", "from"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let cell = |section: &str, name: &str, column: usize| {
        let found = rows.iter().find(|row| &row[0] == section && &row[1] == name);
        found.unwrap_or_else(|| panic!("no {section} {name}"))[column].to_owned()
    };
    let mut compared = 0;
    for row in &rows {
        let (section, name) = (&row[0], &row[1]);
        let expected = match section {
            "inputs" => &plan["inputs"][name]["value"],
            "range" | "limits" | "growth" | "sensitivity" => continue,
            _ => &plan[section][name],
        };
        assert_eq!(row[2].parse::<f64>().unwrap(), number(expected), "{section} {name}");
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
    assert_eq!(cell("inputs", "rate", 4), "given");
    assert_eq!(cell("limits", "cost.most", 2), "5000");
    assert_eq!(cell("growth", "cost.date", 2), plan["growth"][0]["date"].as_str().unwrap());
    assert_eq!(cell("range", "low_usd", 2), plan["cost_range_usd"]["low"].to_string());
    assert_eq!(cell("sensitivity", "spans.lower_usd", 3), "USD/month");
    let tsv = capacity(line).text();
    assert!(tsv.starts_with("section\tname\tvalue\tunit\tfrom\n"), "{tsv}");
    let ndjson = capacity(&format!("{line} --format ndjson"));
    assert_eq!([tsv.lines().count() - 1, ndjson.lines().len()], [rows.len(); 2]);
}

#[test]
fn without_agents_there_are_none() {
    let table = capacity("--spans 100k --nodes 0 --format table").text();
    assert!(table.contains(", no agents, 1 store of ") && !table.contains("NaN"), "{table}");
    let plan = json("--spans 100k --nodes 0");
    let compute = &plan["compute"];
    let others = ["gateway", "store"]
        .map(|name| number(&compute[format!("{name}s")]) * number(&compute[format!("{name}_cores_each")]));
    assert!((number(&compute["cores"]) - others.iter().sum::<f64>()).abs() < 1e-9);
}

#[test]
fn loads_that_are_compared_need_no_other() {
    let rows = json("--what-if spans=10k,100k")["rows"].as_array().unwrap().clone();
    let alone = json("--spans 100k");
    assert_eq!(rows[1]["total_usd"], alone["cost"]["total_usd"]);
    assert!(number(&rows[0]["total_usd"]) < number(&rows[1]["total_usd"]));
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
    // With a limit every row says whether it keeps it; nothing is solved for.
    let limited = json(&format!("{line} --max-cost 1000"));
    for (row, limited) in rows.iter().zip(limited["rows"].as_array().unwrap()) {
        assert_eq!(row["total_usd"], limited["total_usd"]);
        let exceeded = !limited["exceeded"].as_array().unwrap().is_empty();
        assert_eq!(exceeded, number(&row["total_usd"]) > 1000.0);
    }
    // Metrics: a point for each combination, named by it.
    let otlp = capacity(&format!("{line} --format otlp"));
    let document: Value = serde_json::from_slice(&otlp.stdout).unwrap();
    let metrics = document["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    assert!(metrics.iter().all(|metric| metric["name"] != "obs.capacity.what_if.rate"));
    let points = metrics[0]["gauge"]["dataPoints"].as_array().unwrap();
    let names: std::collections::BTreeSet<String> =
        points.iter().map(|point| point["attributes"].to_string()).collect();
    assert_eq!(names.len(), 6, "{names:?}");
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
    assert_eq!(peak["numbers"], "100000 * 2.5");
    let table = capacity("--spans 100000 --explain --format table").text();
    for part in
        ["= mean_rate * peak", "= 100000 * 2.5", "AWS EBS gp3", "Vector's sizing guide", "0.023 up to 51200"]
    {
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
