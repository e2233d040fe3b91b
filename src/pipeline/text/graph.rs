use std::fmt::Write;

use super::parser::{Part, Pipeline};
use crate::choice::Choice;

/// How a pipeline is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A tree for a terminal.
    Text,
    /// A Mermaid flowchart.
    Mermaid,
}

impl Choice for Form {
    const CHOICES: &'static [(&'static str, &'static str, Self)] =
        &[("text", "A tree", Form::Text), ("mermaid", "A flowchart for Mermaid", Form::Mermaid)];
}

/// Draws a pipeline.
pub fn draw(pipeline: &Pipeline, form: Form) -> String {
    let mut out = String::new();
    match form {
        Form::Text => tree(pipeline, "", "", &mut out),
        Form::Mermaid => {
            out.push_str("flowchart LR\n");
            flowchart(pipeline, None, &mut 0, &mut out);
        }
    }
    out
}

fn command(part: &Part) -> String {
    part.words.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// `first` stands before the first line, `indent` before all others.
fn tree(pipeline: &Pipeline, first: &str, indent: &str, out: &mut String) {
    let mut indent = indent.to_owned();
    let mut lead = first.to_owned();
    for part in &pipeline.parts {
        // A string takes everything.
        let _ = writeln!(out, "{lead}{}", command(part));
        lead = format!("{indent}└─ ");
        indent.push_str("   ");
    }
    if let Some(tee) = &pipeline.tee {
        let _ = writeln!(out, "{lead}tee");
        for (index, branch) in tee.branches.iter().enumerate() {
            let (corner, line) =
                if index + 1 < tee.branches.len() { ("├─ ", "│  ") } else { ("└─ ", "   ") };
            tree(branch, &format!("{indent}{corner}"), &format!("{indent}{line}"), out);
        }
    }
}

fn flowchart(pipeline: &Pipeline, mut before: Option<usize>, number: &mut usize, out: &mut String) {
    let labels = pipeline.parts.iter().map(command).chain(pipeline.tee.iter().map(|_| "tee".to_owned()));
    for label in labels {
        // Source: Mermaid, "Entity codes to escape characters".
        let label = label.replace('#', "#35;").replace('"', "#quot;");
        let _ = writeln!(out, "  s{number}[\"{label}\"]");
        if let Some(before) = before {
            let _ = writeln!(out, "  s{before} --> s{number}");
        }
        before = Some(*number);
        *number += 1;
    }
    for branch in pipeline.tee.iter().flat_map(|tee| &tee.branches) {
        flowchart(branch, before, number, out);
    }
}
