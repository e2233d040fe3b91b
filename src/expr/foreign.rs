//! What people write who know a neighbour's language (Lucene, LogQL, TraceQL, SQL): taken for text it would find nothing,
//! and nobody would know why. What is in quotes, or behind a backslash, is text.

use std::ops::Range;

use super::field::is_known;
use super::lexer::{Kind, Token};
use crate::mistake::{Mistake, shortened};
use crate::otlp::Signal;

/// Longer ones before those that they begin with.
const OPERATORS: [&str; 5] = ["==", "=~", "!=", "!~", "="];

/// What a neighbour's spelling is here.
pub(super) enum Found {
    Wrong(Mistake),
    /// Text, which may be what was meant.
    Odd(Mistake),
}

/// A token among others.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
}

impl<'a> Place<'a> {
    fn behind(self, count: usize) -> Place<'a> {
        Place { at: self.at + count, ..self }
    }

    fn before(self, count: usize) -> Option<Place<'a>> {
        Some(Place { at: self.at.checked_sub(count)?, ..self })
    }

    fn token(self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    /// As it was typed.
    fn typed(self) -> &'a str {
        self.token().and_then(|token| self.text.get(token.span.clone())).unwrap_or_default()
    }

    /// As it was typed, of a word without quotes.
    fn word(self) -> Option<&'a str> {
        matches!(self.token()?.kind, Kind::Word(_)).then(|| self.typed())
    }

    fn is_sign(self, sign: &str) -> bool {
        matches!(self.token(), Some(Token { kind: Kind::Sign(found), .. }) if *found == sign)
    }

    /// A word or a quoted text, as it was typed.
    fn operand(self) -> Option<&'a str> {
        matches!(self.token()?.kind, Kind::Word(_) | Kind::Quoted(_)).then(|| self.typed())
    }

    fn begin(self) -> usize {
        self.token().map_or(self.text.len(), |token| token.span.start)
    }

    /// The field whose value this is.
    fn field(self) -> Option<&'a str> {
        self.before(1).filter(|sign| sign.is_sign(":"))?.before(1)?.operand()
    }
}

/// `level=error`, `level != "error"`, `level =~ err.*`: a comparison in a word that no field stands before, or of the word
/// before it. `retry=3` may be text: that is a note.
pub(super) fn comparison(place: Place<'_>) -> Option<Found> {
    let word = place.word()?;
    let at = word.find(['=', '!'])?;
    let (head, rest) = word.split_at(at);
    let operator = OPERATORS.into_iter().find(|operator| rest.starts_with(operator))?;
    let name = match head {
        "" => place.before(1)?.operand()?,
        head => head,
    };
    let name = name.trim_start_matches('.');
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_alphanumeric() || "_@\"".contains(first))
            && name.chars().all(|c| c.is_alphanumeric() || "_.-@\" ".contains(c))
    };
    let value = match rest.get(operator.len()..)? {
        "" => place.behind(1).operand()?,
        value => value,
    };
    let begin = place.begin() + at;
    let span = begin..begin + operator.len();
    if !is_name(name) {
        return None;
    }
    let shown = shortened(name);
    let instead = spelling(&shown, operator, value);
    let is_field = [Signal::Traces, Signal::Logs].iter().any(|signal| is_known(name, *signal, &[]));
    Some(if is_field || operator != "=" || value.starts_with('"') {
        Found::Wrong(
            Mistake::new(span, format!("expected : behind {shown}, found {operator}"))
                .hint(format!("{instead}; text with {operator} in it stands in quotes")),
        )
    } else {
        Found::Odd(Mistake::new(span, format!("{shown} = is looked for as text")).hint(instead))
    })
}

/// What to write instead of a comparison.
fn spelling(name: &str, operator: &str, value: &str) -> String {
    let value = quoted(value);
    let not = if operator.starts_with('!') { "not " } else { "" };
    if operator.ends_with('~') {
        let value = value.replace(".*", "*");
        return format!("* stands for anything, there are no regular expressions: {not}{name}: {value}");
    }
    format!("{not}{name}: {value}")
}

/// A value in our quotes, unless it is a number.
fn quoted(value: &str) -> String {
    let value = value.trim_end_matches(',');
    if value.starts_with('"') || value.parse::<f64>().is_ok() {
        return shortened(value).into_owned();
    }
    format!("\"{}\"", shortened(value.trim_matches(['\'', '`'])))
}

/// `&&`, also before a word.
pub(super) fn conjunction(place: Place<'_>) -> Option<Mistake> {
    let rest = place.word()?.strip_prefix("&&")?;
    let (begin, instead) = (place.begin(), format!("and {}", shortened(rest)));
    let mistake = Mistake::new(begin..begin + 2, "expected and, found &&");
    Some(mistake.hint(format!("write {}; in quotes it is text: \"&&\"", instead.trim_end())))
}

