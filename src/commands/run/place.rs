//! Whether the stages of a pipeline stand where they can.

use super::super::as_stage;
use super::super::stage::Ports;
use super::part::Parsed;
use crate::pipeline::text::{Mistake, Part, Pipeline};

/// Checks stages in a row, of a whole pipeline (`is_whole`) or of a branch.
pub(super) fn check(pipeline: &Pipeline, parsed: &[Parsed], is_whole: bool) -> Result<(), Mistake> {
    if parsed.is_empty() {
        let at = pipeline.tee.as_ref().map_or(0..0, |tee| tee.span.clone());
        let (message, hint) = match is_whole {
            true => ("no source", "begin with a source, such as: collect | tee { … } { … }"),
            false => ("expected a stage before tee", "branches of branches can be branches of the first tee"),
        };
        return Err(Mistake::new(at, message).hint(hint));
    }
    for (index, (part, parsed)) in pipeline.parts.iter().zip(parsed).enumerate() {
        let name = parsed.command.name();
        let Some(stage) = as_stage(&parsed.command) else {
            let message = format!("{name} is no stage of a pipeline");
            return Err(
                Mistake::new(part.span(), message).hint("it is a command of its own: obs ".to_owned() + name)
            );
        };
        let ports = stage.ports();
        input(part, name, &ports, is_whole && index == 0)?;
        let is_last = index + 1 == pipeline.parts.len() && pipeline.tee.is_none();
        if ports.output.is_none() && !is_last {
            let message = format!("nothing comes out of {name}: it must be the last stage");
            return Err(Mistake::new(part.span(), message)
                .hint("a stream is sent several ways with tee: collect | tee { … } { … }"));
        }
    }
    Ok(())
}

/// Every pipeline has one source: a stage that is one, or the operands of the first stage.
fn input(part: &Part, name: &str, ports: &Ports<'_>, is_first: bool) -> Result<(), Mistake> {
    let operand = ports.input.and_then(|input| input.files.first());
    match (is_first, ports.input, operand) {
        (true, Some(_), None) => Err(Mistake::new(part.span(), format!("no source: {name} reads a stream"))
            .hint("begin with a source, such as collect, or name FILE operands (- is stdin)")),
        (false, None, _) => {
            Err(Mistake::new(part.span(), format!("a second source: {name} reads no stream"))
                .hint("one collect can have several listeners; two pipelines are two obs run"))
        }
        (false, Some(_), Some(file)) => {
            let word = part.words.iter().rfind(|word| word.text == *file);
            let span = word.map_or_else(|| part.span(), |word| word.span.clone());
            Err(Mistake::new(span, format!("a second source: {name} reads the stage before it"))
                .hint("only the first stage can name FILE operands"))
        }
        _ => Ok(()),
    }
}
