//! Names that people type.

use anyhow::anyhow;

use crate::error::CommandError;
use crate::expr::{Intrinsic, Matcher, Predicate};

/// How alike a name must be to be meant: Jaro and Winkler's measure, from 0 to 1.
const LIKENESS: f64 = 0.75;

/// A list of more names than these helps nobody.
const LISTED: usize = 12;

/// Expects that a service is one of those `known`, which are in order.
///
/// # Errors
/// It is none of them: says which one may be meant.
pub fn expect_service(name: &str, known: &[String]) -> Result<(), CommandError> {
    match is_known(name, known) {
        true => Ok(()),
        false => Err(CommandError::usage(anyhow!("there is no service {name:?}")).hint(hint(name, known))),
    }
}

/// The services that are looked for and none of those `known`, which are in order, and what may be meant.
pub fn unknown_services<'a>(matcher: &'a Matcher, known: &[String]) -> Vec<(&'a str, String)> {
    let mut unknown: Vec<(&str, String)> = Vec::new();
    for leaf in &matcher.leaves {
        if let (Some(Intrinsic::Service), Predicate::Equals(equal)) = (leaf.field.intrinsic, &leaf.predicate)
            && let Some(name) = equal.literal().filter(|name| !name.is_empty() && !is_known(name, known))
            && !unknown.iter().any(|(other, _)| *other == name)
        {
            unknown.push((name, hint(name, known)));
        }
    }
    unknown
}

fn is_known(name: &str, known: &[String]) -> bool {
    known.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
}

fn hint(name: &str, known: &[String]) -> String {
    let like = |known: &&String| strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase());
    let nearest = known.iter().max_by(|one, other| like(one).total_cmp(&like(other)));
    let meant = nearest.filter(|known| like(known) >= LIKENESS).map(|name| format!("do you mean {name:?}?"));
    let list = match known.len() {
        0 => Some("the database has no services".to_owned()),
        1..=LISTED => {
            let names: Vec<String> = known.iter().map(|name| format!("{name:?}")).collect();
            Some(format!("there are {}", names.join(", ")))
        }
        _ if meant.is_none() => Some("obs query services lists them".to_owned()),
        _ => None,
    };
    meant.into_iter().chain(list).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_that_is_meant_is_named() {
        let known: Vec<String> = ["cart", "checkout", "payment"].map(String::from).into();
        assert!(expect_service("cart", &known).is_ok());
        let hint = |name| expect_service(name, &known).unwrap_err().hint.unwrap();
        let list = r#"there are "cart", "checkout", "payment""#;
        assert_eq!(hint("Chekout"), format!(r#"do you mean "checkout"? {list}"#));
        assert_eq!(hint("x"), list);
        let many: Vec<String> = (10..40).map(|number| format!("service {number}")).collect();
        let hint = |name| expect_service(name, &many).unwrap_err().hint.unwrap();
        assert!(hint("Service 12").starts_with(r#"do you mean "service 12"?"#));
        assert_eq!(hint("x"), "obs query services lists them");
        assert_eq!(
            expect_service("x", &[]).unwrap_err().hint.as_deref(),
            Some("the database has no services")
        );
    }
}
