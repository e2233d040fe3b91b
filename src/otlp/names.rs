//! The names of numbers, as people write them.

use std::borrow::Cow;

/// Values of `Span.kind`, by number.
pub const KINDS: [&str; 6] = ["unspecified", "internal", "server", "client", "producer", "consumer"];

/// Values of `Status.code`, by number.
pub const STATUSES: [&str; 3] = ["unset", "ok", "error"];

/// The name of a `Span.kind`; the number where the protocol has none.
pub fn kind_name(kind: i32) -> Cow<'static, str> {
    name(&KINDS, kind)
}

/// The name of a `Status.code`; the number where the protocol has none.
pub fn status_name(code: i32) -> Cow<'static, str> {
    name(&STATUSES, code)
}

fn name(names: &[&'static str], number: i32) -> Cow<'static, str> {
    let name = usize::try_from(number).ok().and_then(|number| names.get(number));
    name.map_or_else(|| number.to_string().into(), |name| (*name).into())
}

#[cfg(test)]
mod tests {
    use super::super::proto::{SPAN_KIND, STATUS_CODE};
    use super::*;

    #[test]
    fn names_are_those_of_the_protocol() {
        for (name, number) in SPAN_KIND {
            assert_eq!(format!("SPAN_KIND_{}", kind_name(*number).to_uppercase()), *name);
        }
        for (name, number) in STATUS_CODE {
            assert_eq!(format!("STATUS_CODE_{}", status_name(*number).to_uppercase()), *name);
        }
        assert_eq!((&*kind_name(6), &*kind_name(-1), &*status_name(300)), ("6", "-1", "300"));
    }
}
