//! Redaction of decoded messages, the plain way.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, Metric, metric};
use regex::Regex;
use sha2::{Digest, Sha256};

use crate::otlp_properties::choices::Choices;
use crate::otlp_properties::messages::Data;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Mask,
    Hash,
    Drop,
}

#[derive(Debug)]
pub struct Rule {
    pub action: Action,
    pub name: String,
    pub pattern: Option<Regex>,
}

impl Rule {
    pub fn random(choices: &mut Choices) -> Rule {
        const NAMES: [&str; 12] = [
            "http.method",
            "a",
            "a*",
            "*a",
            "*",
            "?",
            "",
            "body",
            "b*",
            "*.method*",
            "http.method*?",
            "yyyyyyy",
        ];
        const PATTERNS: [&str; 14] = [
            "http",
            r"\.m\w+",
            "a",
            r"[a-z]+",
            r"\d",
            r"\d{2,}",
            r"(?s).*",
            r"a*",
            "^$",
            "true|[0-9]$",
            "ü",
            r"(?i)NAN|inf",
            r"[^a-z]",
            "thod\"?",
        ];
        let action = choices.pick(&[Action::Mask, Action::Hash, Action::Drop]);
        let pattern = choices.maybe(|choices| Regex::new(choices.pick(&PATTERNS)).expect("a pattern"));
        let name = match choices.pick(&NAMES) {
            "" => format!("{}*", choices.pick(&["grüße", " x", "\n", "日本"])).trim().into(),
            // Otherwise names and patterns would rarely fit together.
            _ if pattern.is_some() && choices.bool() => "*".into(),
            name => name.into(),
        };
        Rule { action, name, pattern }
    }

    pub fn text(&self, choices: &mut Choices) -> String {
        let action = match self.action {
            Action::Mask => choices.pick(&["", "mask:"]),
            Action::Hash => "hash:",
            Action::Drop => "drop:",
        };
        let pattern = self.pattern.as_ref().map(|pattern| format!("=~{pattern}"));
        format!("{action}{}{}", self.name, pattern.unwrap_or_default())
    }

    fn finds(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let pattern = self.pattern.as_ref().expect("a rule with a pattern");
        pattern.find_iter(text).map(|part| part.range()).filter(|part| !part.is_empty()).collect()
    }
}

/// Whether the glob stands for the name.
fn is_named(glob: &[char], name: &[char]) -> bool {
    match (glob, name) {
        ([], []) => true,
        (['*', glob @ ..], _) => (0..=name.len()).any(|skipped| is_named(glob, &name[skipped..])),
        (['?', glob @ ..], [_, name @ ..]) => is_named(glob, name),
        ([wanted, glob @ ..], [found, name @ ..]) => wanted == found && is_named(glob, name),
        _ => false,
    }
}

fn digest(bytes: &[u8]) -> String {
    const_hex::encode(Sha256::digest(bytes))[..16].into()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::StringValue(text) => Some(text.clone()),
        Value::BoolValue(value) => Some(value.to_string()),
        Value::IntValue(value) => Some(value.to_string()),
        Value::DoubleValue(value) => Some(value.to_string()),
        Value::StringValueStrindex(value) => Some(value.to_string()),
        Value::ArrayValue(_) | Value::KvlistValue(_) | Value::BytesValue(_) => None,
    }
}

fn full_digest(value: Option<&Value>) -> Vec<u8> {
    let bytes = match value {
        None => Vec::new(),
        Some(Value::BytesValue(bytes)) => bytes.clone(),
        Some(Value::ArrayValue(list)) => {
            let digests = list.values.iter().flat_map(|element| full_digest(element.value.as_ref()));
            b"[".iter().copied().chain(digests).collect()
        }
        Some(Value::KvlistValue(list)) => {
            let digests = list.values.iter().flat_map(|pair| {
                let value = pair.value.as_ref().and_then(|value| value.value.as_ref());
                [Sha256::digest(&pair.key).to_vec(), full_digest(value)].concat()
            });
            b"{".iter().copied().chain(digests).collect()
        }
        Some(value) => text(value).expect("a text").into_bytes(),
    };
    Sha256::digest(bytes).to_vec()
}

