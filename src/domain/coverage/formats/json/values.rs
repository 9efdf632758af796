//! Values that several JSON formats write: objects with free keys, and counts.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// The entries of an object in order. A key that is there twice is in it twice: what that means is for the format to say.
pub struct Pairs<'a, V>(pub Vec<(Cow<'a, str>, V)>);

impl<V> Default for Pairs<'_, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Pairs<'a, V> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<'a, V>(PhantomData<(&'a str, V)>);

impl<'de: 'a, 'a, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<'a, V> {
    type Value = Pairs<'a, V>;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((Key(key), value)) = map.next_entry()? {
            pairs.push((key, value));
        }
        Ok(Pairs(pairs))
    }
}

/// A string that borrows from the text unless it has escapes; serde's own impl for `Cow` always copies.
pub struct Key<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_str(KeyVisitor(PhantomData))
    }
}

struct KeyVisitor<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> Visitor<'de> for KeyVisitor<'a> {
    type Value = Key<'a>;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(text.to_owned())))
    }
}

/// How often something ran. Tools write whole numbers, floats, negative ones where a counter went wrong, and `null` for a
/// number that JSON does not have: whatever is not above 0 did not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        Ok(Self(reader.deserialize_any(HitVisitor)?.0.unwrap_or_default()))
    }
}

/// A count, or `null` or `"ignored"` for what cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit(pub Option<u64>);

impl<'de> Deserialize<'de> for Hit {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(HitVisitor)
    }
}

struct HitVisitor;

impl Visitor<'_> for HitVisitor {
    type Value = Hit;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a count")
    }

    fn visit_u64<E>(self, count: u64) -> Result<Hit, E> {
        Ok(Hit(Some(count)))
    }

    fn visit_i64<E>(self, count: i64) -> Result<Hit, E> {
        Ok(Hit(Some(count.try_into().unwrap_or_default())))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and rounding up keeps what ran above 0"
    )]
    fn visit_f64<E>(self, count: f64) -> Result<Hit, E> {
        Ok(Hit(Some(count.ceil() as u64)))
    }

    fn visit_unit<E>(self) -> Result<Hit, E> {
        Ok(Hit(None))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Hit, E> {
        if text == "ignored" {
            Ok(Hit(None))
        } else {
            Err(E::invalid_type(serde::de::Unexpected::Str(text), &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_and_not_negative() {
        for (text, count) in [
            ("0", 0),
            ("3", 3),
            ("-2", 0),
            ("-0.5", 0),
            ("0.25", 1),
            ("1e3", 1000),
            ("18446744073709551615", u64::MAX),
            ("18446744073709551626", u64::MAX),
            ("1e300", u64::MAX),
            ("null", 0),
        ] {
            assert_eq!(serde_json::from_str::<Count>(text).unwrap(), Count(count), "{text}");
        }
        for wrong in ["\"3\"", "true", "[1]", "{}"] {
            assert!(serde_json::from_str::<Count>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_that_is_there_twice_is_seen_twice() {
        let pairs: Pairs<u32> = serde_json::from_str(r#"{"a": 1, "b\n": 2, "a": 3}"#).unwrap();
        let expected = [("a", 1), ("b\n", 2), ("a", 3)].map(|(key, value)| (key.into(), value));
        assert_eq!(pairs.0, expected);
    }
}
