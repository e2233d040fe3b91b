//! The grammar, without processes.

use obs::pipeline::text::{Form, Mistake, Pipeline, Text, Word, draw, parse};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

fn config() -> ProptestConfig {
    crate::otlp_properties::config()
}

/// Words of all kinds, but for those that the grammar gives a meaning at the begin of a stage.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z0-9=./:%@+~^,_-]{0,6}",
        3 => r##"[ \t\r\n'"\\$#|{}()<>&;`*?!\[\]a-c=é日🦀\u{0}\u{a0}\u{2028}]{0,6}"##,
        1 => prop::sample::select(&["{", "}", "tee", "obs", "", "|", "$HOME", "${X}", "\\", "\\\n", "''"][..])
            .prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn stages() -> impl Strategy<Value = Vec<Vec<String>>> {
    let first = word().prop_filter("a subcommand", |word| word != "tee" && word != "obs");
    let stage = (first, prop::collection::vec(word(), 0..4))
        .prop_map(|(first, rest)| [first].into_iter().chain(rest).collect());
    prop::collection::vec(stage, 1..4)
}

fn quoted(stages: &[Vec<String>], separator: &str) -> String {
    let quote = |text: &String| Word { text: text.clone(), span: 0..0 }.to_string();
    let stage = |words: &Vec<String>| words.iter().map(quote).collect::<Vec<_>>().join(" ");
    stages.iter().map(stage).collect::<Vec<_>>().join(separator)
}

fn texts(pipeline: &Pipeline) -> Vec<Vec<String>> {
    let parts = pipeline.parts.iter();
    parts.map(|part| part.words.iter().map(|word| word.text.clone()).collect()).collect()
}

/// Text that is often nearly a pipeline.
fn nearly() -> impl Strategy<Value = String> {
    const PIECES: [&str; 24] = [
        "collect",
        "sample",
        "tee",
        "obs",
        "{",
        "}",
        "|",
        " | ",
        " ",
        "\n",
        "\t",
        "'",
        "\"",
        "\\",
        "$",
        "${",
        "$(",
        "HOME",
        ">",
        "#",
        "é",
        "日本🦀",
        "\r\n",
        "\u{301}",
    ];
    let pieces = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..20);
    prop_oneof![3 => pieces.prop_map(|pieces| pieces.concat()), 1 => any::<String>()]
}

fn home(name: &str) -> Option<String> {
    (name == "HOME").then(|| "/home/é x".to_owned())
}

/// Lines of an explanation agree with each other and with the text.
fn check_explanation(text: &str, mistake: &Mistake) {
    let explained = Text { name: "a file".into(), text: text.into() }.explain(mistake);
    let (head, rest) = explained.split_once('\n').unwrap();
    let place =
        head.strip_prefix("a file:").unwrap().strip_suffix(&format!(": {}", mistake.message)).unwrap();
    let (line, column) = place.split_once(':').unwrap();
    let (line, column): (usize, usize) = (line.parse().unwrap(), column.parse().unwrap());
    let (shown, carets) = rest.rsplit_once('\n').unwrap();
    let found = text.split('\n').nth(line - 1).unwrap().replace('\t', " ");
    assert_eq!(shown.strip_prefix("  ").unwrap(), found.strip_suffix('\r').unwrap_or(&found));
    let before: String = found.chars().take(column - 1).collect();
    let (space, carets) = carets.split_at(2 + before.width());
    assert_eq!((space.trim(), carets.trim_matches('^')), ("", ""));
    assert!(!carets.is_empty());
    let lines_before = text.split('\n').take(line - 1).map(|line| line.len() + 1).sum::<usize>();
    let at = lines_before + found.chars().take(column - 1).map(char::len_utf8).sum::<usize>();
    assert!(at >= mistake.span.start.min(text.len()) && at < mistake.span.start.min(text.len()) + 4);
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn words_that_are_quoted_are_read_back(
        stages in stages(),
        separator in prop::sample::select(&["|", " | ", "\n| ", " # no | one\n\t|\r\n"][..]),
    ) {
        let text = quoted(&stages, separator);
        let pipeline = parse(&text, &|_| None).unwrap();
        prop_assert_eq!(texts(&pipeline), stages, "{}", text);
        for word in pipeline.parts.iter().flat_map(|part| &part.words) {
            prop_assert_eq!(&text[word.span.clone()], word.to_string());
        }
    }

    #[test]
    fn branches_are_read_back(stages in stages(), branches in prop::collection::vec(stages(), 1..4)) {
        let inside: String = branches.iter().map(|branch| format!(" {{ {} }}", quoted(branch, "|"))).collect();
        let text = format!("{} | tee{inside}", quoted(&stages, " | "));
        let pipeline = parse(&text, &|_| None).unwrap();
        prop_assert_eq!(texts(&pipeline), stages);
        let found: Vec<_> = pipeline.tee.unwrap().branches.iter().map(texts).collect();
        prop_assert_eq!(found, branches, "{}", text);
    }

    #[test]
    fn any_text_is_read_or_explained(text in nearly()) {
        match parse(&text, &home) {
            Ok(pipeline) => {
                prop_assert!(!draw(&pipeline, Form::Text).is_empty());
                prop_assert!(draw(&pipeline, Form::Mermaid).starts_with("flowchart LR\n  s0["));
            }
            Err(mistake) => check_explanation(&text, &mistake),
        }
    }

    #[test]
    fn any_place_is_explained(text in nearly(), start in 0usize..60, length in 0usize..60) {
        check_explanation(&text, &Mistake::new(start..start + length, "here"));
    }
}
