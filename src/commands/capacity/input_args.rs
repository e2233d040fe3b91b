//! The inputs of a plan as flags and environment variables, made from their list.

use clap::builder::TypedValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::capacity::{Configured, Group, INPUTS, Input, Inputs, Origin};

/// Flags that a short help shows.
const COMMON: [&str; 10] =
    ["spans", "peak", "size", "errors", "rate", "growth", "retention", "warm", "cold", "queries"];

/// Inputs that flags or the environment give.
#[derive(Debug, Clone, Default)]
pub(super) struct InputArgs {
    given: Vec<(&'static Input, f64, Origin)>,
}

impl InputArgs {
    /// All inputs, from flags, the environment and the configuration that `file` names.
    pub(super) fn with(&self, configured: &Configured, file: &str) -> Inputs {
        let mut inputs = Inputs::default();
        for (input, value) in &configured.inputs {
            inputs.set(input, *value, Origin::File(file.to_owned()));
        }
        for (input, value, origin) in &self.given {
            inputs.set(input, *value, origin.clone());
        }
        inputs
    }
}

impl Args for InputArgs {
    fn augment_args(mut command: Command) -> Command {
        for group in Group::ALL {
            for input in INPUTS.iter().filter(|input| input.group == group) {
                command = command.arg(arg(input));
            }
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        InputArgs::augment_args(command)
    }
}

fn arg(input: &'static Input) -> Arg {
    let default = match input.default.is_nan() {
        true => String::new(),
        false => format!(" [default: {}]", input.unit.show(input.default)),
    };
    let parser = clap::builder::StringValueParser::new().try_map(move |text| input.unit.parse(&text));
    Arg::new(input.key)
        .long(input.flag())
        .value_name(input.unit.placeholder())
        .help(format!("{}{default}", input.help))
        .help_heading(heading(input.group))
        .env(input.variable())
        .hide_env(true)
        .hide_short_help(!COMMON.contains(&input.key))
        .value_parser(parser)
        // So that a number below zero is refused as such.
        .allow_hyphen_values(true)
}

fn heading(group: Group) -> &'static str {
    match group {
        Group::Load => "Load",
        Group::Storage => "Storage",
        Group::Compute => "Compute",
        Group::Memory => "Memory",
        Group::Network => "Network",
        Group::Queries => "Queries",
    }
}

impl FromArgMatches for InputArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<InputArgs, clap::Error> {
        let given = INPUTS.iter().filter_map(|input| {
            let value = *matches.try_get_one::<f64>(input.key).ok()??;
            let origin = match matches.value_source(input.key)? {
                ValueSource::EnvVariable => Origin::Environment,
                _ => Origin::Flag,
            };
            Some((input, value, origin))
        });
        Ok(InputArgs { given: given.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = InputArgs::from_arg_matches(matches)?;
        Ok(())
    }
}
