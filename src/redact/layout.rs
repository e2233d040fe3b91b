//! Where in a batch there are values, boiled down from the schema so that new places of the protocol are found too.

use crate::otlp::Signal;
use crate::otlp::proto::schema::AnyValue;
use crate::otlp::schema::{Kind, MAX_FIELD_NUMBER, Message};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// No values.
    Nothing,
    /// A name and a value.
    Attribute,
    /// A value without a name.
    Body,
    /// A message with values in it, which has this layout.
    Message(usize),
}

/// What the fields of a message hold, by their numbers.
pub(super) type Layout = [Holds; MAX_FIELD_NUMBER + 1];

const NOTHING: Layout = [Holds::Nothing; MAX_FIELD_NUMBER + 1];

/// The layouts of all messages that hold values.
#[derive(Debug)]
pub(super) struct Layouts {
    layouts: Vec<Layout>,
    roots: [Option<usize>; Signal::ALL.len()],
}

impl Layouts {
    pub(super) fn new() -> Self {
        let mut layouts = Vec::new();
        let roots = Signal::ALL.map(|signal| add(&mut layouts, signal.message()));
        Layouts { layouts, roots }
    }

    /// The layout of a batch.
    pub(super) fn root(&self, signal: Signal) -> Option<usize> {
        self.roots[signal.index()]
    }

    /// The layout that [`Holds::Message`] refers to.
    #[inline]
    pub(super) fn get(&self, layout: usize) -> &Layout {
        self.layouts.get(layout).unwrap_or(&NOTHING)
    }
}

/// What the field of that number holds.
#[inline]
pub(super) fn holds(layout: &Layout, number: u32) -> Holds {
    layout.get(number as usize).copied().unwrap_or(Holds::Nothing)
}

fn add(layouts: &mut Vec<Layout>, message: &'static Message) -> Option<usize> {
    let mut layout = NOTHING;
    for field in message.fields {
        let Kind::Message(inner) = field.kind else { continue };
        let holds = if inner.is_attribute {
            Holds::Attribute
        } else if std::ptr::eq(inner, &AnyValue) {
            Holds::Body
        } else {
            add(layouts, inner).map_or(Holds::Nothing, Holds::Message)
        };
        if let Some(place) = layout.get_mut(field.number as usize) {
            *place = holds;
        }
    }
    if layout == NOTHING {
        return None;
    }
    layouts.push(layout);
    Some(layouts.len() - 1)
}
