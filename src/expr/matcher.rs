//! Queries compiled for spans or for log records, and evaluated over wire bytes.

use regex::Regex;

use super::field::{Field, Intrinsic};
use super::literal::named_numbers;
use super::pattern::Pattern;
use super::predicate::{Predicate, Value};
use super::records::{Found, Seen, has_severity};
use super::{Clock, Name, Query, Test, Text};
use crate::mistake::Mistake;
use crate::otlp::view::Nested;
use crate::otlp::{Signal, tree};

/// A condition on a field.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// The field.
    pub field: Field,
    /// What it must be.
    pub predicate: Predicate,
}

/// How conditions go together, by their numbers.
#[derive(Debug, Clone)]
pub enum Node {
    /// Always true.
    True,
    /// All of them.
    And(Vec<Node>),
    /// Any of them.
    Or(Vec<Node>),
    /// Not this.
    Not(Box<Node>),
    /// A condition.
    Leaf(usize),
}

/// Most words that are looked for in prose; each takes a few milliseconds to compile.
const MOST_WORDS: usize = 256;

/// A compiled query.
#[derive(Debug, Clone)]
pub struct Matcher {
    signal: Signal,
    /// How many words are looked for.
    words: usize,
    /// How its conditions go together.
    pub root: Node,
    /// Its conditions.
    pub leaves: Vec<Leaf>,
}

impl Matcher {
    /// Compiles a query for the records of a signal; the clock says when `now` is.
    ///
    /// # Errors
    /// What is wrong with a value, and where.
    pub fn compile(query: &Query, signal: Signal, clock: &Clock) -> Result<Matcher, Mistake> {
        let mut matcher = Matcher { signal, words: 0, root: Node::True, leaves: Vec::new() };
        matcher.root = matcher.node(query, clock)?;
        Ok(matcher)
    }

    /// The signal that it is for.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    fn node(&mut self, query: &Query, clock: &Clock) -> Result<Node, Mistake> {
        let nodes = |matcher: &mut Matcher, queries: &[Query]| -> Result<Vec<Node>, Mistake> {
            queries.iter().map(|query| matcher.node(query, clock)).collect()
        };
        Ok(match query {
            Query::All => Node::True,
            Query::And(queries) => {
                let mut nodes = nodes(self, queries)?;
                // What is told quickly first.
                nodes.sort_by_key(|node| self.cost(node));
                Node::And(nodes)
            }
            Query::Or(queries) => Node::Or(nodes(self, queries)?),
            Query::Not(query) => Node::Not(Box::new(self.node(query, clock)?)),
            Query::Is(name, test) => self.condition(name.as_ref(), test, clock)?,
            Query::Own(intrinsic, test) => {
                let field = Field::own(*intrinsic);
                let predicate = Predicate::compile(test, &field, clock)?;
                self.leaf(field, predicate)
            }
        })
    }

    fn condition(&mut self, name: Option<&Name>, test: &Test, clock: &Clock) -> Result<Node, Mistake> {
        let mut field = match name {
            Some(name) => Field::named(name, self.signal)
                .ok_or_else(|| Mistake::new(name.span.clone(), "the name is too long"))?,
            None => Field::any(),
        };
        if let Test::Equals(text) | Test::Differs(text) = test {
            field.is_prose &= !text.is_whole;
            self.words += if field.is_prose { text.words.len() } else { 0 };
            if self.words > MOST_WORDS {
                let message = format!("more than {MOST_WORDS} words are looked for");
                return Err(Mistake::new(text.span.clone(), message)
                    .hint("put words that stand one behind the other in quotes"));
            }
        }
        let leaf = self.leaf(field.clone(), Predicate::compile(test, &field, clock)?);
        if let Test::Differs(_) = test {
            let differs = Node::Not(Box::new(leaf));
            // Every span has failed or not.
            if field.intrinsic == Some(Intrinsic::Error) {
                return Ok(differs);
            }
            let exists = self.leaf(field, Predicate::Exists);
            return Ok(Node::And(vec![exists, differs]));
        }
        match (name, test) {
            // An id as such is looked for where it stands.
            (None, Test::Equals(text)) => match id_of(text) {
                Some(id) => Ok(Node::Or(vec![leaf, self.node(&Query::Own(id, test.clone()), clock)?])),
                None => Ok(leaf),
            },
            _ => Ok(leaf),
        }
    }

    fn leaf(&mut self, field: Field, predicate: Predicate) -> Node {
        self.leaves.push(Leaf { field, predicate });
        Node::Leaf(self.leaves.len() - 1)
    }

    fn cost(&self, node: &Node) -> usize {
        match node {
            Node::True => 0,
            Node::Leaf(number) => 1 + usize::from(!self.leaves[*number].field.is_intrinsic()),
            Node::Not(node) => 1 + self.cost(node),
            Node::And(nodes) | Node::Or(nodes) => nodes.iter().map(|node| self.cost(node)).sum::<usize>() + 1,
        }
    }

    /// Calls `each` with what is found in a batch among the records that are `wanted`, which is told their number in the
    /// segment; `row` is the number of the first record of the batch, and of the one behind its last afterwards.
    pub fn find<'a>(
        &self,
        batch: &'a [u8],
        row: &mut usize,
        mut wanted: impl FnMut(usize) -> bool,
        mut each: impl FnMut(Found<'a>),
    ) {
        let mut of_resource = Vec::new();
        let mut of_scope = Vec::new();
        for container in Nested::new(batch, tree::RESOURCE) {
            of_resource.clear();
            for scope in Nested::new(container, tree::CHILD) {
                of_scope.clear();
                for record in Nested::new(scope, tree::CHILD) {
                    *row += 1;
                    if !wanted(*row - 1) {
                        continue;
                    }
                    // Only once a record is wanted.
                    if of_scope.len() < self.leaves.len() {
                        if of_resource.len() < self.leaves.len() {
                            of_resource
                                .extend(self.leaves.iter().map(|leaf| leaf.passes_resource(container)));
                        }
                        of_scope.extend(
                            self.leaves
                                .iter()
                                .zip(&of_resource)
                                .map(|(leaf, passes)| *passes || leaf.passes_scope(scope)),
                        );
                    }
                    if self.passes(&self.root, &of_scope, record) {
                        each(Found { container, scope, record });
                    }
                }
            }
        }
    }

    /// Whether a record passes.
    pub fn is_match(&self, found: &Found<'_>) -> bool {
        let above: Vec<bool> = self
            .leaves
            .iter()
            .map(|leaf| leaf.passes_resource(found.container) || leaf.passes_scope(found.scope))
            .collect();
        self.passes(&self.root, &above, found.record)
    }

    /// What of the message of a record is found, as expressions.
    pub fn highlights(&self) -> Vec<Regex> {
        let mut found = Vec::new();
        self.collect_highlights(&self.root, &mut found);
        found
    }

    fn collect_highlights(&self, node: &Node, found: &mut Vec<Regex>) {
        match node {
            Node::True | Node::Not(_) => {}
            Node::And(nodes) | Node::Or(nodes) => {
                nodes.iter().for_each(|node| self.collect_highlights(node, found));
            }
            Node::Leaf(number) => match &self.leaves[*number] {
                Leaf { field, predicate: Predicate::Equals(equal) }
                    if field.is_any || field.intrinsic == Some(Intrinsic::Message) =>
                {
                    let (words, is_phrase) = &equal.prose;
                    found.extend(words.iter().filter_map(|word| word.highlight(*is_phrase)));
                }
                _ => {}
            },
        }
    }

    fn passes(&self, node: &Node, above: &[bool], record: &[u8]) -> bool {
        match node {
            Node::True => true,
            Node::And(nodes) => nodes.iter().all(|node| self.passes(node, above, record)),
            Node::Or(nodes) => nodes.iter().any(|node| self.passes(node, above, record)),
            Node::Not(node) => !self.passes(node, above, record),
            Node::Leaf(number) => {
                let leaf = &self.leaves[*number];
                // A severity outranks the attributes of resource and scope, as it does those of the record.
                let is_above = above[*number]
                    && !(leaf.field.intrinsic == Some(Intrinsic::Level) && has_severity(record));
                is_above || leaf.passes_record(self.signal, record)
            }
        }
    }
}

