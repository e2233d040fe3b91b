//! A log record as people and programs read it.

use regex::Regex;
use serde_json::{Map, Value, json};

use super::super::super::time_args::{TimeArgs, utc};
use crate::expr::{Matcher, level_name};
use crate::otlp::json::{plain, plain_map, text};
use crate::otlp::proto::{Resource, ResourceLogs, ScopeLogs};
use crate::query::logs::Hit;
use crate::ui::colour::{Colour, Colours};
use crate::ui::table::printable;

/// The columns of a table.
pub(super) const COLUMNS: &[(&str, bool)] = &[
    ("time", false),
    ("level", false),
    ("service", false),
    ("message", false),
    ("trace_id", false),
    ("span_id", false),
    ("attributes", false),
];

/// What a record is among its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Alone.
    None,
    /// The one that was found.
    Hit,
    /// A neighbour.
    Context,
}

/// How records are shown.
pub(super) struct Lines<'a> {
    time: &'a TimeArgs,
    attributes: bool,
    colours: Colours,
    highlights: Vec<Regex>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(time: &'a TimeArgs, attributes: bool, matcher: &Matcher) -> Lines<'a> {
        let colours = Colours::of_stdout();
        let highlights = if colours.enabled() { matcher.highlights() } else { Vec::new() };
        Lines { time, attributes, colours, highlights }
    }

    /// A record as a line, and its attributes below.
    pub(super) fn line(&self, hit: &Hit, mark: Mark) -> String {
        let level = level(hit);
        let mark_text = match mark {
            Mark::None => "",
            Mark::Hit => "> ",
            Mark::Context => "  ",
        };
        let message = message(hit);
        let message = if mark == Mark::Context { printable(&message) } else { self.highlighted(&message) };
        let mut line = format!(
            "{mark_text}{}  {}  {}  {message}\n",
            self.colours.paint(Colour::Dim, &self.time.text(hit.place.time_ns)),
            self.colours.paint(colour_of(&level), &format!("{:5}", printable(&level.to_uppercase()))),
            self.colours.paint(Colour::Cyan, &printable(hit.service())),
        );
        if self.attributes {
            for (key, value) in attributes(hit) {
                let key = self.colours.paint(Colour::Blue, &printable(&key));
                line += &format!("{mark_text}    {key}={}\n", printable(&text(&value)));
            }
        }
        line
    }

    /// The text with what was searched for in another colour.
    fn highlighted(&self, text: &str) -> String {
        let mut found: Vec<_> = self
            .highlights
            .iter()
            .flat_map(|regex| regex.find_iter(text).map(|found| found.range()))
            .collect();
        found.sort_unstable_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
        let mut shown = String::new();
        let mut at = 0;
        for range in found.into_iter().filter(|range| !range.is_empty()) {
            if range.start < at {
                continue;
            }
            shown += &printable(text.get(at..range.start).unwrap_or_default());
            shown +=
                &self.colours.paint(Colour::Yellow, &printable(text.get(range.clone()).unwrap_or_default()));
            at = range.end;
        }
        shown + &printable(text.get(at..).unwrap_or_default())
    }

    /// A record as the row of a table.
    pub(super) fn row(&self, hit: &Hit) -> Vec<String> {
        let record = hit.record();
        let attributes = attributes(hit);
        vec![
            self.time.text(hit.place.time_ns),
            level(hit),
            hit.service().to_owned(),
            message(hit),
            hex(record.trace_id()),
            hex(record.span_id()),
            if attributes.is_empty() { String::new() } else { Value::from(attributes).to_string() },
        ]
    }
}

fn colour_of(level: &str) -> Colour {
    match level {
        "error" | "fatal" => Colour::Red,
        "warn" => Colour::Yellow,
        "info" => Colour::Green,
        _ => Colour::Dim,
    }
}

/// The name of the level; what the record calls it where it has no number.
fn level(hit: &Hit) -> String {
    let record = hit.record();
    match level_name(record.severity_number().into()) {
        "" => record.severity_text().to_ascii_lowercase(),
        name => name.to_owned(),
    }
}

fn message(hit: &Hit) -> String {
    let record = hit.record();
    match record.body().map(plain).unwrap_or_default() {
        Value::Null => record.event_name().to_owned(),
        body => text(&body),
    }
}

fn attributes(hit: &Hit) -> Map<String, Value> {
    plain_map(hit.record().attributes())
}

fn hex(id: &[u8]) -> String {
    if id.iter().all(|byte| *byte == 0) { String::new() } else { const_hex::encode(id) }
}

/// A record as JSON; members that would be empty are left out.
pub(super) fn json(hit: &Hit) -> Value {
    let found = hit.found();
    let record = hit.record();
    let resource = ResourceLogs(found.container).resource().unwrap_or(Resource(&[]));
    let scope = ScopeLogs(found.scope).scope();
    let scope = scope.map(|scope| {
        let mut json = json!({"name": scope.name(), "version": scope.version()});
        let attributes = plain_map(scope.attributes());
        if !attributes.is_empty() {
            json["attributes"] = attributes.into();
        }
        json
    });
    let mut json = json!({
        "time": utc(hit.place.time_ns),
        "level": level(hit),
        "service": hit.service(),
        "message": record.body().map(plain).unwrap_or_default(),
    });
    let mut set = |name: &str, value: Value| {
        let is_empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Number(number) => number.as_i64() == Some(0),
            _ => false,
        };
        if !is_empty {
            json[name] = value;
        }
    };
    set("severity_number", record.severity_number().into());
    set("severity_text", record.severity_text().into());
    set("event_name", record.event_name().into());
    set("trace_id", hex(record.trace_id()).into());
    set("span_id", hex(record.span_id()).into());
    set("attributes", plain_map(record.attributes()).into());
    set("resource", plain_map(resource.attributes()).into());
    set("scope", scope.unwrap_or_default());
    json
}
