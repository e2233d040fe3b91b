//! What people write as the pipeline of `obs run`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use obs::pipeline::text::{Form, Text, draw, parse};

fuzz_target!(|text: &str| {
    let variables = |name: &str| name.len().is_multiple_of(2).then(|| name.repeat(2));
    match parse(text, &variables) {
        Ok(pipeline) => {
            draw(&pipeline, Form::Mermaid);
            let drawn = draw(&pipeline, Form::Text);
            assert_eq!(drawn.lines().next().is_some(), !drawn.is_empty());
        }
        Err(mistake) => {
            let explained = Text { name: "fuzz".into(), text: text.into() }.explain(&mistake);
            assert!(explained.ends_with('^'), "{explained}");
        }
    }
});