/// `!error`, `!(…)`: what is not to be found.
pub(super) fn negation(place: Place<'_>) -> Option<Mistake> {
    let word = place.word()?;
    let begin = place.begin();
    let rest = word.strip_prefix('!')?;
    let field = place.field();
    let rest = match rest.strip_prefix('=').filter(|_| field.is_some()).unwrap_or(rest) {
        "" if place.behind(1).is_sign("(") => "(…)",
        "" => place.behind(1).operand()?,
        rest => rest,
    };
    if !rest.starts_with(|first: char| first.is_alphanumeric() || "\"(_.@'".contains(first)) {
        return None;
    }
    let signs = if field.is_some() && word.starts_with("!=") { 2 } else { 1 };
    let instead = match field {
        Some(field) => format!("not {field}: {}", shortened(rest)),
        None if place.behind(1).is_sign(":") => format!("not {}: …", shortened(rest)),
        None => format!("not {}", shortened(rest)),
    };
    let found = word.get(..signs).unwrap_or_default();
    let mistake = Mistake::new(begin..begin + signs, format!("expected not, found {found}"));
    Some(mistake.hint(format!("{instead}; text that begins with ! stands in quotes")))
}

/// `[5 TO 7]`, `{5 TO 7}`: values from one to another.
pub(super) fn range(place: Place<'_>) -> Option<Mistake> {
    /// Longer ones are text.
    const LONGEST: usize = 100;
    let begin = place.begin();
    let opening = place.typed().chars().next().filter(|first| "[{".contains(*first))?;
    let behind = place.text.get(begin + 1..)?;
    let closing = behind.find([']', '}']).filter(|length| *length <= LONGEST)?;
    let (low, high) = behind.get(..closing)?.split_once(" TO ")?;
    let (low, high) = (low.trim(), high.trim());
    if [low, high].iter().any(|end| end.is_empty() || end.contains(['[', '{'])) {
        return None;
    }
    let field = place.field().unwrap_or("field");
    let above = if opening == '[' { ">=" } else { ">" };
    let below = if behind.get(closing..)?.starts_with(']') { "<=" } else { "<" };
    let ends = [(above, low), (below, high)].into_iter().filter(|(_, end)| *end != "*");
    let ends: Vec<String> = ends.map(|(sign, end)| format!("{field} {sign} {end}")).collect();
    let instead = if ends.is_empty() { format!("{field}: *") } else { ends.join(" and ") };
    let end = begin + 1 + closing + 1;
    let found = place.text.get(begin..end)?;
    Some(Mistake::new(begin..end, format!("expected a value, found {}", shortened(found))).hint(instead))
}

/// `/time.*out/`: an error where it cannot be a path, else a note.
pub(super) fn expression(place: Place<'_>) -> Option<Found> {
    let word = place.word()?;
    let span = || place.begin()..place.begin() + word.len();
    let inner = |quote: char| word.strip_prefix(quote)?.strip_suffix(quote).filter(|inner| !inner.is_empty());
    if let Some(inner) = inner('\'').or(inner('`')) {
        let note = Mistake::new(span(), format!("{} is text with its quotes", shortened(word)));
        return Some(Found::Odd(note.hint(format!("quotes are \": \"{}\"", shortened(inner)))));
    }
    let inner = inner('/').filter(|inner| !inner.contains('/'))?;
    let is_regex = [".*", ".+", ".?", "\\", "[", "^", "$", "{"].iter().any(|part| inner.contains(part));
    if is_regex {
        let value = inner.trim_start_matches('^').trim_end_matches('$').replace(".*", "*").replace(".+", "*");
        let message = "there are no regular expressions";
        return Some(Found::Wrong(
            Mistake::new(span(), message).hint(format!(
                "* stands for anything: \"{}\"; text in / stands in quotes",
                shortened(&value)
            )),
        ));
    }
    let note = Mistake::new(span(), format!("{} is text with its slashes", shortened(word)));
    Some(Found::Odd(
        note.hint(format!("there are no regular expressions; the word alone is {}", shortened(inner))),
    ))
}

/// What a sign means to neighbours that nothing is known of here: where it stands, how it is shown, and what to write.
pub(super) fn sign(place: Place<'_>) -> Option<(Range<usize>, &'static str, String)> {
    let begin = place.begin();
    let next = place.behind(1);
    if place.is_sign("|") && next.is_sign("|") && next.begin() == begin + 1 {
        return Some((begin..begin + 2, "||", "write or; in quotes it is text: \"||\"".into()));
    }
    if !place.is_sign("{") {
        return None;
    }
    let (Found::Wrong(mistake) | Found::Odd(mistake)) =
        comparison(next).or_else(|| comparison(next.behind(1)))?;
    let instead = mistake.hint?;
    let instead = instead.split_once(';').map_or(&*instead, |(instead, _)| instead);
    Some((begin..begin + 1, "{", format!("without braces: {instead}")))
}
