//! Diagrams of `query deps`, read by small parsers of both languages.

use std::collections::BTreeMap;

use crate::store_figures::spans::{Names, RawSpan};
use crate::store_figures::wire;
use crate::support::telemetry::TIME;
use crate::support::{Obs, TempDir};

/// Names that have to be escaped, and none.
const NAMES: [&str; 6] =
    ["", "a \"quoted\" \\n name", "<b>&lt;</b>", "数据库 #1;", "end]; x -> y", "`*alone*`"];

#[derive(Debug, Default, PartialEq)]
struct Graph {
    nodes: BTreeMap<String, String>,
    /// From, to, label.
    edges: Vec<(String, String, String)>,
}

/// A database in which every service but the last calls the next and the second itself.
fn diagram(format: &str) -> String {
    let dir = TempDir::new();
    let names = Names { services: NAMES.map(String::from).into(), spans: vec!["call".into()] };
    let mut spans = Vec::new();
    let last = NAMES.len() - 1;
    let calls = (0..last - 1).map(|number| (number, number + 1)).chain([(1, 1)]);
    for (trace, (caller, callee)) in (1..).zip(calls) {
        let span = RawSpan {
            trace,
            id: 1,
            parent: 0,
            service: caller,
            name: 0,
            kind: 3,
            start: TIME,
            end: TIME + 12_000_000,
            failed: caller == 2,
        };
        spans.extend([span, RawSpan { id: 2, parent: 1, service: callee, kind: 2, ..span }]);
    }
    spans.push(RawSpan { id: 3, parent: 0, service: last, kind: 2, trace: 100, ..spans[0] });
    Obs::new(&dir, "store").stdin(wire::frame(&spans, &names)).run().expect(0, "");
    let end = Obs::new(&dir, "query deps --format").args(format).run();
    end.expect(0, "");
    end.text()
}

fn expected() -> Graph {
    let mut sorted: Vec<&str> = NAMES.into();
    sorted.sort_unstable();
    let id = |name: &str| format!("n{}", sorted.iter().position(|other| *other == name).unwrap());
    let title = |name: &str| if name.is_empty() { "(no name)".into() } else { name.to_owned() };
    let label = |errors: &str| format!("1 calls, {errors} errors, p95 12.4 ms");
    let mut edges: Vec<_> = (0..NAMES.len() - 2)
        .map(|at| (id(NAMES[at]), id(NAMES[at + 1]), label(if at == 2 { "100%" } else { "0%" })))
        .chain([(id(NAMES[1]), id(NAMES[1]), label("0%"))])
        .collect();
    edges.sort();
    Graph { nodes: NAMES.iter().map(|name| (id(name), title(name))).collect(), edges }
}

/// Words and punctuation of the DOT language; of quoted ones the inside as Graphviz shows it.
fn dot_tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => {
                let mut escaped = false;
                let end = rest[1..].find(|character| {
                    let is_end = character == '"' && !escaped;
                    escaped = character == '\\' && !escaped;
                    is_end
                });
                end.expect("a closing quote") + 2
            }
            '-' if rest.starts_with("->") => 2,
            _ if first.is_alphanumeric() => rest
                .find(|character: char| !character.is_alphanumeric() && character != '.')
                .unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, tail) = rest.split_at(length);
        tokens.push(match token.strip_prefix('"') {
            Some(inside) => {
                let inside = &inside[..inside.len() - 1];
                assert!(!inside.contains('\n'));
                let unescaped = inside.replace("\\\\", "\u{1}").replace("\\\"", "\"");
                assert!(!unescaped.contains('\\'), "an escape: {inside}");
                format!("\"{}", unescaped.replace('\u{1}', "\\").replace("&amp;", "&"))
            }
            None => token.to_owned(),
        });
        rest = tail.trim_start();
    }
    tokens
}

