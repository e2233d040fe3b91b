//! What must not be kept is not kept: neither in what comes out nor in the file.

use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use serde_json::Value;

use super::database::Db;
use crate::support::telemetry::{frame, log, logs_of, span, spans_of, text};

const EMAIL: &str = "ada.lovelace@example.org";
const CARD: &str = "4111111111111111";
const TOKEN: &str = "Bearer-s3cr3t-t0ken-0001";
const BODY: &str = "card 4111111111111111 of ada.lovelace@example.org declined";

/// A span and a log record that say too much.
fn telling() -> Vec<u8> {
    let mut span = span(1);
    span.attributes.extend([
        text("user.email", EMAIL),
        text("card", &format!("paid with {CARD} today")),
        text("http.request.header.authorization", TOKEN),
        text("order.id", "order-0815"),
    ]);
    let mut record = log(2);
    record.body = Some(AnyValue { value: Some(any_value::Value::StringValue(BODY.into())) });
    record.attributes.push(text("user.email", EMAIL));
    [frame(1, &spans_of("checkout", vec![span])), frame(3, &logs_of("checkout", vec![record]))].concat()
}

/// The values of a list of attributes, by name.
fn attribute<'a>(attributes: &'a Value, key: &str) -> Option<&'a str> {
    let found = attributes.as_array().unwrap().iter().find(|attribute| attribute["key"] == key)?;
    found["value"]["stringValue"].as_str()
}

/// The span and the log record that come out.
fn exported(db: &Db) -> (Value, Value) {
    let end = db.store("export").run();
    end.expect(0, "");
    let lines = end.lines();
    assert_eq!(lines.len(), 2);
    let span = lines[0]["resourceSpans"][0]["scopeSpans"][0]["spans"][0].clone();
    (span, lines[1]["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0].clone())
}

/// Whether a text is in the file, in any of its parts when they are unpacked, or in its log.
fn holds(db: &Db, text: &str) -> bool {
    let within = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let mut places = vec![db.bytes(), std::fs::read(db.dir.file("obs.db-wal")).unwrap_or_default()];
    let connection = db.sql();
    for table in ["payloads", "columns"] {
        let mut statement = connection.prepare(&format!("SELECT data FROM {table}")).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        places.extend(rows.map(|data| zstd::bulk::decompress(&data.unwrap(), 1 << 20).unwrap()));
    }
    places.iter().any(|place| within(place))
}

#[test]
fn without_rules_all_is_kept() {
    let db = Db::new();
    db.keep(telling());
    // Else the tests below would find nothing anywhere.
    for text in [EMAIL, CARD, TOKEN, BODY, "order-0815"] {
        assert!(holds(&db, text), "{text}");
    }
}

#[test]
fn values_are_masked_hashed_and_dropped() {
    let db = Db::new();
    let mut store = db.store("--ledger ledger.json");
    for rule in [
        "hash:user.email",
        r"card=~\d{13,16}",
        "drop:http.request.header.*",
        r"body=~\S+@\S+",
        r"body=~\d{13,16}",
    ] {
        store = store.arg("--redact").arg(rule);
    }
    let end = store.stdin(telling()).run();
    end.expect(0, "2 values redacted by hash:user.email")
        .expect(0, "1 values redacted by drop:http.request.header.*");
    let ledger: Value = serde_json::from_slice(&std::fs::read(db.dir.file("ledger.json")).unwrap()).unwrap();
    let counted: Vec<_> =
        ledger["redacted"].as_array().unwrap().iter().map(|rule| rule["values"].as_u64().unwrap()).collect();
    assert_eq!(counted, [2, 1, 1, 1, 1]);

    let (span, record) = exported(&db);
    assert_eq!(attribute(&span["attributes"], "card"), Some("paid with **** today"));
    assert_eq!(attribute(&span["attributes"], "http.request.header.authorization"), None);
    assert_eq!(attribute(&span["attributes"], "order.id"), Some("order-0815"));
    assert_eq!(record["body"]["stringValue"], "card **** of **** declined");
    let digests = [&span, &record].map(|item| attribute(&item["attributes"], "user.email").unwrap());
    assert_eq!(digests[0], digests[1], "the same value has the same digest");
    assert!(!digests[0].contains("ada") && digests[0].len() >= 16, "{}", digests[0]);

    for text in [EMAIL, CARD, TOKEN, "ada.lovelace", "s3cr3t"] {
        assert!(!holds(&db, text), "{text} is in the file");
    }
    assert!(holds(&db, "order-0815"));
    db.expect_whole(2);
}

#[test]
fn the_configuration_adds_rules() {
    let db = Db::new();
    db.dir.write("my.yaml", "storage:\n  redact:\n    - user.email\n    - 'drop:body'\n");
    let end = db.store("--config my.yaml --redact card").stdin(telling()).run();
    end.expect(0, "2 values redacted by user.email");
    let (span, record) = exported(&db);
    assert_eq!(attribute(&span["attributes"], "user.email"), Some("****"));
    assert_eq!(attribute(&span["attributes"], "card"), Some("****"));
    assert_eq!(record.get("body"), None);
    for text in [EMAIL, CARD, BODY] {
        assert!(!holds(&db, text), "{text} is in the file");
    }
}

#[test]
fn a_pipeline_redacts_for_its_store_alone() {
    let db = Db::new();
    let pipeline = "sample --rate 1 - | tee { store --redact user.email } { store --db all.db }";
    let end = crate::support::Obs::new(&db.dir, "run").arg(pipeline).stdin(telling()).run();
    end.expect(0, "");
    let (span, _) = exported(&db);
    assert_eq!(attribute(&span["attributes"], "user.email"), Some("****"));
    let all = db.store("export --db all.db").run().text();
    assert!(all.contains(EMAIL));
}