fn string(text: impl Into<String>) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(text.into())) })
}

/// What the rules do, and how often each did something.
pub struct Reference<'r> {
    pub rules: &'r [Rule],
    pub changed: Vec<u64>,
}

/// The value goes, because of that rule.
struct Gone(usize);

impl Reference<'_> {
    pub fn new(rules: &[Rule]) -> Reference<'_> {
        Reference { rules, changed: vec![0; rules.len()] }
    }

    fn attributes(&mut self, attributes: &mut Vec<KeyValue>) {
        self.pairs(attributes, &[]);
    }

    fn pairs(&mut self, pairs: &mut Vec<KeyValue>, inherited: &[usize]) {
        pairs.retain_mut(|pair| self.named(&pair.key, &mut pair.value, inherited));
    }

    /// Whether a value and its name stay.
    fn named(&mut self, name: &str, value: &mut Option<AnyValue>, inherited: &[usize]) -> bool {
        let name: Vec<char> = name.chars().collect();
        let matches = |rule: &Rule| is_named(&rule.name.chars().collect::<Vec<_>>(), &name);
        let matching = |position: &usize| matches(&self.rules[*position]);
        let matching: Vec<usize> = (0..self.rules.len()).filter(matching).collect();
        let (whole, own): (Vec<usize>, Vec<usize>) =
            matching.iter().partition(|position| self.rules[**position].pattern.is_none());
        let drops = |position: &&usize| self.rules[**position].action == Action::Drop;
        if let Some(rule) = whole.iter().find(drops).or(whole.first()) {
            self.changed[*rule] += 1;
            *value = match self.rules[*rule].action {
                Action::Drop => return false,
                Action::Mask => string("****"),
                Action::Hash => {
                    let value = value.as_ref().and_then(|value| value.value.as_ref());
                    string(&const_hex::encode(full_digest(value))[..16])
                }
            };
            return true;
        }
        let mut patterns = [inherited, &own].concat();
        patterns.sort_unstable();
        patterns.dedup();
        let before = self.changed.clone();
        if let Some(value) = value
            && let Err(Gone(rule)) = self.value(value, &patterns)
        {
            self.changed = before;
            self.changed[rule] += 1;
            return false;
        }
        true
    }

    fn value(&mut self, any: &mut AnyValue, patterns: &[usize]) -> Result<(), Gone> {
        let Some(value) = &mut any.value else { return Ok(()) };
        match value {
            Value::ArrayValue(list) => {
                list.values.iter_mut().try_for_each(|value| self.value(value, patterns))?
            }
            Value::KvlistValue(list) => self.pairs(&mut list.values, patterns),
            _ => {
                let Some(text) = text(value) else { return Ok(()) };
                let whole = !matches!(value, Value::StringValue(_));
                if let Some(new) = self.text(&text, whole, patterns)? {
                    *value = Value::StringValue(new);
                }
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str, whole: bool, patterns: &[usize]) -> Result<Option<String>, Gone> {
        // For each byte whether it is hidden; for each place between two bytes whether one match goes across.
        let mut hidden = vec![false; text.len()];
        let mut joined = vec![false; text.len() + 1];
        let mut parts = Vec::new();
        for &rule in patterns {
            for part in self.rules[rule].finds(text) {
                if self.rules[rule].action == Action::Drop {
                    return Err(Gone(rule));
                }
                hidden[part.clone()].fill(true);
                joined[part.start + 1..part.end].fill(true);
                parts.push((part, rule));
            }
        }
        if parts.is_empty() {
            return Ok(None);
        }
        if whole {
            let (_, rule) = parts.iter().min_by_key(|(_, rule)| *rule).expect("there are parts");
            self.changed[*rule] += 1;
            return Ok(Some(self.hide(*rule, text)));
        }
        let mut out = Vec::new();
        let mut acting = std::collections::BTreeSet::new();
        let mut at = 0;
        while at < text.len() {
            if !hidden[at] {
                out.push(text.as_bytes()[at]);
                at += 1;
                continue;
            }
            let end = (at + 1..=text.len()).find(|end| !joined[*end]).expect("nothing goes across the end");
            let inside = parts.iter().filter(|(part, _)| part.start >= at && part.end <= end);
            let rule = inside.map(|(_, rule)| *rule).min().expect("a rule hides it");
            acting.insert(rule);
            out.extend_from_slice(self.hide(rule, &text[at..end]).as_bytes());
            at = end;
        }
        acting.into_iter().for_each(|rule| self.changed[rule] += 1);
        Ok(Some(String::from_utf8(out).expect("whole characters")))
    }

    fn hide(&self, rule: usize, text: &str) -> String {
        match self.rules[rule].action {
            Action::Hash => digest(text.as_bytes()),
            _ => "****".into(),
        }
    }

    pub fn data(&mut self, data: &mut Data) {
        match data {
            Data::Traces(data) => {
                for resource in &mut data.resource_spans {
                    resource
                        .resource
                        .iter_mut()
                        .for_each(|resource| self.attributes(&mut resource.attributes));
                    for scope in &mut resource.scope_spans {
                        scope.scope.iter_mut().for_each(|scope| self.attributes(&mut scope.attributes));
                        for span in &mut scope.spans {
                            self.attributes(&mut span.attributes);
                            span.events.iter_mut().for_each(|event| self.attributes(&mut event.attributes));
                            span.links.iter_mut().for_each(|link| self.attributes(&mut link.attributes));
                        }
                    }
                }
            }
            Data::Logs(data) => {
                for resource in &mut data.resource_logs {
                    resource
                        .resource
                        .iter_mut()
                        .for_each(|resource| self.attributes(&mut resource.attributes));
                    for scope in &mut resource.scope_logs {
                        scope.scope.iter_mut().for_each(|scope| self.attributes(&mut scope.attributes));
                        for record in &mut scope.log_records {
                            self.attributes(&mut record.attributes);
                            if record.body.is_some() && !self.named("body", &mut record.body, &[]) {
                                record.body = None;
                            }
                        }
                    }
                }
            }
            Data::Metrics(data) => {
                for resource in &mut data.resource_metrics {
                    resource
                        .resource
                        .iter_mut()
                        .for_each(|resource| self.attributes(&mut resource.attributes));
                    for scope in &mut resource.scope_metrics {
                        scope.scope.iter_mut().for_each(|scope| self.attributes(&mut scope.attributes));
                        scope.metrics.iter_mut().for_each(|metric| self.metric(metric));
                    }
                }
            }
        }
    }

    fn metric(&mut self, metric: &mut Metric) {
        self.attributes(&mut metric.metadata);
        macro_rules! points {
            ($data:expr) => {
                for point in &mut $data.data_points {
                    self.attributes(&mut point.attributes);
                    self.exemplars(&mut point.exemplars);
                }
            };
        }
        match &mut metric.data {
            None => {}
            Some(metric::Data::Gauge(data)) => points!(data),
            Some(metric::Data::Sum(data)) => points!(data),
            Some(metric::Data::Histogram(data)) => points!(data),
            Some(metric::Data::ExponentialHistogram(data)) => points!(data),
            Some(metric::Data::Summary(data)) => {
                data.data_points.iter_mut().for_each(|point| self.attributes(&mut point.attributes));
            }
        }
    }

    fn exemplars(&mut self, exemplars: &mut [Exemplar]) {
        exemplars.iter_mut().for_each(|exemplar| self.attributes(&mut exemplar.filtered_attributes));
    }
}
