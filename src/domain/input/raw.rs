//! Raw inputs: pairs of name and text, before any rule of an action is applied.

use std::fmt;

use serde_json::Value as Json;

use super::fault::{Fault, FaultKind};

/// Where a raw input came from. Of two sources the stronger one counts: the later one in this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A variable `MTA_<NAME>` of the environment.
    Environment,
    /// `with:` of a workflow.
    Action,
    /// The command line.
    Flag,
}

/// One raw input. Its `Debug` form hides the value, which may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct RawInput {
    /// The name as the user spelled it.
    pub name: String,
    /// The value as the user wrote it.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

impl fmt::Debug for RawInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawInput")
            .field("name", &self.name)
            .field("value", &format_args!("[{} bytes]", self.value.len()))
            .field("origin", &self.origin)
            .finish()
    }
}

/// The variable that holds an input in the environment: `db-password` is `MTA_DB_PASSWORD`.
pub fn environment_name(input: &str) -> String {
    format!("MTA_{}", input.to_ascii_uppercase().replace('-', "_"))
}

/// Reads `MTA_INPUTS`, which is `toJSON(inputs)`: an object of strings. Numbers and truth values are taken as their text,
/// null as absent.
///
/// # Errors
/// One fault, without any part of the text, if it is not such an object.
pub fn from_json(text: &str) -> Result<Vec<RawInput>, Fault> {
    let json: Json = serde_json::from_str(text).map_err(|error| {
        unreadable(&format!("it is not JSON (line {}, column {})", error.line(), error.column()))
    })?;
    let Json::Object(pairs) = json else {
        return Err(unreadable(&format!("it is {}, not an object", shape(&json))));
    };
    let mut raw = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        let value = match value {
            Json::String(text) => text,
            Json::Number(number) => number.to_string(),
            Json::Bool(truth) => truth.to_string(),
            Json::Null => continue,
            other => {
                let what = format!("the value of one of its inputs is {}", shape(&other));
                return Err(unreadable(&what));
            }
        };
        raw.push(RawInput { name, value, origin: Origin::Action });
    }
    Ok(raw)
}

fn unreadable(why: &str) -> Fault {
    Fault::new(
        "",
        FaultKind::Unreadable,
        format!("the variable MTA_INPUTS cannot be read: {why}"),
        "It must be an object of strings, as `MTA_INPUTS: ${{ toJSON(inputs) }}` makes it.",
    )
}

fn shape(json: &Json) -> &'static str {
    match json {
        Json::Object(_) => "an object",
        Json::Array(_) => "a list",
        Json::String(_) => "a string",
        Json::Number(_) => "a number",
        Json::Bool(_) => "a truth value",
        Json::Null => "null",
    }
}

/// A text without the one newline that `echo` and editors add to a file.
pub(super) fn without_newline(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_scalars_is_read_and_null_is_absent() {
        let raw = from_json(r#"{"Pull":"never","keep":7,"dry":true,"none":null,"a":"x\ny"}"#);
        let pairs: Vec<_> =
            raw.unwrap().into_iter().map(|input| (input.name, input.value)).collect();
        let expected = [("Pull", "never"), ("keep", "7"), ("dry", "true"), ("a", "x\ny")];
        assert_eq!(pairs, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn anything_else_is_a_fault_that_shows_no_value() {
        for text in [r#"["hunter2"]"#, r#"{"a":["hunter2"]}"#, r#"{"a":"hunter2"#, r#""hunter2""#] {
            let fault = from_json(text).unwrap_err();
            assert_eq!(fault.kind, FaultKind::Unreadable);
            assert!(!fault.to_string().contains("hunter2"), "{fault}");
        }
    }

    #[test]
    fn debug_hides_the_value() {
        let raw = from_json(r#"{"password":"hunter2"}"#).unwrap();
        assert!(!format!("{raw:?}").contains("hunter2"));
    }

    #[test]
    fn the_name_of_the_variable() {
        assert_eq!(environment_name("secret-files"), "MTA_SECRET_FILES");
    }
}
