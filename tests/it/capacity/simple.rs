//! The simple model against its formulas, worked out elsewhere with exact fractions.

use super::{capacity, json, number};

const ROWS: &str = include_str!("../../../fixtures/capacity/simple.csv");
/// Columns that are asked for; the others are results.
const ASKED: usize = 7;

#[test]
fn the_simple_model_is_its_formulas() {
    let mut lines = ROWS.lines().filter(|line| !line.starts_with('#'));
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut rows = 0;
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let [spans, size, rate, retention, warm, cold, queries] = cells[..ASKED] else { panic!("{line}") };
        let found = json(&format!(
            "--model simple --spans {spans} --size {size} --rate {rate} --retention {retention}d --warm {warm}d \
             --cold {cold}d --queries {queries}"
        ));
        for (name, expected) in names.iter().zip(&cells).skip(ASKED) {
            let (found, expected) = (number(&found[*name]), expected.parse::<f64>().unwrap());
            let is_equal = (found - expected).abs() <= 1e-12 * expected.abs();
            assert!(is_equal, "{line}: {name} is {found}, expected {expected}");
        }
        rows += 1;
    }
    assert_eq!(rows, 21);
}

#[test]
fn it_shows_its_formulas_and_refuses_what_it_does_not_know() {
    let table = capacity("--model simple --spans 100000 --rate 0.05 --retention 7d --format table");
    let text = table.expect(0, "").text();
    for part in ["daily_gb", "412", "0.3 * total_gb", "247,192", "--model full"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let tsv = capacity("--model simple --spans 100000").text();
    assert!(tsv.starts_with("name\tvalue\ndaily_gb\t411.9873046875\n"), "{tsv}");
    let refused = capacity("--model simple --spans 1 --explain");
    refused
        .expect(2, "--explain cannot be used with --model simple\nhint: the full model, the default, has it");
}
