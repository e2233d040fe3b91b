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
                while let Some(key) = map.next_key()? {
                    match key {
                        Key::Profile => found.profile = map.next_value()?,
                        Key::Prices => found.prices = map.next_value()?,
                        Key::Input(input) if found.inputs.iter().any(|(known, _)| known.key == input.key) => {
                            return Err(A::Error::custom(format!("the input {} is there twice", input.key)));
                        }
                        Key::Input(input) => {
                            found.inputs.push((input, map.next_value_seed(Quantity(input.unit))?))
                        }
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

/// A key of the section. That it refuses what it does not know gives the error its place.
enum Key {
    Profile,
    Prices,
    Input(&'static Input),
}

impl<'de> serde::Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the name of an input, profile or prices")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
                match name {
                    "profile" => Ok(Key::Profile),
                    "prices" => Ok(Key::Prices),
                    _ => Input::of(name).map(Key::Input).ok_or_else(|| E::custom(unknown(name))),
                }
            }
        }
        deserializer.deserialize_identifier(KeyVisitor)
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
