//! What systems answer, in one form.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::Question;
use super::lines::RARE;

/// Rows of cells; numbers with a point are the same when they are near each other.
pub type Answer = Vec<Vec<Value>>;

/// A quantile from a histogram is within the width of its buckets.
const WIDTH: f64 = 1.0443;

/// The rows that a database has printed.
pub fn of_rows(printed: &Value) -> Result<Answer> {
    let rows = printed["rows"].as_array().context("no rows")?;
    rows.iter().map(|row| row.as_array().cloned().context("no row")).collect()
}

/// The rows in a document of obs.
pub fn of_obs(question: Question, document: &Value) -> Result<Answer> {
    let list = |key: &str| document[key].as_array().with_context(|| format!("no {key}"));
    Ok(match question {
        Question::Trace => {
            let mut ids = Vec::new();
            each(document, &mut |key, value| {
                if key == "span_id" {
                    ids.push(vec![value.clone()]);
                }
            });
            sorted(ids)
        }
        Question::Search | Question::Attribute | Question::Scan | Question::File => {
            list("traces")?.iter().map(|trace| vec![trace["trace_id"].clone()]).collect()
        }
        Question::Services => {
            let row = |service: &Value| {
                let p95_ns = service["p95_ns"].as_f64().map_or(Value::Null, |ns| json!(ns));
                vec![
                    service["service"].clone(),
                    service["requests"].clone(),
                    service["errors"].clone(),
                    p95_ns,
                ]
            };
            sorted(list("services")?.iter().map(row).collect())
        }
        Question::Bottlenecks => {
            let rows: Answer = list("bottlenecks")?.iter().map(|row| vec![row.clone()]).collect();
            if rows.is_empty() {
                bail!("no bottlenecks");
            }
            rows
        }
        Question::Logs => {
            let mut bodies = Vec::new();
            for log in list("logs")? {
                each(log, &mut |_, value| {
                    if value.as_str().is_some_and(|text| text.contains(RARE)) {
                        bodies.push(vec![value.clone()]);
                    }
                });
            }
            sorted(bodies)
        }
    })
}

/// The rows by their first cell, each once.
pub fn sorted(mut rows: Answer) -> Answer {
    rows.sort_by_key(|row| row[0].as_str().map(str::to_owned));
    rows.dedup();
    rows
}

/// Calls `found` for every member of an object, however deep.
fn each(value: &Value, found: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                found(key, value);
                each(value, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| each(value, found)),
        _ => {}
    }
}

/// The first difference between two answers.
pub fn difference(one: &Answer, other: &Answer) -> Option<String> {
    let same = |(one, other): (&Value, &Value)| match (one.as_f64(), other.as_f64()) {
        (Some(one_number), Some(other_number)) if one.is_f64() || other.is_f64() => {
            one_number <= other_number * WIDTH && other_number <= one_number * WIDTH
        }
        _ => one == other,
    };
    let are_same = |(one, other): (&Vec<Value>, &Vec<Value>)| {
        one.len() == other.len() && one.iter().zip(other).all(same)
    };
    if let Some(row) = one.iter().zip(other).position(|rows| !are_same(rows)) {
        return Some(format!("row {} is {:?}, not {:?}", row + 1, other[row], one[row]));
    }
    (one.len() != other.len()).then(|| format!("{} rows, not {}", other.len(), one.len()))
}
