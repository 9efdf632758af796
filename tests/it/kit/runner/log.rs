//! A step's log as it is shown: masks from the moment they are known, annotations within their limits.

use super::commands::{Command, Line, Reader};

/// How many annotations of one kind a step may have.
const ANNOTATIONS: usize = 10;
/// How long the message of one may be, in UTF-16 units.
const MESSAGE: usize = 4096;

/// One annotation on the run's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub level: String,
    pub title: String,
    pub message: String,
    pub file: Option<String>,
    pub line: Option<String>,
}

/// What is shown, and what the runner complained about.
#[derive(Clone, Debug, Default)]
pub struct Log {
    reader: Reader,
    masks: Vec<String>,
    pub lines: Vec<String>,
    pub annotations: Vec<Shown>,
    /// Every command in order, as the runner understood it.
    pub commands: Vec<Command>,
    /// What breaks the contract: deprecated and forbidden commands, blank masks, annotations beyond the limit.
    pub faults: Vec<String>,
}

impl Log {
    /// A log that knows the secrets of the repository already.
    pub fn with_secrets(secrets: &[String]) -> Self {
        let mut log = Self::default();
        for secret in secrets {
            log.mask(secret);
        }
        log
    }

    /// A new step begins: the state of stopped commands is its own, masks and limits are the job's.
    pub fn begin_step(&mut self) {
        self.reader = Reader::default();
    }

    /// Takes one line of the step's output.
    pub fn take(&mut self, line: &str) {
        match self.reader.read(line) {
            Line::Text | Line::Resumed => self.show(line),
            Line::Stopped => {
                self.show(line);
                if let Some((_, token)) = line.rsplit_once("::") {
                    self.begin_stop(token);
                }
            }
            Line::Command(command) => {
                self.obey(&command);
                self.commands.push(command);
            }
        }
    }

    /// Whether commands are stopped.
    pub fn is_stopped(&self) -> bool {
        self.reader.is_stopped()
    }

    /// The text with every mask applied.
    pub fn masked(&self, text: &str) -> String {
        let mut masks: Vec<&String> = self.masks.iter().collect();
        masks.sort_by_key(|mask| std::cmp::Reverse(mask.len()));
        masks.iter().fold(text.to_owned(), |text, mask| text.replace(mask.as_str(), "***"))
    }

    /// Whether the text holds a mask: such a job output is dropped.
    pub fn has_mask(&self, text: &str) -> bool {
        self.masks.iter().any(|mask| text.contains(mask))
    }

    /// Adds an annotation of the runner's own or of a command.
    pub fn annotate(&mut self, level: &str, message: &str, command: Option<&Command>) {
        let property = |name: &str| command.and_then(|c| c.property(name)).map(|v| self.masked(v));
        let message = self.masked(message);
        let shown = Shown {
            level: level.to_owned(),
            title: property("title").unwrap_or_default(),
            file: property("file"),
            line: property("line"),
            message: String::from_utf16_lossy(
                &message.encode_utf16().take(MESSAGE).collect::<Vec<_>>(),
            ),
        };
        self.lines.push(format!("##[{level}]{message}"));
        if message.encode_utf16().count() > MESSAGE {
            self.faults.push(format!("{level}: message longer than {MESSAGE}"));
        }
        if self.annotations.iter().filter(|a| a.level == level).count() < ANNOTATIONS {
            self.annotations.push(shown);
        } else {
            self.faults.push(format!("{level}: more than {ANNOTATIONS} annotations"));
        }
    }

    fn begin_stop(&mut self, token: &str) {
        let known = ["", "pause-logging", "error", "warning", "notice", "debug", "group"];
        if known.contains(&token) {
            self.faults.push(format!("stop-commands: token '{token}' is refused"));
        } else if token.len() > 6 {
            self.mask(token);
        }
    }

    fn show(&mut self, line: &str) {
        let line = self.masked(line);
        self.lines.push(line);
    }

    fn obey(&mut self, command: &Command) {
        match command.name.as_str() {
            "add-mask" if command.data.trim().is_empty() => {
                self.annotate("warning", "Can't add secret mask for empty string", None);
                self.faults.push("add-mask: blank".to_owned());
            }
            "add-mask" => self.mask(&command.data),
            level @ ("error" | "warning" | "notice") => {
                self.annotate(level, &command.data, Some(command));
            }
            name @ ("debug" | "group" | "endgroup") => {
                self.show(&format!("##[{name}]{}", command.data));
            }
            name => self.faults.push(format!("{name}: never to be used")),
        }
    }

    /// The value, each of its lines, and the forms that the runner adds by itself.
    fn mask(&mut self, value: &str) {
        let lines = value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty());
        let texts: Vec<String> =
            std::iter::once(value.to_owned()).chain(lines.map(ToOwned::to_owned)).collect();
        for text in texts {
            let quoted = serde_json::to_string(&text).unwrap();
            self.masks.push(quoted[1..quoted.len() - 1].to_owned());
            self.masks.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(lines: &[&str]) -> Log {
        let mut log = Log::default();
        for line in lines {
            log.take(line);
        }
        log
    }

    #[test]
    fn a_mask_works_forwards_only() {
        let log = log(&["pw hunter2", "::add-mask::hunter2", "pw hunter2"]);
        assert_eq!(log.lines, ["pw hunter2", "pw ***"]);
    }

    #[test]
    fn each_line_of_a_mask_counts() {
        let log = log(&["::add-mask::first%0A second ", "x second y", "other"]);
        assert_eq!(log.lines, ["x *** y", "other"]);
    }

    #[test]
    fn blank_masks_and_forbidden_commands_are_faults() {
        assert_eq!(log(&["::add-mask:: "]).faults, ["add-mask: blank"]);
        assert_eq!(log(&["::set-output name=a::b"]).faults, ["set-output: never to be used"]);
        assert_eq!(log(&["::stop-commands::"]).faults.len(), 1);
        assert!(log(&["::notice::fine"]).faults.is_empty());
    }

    #[test]
    fn ten_annotations_of_a_kind_and_4096_units_each() {
        let lines = vec!["::error::x"; 11];
        assert_eq!((log(&lines).annotations.len(), log(&lines).faults.len()), (10, 1));
        assert_eq!(log(&lines[..10]).faults.len(), 0);
        let long = format!("::notice::{}", "x".repeat(4097));
        assert_eq!(log(&[&long]).annotations[0].message.len(), 4096);
        assert_eq!(log(&[&long]).faults.len(), 1);
    }
}
