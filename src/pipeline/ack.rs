use crate::choice::Choice;

/// When a terminal that sends on accepts a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckOn {
    /// When it has a place in the queue.
    Accept,
    /// When the peer, or the dead-letter file, has it.
    Delivery,
}

impl Choice for AckOn {
    const CHOICES: &'static [(&'static str, &'static str, Self)] = &[
        ("on-accept", "When it has a place in the queue of every relay", AckOn::Accept),
        ("on-delivery", "When the peer of every relay has it", AckOn::Delivery),
    ];
}
