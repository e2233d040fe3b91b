//! Patterns in a text.

use std::ops::Range;

use super::digest;
use super::rule::{Action, Rule};

/// What stands for a value that is masked.
pub(super) const MASK: &str = "****";

/// A part of a text and the rule that hides it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    at: Range<usize>,
    pub(super) rule: usize,
}

/// What `patterns`, positions in `rules`, find in a text: parts in their order, which do not overlap.
///
/// # Errors
/// A rule that drops the value; its position.
pub(super) fn search(rules: &[Rule], patterns: &[usize], text: &str) -> Result<Vec<Found>, usize> {
    let mut found = Vec::new();
    for &rule in patterns {
        let Some((of, pattern)) = rules.get(rule).and_then(|of| Some((of, of.pattern()?))) else { continue };
        for part in pattern.find_iter(text).filter(|part| !part.is_empty()) {
            if of.action() == Action::Drop {
                return Err(rule);
            }
            found.push(Found { at: part.range(), rule });
        }
    }
    if patterns.len() > 1 {
        merge(&mut found);
    }
    Ok(found)
}

/// Makes one of parts that overlap, so that what several rules find is hidden in full.
fn merge(found: &mut Vec<Found>) {
    found.sort_by_key(|part| part.at.start);
    found.dedup_by(|next, part| {
        let overlaps = next.at.start < part.at.end;
        if overlaps {
            part.at.end = part.at.end.max(next.at.end);
            part.rule = part.rule.min(next.rule);
        }
        overlaps
    });
}

/// The text with the parts hidden.
pub(super) fn replace(rules: &[Rule], text: &str, found: &[Found]) -> String {
    let mut out = String::with_capacity(text.len() + found.len() * MASK.len());
    let mut copied = 0;
    for part in found {
        out.push_str(&text[copied..part.at.start]);
        match rules.get(part.rule).map(Rule::action) {
            Some(Action::Hash) => out.push_str(&digest::of_text(&text[part.at.clone()])),
            _ => out.push_str(MASK),
        }
        copied = part.at.end;
    }
    out.push_str(&text[copied..]);
    out
}

#[cfg(test)]
mod tests {
    use super::{replace, search};
    use crate::redact::Rule;

    fn redact(rules: &[&str], text: &str) -> Result<String, usize> {
        let rules: Vec<Rule> = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        let patterns: Vec<usize> = (0..rules.len()).collect();
        Ok(replace(&rules, text, &search(&rules, &patterns, text)?))
    }

    #[test]
    fn what_is_found_is_hidden_and_nothing_else() {
        for (rules, text, expected) in [
            (&[r"*=~\d+"][..], "a1b22", Ok("a****b****")),
            (&[r"*=~x*"], "abc", Ok("abc")),
            (&[r"*=~x*"], "axxb", Ok("a****b")),
            (&[r"*=~.*"], "grüße", Ok("****")),
            (&[r"*=~ß"], "grüße", Ok("grü****e")),
            // What the first hides does not keep the second from finding.
            (&[r"*=~bob\w*", r"*=~\w+@\w+"], "to bob@home now", Ok("to **** now")),
            (&[r"*=~\w+@\w+", r"*=~bob\w*"], "to bob@home, bobby", Ok("to ****, ****")),
            (&[r"*=~ab", r"*=~cd"], "abcd", Ok("********")),
            (&[r"*=~ab", r"*=~bc", r"*=~cd"], "xabcdx", Ok("x****x")),
            // The digest of "abc" is in the standard (FIPS 180-4).
            (&[r"hash:*=~abc"], "xabcx", Ok("xba7816bf8f01cfeax")),
            (&[r"hash:*=~ab", r"*=~bc"], "abc", Ok("ba7816bf8f01cfea")),
            (&[r"*=~ab", r"hash:*=~bc"], "abc", Ok("****")),
            (&[r"*=~bc", r"hash:*=~ab"], "abc", Ok("****")),
            (&[r"*=~a", r"drop:*=~c", r"drop:*=~b"], "abc", Err(1)),
            (&[r"*=~a", r"drop:*=~d"], "abc", Ok("****bc")),
        ] {
            assert_eq!(redact(rules, text), expected.map(String::from), "{rules:?} on {text:?}");
        }
    }
}
