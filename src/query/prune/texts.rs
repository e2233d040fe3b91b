//! Texts that must be among those of the spans in a segment.

use regex::Regex;

use super::Needs;
use super::needles::{Needle, part_of, stands_as_text};
use crate::expr::{Equal, Intrinsic, Leaf, Matcher, Predicate};
use crate::query::reader::Reader;
use crate::store::{END_OF_TEXT, Stored};

/// What must be in a text.
#[derive(Debug, Clone)]
enum Sought {
    /// This, in any of them or around it.
    Part(Needle),
    /// What the expression finds.
    Matching(Regex),
}

/// Texts that must be among those of the spans in a segment.
#[derive(Debug, Clone)]
pub struct Texts(Needs<Sought>);

impl Texts {
    /// The texts that a query for spans needs.
    pub fn of(matcher: &Matcher) -> Texts {
        Texts(Needs::of(&matcher.root, matcher, &sought_of))
    }

    /// Whether a segment may hold what is searched for.
    pub fn may_be_in(&self, reader: &Reader, segment: &Stored) -> bool {
        if matches!(self.0, Needs::Nothing) {
            return true;
        }
        reader.texts(segment).is_none_or(|texts| self.are_in(&texts))
    }

    fn are_in(&self, texts: &[u8]) -> bool {
        self.0.are_met(&|sought| match sought {
            Sought::Part(needle) => needle.is_in(texts),
            Sought::Matching(regex) => texts
                .split(|byte| *byte == END_OF_TEXT)
                .any(|text| str::from_utf8(text).is_ok_and(|text| regex.is_match(text))),
        })
    }
}

fn sought_of(leaf: &Leaf) -> Needs<Sought> {
    // States of traces are not kept: with random numbers in them each is another one.
    let is_kept = leaf.field.intrinsic != Some(Intrinsic::TraceState);
    if !is_kept || !stands_as_text(leaf) || leaf.may_be_a_number() {
        return Needs::Nothing;
    }
    match &leaf.predicate {
        // Of all fields, the status may have any number as its name.
        Predicate::Equals(equal) if leaf.field.is_any && equal.may_be_written_otherwise() => Needs::Nothing,
        Predicate::Finds(_) if leaf.field.is_any => Needs::Nothing,
        Predicate::Equals(equal) => part(leaf, equal).map(Sought::Part),
        // What is not there or is empty is no text, and true and false are none either.
        Predicate::Finds(regex) if !["", "true", "false"].iter().any(|text| regex.is_match(text)) => {
            Needs::One(Sought::Matching(regex.clone()))
        }
        _ => Needs::Nothing,
    }
}

fn part(leaf: &Leaf, equal: &Equal) -> Needs<Needle> {
    match equal.pattern.as_literal() {
        // Nothing is kept of an empty text, and zero may be written with a sign.
        Some("" | "0") => Needs::Nothing,
        Some(_) if equal.may_have_other_words() => Needs::Nothing,
        Some(literal) if !leaf.is_prose() => {
            let begun_by = |end: u8| Needle::exact(&[&[END_OF_TEXT], literal.as_bytes(), &[end]].concat());
            match equal.may_be_written_otherwise() {
                // A number may be written with `.0` behind it.
                true => Needs::Any(vec![begun_by(END_OF_TEXT), begun_by(b'.')]),
                false => begun_by(END_OF_TEXT),
            }
        }
        _ => part_of(leaf, equal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Clock, parse};
    use crate::otlp::Signal;

    fn is_in(query: &str, texts: &[u8]) -> bool {
        let query = parse(query).unwrap().query;
        Texts::of(&Matcher::compile(&query, Signal::Traces, &Clock::utc(0)).unwrap()).are_in(texts)
    }

    #[test]
    fn what_may_be_found_is_among_the_texts() {
        let texts = b"\0GET\x00/pay/1\x00order 7 failed\x0012345\x002.5\x007.0\0";
        for query in [
            "k: GET",
            "k: \"/pay*\"",
            "k: \"*ay/*\"",
            "k: 12345",
            "k: 7",
            "k: 7.0",
            "k: 2.50",
            "failed",
            "message: ORDER",
            "k: GET and not k: x",
            "k: nothing or k: GET",
            "k > 5",
            "k: *",
            "k: true",
            "k: \"\"",
        ] {
            assert!(is_in(query, texts), "{query}");
        }
        for query in
            ["k: get", "k: GE", "k: ET", "k: 1234", "k: 99", "k: \"*yap*\"", "succeeded", "k: GET and k: PUT"]
        {
            assert!(!is_in(query, texts), "{query}");
        }
    }
}
