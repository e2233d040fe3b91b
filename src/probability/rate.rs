use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};

/// A share from 0 to 1, written `0.05`, `5%` or `1/20`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// All.
    pub const ALL: Rate = Rate(1.0);

    /// Takes a number; `None` outside [0, 1] and for NaN.
    pub fn new(share: f64) -> Option<Rate> {
        (0.0..=1.0).contains(&share).then_some(Rate(share))
    }

    /// The share as a number.
    pub fn share(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        let wrong = || format!("expected a rate from 0 to 1 such as 0.05, 5% or 1/20, found {text:?}");
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong());
        let share = if let Some(percent) = text.strip_suffix('%') {
            number(percent)? / 100.0
        } else if let Some((part, whole)) = text.split_once('/') {
            number(part)? / number(whole)?
        } else {
            number(text)?
        };
        Rate::new(share).ok_or_else(wrong)
    }
}

impl<'de> serde::Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
        struct RateVisitor;
        impl Visitor<'_> for RateVisitor {
            type Value = Rate;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a rate from 0 to 1 such as 0.05, 5% or 1/20")
            }
            fn visit_f64<E: Error>(self, share: f64) -> Result<Rate, E> {
                Rate::new(share)
                    .ok_or_else(|| E::custom(format!("expected a rate from 0 to 1, found {share}")))
            }
            fn visit_u64<E: Error>(self, share: u64) -> Result<Rate, E> {
                self.visit_f64(share as f64)
            }
            fn visit_i64<E: Error>(self, share: i64) -> Result<Rate, E> {
                self.visit_f64(share as f64)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Rate, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(RateVisitor)
    }
}
