//! Reports of several parts: an answer in a few lines, then tables, some with a chart beside them.

mod bars;
mod html;
mod markdown;

use super::table::aligned;
use super::terminal;

/// A report.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// What it is about.
    pub title: String,
    /// The answer: what it is of, and the text.
    pub answer: Vec<(String, String)>,
    /// What stands behind it.
    pub sections: Vec<Section>,
    /// What to know about it.
    pub notes: Vec<String>,
}

/// A table with a title.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// What it shows.
    pub title: String,
    /// Headings, and whether the column holds numbers.
    pub columns: Vec<(String, bool)>,
    /// Cells by row.
    pub rows: Vec<Vec<String>>,
    /// For each row where its bar begins and ends, on a scale that all of them share; none without a chart.
    pub bars: Vec<(f64, f64)>,
    /// How many columns stand behind the chart.
    pub behind: usize,
}

impl Section {
    /// A table without a chart.
    pub fn new(title: &str, columns: &[(&str, bool)], rows: Vec<Vec<String>>) -> Section {
        let columns = columns.iter().map(|(heading, is_number)| ((*heading).to_owned(), *is_number));
        Section { title: title.to_owned(), columns: columns.collect(), rows, ..Section::default() }
    }

    /// Adds a chart: a bar a row.
    pub fn with_bars(self, bars: Vec<(f64, f64)>) -> Section {
        Section { bars, ..self }
    }

    /// The column before which the chart stands.
    fn chart(&self) -> usize {
        self.columns.len().saturating_sub(self.behind)
    }

    /// The table with its chart as a column of text.
    fn drawn(&self, utf8: bool) -> (Vec<(String, bool)>, Vec<Vec<String>>) {
        let (mut columns, mut rows) = (self.columns.clone(), self.rows.clone());
        if !self.bars.is_empty() {
            let chart = self.chart();
            columns.insert(chart, (String::new(), false));
            let drawn = bars::drawn(&self.bars, utf8);
            rows.iter_mut().zip(drawn).for_each(|(row, bar)| row.insert(chart.min(row.len()), bar));
        }
        (columns, rows)
    }
}

impl Document {
    /// For a terminal.
    pub fn text(&self) -> String {
        let utf8 = terminal::is_utf8();
        let labels = self.answer.iter().map(|(label, _)| terminal::width(label)).max().unwrap_or_default();
        let line =
            |(label, text): &(String, String)| format!("{}  {text}\n", terminal::fit(label, labels, ""));
        let mut out = format!("{}\n", self.title);
        out.extend(self.answer.iter().map(line));
        for section in &self.sections {
            let (mut columns, rows) = section.drawn(utf8);
            columns.iter_mut().for_each(|(heading, _)| *heading = heading.to_uppercase());
            out.push_str(&format!("\n{}\n", section.title));
            out.push_str(&indented(&aligned(&columns, &rows)));
        }
        if !self.notes.is_empty() {
            out.push('\n');
        }
        out.extend(self.notes.iter().map(|note| format!("{note}\n")));
        out
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        markdown::of(self)
    }

    /// As a page for a browser, with nothing that it would have to load.
    pub fn html(&self) -> String {
        html::of(self)
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let rows =
            [("a|b", "1"), ("<c>", "20")].map(|(name, number)| vec![name.to_owned(), number.to_owned()]);
        let section = Section::new("Costs", &[("part", false), ("usd", true)], rows.to_vec());
        Document {
            title: "A & B".into(),
            answer: vec![("cost".into(), "$21".into()), ("disk".into(), "1 GiB".into())],
            sections: vec![section.with_bars(vec![(0.0, 1.0), (0.0, 20.0)])],
            notes: vec!["Only a test.".into()],
        }
    }

    #[test]
    fn as_text() {
        let bars = bars::drawn(&document().sections[0].bars, terminal::is_utf8());
        let expected = format!(
            "A & B\ncost  $21\ndisk  1 GiB\n\nCosts\n  PART  USD\n  a|b     1  {}\n  <c>    20  {}\n\nOnly a test.\n",
            bars[0].trim_end(),
            bars[1]
        );
        assert_eq!(document().text(), expected);
    }

    #[test]
    fn as_markdown() {
        let text = document().markdown();
        assert!(text.starts_with("# A & B\n\n- **cost**: $21\n- **disk**: 1 GiB\n\n## Costs\n\n"), "{text}");
        assert!(text.contains("| part | usd |  |\n| --- | ---: | --- |\n| a\\|b | 1 | "), "{text}");
        assert!(text.contains("| &lt;c&gt; | 20 | "), "{text}");
    }

    #[test]
    fn as_a_page() {
        let page = document().html();
        for part in
            ["<title>A &amp; B</title>", "<td>a|b</td>", "<td>&lt;c&gt;</td>", "width:100.00%", "width:5.00%"]
        {
            assert!(page.contains(part), "{part} in {page}");
        }
        // It loads nothing.
        assert!(!page.contains("http") && !page.contains("src="), "{page}");
    }
}
