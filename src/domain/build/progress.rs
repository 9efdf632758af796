//! The output of a build as it comes (`--progress=rawjson`), put in order for a log.
//!
//! Stages are built at the same time, and their lines come mixed. A log has one group at a time: the stage that said
//! something first is shown as it goes; what others say meanwhile waits until it pauses, and has a group of its own then.
//! Nothing waits longer than until the end.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::step::Step;
use super::warning::{MOST, Warning};
use crate::domain::shown;

/// The longest message, in bytes. BuildKit's are of some kilobytes.
const LONGEST: usize = 8 * 1024 * 1024;

/// Lines that may wait, of one stage.
const WAITING: usize = 2_000;

/// The longest line, in bytes: a program that ends none has it cut there.
const LINE: usize = 64 * 1024;

/// How much of what a step said is kept, in bytes.
const SAID: usize = 4 * 1024;

/// Steps of one build. A Dockerfile has some dozens.
const STEPS: usize = 10_000;

/// A step that took less is told without its time.
const TOLD: Duration = Duration::from_secs(1);

/// What is to be shown next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A group of this name begins.
    Begin(String),
    /// A line, in the group if one has begun. Words of the Dockerfile and of programs.
    Line(String),
    /// The group is over.
    End,
    /// What goes on without saying anything, such as `exporting to image`.
    Busy(String),
}

/// Reads the output of a build.
#[derive(Default)]
pub struct Progress {
    /// A message that is not whole yet.
    message: String,
    /// Whether a message is passed over that is too long.
    is_skipping: bool,
    /// Steps by BuildKit's name for them, and in which order they came.
    known: BTreeMap<String, Known>,
    order: Vec<String>,
    groups: Vec<Group>,
    current: Option<usize>,
    warnings: Vec<Warning>,
}

/// A step and what of it is to be shown.
struct Known {
    step: Step,
    /// Its group; `None` for what is shown in none.
    group: Option<usize>,
    started: Option<Timestamp>,
    is_running: bool,
    has_head: bool,
    /// A line that has no end yet: bytes, because a letter may come in two pieces.
    line: Vec<u8>,
    /// The end of what it said, for whoever wants to know why it failed.
    said: String,
}

