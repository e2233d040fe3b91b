//! Redaction: values that must not travel on or be kept are masked, hashed or dropped.
//!
//! A [`Rule`] is a line of text, `[ACTION:]NAME[=~REGEX]`:
//!
//! | rule | what it does |
//! |---|---|
//! | `user.email` | the value of the attribute `user.email` becomes `****` |
//! | `hash:user.*` | values of attributes whose names begin with `user.` become digests |
//! | `drop:http.request.header.*` | these attributes are removed |
//! | `card=~\d{13,16}` | what the pattern finds in values of `card` becomes `****` |
//! | `drop:body=~(?i)password` | bodies of log records in which the pattern finds something are removed |
//! | `*=~[\w.]+@[\w.]+` | what the pattern finds in any value becomes `****` |
//!
//! **Actions.** `mask` (the default) writes `****`. `hash` writes the first 16 hex digits of the SHA-256, so that equal
//! values stay equal; there is no key, so that a value of which there are few (a telephone number, a card) can be found
//! by hashing them all. `drop` removes the attribute; counts of dropped attributes do not change by it.
//!
//! **Names.** `*` stands for any characters, `?` for one; case counts. A name that holds a colon needs an action before
//! it; one that holds `=` is written with `?` in its place. Names of attributes count wherever there are
//! any: on resources, scopes, spans, their events and links, log records, data points, exemplars and metrics. The body
//! of a log record is taken for an attribute with the name `body`. A key that is nested in a value counts by itself:
//! `email` reaches the body `{"user": {"email": …}}`, `user.email` does not. Names of spans, events and metrics,
//! descriptions, status messages and trace states are not looked at.
//!
//! **Patterns** (syntax of the crate `regex`) search strings and the decimal text of integers, doubles and booleans,
//! also those nested in the value of the name; not bytes, and not keys. In a string only what is found is replaced; of
//! anything else the whole value, and a match of no characters is none. `drop` removes the innermost named value that
//! holds the match. Each pattern sees the text as it came.
//!
//! **Without a pattern** the whole value is replaced whatever its type is, and so are nested values and fields of it that
//! the protocol does not know yet.
//!
//! **Where several rules meet**, those without a pattern come first, the outermost name before those nested in it; among
//! equals `drop` wins, otherwise the first. Matches that overlap are replaced as one.
//!
//! A value that is written anew leaves nothing behind of what other encoders may have put beside it (an earlier
//! occurrence, another member of the `oneof`); where nothing matches, all bytes stay as they are.

mod digest;
mod edit;
mod element;
mod layout;
mod names;
mod redactor;
mod rule;
mod text;
mod value;

pub use redactor::Redactor;
pub use rule::{Action, Rule};
