//! What came of a pipeline, in a form that does not depend on how it was run.

use obs::otlp::{Signal, json};
use serde_json::Value;

use crate::otlp_properties::messages::Data;
use crate::otlp_properties::split::records;
use crate::support::LedgerFile;
use crate::support::sink::Message;
use prost::Message as _;

/// A span, data point or log record, encoded, with what it is inside of.
pub type Item = (Signal, Vec<Vec<u8>>, Vec<u8>);

/// The items of a stream of lines or frames, in order.
pub fn of_stream(format: &str, mut bytes: &[u8]) -> Vec<Item> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let (signal, message);
        if format == "ndjson" {
            let end = bytes.iter().position(|byte| *byte == b'\n').expect("lines end");
            let batch = json::read(&bytes[..end]).expect("a line is an object").batch;
            (signal, message) = (batch.signal(), batch.bytes().to_vec());
            bytes = &bytes[end + 1..];
        } else {
            let (header, rest) = bytes.split_first_chunk::<4>().expect("a header");
            let length = u32::from_be_bytes([0, header[1], header[2], header[3]]) as usize;
            (signal, message) = (Signal::ALL[usize::from(header[0]) - 1], rest[..length].to_vec());
            bytes = &rest[length..];
        }
        items.extend(of_message(signal, &message));
    }
    items
}

/// The items that a sink has; their order is that of requests under way at once.
pub fn of_sink(messages: Vec<Message>) -> Vec<Item> {
    let mut items: Vec<Item> = messages
        .into_iter()
        .flat_map(|message| match message {
            Message::Traces(request) => of_message(Signal::Traces, &request.encode_to_vec()),
            Message::Metrics(request) => of_message(Signal::Metrics, &request.encode_to_vec()),
            Message::Logs(request) => of_message(Signal::Logs, &request.encode_to_vec()),
        })
        .collect();
    items.sort_by(|one, other| (one.0.index(), &one.1, &one.2).cmp(&(other.0.index(), &other.1, &other.2)));
    items
}

fn of_message(signal: Signal, message: &[u8]) -> Vec<Item> {
    let data = Data::decode(signal, message).expect("a message");
    records(&data).into_iter().map(|(inside, record)| (signal, inside, record)).collect()
}

/// The ledgers of `obs run`, whose equations hold.
pub fn ledgers(text: &str) -> Vec<Value> {
    let json: Value = serde_json::from_str(text).unwrap();
    assert_eq!(json["schema"], "obs.ledgers/1");
    json["stages"].as_array().unwrap().iter().map(|ledger| LedgerFile::parse(&ledger.to_string()).0).collect()
}

/// A ledger under another name.
pub fn renamed(ledger: &Value, name: &str) -> Value {
    let mut ledger = ledger.clone();
    ledger["stage"] = name.into();
    ledger
}
