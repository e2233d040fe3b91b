//! What of a segment need not be read: by its columns, by filters over its words and its traces, by the texts that are kept
//! beside it, and by texts that must stand in its bytes.

mod keys;
mod needles;
mod rows;
mod texts;

pub use keys::Keys;
pub use needles::Needles;
pub use rows::{Rows, is_in_columns, rows};
pub use texts::Texts;

use crate::expr::{Intrinsic, Leaf, Matcher, Node, Predicate};

/// The services of which one must be that of whatever is found; `None` where it may be any.
pub fn services(matcher: &Matcher) -> Option<Vec<String>> {
    services_of(&matcher.root, matcher)
}

fn services_of(node: &Node, matcher: &Matcher) -> Option<Vec<String>> {
    match node {
        Node::True | Node::Not(_) => None,
        Node::And(nodes) => nodes.iter().filter_map(|node| services_of(node, matcher)).min_by_key(Vec::len),
        Node::Or(nodes) => {
            let services: Option<Vec<_>> = nodes.iter().map(|node| services_of(node, matcher)).collect();
            services.map(|services| services.concat())
        }
        Node::Leaf(number) => match &matcher.leaves[*number] {
            Leaf { field, predicate: Predicate::Equals(equal) }
                if field.intrinsic == Some(Intrinsic::Service) =>
            {
                equal.literal().map(|service| vec![service.to_owned()])
            }
            _ => None,
        },
    }
}

/// What must be in a segment for anything to be found in it.
#[derive(Debug, Clone)]
enum Needs<T> {
    /// Nothing that is known.
    Nothing,
    /// All of them.
    All(Vec<Needs<T>>),
    /// Any of them.
    Any(Vec<Needs<T>>),
    /// This.
    One(T),
}

impl<T> Needs<T> {
    fn of(node: &Node, matcher: &Matcher, leaf: &dyn Fn(&Leaf) -> Needs<T>) -> Needs<T> {
        match node {
            // What must not be there cannot be missed.
            Node::True | Node::Not(_) => Needs::Nothing,
            Node::And(nodes) => {
                Needs::All(nodes.iter().map(|node| Needs::of(node, matcher, leaf)).collect()).simple()
            }
            Node::Or(nodes) => {
                let needs: Vec<_> = nodes.iter().map(|node| Needs::of(node, matcher, leaf)).collect();
                match needs.iter().any(|needs| matches!(needs, Needs::Nothing)) {
                    true => Needs::Nothing,
                    false => Needs::Any(needs),
                }
            }
            Node::Leaf(number) => leaf(&matcher.leaves[*number]),
        }
    }

    fn map<U>(self, to: impl Fn(T) -> U + Copy) -> Needs<U> {
        match self {
            Needs::Nothing => Needs::Nothing,
            Needs::All(needs) => Needs::All(needs.into_iter().map(|needs| needs.map(to)).collect()),
            Needs::Any(needs) => Needs::Any(needs.into_iter().map(|needs| needs.map(to)).collect()),
            Needs::One(one) => Needs::One(to(one)),
        }
    }

    fn simple(self) -> Needs<T> {
        let Needs::All(needs) = self else { return self };
        let mut needs: Vec<_> = needs.into_iter().filter(|needs| !matches!(needs, Needs::Nothing)).collect();
        match needs.len() {
            0 => Needs::Nothing,
            1 => needs.remove(0),
            _ => Needs::All(needs),
        }
    }

    fn are_met(&self, is_there: &dyn Fn(&T) -> bool) -> bool {
        match self {
            Needs::Nothing => true,
            Needs::All(needs) => needs.iter().all(|needs| needs.are_met(is_there)),
            Needs::Any(needs) => needs.iter().any(|needs| needs.are_met(is_there)),
            Needs::One(one) => is_there(one),
        }
    }
}
