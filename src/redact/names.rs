//! Which rules are about a name. Batches have few different names, so that the answers are kept.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError, RwLock};

use super::rule::{Action, Rule};

/// Names whose answers are kept; a sender that makes names up must not fill the memory.
const MAX_NAMES: usize = 1024;
/// Names longer than this are looked up each time.
const MAX_NAME_BYTES: usize = 256;

/// The rules about a name, by their positions.
#[derive(Debug, Clone, Default)]
pub(super) struct Matches {
    /// The one without a pattern that counts.
    pub(super) whole: Option<usize>,
    /// Those with a pattern, in their order.
    pub(super) patterns: Box<[usize]>,
}

impl Matches {
    pub(super) fn of(rules: &[Rule], name: &[u8]) -> Self {
        let matching = || rules.iter().enumerate().filter(|(_, rule)| rule.names(name));
        let mut whole = matching().filter(|(_, rule)| rule.pattern().is_none());
        let dropping = whole.clone().find(|(_, rule)| rule.action() == Action::Drop);
        let patterns = matching().filter(|(_, rule)| rule.pattern().is_some());
        Matches {
            whole: dropping.or_else(|| whole.next()).map(|(position, _)| position),
            patterns: patterns.map(|(position, _)| position).collect(),
        }
    }
}

/// Names with the rules about them.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    list: Vec<(Box<[u8]>, Matches)>,
    /// Positions in the list.
    by_name: HashMap<Box<[u8]>, usize>,
}

impl Answers {
    fn len(&self) -> usize {
        self.list.len()
    }

    fn get(&self, name: &[u8]) -> Option<&Matches> {
        self.by_name.get(name).and_then(|position| self.list.get(*position)).map(|(_, matches)| matches)
    }

    fn add(&mut self, name: Box<[u8]>, matches: Matches) {
        if let Entry::Vacant(place) = self.by_name.entry(name.clone()) {
            place.insert(self.list.len());
            self.list.push((name, matches));
        }
    }
}

/// The answers so far, of all threads.
#[derive(Debug, Default)]
pub(super) struct Memory(RwLock<Arc<Answers>>);

impl Memory {
    /// The answers to begin a batch with.
    pub(super) fn recall(&self) -> Arc<Answers> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what a batch has added; where there is no room, it replaces all that was kept.
    fn keep(&self, fresh: Answers) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let full = known.len() + fresh.len() > MAX_NAMES;
        let mut answers = if full { Answers::default() } else { (**known).clone() };
        fresh.list.into_iter().for_each(|(name, matches)| answers.add(name, matches));
        *known = Arc::new(answers);
    }
}

/// The names of one batch.
#[derive(Debug)]
pub(super) struct Names<'k> {
    rules: &'k [Rule],
    known: &'k Answers,
    fresh: Answers,
    /// By position of a known name the one that came behind it the last time: spans resemble each other, and to
    /// compare a name with the one expected is quicker than to look it up.
    behind: Vec<usize>,
    /// Position of the latest name.
    latest: usize,
}

impl<'k> Names<'k> {
    pub(super) fn new(rules: &'k [Rule], known: &'k Answers) -> Self {
        Names { rules, known, fresh: Answers::default(), behind: vec![0; known.len()], latest: 0 }
    }

    /// The rules about a name.
    #[inline]
    pub(super) fn matches(&mut self, name: &[u8]) -> Cow<'k, Matches> {
        if let Some(expected) = self.behind.get(self.latest)
            && let Some((known, matches)) = self.known.list.get(*expected)
            && **known == *name
        {
            self.latest = *expected;
            return Cow::Borrowed(matches);
        }
        self.look_up(name)
    }

    fn look_up(&mut self, name: &[u8]) -> Cow<'k, Matches> {
        let found = self.known.by_name.get(name).copied();
        match found.and_then(|position| Some((position, self.known.list.get(position)?))) {
            Some((position, (_, matches))) => {
                if let Some(behind) = self.behind.get_mut(self.latest) {
                    *behind = position;
                }
                self.latest = position;
                Cow::Borrowed(matches)
            }
            None => Cow::Owned(self.ask(name)),
        }
    }

    #[cold]
    fn ask(&mut self, name: &[u8]) -> Matches {
        if let Some(matches) = self.fresh.get(name) {
            return matches.clone();
        }
        let matches = Matches::of(self.rules, name);
        if self.fresh.len() < MAX_NAMES && name.len() <= MAX_NAME_BYTES {
            self.fresh.add(name.into(), matches.clone());
        }
        matches
    }

    /// Hands what was new to the batches to come.
    pub(super) fn end(self, memory: &Memory) {
        if self.fresh.len() > 0 {
            memory.keep(self.fresh);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_NAME_BYTES, MAX_NAMES, Memory, Names};
    use crate::redact::Rule;

    #[test]
    fn names_that_are_made_up_do_not_fill_the_memory() {
        let rules: Vec<Rule> = ["a*", "drop:*1", "*=~x"].iter().map(|text| text.parse().unwrap()).collect();
        let memory = Memory::default();
        for batch in 0..5 {
            let known = memory.recall();
            let mut names = Names::new(&rules, &known);
            for number in 0..MAX_NAMES * 2 / 3 {
                let name = format!("a{batch}-{number}");
                let matches = names.matches(name.as_bytes()).into_owned();
                assert_eq!(matches.whole, Some(usize::from(name.ends_with('1'))), "{name}");
                assert_eq!(*matches.patterns, [2], "{name}");
            }
            names.matches(&[b'a'; MAX_NAME_BYTES + 1]);
            names.end(&memory);
            let known = memory.recall();
            assert!(known.len() <= MAX_NAMES);
            assert!(known.get(format!("a{batch}-0").as_bytes()).is_some(), "the latest batch is remembered");
            assert!(known.list.iter().all(|(name, _)| name.len() <= MAX_NAME_BYTES));
        }
    }
}
