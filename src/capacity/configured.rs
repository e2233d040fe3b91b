//! The section `capacity` of the configuration.

use std::path::PathBuf;

use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::whatif::unknown;
use super::{Input, Unit};
use crate::config::Section;

/// What the configuration says: inputs by name, and files.
#[derive(Debug, Default)]
pub struct Configured {
    /// Inputs with their values.
    pub inputs: Vec<(&'static Input, f64)>,
    /// A profile, as `calibrate` writes it.
    pub profile: Option<PathBuf>,
    /// A file of prices.
    pub prices: Option<PathBuf>,
}

impl Section for Configured {
    const NAME: &'static str = "capacity";
}

impl<'de> serde::Deserialize<'de> for Configured {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Configured, D::Error> {
        struct ConfiguredVisitor;
        impl<'de> Visitor<'de> for ConfiguredVisitor {
            type Value = Configured;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a mapping of inputs")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Configured, A::Error> {
                let mut found = Configured::default();
                while let Some(key) = map.next_key::<String>()? {
                    match (key.as_str(), Input::of(&key)) {
                        ("profile", _) => found.profile = map.next_value()?,
                        ("prices", _) => found.prices = map.next_value()?,
                        (_, Some(input)) => {
                            found.inputs.push((input, map.next_value_seed(Quantity(input.unit))?))
                        }
                        (name, None) => return Err(A::Error::custom(unknown(name))),
                    }
                }
                Ok(found)
            }
            fn visit_unit<E: Error>(self) -> Result<Configured, E> {
                Ok(Configured::default())
            }
        }
        deserializer.deserialize_any(ConfiguredVisitor)
    }
}

/// A number of some unit, as a number or as a text.
struct Quantity(Unit);

impl<'de> serde::de::DeserializeSeed<'de> for Quantity {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Quantity {
    type Value = f64;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.expected())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        self.0.parse(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<f64, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
        self.visit_str(&number.to_string())
    }
}