/// Reads `digraph ID { (ID [attributes]; | ID -> ID [attributes]; | ID = ID;)* }`.
fn read_dot(text: &str) -> Graph {
    let tokens = dot_tokens(text);
    let [digraph, _, open, body @ .., close] = &tokens[..] else { panic!("{text}") };
    assert_eq!([digraph, open, close], ["digraph", "{", "}"]);
    let mut graph = Graph::default();
    for statement in body.split_inclusive(|token| token == ";") {
        let (end, statement) = statement.split_last().unwrap();
        assert_eq!(end, ";");
        let at = statement.iter().position(|token| token == "[").unwrap_or(statement.len());
        let (head, attributes) = statement.split_at(at);
        let mut label = None;
        if let [_, attributes @ .., close] = attributes {
            assert_eq!(close, "]");
            for attribute in attributes.split(|token| token == ",") {
                let [key, equals, value] = attribute else { panic!("{attribute:?}") };
                assert_eq!(equals, "=");
                if key == "label" {
                    label = Some(value.strip_prefix('"').unwrap().to_owned());
                }
            }
        }
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        match head[..] {
            ["node" | "edge"] | [_, "=", _] => assert_eq!(label, None),
            [node] => assert!(graph.nodes.insert(node.into(), label.unwrap()).is_none()),
            [from, "->", to] => graph.edges.push((from.into(), to.into(), label.unwrap())),
            _ => panic!("{head:?}"),
        }
    }
    graph.edges.sort();
    graph
}

/// The inside of quoted text as Mermaid shows it.
fn mermaid_text(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('#') {
        let (entity, tail) = entity.split_once(';').expect("the end of an entity");
        out.push_str(before);
        out.push(match entity {
            "quot" => '"',
            number => char::from_u32(number.parse().unwrap()).unwrap(),
        });
        rest = tail;
    }
    assert!(!rest.contains(['"', '<', '`', '\\']), "{text}");
    out + rest
}

fn read_mermaid(text: &str) -> Graph {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("flowchart LR"));
    let mut graph = Graph::default();
    let mut styles = 0;
    for line in lines {
        let line = line.trim();
        if let Some(style) = line.strip_prefix("linkStyle ") {
            assert!(style.starts_with(&format!("{styles} stroke:#")), "{line}");
            styles += 1;
        } else if let Some((from, rest)) = line.split_once(" -->|\"") {
            let (label, to) = rest.split_once("\"| ").unwrap();
            graph.edges.push((from.into(), to.into(), mermaid_text(label)));
        } else {
            let (node, rest) = line.split_once("[\"").unwrap();
            let label = mermaid_text(rest.strip_suffix("\"]").unwrap());
            assert!(graph.nodes.insert(node.into(), label).is_none());
        }
    }
    assert_eq!(styles, graph.edges.len());
    graph.edges.sort();
    graph
}

#[test]
fn a_diagram_for_graphviz_has_all_services_and_calls() {
    let text = diagram("dot");
    assert_eq!(read_dot(&text), expected(), "{text}");
    assert_eq!(text.matches("color=\"#dc2626\", fontcolor").count(), 1, "the call that fails:\n{text}");
}

#[test]
fn a_diagram_for_mermaid_has_all_services_and_calls() {
    let text = diagram("mermaid");
    assert_eq!(read_mermaid(&text), expected(), "{text}");
    assert_eq!(text.matches("stroke:#dc2626").count(), 1, "the call that fails:\n{text}");
}

#[test]
fn graphviz_itself_draws_the_diagram_where_it_is_installed() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let dot = Command::new("dot").arg("-Tplain").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut dot) = dot else {
        println!("skipped: no Graphviz");
        return;
    };
    dot.stdin.take().unwrap().write_all(diagram("dot").as_bytes()).unwrap();
    let drawn = dot.wait_with_output().unwrap();
    assert!(drawn.status.success());
    let drawn = String::from_utf8(drawn.stdout).unwrap();
    assert_eq!(drawn.lines().filter(|line| line.starts_with("node ")).count(), NAMES.len());
}
