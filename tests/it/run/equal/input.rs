//! Recorded streams: random messages, numbered ones, and what is no message.

use obs::otlp::Signal;
use opentelemetry_proto::tonic::trace::v1::Status;
use proptest::prelude::*;
use prost::Message;

use crate::otlp_properties::messages::Data;
use crate::otlp_properties::{Case, case, parse_batch, signals, write};
use crate::support::telemetry::{log, logs_of, metrics, span, spans_of, text};

/// Services that numbered items come from, and that samplers have rates for.
pub const SERVICES: [&str; 4] = ["checkout", "a b", "größe=1", "it's \"quoted\" $HOME"];

const STATES: [&str; 5] = ["", "ot=th:8", "ot=th:c;rv:fedcba98765432", "vendor=1,ot=th:0", "nonsense;;"];

const BAD_LINES: [&str; 5] = [
    "garbage\n",
    "[1,2]\n",
    "{\"something\":\"else\"}\n",
    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"abc\"}]}]}]}\n",
    "{\"resourceSpans\":[\n",
];

const BAD_FRAMES: [&[u8]; 3] =
    [&[1, 0, 0, 3, 0xff, 0xff, 0xff], &[2, 0, 0, 1, 0x0a], &[3, 0, 0, 2, 0x08, 0x01]];

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Ndjson,
    Frames,
    /// Frames that do not say their signal, and hold only this one.
    Unnamed(Signal),
}

#[derive(Debug, Clone)]
enum Piece {
    Random(Signal, Case),
    Spans {
        service: &'static str,
        first: u64,
        count: u64,
        milliseconds: u64,
        failed: bool,
        state: &'static str,
    },
    Logs {
        service: &'static str,
        first: u64,
        count: u64,
    },
    Points {
        first: u64,
        count: u64,
    },
    Bad(usize),
}

/// A file of a stream.
#[derive(Debug, Clone)]
pub struct Recording {
    pieces: Vec<Piece>,
    cut_off: bool,
}

fn piece() -> impl Strategy<Value = Piece> {
    let service = prop::sample::select(&SERVICES[..]);
    let numbers = (0u64..1000, 0u64..40);
    let spans = (
        service.clone(),
        numbers.clone(),
        prop::sample::select(&[0u64, 5, 50, 5000][..]),
        any::<bool>(),
        prop::sample::select(&STATES[..]),
    );
    prop_oneof![
        4 => (signals(), case()).prop_map(|(signal, bytes)| Piece::Random(signal, bytes)),
        4 => spans.prop_map(|(service, (first, count), milliseconds, failed, state)| Piece::Spans {
            service, first, count, milliseconds, failed, state
        }),
        2 => (service, numbers.clone()).prop_map(|(service, (first, count))| Piece::Logs { service, first, count }),
        1 => numbers.prop_map(|(first, count)| Piece::Points { first, count }),
        1 => (0..60usize).prop_map(Piece::Bad),
    ]
}

pub fn recording() -> impl Strategy<Value = Recording> {
    let with_random = prop::bool::weighted(0.6);
    (prop::collection::vec(piece(), 0..12), with_random, prop::bool::weighted(0.05)).prop_map(
        |(mut pieces, with_random, cut_off)| {
            pieces.retain(|piece| with_random || !matches!(piece, Piece::Random(..)));
            Recording { pieces, cut_off }
        },
    )
}

impl Piece {
    fn message(&self) -> Option<(Signal, Vec<u8>)> {
        Some(match self {
            Piece::Random(signal, bytes) => (*signal, Data::random(*signal, &mut bytes.choices()).encode()),
            Piece::Spans { service, first, count, milliseconds, failed, state } => {
                let made = (*first..first + count).map(|number| {
                    let mut span = span(number);
                    span.end_time_unix_nano = span.start_time_unix_nano + milliseconds * 1_000_000;
                    span.trace_state = (*state).into();
                    span.status = failed.then(|| Status { code: 2, ..Default::default() });
                    span.attributes.push(text("state", state));
                    span
                });
                (Signal::Traces, spans_of(service, made.collect()).encode_to_vec())
            }
            Piece::Logs { service, first, count } => {
                let made = (*first..first + count).map(log).collect();
                (Signal::Logs, logs_of(service, made).encode_to_vec())
            }
            Piece::Points { first, count } => {
                (Signal::Metrics, metrics(*first..first + count).encode_to_vec())
            }
            Piece::Bad(_) => return None,
        })
    }
}

impl Recording {
    /// The bytes of the file.
    pub fn bytes(&self, encoding: Encoding) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in &self.pieces {
            match (piece, piece.message(), encoding) {
                (_, Some((signal, wire)), Encoding::Ndjson) => {
                    out.extend(write(&parse_batch(signal, wire)).0.bytes());
                    out.push(b'\n');
                }
                (_, Some((signal, wire)), Encoding::Frames) => {
                    frame(signal.index() as u8 + 1, &wire, &mut out)
                }
                (_, Some((signal, wire)), Encoding::Unnamed(only)) if signal == only => {
                    frame(0, &wire, &mut out)
                }
                (Piece::Bad(which), _, Encoding::Ndjson) => {
                    out.extend(BAD_LINES[which % BAD_LINES.len()].bytes())
                }
                (Piece::Bad(which), _, Encoding::Frames) => out.extend(BAD_FRAMES[which % BAD_FRAMES.len()]),
                _ => {}
            }
        }
        if self.cut_off {
            out.truncate(out.len().saturating_sub(10));
        }
        out
    }

    pub fn is_random(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Random(..)))
    }

    /// Whether some of the file is no message for certain.
    pub fn is_bad(&self, encoding: Encoding) -> bool {
        !self.cut_off
            && !matches!(encoding, Encoding::Unnamed(_))
            && self.pieces.iter().any(|piece| matches!(piece, Piece::Bad(_)))
    }
}

fn frame(signal: u8, wire: &[u8], out: &mut Vec<u8>) {
    let [_, length @ ..] = (wire.len() as u32).to_be_bytes();
    out.push(signal);
    out.extend(length);
    out.extend(wire);
}
