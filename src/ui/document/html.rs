//! Reports as a page for a browser.

use super::{Document, Section, bars};

const STYLE: &str = include_str!("page.css");

/// The page.
pub(super) fn of(document: &Document) -> String {
    let title = escaped(&document.title);
    let answer: String = document
        .answer
        .iter()
        .map(|(label, text)| format!("<dt>{}</dt><dd>{}</dd>\n", escaped(label), escaped(text)))
        .collect();
    let sections: String = document.sections.iter().map(section).collect();
    let notes: String = document.notes.iter().map(|note| format!("<p>{}</p>\n", escaped(note))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n\
         </head>\n<body>\n<h1>{title}</h1>\n<dl>\n{answer}</dl>\n{sections}{notes}</body>\n</html>\n"
    )
}

fn section(section: &Section) -> String {
    let class = |is_number: bool| if is_number { " class=\"number\"" } else { "" };
    let is_number = |column: usize| section.columns.get(column).is_some_and(|(_, is_number)| *is_number);
    let bars = bars::scaled(&section.bars);
    let with_chart = |mut cells: Vec<String>, chart: Option<String>| {
        chart.into_iter().for_each(|chart| cells.insert(section.chart().min(cells.len()), chart));
        cells.concat()
    };
    let headings = section.columns.iter();
    let headings = headings.map(|(heading, is)| format!("<th{}>{}</th>", class(*is), escaped(heading)));
    let headings = with_chart(headings.collect(), (!bars.is_empty()).then(|| "<th></th>".to_owned()));
    let row = |(index, cells): (usize, &Vec<String>)| {
        let cells = cells.iter().enumerate();
        let cells =
            cells.map(|(column, cell)| format!("<td{}>{}</td>", class(is_number(column)), escaped(cell)));
        let bar = bars.get(index).map(|(from, to)| match to - from {
            0.0 => "<td class=\"chart\"></td>".to_owned(),
            width => format!(
                "<td class=\"chart\"><div style=\"margin-left:{:.2}%;width:{:.2}%\"></div></td>",
                from * 100.0,
                width * 100.0
            ),
        });
        format!("<tr>{}</tr>\n", with_chart(cells.collect(), bar))
    };
    let rows: String = section.rows.iter().enumerate().map(row).collect();
    format!(
        "<h2>{}</h2>\n<table>\n<thead><tr>{headings}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n",
        escaped(&section.title)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
