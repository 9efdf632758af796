//! Lines and commands: how the runner cuts a stream, and what it takes for a command.

use std::collections::BTreeMap;

/// Commands that the runner knows; anything else is plain text.
const REGISTERED: [&str; 15] = [
    "set-env",
    "set-output",
    "save-state",
    "add-path",
    "add-mask",
    "add-matcher",
    "remove-matcher",
    "warning",
    "error",
    "notice",
    "debug",
    "group",
    "endgroup",
    "echo",
    "stop-commands",
];

/// One command as the runner understands it. Names are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub name: String,
    pub properties: BTreeMap<String, String>,
    pub data: String,
}

impl Command {
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name).map(String::as_str)
    }
}

/// The lines of a stream: LF, CRLF and a bare CR end one.
pub fn read_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut chars = text.chars().peekable();
    let mut open = false;
    while let Some(c) = chars.next() {
        open = true;
        match c {
            '\n' => lines.push(std::mem::take(&mut line)),
            '\r' => {
                if chars.peek() == Some(&'\n') {
                    chars.next();
                }
                lines.push(std::mem::take(&mut line));
            }
            c => {
                line.push(c);
                continue;
            }
        }
        open = false;
    }
    if open {
        lines.push(line);
    }
    lines
}

/// The state of a step's command reader.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    stop_token: Option<String>,
}

/// What one line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Text,
    Command(Command),
    /// The line ended a stop.
    Resumed,
    /// The line began a stop.
    Stopped,
}

impl Reader {
    /// Reads one line. While stopped, only the token is seen.
    pub fn read(&mut self, line: &str) -> Line {
        if let Some(token) = self.stop_token.clone() {
            return match parse(line, &[&token]) {
                Some(_) => {
                    self.stop_token = None;
                    Line::Resumed
                }
                None => Line::Text,
            };
        }
        match parse(line, &REGISTERED) {
            Some(command) if command.name == "stop-commands" => {
                self.stop_token = Some(command.data);
                Line::Stopped
            }
            Some(command) => Line::Command(command),
            None => Line::Text,
        }
    }

    pub fn is_stopped(&self) -> bool {
        self.stop_token.is_some()
    }
}

/// A command of one of these names, in either syntax.
///
/// The runner searches as a collation compares: characters that it ignores may stand inside a mark, and a combining
/// mark behind one hides it. Both readings count here, so that a text is only safe if it is safe in both.
pub fn parse(line: &str, names: &[&str]) -> Option<Command> {
    let bare: String = line.chars().filter(|c| !ignorable(*c)).collect();
    parse_v2(line, names)
        .or_else(|| parse_v1(line, names))
        .or_else(|| parse_v2(&bare, names))
        .or_else(|| parse_v1(&bare, names))
}

fn parse_v2(line: &str, names: &[&str]) -> Option<Command> {
    let rest = line.trim_start().strip_prefix("::")?;
    let end = rest.match_indices("::").map(|(at, _)| at).find(|at| !marked(&rest[at + 2..]))?;
    let (head, data) = (&rest[..end], &rest[end + 2..]);
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    Some(Command {
        name: known(name, names)?,
        properties: pairs(
            properties.trim(),
            ',',
            &[("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")],
        ),
        data: replaced(data, &[("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]),
    })
}

fn parse_v1(line: &str, names: &[&str]) -> Option<Command> {
    let rest = &line[line.find("##[")? + 3..];
    let (head, data) = rest.split_once(']')?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let escapes = [("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%")];
    Some(Command {
        name: known(name, names)?,
        properties: pairs(properties, ';', &escapes),
        data: replaced(data, &escapes),
    })
}

fn known(name: &str, names: &[&str]) -> Option<String> {
    names.iter().find(|known| known.eq_ignore_ascii_case(name)).map(|known| (*known).to_owned())
}

/// Properties: empty parts are dropped, so is one without a value; a value loses every `=` that it begins with.
fn pairs(text: &str, separator: char, escapes: &[(&str, &str)]) -> BTreeMap<String, String> {
    text.split(separator)
        .filter_map(|part| {
            let (key, value) = part.trim_start_matches('=').split_once('=')?;
            let value = value.trim_start_matches('=');
            (!value.is_empty()).then(|| (key.to_lowercase(), replaced(value, escapes)))
        })
        .collect()
}

fn replaced(text: &str, escapes: &[(&str, &str)]) -> String {
    escapes.iter().fold(text.to_owned(), |text, (code, plain)| text.replace(code, plain))
}

fn marked(rest: &str) -> bool {
    matches!(
        rest.chars().next(),
        Some(
            '\u{300}'..='\u{36f}'
            | '\u{483}'..='\u{489}'
            | '\u{591}'..='\u{5bd}'
            | '\u{610}'..='\u{61a}'
            | '\u{64b}'..='\u{65f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{302a}'..='\u{302f}'
            | '\u{fe20}'..='\u{fe2f}',
        )
    )
}

/// Characters that a collation may ignore: control and format characters, joiners, selectors, fillers.
pub fn ignorable(c: char) -> bool {
    (c.is_control() && !c.is_whitespace())
        || matches!(u32::from(c), 0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x115f | 0x1160
            | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164
            | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Command> {
        parse(line, &REGISTERED)
    }

    #[test]
    fn lines_end_at_lf_crlf_and_cr() {
        assert_eq!(read_lines("a\nb\r\nc\rd"), ["a", "b", "c", "d"]);
        assert_eq!(read_lines("a\n\n"), ["a", ""]);
        assert!(read_lines("").is_empty());
    }

    #[test]
    fn what_the_runner_takes_for_a_command() {
        for line in [
            "::error::x",
            "  ::ERROR::x",
            "a ##[error]x",
            "\u{a0}::error file=a::x",
            ":\u{ad}:error::x",
        ] {
            assert_eq!(
                read(line).map(|c| (c.name, c.data)),
                Some(("error".into(), "x".into())),
                "{line}"
            );
        }
        for line in ["a ::error::x", "::error:x", "::unknown::x", "##error x", "## [error]x"] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn properties_and_escapes() {
        let command =
            read("::error file=a%2Cb%3Ac, line=3,title==x,empty=::100%25%0Anext::more").unwrap();
        assert_eq!(command.data, "100%\nnext::more");
        assert_eq!(command.property("file"), Some("a,b:c"));
        assert_eq!(command.property("line"), None, "a space belongs to the name");
        assert_eq!(command.property(" line"), Some("3"));
        assert_eq!(command.property("title"), Some("x"), "a leading = is lost");
        assert_eq!(command.property("empty"), None);
        assert_eq!(read("::debug::%250A").unwrap().data, "%0A");
    }

    #[test]
    fn nothing_is_read_between_stop_and_its_token() {
        let mut reader = Reader::default();
        assert_eq!(reader.read("::stop-commands::T0ken"), Line::Stopped);
        assert_eq!(reader.read("::error::x"), Line::Text);
        assert_eq!(reader.read("::other::"), Line::Text);
        assert!(reader.is_stopped());
        assert_eq!(reader.read("::t0KEN::"), Line::Resumed);
        assert!(matches!(reader.read("::error::x"), Line::Command(_)));
    }
}
