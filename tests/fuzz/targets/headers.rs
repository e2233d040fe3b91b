//! What peers and users write into headers and flags: tracestates, rates, gRPC prefixes and error bodies.
#![no_main]

use libfuzzer_sys::fuzz_target;
use obs::net::{ErrorBody, grpc};
use obs::probability::{Rate, Threshold, tracestate};

fuzz_target!(|bytes: &[u8]| {
    let _ = grpc::parse_prefix(bytes);
    let _ = ErrorBody::decode(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(rate) = text.parse::<Rate>() {
        assert!((0.0..=1.0).contains(&rate.share()));
    }
    let before = tracestate::parse(text);
    let threshold = Threshold::parse("8");
    let mut rewritten = String::new();
    tracestate::rewrite(text, threshold, &mut rewritten);
    let after = tracestate::parse(&rewritten);
    assert_eq!(after.threshold, threshold);
    assert_eq!(after.randomness, before.randomness, "{text:?} became {rewritten:?}");
});
