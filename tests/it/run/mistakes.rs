//! What `obs run` says of pipelines that are wrong, and what it does with right ones without running them.

mod dry;
mod files;
mod text;

use crate::support::{End, Obs, TempDir};

/// Runs `obs run` with a pipeline and nothing on stdin.
fn run(dir: &TempDir, options: &str, pipeline: &str) -> End {
    Obs::new(dir, "run").args(options).arg(pipeline).run()
}

/// Checks messages of a file: each is the pipeline, its carets, column and message, and the hint if there is one.
fn check(messages: &str) {
    let dir = TempDir::new();
    let mut count = 0;
    for message in messages.trim_end().split("\n\n") {
        let [pipeline, carets, said, hint @ ..] = &message.lines().collect::<Vec<_>>()[..] else {
            panic!("no message:\n{message}");
        };
        let hint: String = hint.iter().map(|hint| format!("{hint}\n")).collect();
        let expected = format!("obs: pipeline:1:{said}\n  {pipeline}\n  {carets}\n{hint}");
        for options in ["", "--check"] {
            let end = run(&dir, options, pipeline);
            assert_eq!(end.stderr, expected, "{options}");
            assert_eq!((end.code, &*end.text()), (2, ""), "{options} {pipeline}");
        }
        count += 1;
    }
    assert!(count >= 4);
    assert_eq!(dir.path().read_dir().unwrap().count(), 0, "nothing was begun");
}

#[test]
fn words_that_a_subcommand_does_not_understand() {
    check(include_str!("mistakes/words.txt"));
}

#[test]
fn stages_where_they_cannot_be() {
    check(include_str!("mistakes/places.txt"));
}

#[test]
fn what_only_a_shell_does() {
    check(include_str!("mistakes/shell.txt"));
}

#[test]
fn branches() {
    check(include_str!("mistakes/branches.txt"));
}

#[test]
fn options_that_belong_to_the_whole_pipeline() {
    check(include_str!("mistakes/whole.txt"));
}

#[test]
fn what_stages_say_of_their_arguments() {
    check(include_str!("mistakes/stages.txt"));
}

#[test]
fn columns_count_characters_and_carets_their_width() {
    check(include_str!("mistakes/characters.txt"));
}

#[test]
fn nothing_at_all() {
    let dir = TempDir::new();
    for (pipeline, line) in [("", ""), ("  ", "  "), ("\n# only a comment\n", "# only a comment")] {
        let end = run(&dir, "", pipeline);
        let place = if line.starts_with('#') { "2:17" } else { "1:1" };
        let caret = if line.starts_with('#') { " ".repeat(16) } else { String::new() };
        let expected = format!(
            "obs: pipeline:{place}: expected a subcommand\n  {line}\n  {caret}^\n\
             hint: stages are separated by |, such as: collect | relay --to http://gateway:4317\n"
        );
        assert_eq!((end.code, end.stderr.as_str(), &*end.text()), (2, &*expected, ""));
    }
    let end = Obs::new(&dir, "run").run();
    end.expect(2, "the following required arguments were not provided:\n  <PIPELINE>");
}

#[test]
fn files_that_are_not_there_are_a_failure_as_in_a_shell() {
    let dir = TempDir::new();
    dir.write("there", "");
    let says = "cannot open missing: No such file or directory (os error 2)";
    let shell = Obs::new(&dir, "sample --rate 1 there missing").run();
    assert_eq!((shell.code, shell.stderr.as_str()), (4, &*format!("obs: {says}\n")));
    for options in ["", "--check"] {
        let end = run(&dir, options, "sample --rate 1 there missing | relay --to http://a:1");
        let expected = format!(
            "obs: pipeline:1:1: {says}\n  sample --rate 1 there missing | relay --to http://a:1\n  {}\n",
            "^".repeat(29)
        );
        assert_eq!((end.code, end.stderr.as_str(), &*end.text()), (4, &*expected, ""));
    }
}

#[test]
fn a_value_of_the_environment_that_no_word_gives() {
    let dir = TempDir::new();
    let end = Obs::new(&dir, "run").arg("collect | sample").env("OBS_SAMPLE_RATE", "often").run();
    let expected = "obs: pipeline:1:11: invalid value 'often' for '--rate <RATE>': expected a rate from 0 to 1 such as \
                    0.05, 5% or 1/20, found \"often\"\n  collect | sample\n            ^^^^^^\n\
                    hint: obs sample --help\n";
    assert_eq!((end.code, end.stderr.as_str(), &*end.text()), (2, expected, ""));
}