/// The field of ids of so many hexadecimal digits as a value has.
fn id_of(text: &Text) -> Option<Intrinsic> {
    let whole = text.whole();
    let id = whole.as_literal().filter(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    match id.len() {
        32 => Some(Intrinsic::TraceId),
        16 => Some(Intrinsic::SpanId),
        _ => None,
    }
}

impl Leaf {
    fn passes_resource(&self, container: &[u8]) -> bool {
        self.field.of_resource(container, &mut |seen| self.passes(seen))
    }

    fn passes_scope(&self, container: &[u8]) -> bool {
        self.field.of_scope(container, &mut |seen| self.passes(seen))
    }

    fn passes_record(&self, signal: Signal, record: &[u8]) -> bool {
        self.field.of_record(signal, record, &mut |seen| self.passes(seen))
    }

    fn passes(&self, seen: Seen<'_>) -> bool {
        seen.passes(&self.predicate, self.field.is_prose)
    }

    /// Whether a value of the intrinsic field passes.
    pub fn passes_value(&self, value: Value<'_>) -> bool {
        self.predicate.passes(value, self.field.is_prose)
    }

    /// What a value of the intrinsic field says of the whole field: an attribute of that name may pass where it does not,
    /// unless it is a level, where attributes count only without a severity.
    pub fn maybe(&self, passes: bool) -> Option<bool> {
        (passes || self.field.is_intrinsic() || self.field.intrinsic == Some(Intrinsic::Level))
            .then_some(passes)
    }

    /// Whether something in the bytes that is no text may pass: of all fields, the level of a log record and the status of a
    /// span are numbers there.
    pub fn may_be_a_number(&self) -> bool {
        self.field.is_any && named_numbers().any(|name| self.passes_value(Value::Text(name)))
    }

    /// Whether the field holds prose.
    pub fn is_prose(&self) -> bool {
        self.field.is_prose
    }
}

impl Pattern {
    /// The longest text that whatever matches must hold.
    pub fn longest_literal(&self) -> Option<&str> {
        let texts = self.0.iter().filter_map(|piece| match piece {
            super::Piece::Literal(text) => Some(text.as_str()),
            super::Piece::Anything => None,
        });
        texts.max_by_key(|text| text.len())
    }
}
