//! The version in a JSON file, `package.json` first of all.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::lack::{Lack, Said, line_at};

/// The value of a key, such as `version`; a dot goes into an object.
///
/// The root of a private monorepo (`private` and `workspaces`) is no package that anybody builds or publishes: what it
/// says as its version stands still, and those of its packages are asked for. It counts only where its key is named.
pub(super) fn version(file: &str, text: &str, key: Option<&str>) -> Result<Said, Lack> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if key.is_none() && is_private_root(text) {
        let why = "it is the root of a private monorepo (`private` and `workspaces`), whose packages have versions";
        let help = format!(
            "name the file of a package with `version-from`, or this one with its key: `{file}:version`"
        );
        return Err(Lack::absent(file, why).help(help));
    }
    let key = key.unwrap_or("version");
    let mut at = text;
    for (depth, name) in key.split('.').enumerate() {
        let broken = |error: &serde_json::Error| match depth {
            0 => broken(file, error),
            _ => Lack::absent(file, format!("what is before `{name}` of `{key}` is no object")),
        };
        let object: BTreeMap<String, &RawValue> =
            serde_json::from_str(at).map_err(|error| broken(&error))?;
        let Some(value) = object.get(name) else {
            return Err(Lack::absent(file, format!("it has no `{key}`")));
        };
        at = value.get();
    }
    let line = line_at(text, at.as_ptr().addr().saturating_sub(text.as_ptr().addr()));
    match serde_json::from_str::<String>(at) {
        Ok(raw) => Said::unless_placeholder(file, line, &raw),
        Err(_) => Err(Lack::unknown(file, format!("`{key}` is not a text in quotes")).at(line)),
    }
}

/// Whether a `package.json` says `"private": true` and names the packages that belong to it.
fn is_private_root(text: &str) -> bool {
    let Ok(object) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
        return false;
    };
    let says = |key: &str| object.get(key).map(|value| value.get());
    says("private") == Some("true")
        && says("workspaces").is_some_and(|value| value.starts_with(['[', '{']))
}

/// The words of the JSON reader repeat what stands in the file, so only the place is taken from them.
fn broken(file: &str, error: &serde_json::Error) -> Lack {
    let why = if error.is_data() { "it is not a JSON object" } else { "it is not valid JSON" };
    Lack::unknown(file, why).at(u32::try_from(error.line()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, key: Option<&str>) -> (String, u32) {
        match version("package.json", text, key) {
            Ok(said) => (said.version.to_string(), said.line),
            Err(lack) => (format!("{:?}: {}", lack.kind, lack.why), lack.line),
        }
    }

    #[test]
    fn the_key_at_the_top_and_its_line() {
        let nested = "{\n\t\"dependencies\": {\"version\": \"9.9.9\"},\n\t\"version\": \"1.4.0\",\n\t\"app\": {\"v\": \"2.0\"}\n}\n";
        assert_eq!(told(nested, None), ("1.4.0".into(), 3));
        assert_eq!(told(nested, Some("app.v")), ("2.0".into(), 4));
        assert_eq!(told("\u{feff}{\"version\":\"1.0.0\"}", None), ("1.0.0".into(), 1));
        assert_eq!(told("{\"v\\u0065rsion\": \"1.0.0\"}", None), ("1.0.0".into(), 1));
    }

    const MONOREPO: &str = "Absent: it is the root of a private monorepo (`private` and `workspaces`), whose packages \
                            have versions";

    #[test]
    fn the_root_of_a_private_monorepo_counts_where_its_key_is_named() {
        let root = |private: &str, workspaces: &str| {
            format!(
                "{{\"private\": {private}, \"workspaces\": {workspaces},\n\"version\": \"1.0.0\"}}"
            )
        };
        assert_eq!(told(&root("true", "[]"), None).0, MONOREPO);
        assert_eq!(told(&root("true", "[]"), Some("version")), ("1.0.0".into(), 2));
        for (private, workspaces) in
            [("false", "[]"), ("\"true\"", "[]"), ("true", "null"), ("true", "false")]
        {
            assert_eq!(
                told(&root(private, workspaces), None),
                ("1.0.0".into(), 2),
                "{private} {workspaces}"
            );
        }
    }

    #[test]
    fn what_says_no_version() {
        for (text, key, told_as, line) in [
            ("{}", None, "Absent: it has no `version`", 0),
            (r#"{"private": true, "workspaces": ["a"]}"#, None, MONOREPO, 0),
            (
                r#"{"private": true, "workspaces": {"packages": []}, "version": "1.0.0"}"#,
                None,
                MONOREPO,
                0,
            ),
            (r#"{"workspaces": ["a"]}"#, None, "Absent: it has no `version`", 0),
            (r#"{"private": true}"#, None, "Absent: it has no `version`", 0),
            (
                r#"{"version": "0.0.0"}"#,
                None,
                "Absent: \"0.0.0\" stands for a version that is not set",
                1,
            ),
            (
                r#"{"version": "0.0.0-development"}"#,
                None,
                "Absent: \"0.0.0-development\" stands for a version that is not set",
                1,
            ),
            (r#"{"version": 1.4}"#, None, "Unknown: `version` is not a text in quotes", 1),
            (r#"{"version": null}"#, None, "Unknown: `version` is not a text in quotes", 1),
            (
                r#"{"version": "next"}"#,
                None,
                "Unknown: \"next\" is no version: it does not begin with a digit",
                1,
            ),
            (r#"{"a": "x"}"#, Some("a.b"), "Absent: what is before `b` of `a.b` is no object", 0),
            ("[]", None, "Unknown: it is not a JSON object", 1),
            ("{\n\"version\": \"1.0.0\",\n}", None, "Unknown: it is not valid JSON", 3),
            ("", None, "Unknown: it is not valid JSON", 1),
        ] {
            assert_eq!(told(text, key), (told_as.to_owned(), line), "{text}");
        }
        let deep = format!("{{\"a\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(version("package.json", &deep, None).is_err());
    }
}
