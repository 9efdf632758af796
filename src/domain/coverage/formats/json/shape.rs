//! The outline of a JSON text: the keys of its outer levels. Going through it proves that the whole text is JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// How many levels of keys are kept: an Istanbul report that is wrapped has its marks on the third.
const LEVELS: u8 = 3;

/// How many keys of one object are kept.
const KEYS: usize = 32;

/// How much of a string is kept, in bytes.
const TEXT: usize = 128;

/// A value, as far as it takes to tell formats apart.
#[derive(Debug)]
pub enum Shape {
    /// An object with its first keys.
    Object(Vec<(String, Self)>),
    /// A list with its first element.
    List(Option<Box<Self>>),
    /// A string, unless it is long.
    Text(String),
    /// Something else, or something too deep.
    Other,
}

/// The outline of a text that is one JSON value and nothing else.
pub fn of(text: &[u8]) -> serde_json::Result<Shape> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let shape = Outline { levels: LEVELS }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(shape)
}

impl Shape {
    /// The value of a key.
    pub fn get(&self, wanted: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find_map(|(key, value)| (key == wanted).then_some(value))
    }

    /// Whether it has all of these keys.
    pub fn has(&self, wanted: &[&str]) -> bool {
        wanted.iter().all(|key| self.get(key).is_some())
    }

    /// The first values of an object.
    pub fn values(&self) -> impl Iterator<Item = &Self> {
        let members = if let Self::Object(members) = self { members.as_slice() } else { &[] };
        members.iter().map(|(_, value)| value)
    }

    /// The first keys of an object.
    pub fn keys(&self) -> Option<Vec<&str>> {
        let Self::Object(members) = self else { return None };
        Some(members.iter().map(|(key, _)| key.as_str()).collect())
    }

    /// What is inside `{"data": ...}`, or it itself.
    pub fn unwrapped(&self) -> &Self {
        self.get("data").unwrap_or(self)
    }

    /// The first element of a list.
    pub fn first(&self) -> Option<&Self> {
        if let Self::List(first) = self { first.as_deref() } else { None }
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Whether it is an object.
    pub const fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Whether it is a list.
    pub const fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }
}

#[derive(Clone, Copy)]
struct Outline {
    levels: u8,
}

impl<'de> DeserializeSeed<'de> for Outline {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Shape, D::Error> {
        if self.levels == 0 {
            serde::Deserialize::deserialize(reader).map(|_: IgnoredAny| Shape::Other)
        } else {
            reader.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for Outline {
    type Value = Shape;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Shape, E> {
        Ok(if text.len() > TEXT { Shape::Other } else { Shape::Text(text.to_owned()) })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        let first = list.next_element_seed(Self { levels: self.levels - 1 })?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Shape::List(first.map(Box::new)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut members = Vec::new();
        let inner = Self { levels: self.levels - 1 };
        while members.len() < KEYS
            && let Some(key) = map.next_key::<Cow<str>>()?
        {
            members.push((key.into_owned(), map.next_value_seed(inner)?));
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shape::Object(members))
    }
}
