use std::fmt;
use std::str::FromStr;

use regex::Regex;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// What a rule looks like, for messages.
const EXPECTED: &str =
    r"a redaction rule such as user.email, hash:user.id, drop:http.request.header.* or card=~\d{13,16}";

/// What happens to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It becomes `****`.
    Mask,
    /// It becomes a digest of itself.
    Hash,
    /// It goes, with its name.
    Drop,
}

impl Action {
    fn of_name(name: &str) -> Option<Action> {
        match name {
            "mask" => Some(Action::Mask),
            "hash" => Some(Action::Hash),
            "drop" => Some(Action::Drop),
            _ => None,
        }
    }
}

/// Which values to hide and how, `[ACTION:]NAME[=~REGEX]`; [`crate::redact`] says what it means.
#[derive(Debug, Clone)]
pub struct Rule {
    text: String,
    action: Action,
    name: regex::bytes::Regex,
    pattern: Option<Regex>,
}

impl Rule {
    /// What happens to the values.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Whether it is about values of that name.
    pub(super) fn names(&self, key: &[u8]) -> bool {
        self.name.is_match(key)
    }

    /// What to look for in the values; a rule without it is about all of the value.
    pub(super) fn pattern(&self) -> Option<&Regex> {
        self.pattern.as_ref()
    }
}

/// The rule as it was written.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Rule {
    type Err = String;

    /// # Errors
    /// An action that does not exist, a name that is missing or surely not meant so, a pattern that cannot be read.
    fn from_str(text: &str) -> Result<Rule, String> {
        let (head, pattern) = match text.split_once("=~") {
            Some((head, pattern)) => (head, Some(pattern)),
            None => (text, None),
        };
        let (action, name) = match head.split_once(':') {
            None => (Action::Mask, head),
            Some((word, name)) => {
                let action = Action::of_name(word).ok_or_else(|| {
                    format!(
                        "expected mask, hash or drop before the colon, found {word:?}; a name that holds a colon \
                         needs an action before it: mask:{head}"
                    )
                })?;
                (action, name)
            }
        };
        check_name(name, text)?;
        let pattern = pattern.map(|pattern| parse_pattern(pattern, text)).transpose()?;
        let name = glob(name)
            .map_err(|error| format!("expected a shorter name, found {} bytes: {error}", name.len()))?;
        Ok(Rule { text: text.into(), action, name, pattern })
    }
}

fn check_name(name: &str, rule: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(match rule {
            "" => format!("expected {EXPECTED}, found nothing"),
            _ => format!("expected a name in {rule:?}; * stands for all"),
        });
    }
    if name.trim() != name {
        return Err(format!("expected no white space around the name, found {name:?} in {rule:?}"));
    }
    // Taken as a name it would match nothing, and nobody would notice.
    if name.contains('=') {
        return Err(format!(
            "expected =~ between the name and a pattern, found = in {rule:?}; in a name ? stands for it"
        ));
    }
    Ok(())
}

fn parse_pattern(pattern: &str, rule: &str) -> Result<Regex, String> {
    if pattern.is_empty() {
        return Err(format!("expected a regular expression after =~ in {rule:?}"));
    }
    Regex::new(pattern).map_err(|error| {
        // The crate draws the place over several lines; the last one says what is wrong.
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        format!("expected a regular expression after =~, found {pattern:?}: {reason}")
    })
}

