//! Digests that stand for values.

use sha2::{Digest, Sha256};

use super::element::{Member, any_value, name_and_value};

/// Bytes of the digest that are written.
const BYTES: usize = 8;

/// The digest of a text.
pub(super) fn of_text(text: &str) -> String {
    short(&Sha256::digest(text))
}

/// The digest of an `AnyValue`: of a string its text, of a number or truth value its decimal text, of bytes themselves,
/// of a list the digests of its elements, so that it does not depend on how they are encoded.
pub(super) fn of_value(value: &[u8]) -> String {
    short(&full(value))
}

fn short(digest: &[u8]) -> String {
    const_hex::encode(&digest[..BYTES.min(digest.len())])
}

fn full(value: &[u8]) -> [u8; 32] {
    let member = Member::of(value);
    let mut hash = Sha256::new();
    match member.number {
        any_value::ARRAY => {
            hash.update(b"[");
            member.elements().for_each(|element| hash.update(full(element)));
        }
        any_value::KVLIST => {
            hash.update(b"{");
            for pair in member.elements() {
                let (key, value) = name_and_value(pair);
                hash.update(Sha256::digest(key));
                hash.update(full(&value));
            }
        }
        _ => match member.text() {
            Some(text) => hash.update(text.as_bytes()),
            None => hash.update(&member.payload),
        },
    }
    hash.finalize().into()
}
