//! Dependencies as diagrams, in the languages of Graphviz and Mermaid.

use std::collections::HashMap;
use std::fmt::Write;

use super::dependencies::{Dependencies, Edge};
use super::units::{percent, short_count};
use crate::ui::duration::duration;

/// How an edge is drawn, by the share of its calls that fail.
struct Look {
    colour: &'static str,
    width: u32,
}

impl Look {
    fn of(edge: &Edge) -> Look {
        match edge.figures.error_rate() {
            ..0.01 => Look { colour: "#666666", width: 1 },
            ..0.05 => Look { colour: "#d97706", width: 2 },
            _ => Look { colour: "#dc2626", width: 3 },
        }
    }
}

/// A directed graph in the DOT language, <https://graphviz.org/doc/info/lang.html>.
pub fn dot(dependencies: &Dependencies) -> String {
    let mut out = String::from(
        "digraph services {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  \
         edge [fontname=\"sans-serif\", fontsize=10];\n",
    );
    let numbers = numbers(dependencies);
    for (name, number) in dependencies.services.keys().zip(0..) {
        let _ = writeln!(out, "  n{number} [label=\"{}\"];", dot_text(title(name)));
    }
    for (edge, from, to) in ends(dependencies, &numbers) {
        let Look { colour, width } = Look::of(edge);
        let label = dot_text(&label(edge));
        let _ = writeln!(
            out,
            "  n{from} -> n{to} [label=\"{label}\", color=\"{colour}\", fontcolor=\"{colour}\", penwidth={width}];"
        );
    }
    out + "}\n"
}

/// A flowchart in the language of Mermaid, <https://mermaid.js.org/syntax/flowchart.html>.
pub fn mermaid(dependencies: &Dependencies) -> String {
    let mut out = String::from("flowchart LR\n");
    let numbers = numbers(dependencies);
    for (name, number) in dependencies.services.keys().zip(0..) {
        let _ = writeln!(out, "  n{number}[\"{}\"]", mermaid_text(title(name)));
    }
    let mut styles = String::new();
    for (at, (edge, from, to)) in ends(dependencies, &numbers).enumerate() {
        let Look { colour, width } = Look::of(edge);
        let _ = writeln!(out, "  n{from} -->|\"{}\"| n{to}", mermaid_text(&label(edge)));
        let _ = writeln!(styles, "  linkStyle {at} stroke:{colour},stroke-width:{width}px");
    }
    out + &styles
}

/// The numbers of services, in the order of their names.
fn numbers(dependencies: &Dependencies) -> HashMap<&str, usize> {
    dependencies.services.keys().map(String::as_str).zip(0..).collect()
}

/// The edges with the numbers of both ends.
fn ends<'a>(
    dependencies: &'a Dependencies,
    numbers: &HashMap<&str, usize>,
) -> impl Iterator<Item = (&'a Edge, usize, usize)> {
    let number = |name: &String| numbers.get(name.as_str()).copied();
    dependencies
        .edges
        .iter()
        .filter_map(move |edge| Some((edge, number(&edge.name.caller)?, number(&edge.name.callee)?)))
}

fn title(name: &str) -> &str {
    if name.is_empty() { "(no name)" } else { name }
}

fn label(edge: &Edge) -> String {
    let figures = &edge.figures;
    let mut label = format!("{} calls, {} errors", short_count(figures.count), percent(figures.error_rate()));
    if let Some(p95_ns) = figures.p95_ns {
        let _ = write!(label, ", p95 {}", duration(p95_ns));
    }
    label
}

/// The inside of a quoted label, in which Graphviz replaces escapes and the entities of HTML.
fn dot_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '&' => out.push_str("&amp;"),
            _ if character.is_control() => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

/// The inside of quoted text, in which Mermaid replaces entities that begin with `#`, and takes HTML and Markdown; comments
/// and directives (`%%{init: …}%%`) are taken out of a diagram before its quotes are read.
fn mermaid_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => out.push_str("#quot;"),
            '#' | '&' | '<' | '>' | '`' | '\\' | ';' | '*' | '_' | '%' | '{' | '}' => {
                let _ = write!(out, "#{};", u32::from(character));
            }
            _ if character.is_control() => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Figures;
    use crate::store::EdgeName;

    fn dependencies() -> Dependencies {
        let edge = |caller: &str, callee: &str, count: f64, errors: f64| Edge {
            name: EdgeName { caller: caller.into(), callee: callee.into() },
            figures: Figures { count, errors, p95_ns: Some(12_000_000), ..Figures::default() },
        };
        let services = ["", "a \"b\" \\n&lt;", "c"].map(|name| (name.to_owned(), None));
        let edges = vec![edge("a \"b\" \\n&lt;", "c", 1234.0, 6.0), edge("c", "c", 10.0, 2.0)];
        Dependencies { services: services.into(), edges }
    }

    #[test]
    fn graphviz_gets_escaped_labels() {
        let text = dot(&dependencies());
        let lines: Vec<&str> = text.lines().skip(4).collect();
        assert_eq!(
            lines,
            [
                r#"  n0 [label="(no name)"];"#,
                r#"  n1 [label="a \"b\" \\n&amp;lt;"];"#,
                r#"  n2 [label="c"];"#,
                r##"  n1 -> n2 [label="1.2k calls, 0.49% errors, p95 12 ms", color="#666666", fontcolor="#666666", penwidth=1];"##,
                r##"  n2 -> n2 [label="10 calls, 20% errors, p95 12 ms", color="#dc2626", fontcolor="#dc2626", penwidth=3];"##,
                "}",
            ]
        );
    }

    #[test]
    fn mermaid_finds_no_directive_in_a_name() {
        assert_eq!(mermaid_text("%%{init: x}%%"), "#37;#37;#123;init: x#125;#37;#37;");
    }

    #[test]
    fn mermaid_gets_escaped_labels() {
        assert_eq!(
            mermaid(&dependencies()),
            r##"flowchart LR
  n0["(no name)"]
  n1["a #quot;b#quot; #92;n#38;lt#59;"]
  n2["c"]
  n1 -->|"1.2k calls, 0.49#37; errors, p95 12 ms"| n2
  n2 -->|"10 calls, 20#37; errors, p95 12 ms"| n2
  linkStyle 0 stroke:#666666,stroke-width:1px
  linkStyle 1 stroke:#dc2626,stroke-width:3px
"##
        );
    }
}
