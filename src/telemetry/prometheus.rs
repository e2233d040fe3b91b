//! The Prometheus text format, version 0.0.4.

use std::fmt::Write;

use super::sample::{Sample, Value};

pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Renders figures; those of one name must stand together.
pub(super) fn render(samples: &[Sample]) -> String {
    let mut out = String::new();
    let mut family = "";
    for sample in samples {
        if sample.name != family {
            family = sample.name;
            let kind = match sample.value {
                Value::Counter(_) => "counter",
                Value::Gauge(_) => "gauge",
                Value::Histogram { .. } => "histogram",
            };
            let _ = write!(out, "# HELP {family} {}\n# TYPE {family} {kind}\n", sample.help);
        }
        let name = sample.name;
        match &sample.value {
            Value::Counter(value) => line(&mut out, name, "", &sample.labels, None, *value as f64),
            Value::Gauge(value) => line(&mut out, name, "", &sample.labels, None, *value),
            Value::Histogram { bounds, counts, sum } => {
                let mut total = 0;
                let bounds = bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
                for (bound, count) in bounds.zip(counts) {
                    total += count;
                    line(&mut out, name, "_bucket", &sample.labels, Some(&bound), total as f64);
                }
                line(&mut out, name, "_sum", &sample.labels, None, *sum);
                line(&mut out, name, "_count", &sample.labels, None, total as f64);
            }
        }
    }
    out
}

fn line(
    out: &mut String,
    name: &str,
    suffix: &str,
    labels: &[(&str, String)],
    bound: Option<&str>,
    value: f64,
) {
    let _ = write!(out, "{name}{suffix}");
    let labels =
        labels.iter().map(|(key, value)| (*key, value.as_str())).chain(bound.map(|bound| ("le", bound)));
    for (index, (key, value)) in labels.enumerate() {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(out, "{}{key}=\"{value}\"", if index == 0 { "{" } else { "," });
    }
    if bound.is_some() || out.ends_with('"') {
        out.push('}');
    }
    let _ = writeln!(out, " {value}");
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Histogram, Samples};
    use super::*;

    #[test]
    fn the_text_format() {
        let mut samples = Samples::default();
        samples.counter("a_total", "A.", &[("x", "1\"2"), ("y", "")], 3);
        samples.counter("a_total", "A.", &[("x", "z"), ("y", "")], 4);
        samples.gauge("b", "B.", 0.5);
        let histogram = Histogram::default();
        histogram.observe(std::time::Duration::from_millis(3));
        samples.histogram("c_seconds", "C.", &histogram);
        let text = render(&samples.by_name());
        let expected = "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"1\\\"2\",y=\"\"} 3\na_total{x=\"z\",y=\"\"} 4\n\
                        # HELP b B.\n# TYPE b gauge\nb 0.5\n# HELP c_seconds C.\n# TYPE c_seconds histogram\n\
                        c_seconds_bucket{le=\"0.001\"} 0\nc_seconds_bucket{le=\"0.002\"} 0\nc_seconds_bucket{le=\"0.005\"} 1\n";
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.ends_with("c_seconds_bucket{le=\"+Inf\"} 1\nc_seconds_sum 0.003\nc_seconds_count 1\n"),
            "{text}"
        );
    }
}
