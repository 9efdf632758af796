//! Lists deep in a JSON document, read entry by entry: a document of many small entries takes no more memory than one of
//! them, and nothing is built of what nobody asked for.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};

use crate::domain::scan::finding::MOST;
use crate::domain::shown;

/// How much of the reason is told, in characters: it may repeat what stands in the document.
const SHOWN: usize = 300;

/// How many entries of a list inside of an entry are kept.
const FEW: usize = 8;

/// Why a document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Unreadable {
    /// For this reason.
    pub fn new(why: &str) -> Self {
        Self(shown::line(why, SHOWN))
    }
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self::new(&error.to_string())
    }
}

/// What takes the entries: the place in the outermost list, from 0, and the entry.
type Take<'a, T> = dyn FnMut(usize, T) -> Result<(), String> + 'a;

/// Hands on every entry of the list at the end of a path of keys. Lists on the way are gone through, entry by entry; what is
/// absent or `null` has no entries.
///
/// # Errors
/// It is no JSON, something on the way is neither a list nor an object, a key of the path is there twice, or an entry is not
/// taken.
pub fn each<T: DeserializeOwned>(
    text: &str,
    path: &[&str],
    take: &mut Take<'_, T>,
) -> Result<(), Unreadable> {
    let mut document = serde_json::Deserializer::from_str(text);
    let walk = Walk { path, at: None, is_entry: false, take, of: PhantomData };
    walk.deserialize(&mut document)?;
    Ok(document.end()?)
}

struct Walk<'a, 'b, T> {
    path: &'a [&'a str],
    /// The place in the outermost list.
    at: Option<usize>,
    /// Whether this is what stands in a list.
    is_entry: bool,
    take: &'a mut Take<'b, T>,
    of: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Walk<'_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        if self.path.is_empty() && self.is_entry {
            let entry = T::deserialize(from)?;
            return (self.take)(self.at.unwrap_or_default(), entry).map_err(D::Error::custom);
        }
        from.deserialize_any(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Walk<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.path.is_empty() { "a list" } else { "a list or an object" })
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { path, at, take, .. } = self;
        let mut number = 0;
        loop {
            let at = Some(at.unwrap_or(number));
            let entry = Walk { path, at, is_entry: true, take: &mut *take, of: PhantomData };
            if list.next_element_seed(entry)?.is_none() {
                return Ok(());
            }
            number += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { path, at, take, .. } = self;
        let Some((wanted, path)) = path.split_first() else {
            return Err(A::Error::custom("an object, expected a list"));
        };
        let mut is_there = false;
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            if key != *wanted {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if std::mem::replace(&mut is_there, true) {
                return Err(A::Error::custom(format!("`{wanted}` is there twice")));
            }
            let inside = Walk { path, at, is_entry: false, take: &mut *take, of: PhantomData };
            map.next_value_seed(inside)?;
        }
        Ok(())
    }
}

/// The first few entries of a list; `null` has none.
///
/// # Errors
/// It is no list, or one of another kind.
pub fn few<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    first(from, FEW, false)
}

/// All entries of a list, of which there are so many at most that a report may have of findings; `null` has none.
///
/// # Errors
/// It is no list, one of another kind, or has more.
pub fn bounded<'de, T, D>(from: D) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    first(from, MOST, true)
}

fn first<'de, T, D>(from: D, most: usize, are_all: bool) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    struct Few<T> {
        most: usize,
        are_all: bool,
        of: PhantomData<T>,
    }

    impl<'de, T: DeserializeOwned> Visitor<'de> for Few<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_unit<E>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut kept = Vec::new();
            while kept.len() < self.most {
                match list.next_element()? {
                    Some(entry) => kept.push(entry),
                    None => return Ok(kept),
                }
            }
            while list.next_element::<IgnoredAny>()?.is_some() {
                if self.are_all {
                    return Err(A::Error::custom(format!(
                        "a list has more than {} entries",
                        self.most
                    )));
                }
            }
            Ok(kept)
        }
    }

    from.deserialize_any(Few { most, are_all, of: PhantomData })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, path: &[&str]) -> Result<Vec<(usize, u8)>, String> {
        let mut all = Vec::new();
        each(text, path, &mut |at, entry: u8| {
            all.push((at, entry));
            if entry == 9 { Err("a nine".to_owned()) } else { Ok(()) }
        })
        .map_err(|error| error.to_string())?;
        Ok(all)
    }

    #[test]
    fn entries_come_with_the_place_in_the_outermost_list() {
        let text = r#"{"x": {"deep": [1]}, "a": [{"b": {"c": [1, 2]}}, {"y": 0}, {"b": null}, {"b": {"c": [3]}}]}"#;
        assert_eq!(all(text, &["a", "b", "c"]).unwrap(), [(0, 1), (0, 2), (3, 3)]);
        assert_eq!(all("[1, 2]", &[]).unwrap(), [(0, 1), (1, 2)]);
        for nothing in ["{}", r#"{"a": null}"#, r#"{"a": []}"#, "null"] {
            assert_eq!(all(nothing, &["a"]).unwrap(), [], "{nothing}");
        }
    }

    #[test]
    fn what_is_of_another_kind_is_told_with_its_place() {
        for (text, path, why) in [
            (
                r#"{"a": 5}"#,
                &["a"][..],
                "invalid type: integer `5`, expected a list at line 1 column 7",
            ),
            (r#"{"a": {"b": 1}}"#, &["a"], "an object, expected a list at line 1 column 7"),
            (
                r#"{"a": ["x"]}"#,
                &["a"],
                "invalid type: string \"x\", expected u8 at line 1 column 10",
            ),
            (r#"{"a": [], "a": [1]}"#, &["a"], "`a` is there twice"),
            (r#"{"a": [9]}"#, &["a"], "a nine"),
            (r#"{"a": [1]"#, &["a"], "EOF while parsing an object"),
            (r#"{"a": [1]} x"#, &["a"], "trailing characters at line 1 column 12"),
            ("", &["a"], "EOF while parsing a value"),
        ] {
            let error = all(text, path).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(all(&deep, &["a"]).unwrap_err().contains("recursion limit"));
        let ignored = format!("{{\"x\": {deep}, \"a\": [1]}}");
        assert_eq!(all(&ignored, &["a"]).unwrap(), [(0, 1)], "what is left out may be deep");
    }

    #[test]
    fn of_a_list_in_an_entry_a_few_are_kept() {
        let read = |text: &str| few::<u8, _>(&mut serde_json::Deserializer::from_str(text)).ok();
        assert_eq!(read("[1,2]"), Some(vec![1, 2]));
        assert_eq!(read("null"), Some(vec![]));
        assert_eq!(read(&format!("[{}1]", "1,".repeat(50))).map(|all| all.len()), Some(FEW));
        assert_eq!(read("5"), None);
        let read = |text: &str| bounded::<u8, _>(&mut serde_json::Deserializer::from_str(text));
        let list = |count: usize| format!("[{}1]", "1,".repeat(count - 1));
        assert_eq!(read(&list(50)).unwrap().len(), 50);
        assert_eq!(read(&list(MOST)).unwrap().len(), MOST);
        assert!(read(&list(MOST + 1)).unwrap_err().to_string().contains("more than"));
        assert!(read("null").unwrap().is_empty());
    }
}
