//! The words of log records are in the filters of their segments.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::tables::open;
use crate::support::telemetry::{frame, log, logs_of, text};
use crate::support::{Obs, TempDir};

fn string(text: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(text.into())) }
}

/// Whether all words of a term may be in a filter; whoever searches asks so.
fn may_hold(filter: &[u8], term: &str) -> bool {
    let mut all = true;
    obs::expr::words::each_word(term, |word| all &= obs::store::filter::may_hold(filter, word));
    all
}

/// The filters of a database, a segment each.
fn filters(path: &str) -> Vec<Vec<u8>> {
    let database = open(path);
    let mut filters = database.prepare("SELECT data FROM word_filters ORDER BY segment").unwrap();
    filters.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_word_of_a_record_is_found_wherever_it_stands() {
    let list =
        ArrayValue { values: vec![string("nested list"), AnyValue { value: Some(Value::IntValue(-404)) }] };
    let pair =
        KeyValue { value: Some(AnyValue { value: Some(Value::ArrayValue(list)) }), ..text("tenant", "") };
    let map = KeyValueList { values: vec![pair] };
    let record = LogRecord {
        body: Some(string("Connection to Db-01 REFUSED: 用户数据库连接超时, Grüße!")),
        severity_text: "Fatal2".into(),
        event_name: "device.app.lifecycle".into(),
        attributes: vec![
            text("message", "naïve café テスト"),
            KeyValue { value: Some(AnyValue { value: Some(Value::KvlistValue(map)) }), ..text("map", "") },
            KeyValue { value: Some(AnyValue { value: Some(Value::DoubleValue(2.5)) }), ..text("ratio", "") },
        ],
        ..log(1)
    };
    let dir = TempDir::new();
    let path = dir.file("figures.db");
    for record in [record, log(2)] {
        Obs::new(&dir, "store --db figures.db")
            .stdin(frame(3, &logs_of("Lager7", vec![record])))
            .run()
            .expect(0, "");
    }
    let filters = filters(&path);
    let [filter, other] = &filters[..] else { panic!("{} filters", filters.len()) };
    for term in [
        "connection",
        "CONNECTION",
        "db",
        "01",
        "refused",
        "grüße",
        "GRÜSSE".to_lowercase().replace("ss", "ß").as_str(),
        "fatal2",
        "lifecycle",
        "naïve",
        "café",
        "nested",
        "404",
        "tenant",
        "2.5",
        "lager7",
        // Terms of two characters and more within a run without spaces.
        "用户",
        "数据",
        "据库",
        "库连",
        "超时",
        "数据库",
        "テス",
        "スト",
    ] {
        assert!(may_hold(filter, term), "{term}");
        let is_in_both = term == "lager7";
        assert_eq!(may_hold(other, term), is_in_both, "{term} in the other segment");
    }
    for term in ["connect", "refusedx", "户用", "lage", "message"] {
        assert!(!may_hold(filter, term), "{term}");
    }
}

#[test]
fn every_word_of_random_texts_is_found() {
    const LETTERS: [&str; 16] =
        ["a", "Z", "9", "é", "ß", "Ж", "户", "数", "カ", "ไ", "한", " ", " ", "-", "_", "\u{301}"];
    let mut random = fastrand::Rng::with_seed(3);
    let texts: Vec<String> = (0..300)
        .map(|_| (0..random.usize(1..120)).map(|_| LETTERS[random.usize(..LETTERS.len())]).collect())
        .collect();
    let dir = TempDir::new();
    let records = texts.iter().map(|body| LogRecord { body: Some(string(body)), ..log(1) }).collect();
    Obs::new(&dir, "store --db figures.db").stdin(frame(3, &logs_of("a", records))).run().expect(0, "");
    let filters = filters(&dir.file("figures.db"));
    for text in &texts {
        assert!(may_hold(&filters[0], text), "{text}");
        // Each of its words too is what a search may ask for; so is each pair of a run without spaces.
        for word in text.split(|letter: char| !letter.is_alphanumeric()) {
            assert!(may_hold(&filters[0], word), "{word} of {text}");
        }
        let letters: Vec<char> = text.chars().collect();
        for pair in letters.windows(2).filter(|pair| pair.iter().all(|letter| "户数カไ한".contains(*letter)))
        {
            assert!(may_hold(&filters[0], &pair.iter().collect::<String>()), "{pair:?} of {text}");
        }
    }
}
