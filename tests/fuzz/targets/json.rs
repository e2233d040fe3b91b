//! Any text as JSON: rejected, or read, written and read again without a difference.
#![no_main]

use libfuzzer_sys::fuzz_target;
use obs::otlp::{Batch, json};

fuzz_target!(|text: &[u8]| {
    let parsed = match json::read(text) {
        Ok(parsed) => parsed,
        Err(fault) => {
            assert!(fault.offset <= text.len());
            return assert!(!fault.to_string().is_empty());
        }
    };
    let batch = parsed.batch;
    let checked = Batch::parse(batch.signal(), batch.bytes().clone()).expect("what was read is a batch");
    assert_eq!(checked, batch);

    let mut strict = Vec::new();
    assert_eq!(json::write(&batch, &mut strict), 0);
    let again = json::read(&strict).expect("own JSON is valid");
    assert_eq!(again.consumed, strict.len());
    let mut twice = Vec::new();
    json::write(&again.batch, &mut twice);
    assert_eq!(strict, twice);
    // A key that comes twice is not written twice.
    assert!(again.batch.bytes().len() <= batch.bytes().len());
});
