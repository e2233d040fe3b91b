//! One part of a pipeline, parsed as the command line that it would be in a shell.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use crate::cli::{Cli, Command};
use crate::pipeline::text::{Mistake, Part, Word};

/// Options that are the same for all stages of a process.
const OF_THE_WHOLE: [(&str, &str); 5] = [
    ("health", "--health"),
    ("drain_timeout", "--drain-timeout"),
    ("verbose", "-v"),
    ("quiet", "-q"),
    ("log_format", "--log-format"),
];

/// A subcommand of a pipeline.
pub(super) struct Parsed {
    pub(super) command: Command,
    /// A configuration of its own.
    pub(super) config: Option<PathBuf>,
}

/// Parses a part; where it asks for help, prints that and exits.
pub(super) fn parse(part: &Part) -> Result<Parsed, Mistake> {
    let words = ["obs"].into_iter().chain(part.words.iter().map(|word| &*word.text));
    let mistake = |error: clap::Error| mistake(part, &error);
    let matches = Cli::command().try_get_matches_from(words).map_err(mistake)?;
    let cli = Cli::from_arg_matches(&matches).map_err(mistake)?;
    for (id, option) in OF_THE_WHOLE {
        if is_given(&matches, id) {
            let long = format!("--{}", id.replace('_', "-"));
            let word = part.words.iter().find(|word| word.text.starts_with(option) || word.text == long);
            let span = word.map_or_else(|| part.span(), |word| word.span.clone());
            return Err(Mistake::new(span, format!("{option} belongs to the whole pipeline"))
                .hint(format!("obs run {option} … '{} | …'", cli.command.name())));
        }
    }
    let config = is_given(&matches, "config").then_some(cli.global.config).flatten();
    Ok(Parsed { command: cli.command, config })
}

/// Whether an option is on the command line, not only in the environment.
fn is_given(matches: &ArgMatches, id: &str) -> bool {
    let here =
        matches.try_contains_id(id).is_ok() && matches.value_source(id) == Some(ValueSource::CommandLine);
    here || matches.subcommand().is_some_and(|(_, matches)| is_given(matches, id))
}

/// What clap says, with the place of the word that it is about.
fn mistake(part: &Part, error: &clap::Error) -> Mistake {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        error.exit();
    }
    let text = error.render().to_string();
    let (message, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let message: Vec<&str> = message.lines().map(str::trim).collect();
    let message = message.join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    let command = part.words.first().map_or("", |word| &*word.text);
    let tips: Vec<&str> = rest.lines().filter_map(|line| line.trim().strip_prefix("tip: ")).collect();
    let is_unknown = error.kind() == ErrorKind::InvalidSubcommand;
    let help = if is_unknown {
        "obs --help names the subcommands".to_owned()
    } else {
        format!("obs {command} --help")
    };
    let hint = if tips.is_empty() { help } else { tips.join("; ") };
    Mistake::new(word(part, error).map_or_else(|| part.span(), |word| word.span.clone()), message).hint(hint)
}

/// The word that an error is about: a value, or else the option or the subcommand.
fn word<'a>(part: &'a Part, error: &clap::Error) -> Option<&'a Word> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(&**text),
        _ => None,
    };
    let words = &part.words;
    let last = |text: &str| words.iter().rfind(|word| word.text == text);
    let Some(argument) = context(ContextKind::InvalidArg) else {
        return context(ContextKind::InvalidSubcommand).and_then(last);
    };
    let option = argument.split([' ', '=']).next();
    let mut options = (0..words.len()).filter(|at| words[*at].text.split('=').next() == option);
    match context(ContextKind::InvalidValue) {
        Some("") => options
            .find(|at| words.get(at + 1).is_none_or(|next| next.text.starts_with('-')))
            .map(|at| &words[at]),
        Some(value) => options
            .find_map(|at| match words[at].text.split_once('=') {
                Some((_, found)) => (found == value).then_some(&words[at]),
                None => words.get(at + 1).filter(|next| next.text == value),
            })
            .or_else(|| last(value)),
        None => options.next_back().map(|at| &words[at]).or_else(|| last(argument)),
    }
}