/// The expression that matches the names which the glob stands for.
fn glob(name: &str) -> Result<regex::bytes::Regex, regex::Error> {
    let mut expression = String::from(r"\A");
    let mut buffer = [0; 4];
    for character in name.chars() {
        match character {
            '*' => expression.push_str(r"(?s-u:.)*"),
            '?' => expression.push_str(r"(?s:.)"),
            _ => expression.push_str(&regex::escape(character.encode_utf8(&mut buffer))),
        }
    }
    expression.push_str(r"\z");
    regex::bytes::Regex::new(&expression)
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rule, D::Error> {
        struct RuleVisitor;
        impl Visitor<'_> for RuleVisitor {
            type Value = Rule;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Rule, E> {
                text.parse().map_err(E::custom)
            }
        }
        // A colon with a space behind it makes a mapping of the entry; only so the message says what was expected.
        deserializer.deserialize_any(RuleVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Rule};

    fn rule(text: &str) -> Rule {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn rules_are_an_action_a_name_and_a_pattern() {
        use Action::{Drop, Hash, Mask};
        for (text, action, matching, other, pattern) in [
            ("user.email", Mask, "user.email", "user_email", None),
            ("user.email", Mask, "user.email", "User.Email", None),
            ("user.email", Mask, "user.email", "user.email.domain", None),
            ("user.email", Mask, "user.email", "a.user.email", None),
            ("mask:user.email", Mask, "user.email", "mask:user.email", None),
            ("hash:user.*", Hash, "user.", "user", None),
            ("hash:user.*", Hash, "user.\u{0}\n", "xuser.a", None),
            ("drop:*password*", Drop, "db.password.old", "db.passwd", None),
            ("drop:mask:x", Drop, "mask:x", "x", None),
            ("a?c", Mask, "aüc", "ac", None),
            ("a?c", Mask, "a\nc", "abbc", None),
            ("**", Mask, "", "\u{0}", None),
            ("[a]+", Mask, "[a]+", "aa", None),
            (r"card=~\d{13,16}", Mask, "card", "card=~", Some(r"\d{13,16}")),
            ("hash:*=~a=~b:c", Hash, "anything", "\u{0}", Some("a=~b:c")),
            ("drop:body=~ x", Drop, "body", "Body", Some(" x")),
        ] {
            let rule = rule(text);
            assert_eq!(rule.action(), action, "{text}");
            assert!(rule.names(matching.as_bytes()), "{text} and {matching:?}");
            if other != "\u{0}" {
                assert!(!rule.names(other.as_bytes()), "{text} and {other:?}");
            }
            assert_eq!(rule.pattern().map(|pattern| pattern.as_str()), pattern, "{text}");
            assert_eq!(rule.to_string(), text);
        }
    }

    #[test]
    fn what_is_surely_not_meant_so_is_an_error_that_says_what_is_expected() {
        let long = "x".repeat(2_000_000);
        for (text, expected) in [
            (
                "",
                r"expected a redaction rule such as user.email, hash:user.id, drop:http.request.header.* or card=~\d{13,16}, found nothing",
            ),
            ("hash:", r#"expected a name in "hash:"; * stands for all"#),
            (r"=~\d+", r#"expected a name in "=~\\d+"; * stands for all"#),
            (
                "hsah:user.id",
                r#"expected mask, hash or drop before the colon, found "hsah"; a name that holds a colon needs an action before it: mask:hsah:user.id"#,
            ),
            (
                "Hash:user.id=~x",
                r#"expected mask, hash or drop before the colon, found "Hash"; a name that holds a colon needs an action before it: mask:Hash:user.id"#,
            ),
            (
                "hash: user.id",
                r#"expected no white space around the name, found " user.id" in "hash: user.id""#,
            ),
            ("card =~ x", r#"expected no white space around the name, found "card " in "card =~ x""#),
            (
                r"card=\d+",
                r#"expected =~ between the name and a pattern, found = in "card=\\d+"; in a name ? stands for it"#,
            ),
            ("card=~", r#"expected a regular expression after =~ in "card=~""#),
            ("card=~(", r#"expected a regular expression after =~, found "(": unclosed group"#),
            (
                r"card=~\d{2000000}",
                r#"expected a regular expression after =~, found "\\d{2000000}": Compiled regex exceeds size limit of 10485760 bytes."#,
            ),
            (
                &long,
                "expected a shorter name, found 2000000 bytes: Compiled regex exceeds size limit of 10485760 bytes.",
            ),
        ] {
            let shown: String = text.chars().take(40).collect();
            assert_eq!(text.parse::<Rule>().expect_err(&shown), expected, "{shown}");
        }
    }

    #[test]
    fn a_list_in_yaml_holds_the_same_text() {
        let rules: Vec<Rule> =
            serde_saphyr::from_str("[user.email, 'hash:user.id', 'card=~\\d{13,16}']").unwrap();
        let rules: Vec<String> = rules.iter().map(Rule::to_string).collect();
        assert_eq!(rules, ["user.email", "hash:user.id", r"card=~\d{13,16}"]);

        for (yaml, expected) in
            [("['a:b']", "expected mask, hash or drop"), ("- hash: user.id", "a redaction rule such as")]
        {
            let error = serde_saphyr::from_str::<Vec<Rule>>(yaml).expect_err(yaml).to_string();
            assert!(error.contains(expected), "{yaml}: {error}");
        }
    }
}
