//! Random traces as plain values.

use crate::support::telemetry::TIME;

pub const CLIENT: u8 = 3;
pub const PRODUCER: u8 = 4;

/// A span, as far as figures depend on it; ids of 0 are not set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawSpan {
    pub trace: u128,
    pub id: u64,
    pub parent: u64,
    /// Number of its service's name.
    pub service: usize,
    /// Number of its name.
    pub name: usize,
    pub kind: u8,
    pub start: u64,
    pub end: u64,
    pub failed: bool,
}

/// Names of services and spans.
#[derive(Debug, Default)]
pub struct Names {
    pub services: Vec<String>,
    pub spans: Vec<String>,
}

impl Names {
    /// Some that are unusual: none at all, other scripts, what has to be escaped.
    pub fn unusual() -> Names {
        let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Names {
            services: all(&["frontend", "checkout", "Lager für \"Tee\"", "数据库", ""]),
            spans: all(&["GET /", "poll\tqueue", ""]),
        }
    }
}

const MINUTE: u64 = 60_000_000_000;

/// Traces of about so many spans in all, whose times are around a few hundred moments of five days.
pub fn random_traces(random: &mut fastrand::Rng, names: &Names, spans: usize) -> Vec<RawSpan> {
    let moments: Vec<u64> = (0..200).map(|_| TIME + random.u64(..5 * 24 * 60 * MINUTE)).collect();
    let mut all = Vec::with_capacity(spans + 40);
    while all.len() < spans {
        let moment = moments[random.usize(..moments.len())];
        random_trace(random, names, moment, &mut all);
    }
    all
}

fn random_trace(random: &mut fastrand::Rng, names: &Names, moment: u64, all: &mut Vec<RawSpan>) {
    let trace = random.u128(1..);
    let first = all.len();
    for number in 0..random.usize(1..25) {
        let parent = (number > 0).then(|| match random.bool() {
            // Deep as well as broad.
            true => all[all.len() - 1],
            false => all[first + random.usize(..number)],
        });
        let is_lost = random.u8(..) < 6;
        let start = match random.u16(..) {
            0 => 0,
            1 => u64::MAX - random.u64(..10),
            _ => moment + random.u64(..2 * MINUTE),
        };
        all.push(RawSpan {
            trace: if random.u8(..) < 3 { 0 } else { trace },
            id: if random.u8(..) < 6 { 0 } else { random.u64(1..) },
            parent: if is_lost { random.u64(1..) } else { parent.map_or(0, |parent| parent.id) },
            service: match parent {
                Some(parent) if random.bool() => parent.service,
                _ => random.usize(..names.services.len()),
            },
            name: random.usize(..names.spans.len()),
            kind: [0, 1, 2, 3, 4, 5, CLIENT, CLIENT][random.usize(..8)],
            start,
            end: random_end(random, start),
            failed: random.u8(..) < 40,
        });
    }
}

/// From before the start to some hours later, often at or beside a bound between buckets.
fn random_end(random: &mut fastrand::Rng, start: u64) -> u64 {
    let power = 1_u64 << random.u32(..44);
    match random.u8(..10) {
        0 => start,
        1 => start.saturating_sub(power),
        2 => start.saturating_add(power),
        3 => start.saturating_add(power + 1),
        4 => start.saturating_add(((power as f64) * (f64::from(random.u8(..16)) / 16.0).exp2()) as u64),
        _ => start.saturating_add(random.u64(..power)),
    }
}
