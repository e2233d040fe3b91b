//! Texts that must stand in the bytes of a segment.

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

use super::Needs;
use crate::expr::{Equal, Intrinsic, Leaf, Matcher, Pattern, Predicate};

/// A text that must stand in the bytes of a segment.
#[derive(Debug, Clone)]
pub(super) enum Needle {
    Exact(Box<Finder<'static>>),
    InEitherCase(Box<Regex>),
}

/// Texts that must stand in the bytes of a segment.
#[derive(Debug, Clone)]
pub struct Needles(Needs<Needle>);

impl Needles {
    /// The texts that a query needs.
    pub fn of(matcher: &Matcher) -> Needles {
        Needles(Needs::of(&matcher.root, matcher, &needle_of))
    }

    /// Whether a segment may hold what is searched for.
    pub fn may_be_in(&self, payload: &[u8]) -> bool {
        self.0.are_met(&|needle| needle.is_in(payload))
    }
}

impl Needle {
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        match self {
            Needle::Exact(finder) => finder.find(bytes).is_some(),
            Needle::InEitherCase(regex) => regex.is_match(bytes),
        }
    }

    /// Exactly these bytes.
    pub(super) fn exact(bytes: &[u8]) -> Needs<Needle> {
        Needs::One(Needle::Exact(Box::new(Finder::new(bytes).into_owned())))
    }
}

/// Shorter ones are everywhere.
const SHORTEST_NEEDLE: usize = 3;

fn needle_of(leaf: &Leaf) -> Needs<Needle> {
    let Predicate::Equals(equal) = &leaf.predicate else { return Needs::Nothing };
    if !stands_as_text(leaf) || equal.may_be_written_otherwise() || leaf.may_be_a_number() {
        return Needs::Nothing;
    }
    part_of(leaf, equal)
}

/// Whether the values of a field stand in the bytes of records as the texts that they are.
pub(super) fn stands_as_text(leaf: &Leaf) -> bool {
    match leaf.field.intrinsic {
        None => true,
        Some(intrinsic) => matches!(
            intrinsic,
            Intrinsic::Service
                | Intrinsic::Operation
                | Intrinsic::StatusMessage
                | Intrinsic::ScopeName
                | Intrinsic::ScopeVersion
                | Intrinsic::EventName
                | Intrinsic::TraceState
                | Intrinsic::Message
        ),
    }
}

/// A part of the texts that are equal.
pub(super) fn part_of(leaf: &Leaf, equal: &Equal) -> Needs<Needle> {
    let long = |text: &&str| text.len() >= SHORTEST_NEEDLE;
    if !leaf.is_prose() {
        let literal = equal.pattern.longest_literal().filter(long);
        return literal.map_or(Needs::Nothing, |text| Needle::exact(text.as_bytes()));
    }
    let literal = equal.prose.0.iter().filter_map(Pattern::longest_literal).max_by_key(|text| text.len());
    let regex = literal
        .filter(long)
        .and_then(|text| RegexBuilder::new(&regex::escape(text)).case_insensitive(true).build().ok());
    regex.map_or(Needs::Nothing, |regex| Needs::One(Needle::InEitherCase(Box::new(regex))))
}
