//! Reports as Markdown.

use super::Document;

/// The text in GitHub's dialect, which has tables.
pub(super) fn of(document: &Document) -> String {
    let mut out = format!("# {}\n\n", escaped(&document.title));
    for (label, text) in &document.answer {
        out.push_str(&format!("- **{}**: {}\n", escaped(label), escaped(text)));
    }
    for section in &document.sections {
        let (columns, rows) = section.drawn(true);
        out.push_str(&format!("\n## {}\n\n", escaped(&section.title)));
        out.push_str(&row(columns.iter().map(|(heading, _)| heading.as_str())));
        out.push_str(&row(columns.iter().map(|(_, is_number)| if *is_number { "---:" } else { "---" })));
        out.extend(rows.iter().map(|cells| row(cells.iter().map(String::as_str))));
    }
    for note in &document.notes {
        out.push_str(&format!("\n{}\n", escaped(note)));
    }
    out
}

fn row<'c>(cells: impl Iterator<Item = &'c str>) -> String {
    let cells: Vec<String> = cells.map(escaped).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// Without what would end a cell or begin an element.
fn escaped(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('<', "&lt;").replace('>', "&gt;");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