/// The lines of one stage.
struct Group {
    name: String,
    waiting: VecDeque<String>,
    left_out: usize,
    has_begun: bool,
    /// How many of its steps run.
    running: usize,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Message {
    vertexes: Option<Vec<Vertex>>,
    logs: Option<Vec<Log>>,
    warnings: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct Vertex {
    digest: String,
    #[serde(default)]
    name: String,
    started: Option<Timestamp>,
    completed: Option<Timestamp>,
    #[serde(default)]
    cached: bool,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct Log {
    vertex: String,
    /// Base64, as Go writes bytes.
    #[serde(default)]
    data: String,
}

impl Progress {
    /// Takes one line of the output and says what is to be shown now. A line that is of no message is shown as it is.
    pub fn take(&mut self, line: &str) -> Vec<Shown> {
        let is_words = !line.starts_with(['{', '"', ' ', ']', '}']);
        if self.is_skipping && is_words && line.starts_with("ERROR") {
            self.is_skipping = false;
        }
        if self.message.is_empty() && !self.is_skipping && !line.starts_with('{') {
            return if line.trim().is_empty() {
                Vec::new()
            } else {
                vec![Shown::Line(line.to_owned())]
            };
        }
        // Older versions write a message over many lines, of which only the first is `{` and only the last `}`; newer ones
        // one message a line. A line that begins like a message is the next one, whatever became of the one before.
        let is_whole = line.len() > 1 && line.starts_with('{');
        if line.starts_with('{') {
            self.message.clear();
            self.is_skipping = false;
        }
        if self.message.len() + line.len() > LONGEST {
            self.message.clear();
            self.is_skipping = true;
        }
        if !self.is_skipping {
            self.message.push_str(line);
        }
        if !is_whole && line != "}" {
            return Vec::new();
        }
        self.is_skipping = false;
        let message = std::mem::take(&mut self.message);
        let Ok(message) = serde_json::from_str::<Message>(&message) else {
            // What follows may be the rest of a line that was too long for one piece.
            self.is_skipping = is_whole && !line.ends_with('}');
            return Vec::new();
        };
        let mut busy = Vec::new();
        for vertex in message.vertexes.unwrap_or_default() {
            busy.extend(self.vertex(vertex));
        }
        for log in message.logs.unwrap_or_default() {
            self.log(&log);
        }
        self.warned(message.warnings.unwrap_or_default());
        let mut shown = Vec::new();
        self.settle(&mut shown);
        // When all stages are built the image is exported: that is of none of them.
        let is_after = busy.iter().any(|(is_after, _)| *is_after);
        if let (Some(at), true) = (self.current, is_after)
            && !self.is_running(at)
        {
            shown.push(Shown::End);
            self.current = None;
        }
        shown.extend(busy.into_iter().map(|(_, what)| Shown::Busy(what)));
        shown
    }

    /// What is left to be shown when the build is over.
    pub fn end(&mut self) -> Vec<Shown> {
        let order = std::mem::take(&mut self.order);
        for name in &order {
            let known = self.known.get_mut(name);
            let rest = known.and_then(|known| Some((known.group?, known.rest()?)));
            if let Some((group, line)) = rest {
                self.groups[group].push(line);
            }
        }
        self.order = order;
        for group in &mut self.groups {
            group.running = 0;
        }
        let mut shown = Vec::new();
        self.settle(&mut shown);
        if self.current.take().is_some() {
            shown.push(Shown::End);
        }
        shown
    }

    /// All steps, in the order in which they were planned.
    pub fn steps(&self) -> Vec<Step> {
        self.order
            .iter()
            .filter_map(|name| self.known.get(name))
            .map(|known| known.step.clone())
            .collect()
    }

    /// What BuildKit warns of, each once.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The step that failed, and the end of what it said. Others are ended with it, which is no failure of theirs.
    pub fn failed(&self) -> Option<(&Step, &str)> {
        let failed = self
            .order
            .iter()
            .filter_map(|name| self.known.get(name))
            .filter(|known| !known.step.error.is_empty());
        let first = failed.clone().find(|known| !known.step.is_ended_with_another());
        let known = first.or_else(|| failed.clone().next())?;
        Some((&known.step, &known.said))
    }

    /// Takes in what is told of a step. Of one that is shown in no group, and begins: whether it comes after all stages, and
    /// what it is.
    fn vertex(&mut self, vertex: Vertex) -> Option<(bool, String)> {
        if !self.known.contains_key(&vertex.digest) {
            if self.order.len() >= STEPS {
                return None;
            }
            let step = Step::named(&vertex.name);
            let group = step.is_of_the_file().then(|| self.group(&step.stage));
            let known = Known {
                step,
                group,
                started: None,
                is_running: false,
                has_head: false,
                line: Vec::new(),
                said: String::new(),
            };
            self.order.push(vertex.digest.clone());
            self.known.insert(vertex.digest.clone(), known);
        }
        let known = self.known.get_mut(&vertex.digest)?;
        known.started = vertex.started.or(known.started);
        known.step.is_cached |= vertex.cached;
        let has_ended = vertex.completed.is_some();
        let was_running = known.is_running;
        known.is_running = !has_ended && (vertex.started.is_some() || was_running);
        let has_begun = known.is_running && !was_running;
        if let Some(group) = known.group {
            let running = &mut self.groups[group].running;
            *running =
                running.saturating_sub(usize::from(was_running)) + usize::from(known.is_running);
        }
        if let (Some(from), Some(to)) = (known.started, vertex.completed) {
            let took = Duration::try_from(to.duration_since(from)).unwrap_or_default();
            known.step.took = Some(known.step.took.unwrap_or_default().max(took));
        }
        if !vertex.error.is_empty() {
            known.step.error = vertex.error;
        }
        let Some(group) = known.group else {
            return has_begun.then(|| (known.step.stage.is_empty(), known.step.line()));
        };
        let head = format!("{} {}", known.step.place, known.step.what);
        let mut lines = Vec::new();
        if has_begun && !known.has_head {
            known.has_head = true;
            lines.push(head.clone());
        }
        if has_ended {
            lines.extend(known.rest());
            let how = ended(&known.step);
            lines.extend(match (known.has_head, how) {
                (true, how) => how.map(|how| indented(&how)),
                (false, Some(how)) => Some(format!("{head}: {how}")),
                (false, None) => Some(head),
            });
            known.has_head = true;
        }
        for line in lines {
            self.groups[group].push(line);
        }
        None
    }

    fn warned(&mut self, told: Vec<Value>) {
        for warning in told.into_iter().filter_map(Warning::of) {
            if self.warnings.len() < MOST && !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    fn log(&mut self, log: &Log) {
        let Some(known) = self.known.get_mut(&log.vertex) else { return };
        let (Some(group), Ok(data)) = (known.group, BASE64_STANDARD.decode(&log.data)) else {
            return;
        };
        known.line.extend_from_slice(&data);
        let whole = known.line.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        // A line without end would be kept for ever.
        let end = if known.line.len() - whole > LINE { known.line.len() } else { whole };
        let text: Vec<u8> = known.line.drain(..end).collect();
        let text = String::from_utf8_lossy(&text);
        for line in text.strip_suffix('\n').unwrap_or(&text).split('\n').filter(|_| end > 0) {
            let line = shown::cut(line, LINE);
            known.heard(&line);
            self.groups[group].push(indented(&line));
        }
    }

    fn group(&mut self, stage: &str) -> usize {
        let name =
            if stage.is_empty() { "build".to_owned() } else { format!("build stage {stage}") };
        if let Some(at) = self.groups.iter().position(|group| group.name == name) {
            return at;
        }
        let waiting = VecDeque::new();
        self.groups.push(Group { name, waiting, left_out: 0, has_begun: false, running: 0 });
        self.groups.len() - 1
    }

    /// Shows what can be shown: the stage that is shown goes on as long as it runs, then comes the next that has something.
    fn settle(&mut self, shown: &mut Vec<Shown>) {
        loop {
            if let Some(at) = self.current {
                shown.extend(self.groups[at].taken());
                if self.is_running(at) || !self.groups.iter().any(Group::has_something) {
                    return;
                }
                shown.push(Shown::End);
                self.current = None;
            }
            let Some(next) = self.groups.iter().position(Group::has_something) else { return };
            let group = &mut self.groups[next];
            let again = if group.has_begun { " (continued)" } else { "" };
            shown.push(Shown::Begin(format!("{}{again}", group.name)));
            group.has_begun = true;
            self.current = Some(next);
        }
    }

    fn is_running(&self, group: usize) -> bool {
        self.groups[group].running > 0
    }
}

impl Known {
    /// Keeps the end of what a step says.
    fn heard(&mut self, line: &str) {
        self.said.push_str(line);
        self.said.push('\n');
        if self.said.len() > 2 * SAID {
            let at = self.said.len() - SAID;
            let at = (at..self.said.len()).find(|at| self.said.is_char_boundary(*at)).unwrap_or(at);
            self.said.drain(..at);
        }
    }

    /// A line that has no end and gets none any more.
    fn rest(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line).into_owned();
        if line.is_empty() {
            return None;
        }
        self.heard(&line);
        Some(indented(&line))
    }
}

impl Group {
    fn push(&mut self, line: String) {
        if self.waiting.len() >= WAITING {
            self.waiting.pop_front();
            self.left_out += 1;
        }
        self.waiting.push_back(line);
    }

    fn has_something(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn taken(&mut self) -> Vec<Shown> {
        let left_out = std::mem::take(&mut self.left_out);
        let before = (left_out > 0).then(|| format!("({left_out} lines left out)"));
        before.into_iter().chain(self.waiting.drain(..)).map(Shown::Line).collect()
    }
}

/// How a step ended, where that is worth a word.
fn ended(step: &Step) -> Option<String> {
    let took = step.took.unwrap_or_default();
    if step.is_ended_with_another() {
        return Some(format!(
            "ended after {:.1} s, because another step failed",
            took.as_secs_f64()
        ));
    }
    if !step.error.is_empty() {
        let first = step.error.lines().next().unwrap_or_default();
        return Some(format!("failed after {:.1} s: {first}", took.as_secs_f64()));
    }
    if step.is_cached {
        return Some("cached".to_owned());
    }
    (took >= TOLD).then(|| format!("done in {:.1} s", took.as_secs_f64()))
}

/// A line below the one that names its step. Of what a program writes over itself the last counts.
fn indented(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    format!("  {}", line.rsplit('\r').next().unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn at(second: f64) -> String {
        let millis = Duration::from_secs_f64(second);
        (Timestamp::UNIX_EPOCH + millis).to_string()
    }

    fn begun(digest: &str, name: &str, second: f64) -> Value {
        json!({"vertexes": [{"digest": digest, "name": name, "started": at(second)}]})
    }

    fn ended(digest: &str, name: &str, (from, to): (f64, f64), more: &Value) -> Value {
        let mut vertex =
            json!({"digest": digest, "name": name, "started": at(from), "completed": at(to)});
        for (key, value) in more.as_object().into_iter().flatten() {
            vertex[key] = value.clone();
        }
        json!({"vertexes": [vertex]})
    }

    fn said(digest: &str, text: &str) -> Value {
        json!({"logs": [{"vertex": digest, "stream": 1, "data": BASE64_STANDARD.encode(text), "timestamp": at(0.0)}]})
    }

    /// What is shown of messages, one line each.
    fn shown(messages: &[Value]) -> String {
        let mut progress = Progress::default();
        let mut all = Vec::new();
        for message in messages {
            all.extend(progress.take(&message.to_string()));
        }
        all.extend(progress.end());
        let line = |one: &Shown| match one {
            Shown::Begin(name) => format!("[[ {name}"),
            Shown::Line(line) => line.clone(),
            Shown::End => "]]".to_owned(),
            Shown::Busy(what) => format!("~ {what}"),
        };
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn stages_that_are_built_together_have_a_group_each() {
        let none = json!({});
        let cached = json!({"cached": true});
        let messages = [
            begun("i", "[internal] load build context", 0.0),
            ended("i", "[internal] load build context", (0.0, 0.1), &none),
            ended("b1", "[base 1/2] FROM python:3", (0.1, 0.1), &cached),
            begun("a2", "[assets 2/2] RUN npm ci", 0.2),
            begun("b2", "[base 2/2] RUN pip install -r requirements.txt", 0.2),
            said("a2", "added 1 package\nadded "),
            said("b2", "Collecting flask\n"),
            said("a2", "2 packages\n"),
            ended("b2", "[base 2/2] RUN pip install -r requirements.txt", (0.2, 4.25), &none),
            said("a2", "10 %\r50 %\r100 %"),
            ended("a2", "[assets 2/2] RUN npm ci", (0.2, 1.0), &none),
            begun("e", "exporting to image", 5.0),
        ];
        insta::assert_snapshot!(shown(&messages), @r"
        ~ internal load build context
        [[ build stage base
        1/2 FROM python:3: cached
        ]]
        [[ build stage assets
        2/2 RUN npm ci
          added 1 package
          added 2 packages
          100 %
        ]]
        [[ build stage base (continued)
        2/2 RUN pip install -r requirements.txt
          Collecting flask
          done in 4.0 s
        ]]
        ~ exporting to image
        ");
    }

    #[test]
    fn what_fails_is_told_from_what_is_ended_with_it() {
        let canceled = json!({"error": "context canceled"});
        let failed = json!({"error": "process \"/bin/sh -c make\" did not complete successfully: exit code: 2\nmore"});
        let messages = [
            begun("a", "[a 1/1] RUN sleep 9", 0.0),
            begun("b", "[2/2] RUN make", 0.0),
            said("b", "no rule\n"),
            ended("a", "[a 1/1] RUN sleep 9", (0.0, 2.0), &canceled),
            ended("b", "[2/2] RUN make", (0.0, 2.0), &failed),
        ];
        insta::assert_snapshot!(shown(&messages), @r#"
        [[ build stage a
        1/1 RUN sleep 9
          ended after 2.0 s, because another step failed
        ]]
        [[ build
        2/2 RUN make
          no rule
          failed after 2.0 s: process "/bin/sh -c make" did not complete successfully: exit code: 2
        ]]
        "#);
        let mut progress = Progress::default();
        for message in &messages {
            progress.take(&message.to_string());
        }
        let (step, said) = progress.failed().unwrap();
        assert_eq!((step.what.as_str(), said), ("RUN make", "no rule\n"));
        assert_eq!(progress.steps().len(), 2);
    }

    #[test]
    fn a_message_may_have_many_lines_and_others_are_shown_as_they_are() {
        let mut progress = Progress::default();
        let message = begun("a", "[1/1] RUN echo {", 0.0);
        let pretty = serde_json::to_string_pretty(&message).unwrap();
        let mut all = Vec::new();
        for line in
            pretty.lines().chain(["", "ERROR: failed to solve: x", "{", "no JSON", "}", "after"])
        {
            all.extend(progress.take(line));
        }
        let lines = ["1/1 RUN echo {", "ERROR: failed to solve: x", "after"];
        let expected: Vec<Shown> = std::iter::once(Shown::Begin("build".to_owned()))
            .chain(lines.map(|line| Shown::Line(line.to_owned())))
            .collect();
        assert_eq!(all, expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever comes in whatever order: groups begin and end by turns, and every line is shown once.
        #[test]
        fn groups_begin_and_end_by_turns(moves in prop::collection::vec((0..4_usize, 0..5_usize, "[a-z\r\n]{0,6}"), 0..40)) {
            let mut progress = Progress::default();
            let names = ["[a 1/2] RUN x", "[a 2/2] RUN y", "[b 1/1] RUN z", "exporting to image"];
            let (mut all, mut lines) = (Vec::new(), 0);
            for (step, what, text) in &moves {
                let (digest, name) = (step.to_string(), names[*step]);
                let message = match what {
                    0 => begun(&digest, name, 1.0),
                    1 => ended(&digest, name, (1.0, 2.0), &json!({})),
                    2 => ended(&digest, name, (1.0, 3.0), &json!({"error": "x"})),
                    3 => json!({"vertexes": [{"digest": digest, "name": name}]}),
                    _ => {
                        lines += usize::from(*step < 3) * text.matches('\n').count();
                        said(&digest, text)
                    }
                };
                all.extend(progress.take(&message.to_string()));
            }
            all.extend(progress.end());
            let mut is_open = false;
            for one in &all {
                match one {
                    Shown::Begin(_) => prop_assert!(!std::mem::replace(&mut is_open, true)),
                    Shown::End => prop_assert!(std::mem::replace(&mut is_open, false)),
                    Shown::Line(_) => prop_assert!(is_open),
                    Shown::Busy(_) => {}
                }
            }
            prop_assert!(!is_open);
            let shown = all.iter().filter(|one| matches!(one, Shown::Line(_))).count();
            prop_assert!(shown <= lines + 3 * moves.len() && progress.steps().len() <= 4);
        }

        #[test]
        fn any_output_is_taken(lines in prop::collection::vec("\\{?[\\PC]{0,40}\\}?", 0..30)) {
            let mut progress = Progress::default();
            for line in &lines {
                progress.take(line);
            }
            progress.end();
        }
    }

    #[test]
    fn a_message_that_cannot_be_read_costs_no_other() {
        let mut progress = Progress::default();
        let first = begun("a", "[a 1/1] RUN x", 0.0).to_string();
        let cut = &first[..first.len() - 20];
        for piece in [cut, "rest of it\"}]}", "{", "  \"vertexes\": [", cut] {
            assert_eq!(progress.take(piece), [], "{piece}");
        }
        assert_eq!(progress.take(&first)[0], Shown::Begin("build stage a".to_owned()));
        progress.take(cut);
        let error = "ERROR: failed to solve: x";
        assert_eq!(progress.take(error), [Shown::Line(error.to_owned())]);
    }

    #[test]
    fn warnings_are_kept_once() {
        let mut progress = Progress::default();
        let warning = |text: &str, line: u64| json!({"warnings": [{"short": BASE64_STANDARD.encode(text), "range": [{"start": {"line": line}}]}]});
        for message in
            [warning("x", 3), warning("y", 4), warning("x", 3), json!({"warnings": null})]
        {
            assert_eq!(progress.take(&message.to_string()), []);
        }
        let told: Vec<_> =
            progress.warnings().iter().map(|one| (one.what.as_str(), one.line)).collect();
        assert_eq!(told, [("x", Some(3)), ("y", Some(4))]);
        for number in 0..2 * MOST {
            progress.take(&warning(&number.to_string(), 1).to_string());
        }
        assert_eq!(progress.warnings().len(), MOST);
    }

    #[test]
    fn a_letter_may_come_in_two_pieces() {
        let mut progress = Progress::default();
        progress.take(&begun("a", "[a 1/1] RUN x", 0.0).to_string());
        let cafe = "café\n".as_bytes();
        let piece = |bytes: &[u8]| json!({"logs": [{"vertex": "a", "data": BASE64_STANDARD.encode(bytes)}]});
        assert_eq!(progress.take(&piece(&cafe[..4]).to_string()), []);
        let shown = progress.take(&piece(&cafe[4..]).to_string());
        assert_eq!(shown, [Shown::Line("  café".to_owned())]);
    }

    #[test]
    fn it_is_bounded() {
        let mut progress = Progress::default();
        progress.take(&begun("a", "[a 1/1] RUN x", 0.0).to_string());
        progress.take(&begun("b", "[b 1/1] RUN y", 0.0).to_string());
        for number in 0..(WAITING + 10) {
            progress.take(&said("b", &format!("{number}\n")).to_string());
        }
        let shown = progress.end();
        assert!(shown.contains(&Shown::Line("(11 lines left out)".to_owned())));
        assert!(shown.contains(&Shown::Line(format!("  {}", WAITING + 9))));
        let endless = said("b", &"x".repeat(LINE / 2 + 1));
        let shown: Vec<Shown> = (0..3).flat_map(|_| progress.take(&endless.to_string())).collect();
        let is_long =
            |one: &Shown| matches!(one, Shown::Line(line) if line.chars().count() > LINE + 3);
        assert!(!shown.is_empty() && !shown.iter().any(is_long), "cut");
        assert!(progress.known["b"].line.len() <= LINE);
        progress.take("{");
        for _ in 0..=(LONGEST / 1024) {
            assert!(progress.take(&"x".repeat(1024)).is_empty());
            assert!(progress.message.len() <= LONGEST);
        }
        assert!(progress.take("}").is_empty());
        assert_eq!(progress.take("free"), [Shown::Line("free".to_owned())]);
    }
}
