//! What rules make of a value.

use std::borrow::Cow;

use super::digest;
use super::element::{
    ELEMENT, Member, Rewrite, any_value, name_and_value, put_pair, string_value, with_member,
};
use super::names::{Matches, Names};
use super::rule::{Action, Rule};
use super::text::{MASK, replace, search};
use crate::otlp::view::{Fields, Value};
use crate::otlp::wire::put_bytes;

/// What becomes of a value, or of a list in it.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It stays.
    Same,
    /// It is written anew.
    Changed(Vec<u8>),
    /// It goes, because of the rule at that position.
    Drop(usize),
}

impl From<Option<Vec<u8>>> for Verdict {
    fn from(changed: Option<Vec<u8>>) -> Self {
        changed.map_or(Verdict::Same, Verdict::Changed)
    }
}

/// The values of one batch.
#[derive(Debug)]
pub(super) struct Values<'k> {
    pub(super) rules: &'k [Rule],
    pub(super) names: Names<'k>,
    /// The rule behind each value that was changed, by its position.
    pub(super) acted: Vec<usize>,
}

impl Values<'_> {
    /// A `KeyValue` in a value that the rules `inherited` search.
    #[inline]
    pub(super) fn pair(&mut self, pair: &[u8], inherited: &[usize]) -> Verdict {
        let (name, value) = name_and_value(pair);
        let matches = self.names.matches(name);
        self.named(&matches, &value, inherited)
    }

    /// The `AnyValue` of a name that the rules `matches` are about.
    #[inline]
    pub(super) fn named(&mut self, matches: &Matches, value: &[u8], inherited: &[usize]) -> Verdict {
        if let Some(rule) = matches.whole {
            self.acted.push(rule);
            return match self.rules.get(rule).map(Rule::action) {
                Some(Action::Drop) => Verdict::Drop(rule),
                Some(Action::Hash) => Verdict::Changed(string_value(&digest::of_value(value))),
                _ => Verdict::Changed(string_value(MASK)),
            };
        }
        if inherited.is_empty() && matches.patterns.is_empty() && !may_hold_names(value) {
            return Verdict::Same;
        }
        let patterns = union(inherited, &matches.patterns);
        let before = self.acted.len();
        let verdict = self.any_value(value, &patterns);
        if let Verdict::Drop(rule) = verdict {
            // What has been done inside of it does not count any more.
            self.acted.truncate(before);
            self.acted.push(rule);
        }
        verdict
    }

    fn any_value(&mut self, value: &[u8], patterns: &[usize]) -> Verdict {
        let member = Member::of(value);
        let list = match member.number {
            any_value::ARRAY => self.array(&member.payload, patterns),
            any_value::KVLIST => self.kvlist(&member.payload, patterns).into(),
            _ if patterns.is_empty() => Verdict::Same,
            _ => return self.leaf(value, &member, patterns),
        };
        match list {
            Verdict::Changed(payload) => Verdict::Changed(with_member(value, member.number, &payload)),
            other => other,
        }
    }

    /// A value that is no list.
    fn leaf(&mut self, value: &[u8], member: &Member<'_>, patterns: &[usize]) -> Verdict {
        let Some(text) = member.text() else { return Verdict::Same };
        let found = match search(self.rules, patterns, &text) {
            Ok(found) => found,
            Err(rule) => return Verdict::Drop(rule),
        };
        let Some(first) = found.iter().map(|part| part.rule).min() else { return Verdict::Same };
        let new = if member.number == any_value::STRING {
            for (position, part) in found.iter().enumerate() {
                if found[..position].iter().all(|before| before.rule != part.rule) {
                    self.acted.push(part.rule);
                }
            }
            replace(self.rules, &text, &found)
        } else {
            self.acted.push(first);
            match self.rules.get(first).map(Rule::action) {
                Some(Action::Hash) => digest::of_text(&text),
                _ => MASK.into(),
            }
        };
        Verdict::Changed(with_member(value, any_value::STRING, new.as_bytes()))
    }

    fn array(&mut self, array: &[u8], patterns: &[usize]) -> Verdict {
        let mut rewrite = Rewrite::of(array);
        let mut fields = Fields::new(array);
        loop {
            let start = fields.position();
            let Some((number, value)) = fields.next() else { break };
            let (ELEMENT, Value::Len(element)) = (number, value) else { continue };
            match self.any_value(element, patterns) {
                Verdict::Same => {}
                Verdict::Changed(new) => {
                    rewrite.replace(start..fields.position(), |out| put_bytes(out, ELEMENT, &new));
                }
                Verdict::Drop(rule) => return Verdict::Drop(rule),
            }
        }
        rewrite.finish().into()
    }

    fn kvlist(&mut self, list: &[u8], patterns: &[usize]) -> Option<Vec<u8>> {
        let mut rewrite = Rewrite::of(list);
        let mut fields = Fields::new(list);
        loop {
            let start = fields.position();
            let Some((number, value)) = fields.next() else { break };
            let (ELEMENT, Value::Len(pair)) = (number, value) else { continue };
            match self.pair(pair, patterns) {
                Verdict::Same => {}
                Verdict::Changed(new) => {
                    rewrite.replace(start..fields.position(), |out| put_pair(out, ELEMENT, pair, &new));
                }
                Verdict::Drop(_) => rewrite.replace(start..fields.position(), |_| {}),
            }
        }
        rewrite.finish()
    }
}

/// Whether there is a list in the value, in which there may be names.
#[inline]
fn may_hold_names(value: &[u8]) -> bool {
    Fields::new(value).any(|(number, _)| matches!(number, any_value::ARRAY | any_value::KVLIST))
}

/// The positions of both, in their order.
fn union<'a>(inherited: &'a [usize], own: &'a [usize]) -> Cow<'a, [usize]> {
    if own.is_empty() || own == inherited {
        return Cow::Borrowed(inherited);
    }
    if inherited.is_empty() {
        return Cow::Borrowed(own);
    }
    let mut both = [inherited, own].concat();
    both.sort_unstable();
    both.dedup();
    Cow::Owned(both)
}
