//! A trace as one HTML page that needs nothing else: no network, no second file.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

const HTML: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = concat!(
    include_str!("page/trace.js"),
    include_str!("page/rows.js"),
    include_str!("page/details.js"),
    include_str!("page/search.js"),
    include_str!("page/time.js"),
    include_str!("page/main.js"),
);

/// Writes the page that shows a trace, which is serialized by the schema `obs.query.trace/1`.
///
/// # Errors
/// Writing failed.
pub fn write_page(mut out: impl Write, trace: &impl Serialize) -> io::Result<()> {
    let page = HTML.replacen("/* page.css */\n", STYLE, 1).replacen("/* page.js */\n", SCRIPT, 1);
    let (before, behind) = page.split_once("/* trace */").unwrap_or((&page, ""));
    out.write_all(before.as_bytes())?;
    trace.serialize(&mut Serializer::with_formatter(&mut out, Embedded))?;
    out.write_all(behind.as_bytes())
}

/// JSON that no HTML parser finds the end of a script in: `<` stands in strings only, where it may be escaped. The two
/// line separators are line ends to scripts of before 2019.
struct Embedded;

impl Formatter for Embedded {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        for part in fragment.split_inclusive(['<', '\u{2028}', '\u{2029}']) {
            let text = part.trim_end_matches(['<', '\u{2028}', '\u{2029}']);
            out.write_all(text.as_bytes())?;
            for special in part[text.len()..].chars() {
                write!(out, "\\u{:04x}", u32::from(special))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn page(trace: &Value) -> String {
        let mut page = Vec::new();
        write_page(&mut page, trace).unwrap();
        String::from_utf8(page).unwrap()
    }

    const BEFORE: &str = r#"<script type="application/json" id="trace">"#;

    /// What an HTML parser takes for the text of the element with the trace.
    fn extracted(page: &str) -> &str {
        let (_, behind) = page.split_once(BEFORE).unwrap();
        behind.split_once("</script").unwrap().0
    }

    #[test]
    fn any_text_survives_the_way_into_the_page() {
        let texts = [
            "</script><script>alert(1)</script>",
            "</SCRIPT >",
            "<!--<script>",
            "]]> --> & &lt; &quot;",
            "\"quoted\" 'single' `back` \\ \\u003c ${x}",
            "\u{2028}\u{2029}\u{feff}\0\r\n\u{7f}",
            "日本語 \u{10ffff}",
            "/* page.css */\n/* page.js */\n/* trace */",
        ];
        for text in texts {
            let trace = json!({"schema": "obs.query.trace/1", "tree": [{"operation": text, "attributes": {text: [text]}}]});
            let page = page(&trace);
            let json = extracted(&page);
            assert!(!json.contains(['<', '\u{2028}', '\u{2029}']), "{json}");
            assert_eq!(serde_json::from_str::<Value>(json).unwrap(), trace);
            // The script follows in full, and nothing more than it.
            assert!(page.contains(SCRIPT) && page.contains(STYLE));
            assert_eq!(page.matches("</script>").count(), 2);
        }
    }

    #[test]
    fn nothing_is_loaded() {
        let page = page(&json!({"tree": []}));
        for reference in
            ["http://", "https://", "//cdn", "@import", "url(", "<link rel=\"stylesheet", " src="]
        {
            assert!(!page.contains(reference), "{reference}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    /// Times are added to each other, which fails where some are of another type.
    #[test]
    fn numbers_are_of_one_type() {
        assert!(SCRIPT.contains("JSON.parse(document") && !SCRIPT.contains("BigInt"));
    }

    /// Text of a trace is text in the document: no way to write markup is used.
    #[test]
    fn no_markup_is_made_of_text() {
        for markup in
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"]
        {
            assert!(!SCRIPT.contains(markup), "{markup}");
        }
    }
}
