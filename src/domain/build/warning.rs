//! What BuildKit warns of in a Dockerfile. Pure.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::shown;

/// Warnings of one build that are kept. A Dockerfile has some dozens of lines.
pub(super) const MOST: usize = 100;

/// The longest text of a warning, in characters.
const LONGEST: usize = 500;

/// What BuildKit warns of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What is wrong, in a line.
    pub what: String,
    /// More about it, and an address with the rule; may be empty.
    pub more: String,
    /// The line of the Dockerfile, if one is meant; lines count from 1.
    pub line: Option<u32>,
}

/// A warning as BuildKit tells it (`client.VertexWarning`): texts are base64, as Go writes bytes.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    short: String,
    #[serde(default)]
    detail: Option<Vec<String>>,
    #[serde(default)]
    url: String,
    #[serde(default)]
    range: Option<Vec<Range>>,
}

#[derive(Deserialize)]
struct Range {
    #[serde(default)]
    start: Position,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Position {
    line: u32,
}

impl Warning {
    /// Reads one; `None` where it says nothing, or not so.
    pub(super) fn of(told: Value) -> Option<Self> {
        let told: Told = serde_json::from_value(told).ok()?;
        let what = text(&told.short);
        let details = told.detail.iter().flatten().map(|detail| text(detail));
        let url = shown::line(&told.url, LONGEST);
        let more = details.chain([url]).filter(|text| !text.is_empty());
        let more = more.collect::<Vec<_>>().join("\n");
        let line = told.range.iter().flatten().map(|range| range.start.line).find(|line| *line > 0);
        (!what.is_empty()).then_some(Self { what, more, line })
    }
}

fn text(base64: &str) -> String {
    let bytes = BASE64_STANDARD.decode(base64).unwrap_or_default();
    shown::line(String::from_utf8_lossy(&bytes).trim(), LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Warning> {
        Warning::of(serde_json::from_str(json).unwrap())
    }

    /// Recorded: buildx 0.13.1 and Docker 26.1.5, an empty line behind a `\`.
    #[test]
    fn a_line_of_the_dockerfile() {
        let told = r#"{
            "vertex": "sha256:44c82e86abb1df3c3e1e0d9aa9eace552c55e5d68a76e11a73395580c07bdaf7",
            "level": 1,
            "short": "RW1wdHkgY29udGludWF0aW9uIGxpbmUgZm91bmQgaW46IENPUFkgRG9ja2VyZmlsZSAgIC8=",
            "detail": ["RW1wdHkgY29udGludWF0aW9uIGxpbmVzIHdpbGwgYmVjb21lIGVycm9ycyBpbiBhIGZ1dHVyZSByZWxlYXNl"],
            "url": "https://github.com/moby/moby/pull/33719",
            "sourceInfo": {"filename": "D3", "data": "RlJPTSBzY3JhdGNo", "language": "Dockerfile"},
            "range": [{"start": {"line": 5}, "end": {"line": 5}}]
        }"#;
        let warning = read(told).unwrap();
        assert_eq!(warning.line, Some(5));
        assert_eq!(warning.what, "Empty continuation line found in: COPY Dockerfile /");
        assert_eq!(
            warning.more,
            "Empty continuation lines will become errors in a future release\n\
             https://github.com/moby/moby/pull/33719"
        );
    }

    #[test]
    fn what_says_nothing_or_not_where() {
        for other in [
            "{}",
            "3",
            "null",
            r#"{"short": 3}"#,
            r#"{"short": "eA==", "range": [{"start": {"line": -1}}]}"#,
        ] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(read(r#"{"short": "no base64"}"#), None);
        let warning = read(r#"{"short": "eA==", "detail": null, "range": [{"start": {}}]}"#);
        assert_eq!(warning, Some(Warning { what: "x".into(), more: String::new(), line: None }));
    }
}
