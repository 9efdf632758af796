//! Templates that a workflow's author writes for the title, the text and the comments of an issue, in Jinja's syntax.
//! Pure.
//!
//! The author is trusted, what the variables hold is not: a branch, a job, a line of a log. So a value is made harmless
//! where it is written, whatever was done to it before: in a text it is plain (nothing in it is Markdown, a mention or
//! a reference), in a title what mentions and refers is parted. What we have made of Markdown ourselves is written as it
//! is. There are no filters, so nothing can be declared harmless.
//!
//! A template is bounded: its length, its steps ("fuel") and its output. Fuel does not count all bytes, so what could
//! double a text again and again is left out: the only tags are `if` and `for`, and nothing is multiplied.

use std::collections::BTreeMap;

use minijinja::{Environment, ErrorKind, Output, State, UndefinedBehavior, Value};

use crate::domain::incident::jobs::Stage;
use crate::report::incident::{Failing, inert};
use crate::report::markdown::{apart, fence};

pub mod file;

/// The longest template, in bytes.
pub const LONGEST: usize = 10_000;

/// The longest output, in bytes; GitHub takes 65,536 characters.
pub const OUTPUT: usize = 60_000;

/// Steps that a template may take.
const FUEL: u64 = 100_000;

/// What begins and ends tags.
const TAGS: &[&str] = &["if", "elif", "else", "endif", "for", "endfor"];

/// How our own hidden lines begin.
const HIDDEN: &str = "<!-- mta:";

/// All variables, in the order of the documentation.
pub const VARIABLES: &[&str] = &[
    "workflow",
    "branch",
    "sha",
    "short_sha",
    "event",
    "actor",
    "environment",
    "repository",
    "run_number",
    "run_attempt",
    "failed_runs",
    "run_url",
    "commit_url",
    "stage",
    "step",
    "error",
    "exit_code",
    "log_url",
    "stages",
    "excerpt",
    "report",
    "news",
];

/// What a template is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The title of a new issue: one line, no Markdown.
    Title,
    /// The text of the issue.
    Body,
    /// A comment.
    Comment,
}

impl Part {
    /// Its input.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Body => "body",
            Self::Comment => "comment",
        }
    }
}

/// A template that was tried with samples of all variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    part: Part,
    source: String,
    /// Lines of its file that stand above it.
    above: usize,
}

/// The values of all variables.
#[derive(Clone, Debug)]
pub struct Variables(BTreeMap<&'static str, Value>);

impl Template {
    /// Reads a template, and tries it with samples.
    ///
    /// # Errors
    /// What is wrong with it, for its author.
    pub fn read(part: Part, source: &str) -> Result<Self, String> {
        Self::read_below(part, source, 0)
    }

    /// The same of a template that stands in a file below so many lines.
    ///
    /// # Errors
    /// What is wrong with it, for its author; lines are those of the file.
    pub fn read_below(part: Part, source: &str, above: usize) -> Result<Self, String> {
        if source.len() > LONGEST {
            return Err(format!("it has {} bytes, at most {LONGEST} are taken", source.len()));
        }
        if source.contains(HIDDEN) {
            return Err(format!(
                "it has `{HIDDEN}` in it, which begins the lines by which issues are found again"
            ));
        }
        let template = Self { part, source: source.to_owned(), above };
        bounded(source).map_err(|(at, why)| template.at(at, &why))?;
        template.check_names()?;
        for sample in [Variables::sample(), Variables::empty(part)] {
            template.render(&sample, OUTPUT)?;
        }
        Ok(template)
    }

    /// The same where `hide` takes secrets out of the author's own words. What stands in tags stays as it is.
    #[must_use]
    pub fn hiding(self, hide: impl Fn(&str) -> String) -> Self {
        let mut source = String::with_capacity(self.source.len());
        let mut rest = self.source.as_str();
        let opened = |rest: &str| {
            let all = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")].into_iter();
            all.filter_map(|(open, close)| Some((rest.find(open)?, close))).min()
        };
        while let Some((begin, close)) = opened(rest) {
            let inside = begin + close.len();
            let length = match close {
                "#}" => rest[inside..].find(close),
                _ => without_strings(&rest[inside..], close).ok(),
            };
            let end = length.map_or(rest.len(), |length| inside + length + close.len());
            source.push_str(&hide(&rest[..begin]));
            source.push_str(&rest[begin..end]);
            rest = &rest[end..];
        }
        source.push_str(&hide(rest));
        Self { source, ..self }
    }

    /// The text, of at most so many bytes.
    ///
    /// # Errors
    /// Why there is none.
    pub fn render(&self, variables: &Variables, room: usize) -> Result<String, String> {
        let environment = environment(self.part);
        let template =
            environment.template_from_str(&self.source).map_err(|error| self.in_words(&error))?;
        let mut out = Capped { bytes: Vec::new(), room: room.min(OUTPUT) };
        let context = Value::from_pairs(variables.0.clone());
        template.render_captured_to(context, &mut out).map_err(|error| match error.kind() {
            ErrorKind::WriteFailure => format!("it makes a text of more than {} bytes", out.room),
            _ => self.in_words(&error),
        })?;
        let text = String::from_utf8_lossy(&out.bytes).trim().to_owned();
        if text.is_empty() {
            return Err("it makes an empty text".to_owned());
        }
        match self.part {
            Part::Title => Ok(text.split_whitespace().collect::<Vec<_>>().join(" ")),
            // Only lines that begin so are ever read back; a log may well have the words.
            _ if text.lines().any(|line| line.starts_with(HIDDEN)) => Err(format!(
                "it makes a line with `{HIDDEN}` before it, which begins the lines by which issues are found again"
            )),
            Part::Body | Part::Comment => Ok(text),
        }
    }

    /// Names that there are not, also where the samples do not lead.
    fn check_names(&self) -> Result<(), String> {
        let environment = environment(self.part);
        let template =
            environment.template_from_str(&self.source).map_err(|error| self.in_words(&error))?;
        let mut unknown: Vec<String> = template
            .undeclared_variables(false)
            .into_iter()
            .filter(|name| !VARIABLES.contains(&name.as_str()))
            .collect();
        unknown.sort();
        if unknown.is_empty() {
            return Ok(());
        }
        let first = unknown.iter().filter_map(|name| place_of(&self.source, name)).min();
        let unknown: Vec<String> = unknown.iter().map(|name| format!("`{name}`")).collect();
        let (unknown, all) = (unknown.join(", "), VARIABLES.join(", "));
        let why = format!("there is no variable {unknown}; the variables are: {all}");
        Err(first.map_or_else(|| why.clone(), |at| self.at(at, &why)))
    }

    /// What is wrong, with the line of a byte of the source.
    fn at(&self, byte: usize, why: &str) -> String {
        let line = self.above + 1 + self.source[..byte].matches('\n').count();
        format!("line {line}: {why}")
    }

    /// minijinja's words, with the line. They may hold parts of the template, which is the author's own.
    fn in_words(&self, error: &minijinja::Error) -> String {
        let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        match (error.kind(), error.line()) {
            (ErrorKind::OutOfFuel, _) => format!("it takes more than {FUEL} steps"),
            (_, Some(line)) => format!("line {}: {what}", self.above + line),
            (_, None) => what,
        }
    }
}

/// Where a name stands first in a tag.
fn place_of(source: &str, name: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut from = 0;
    while let Some(at) = ["{{", "{%"].iter().filter_map(|open| source[from..].find(open)).min() {
        let inside = from + at + 2;
        let end = source[inside..].find('}').map_or(source.len(), |length| inside + length);
        let is_whole = |(at, _): &(usize, &str)| {
            let (before, after) = (&source[..inside + at], &source[inside + at + name.len()..]);
            !before.ends_with(is_part) && !after.starts_with(is_part)
        };
        if let Some((at, _)) = source[inside..end].match_indices(name).find(is_whole) {
            return Some(inside + at);
        }
        from = end;
    }
    None
}

fn environment(part: Part) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_formatter(move |out, _: &mut State<'_, '_>, value| write(part, out, value));
    environment
}

/// Writes a value so that nothing in it is obeyed.
fn write(part: Part, out: &mut Output<'_>, value: &Value) -> Result<(), minijinja::Error> {
    let text = match value.as_str() {
        _ if value.is_undefined() => return Err(ErrorKind::UndefinedError.into()),
        Some(text) if value.is_safe() => text.to_owned(),
        Some(text) if part == Part::Title => inert(text),
        Some(text) => apart(text),
        None if value.is_number() => value.to_string(),
        None => {
            let why = "only texts and numbers can be written; go through a list with `for`";
            return Err(minijinja::Error::new(ErrorKind::InvalidOperation, why));
        }
    };
    Ok(out.write_str(&text)?)
}

/// Whether only tags are used that cannot double a text, and nothing is multiplied; else where not, and why.
fn bounded(source: &str) -> Result<(), (usize, String)> {
    let mut rest = source;
    while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|open| rest.find(open)).min() {
        if rest[at..].starts_with("{#") {
            // What is not closed the parser refuses.
            let Some(length) = rest[at..].find("#}") else { return Ok(()) };
            rest = &rest[at + length + 2..];
            continue;
        }
        let is_tag = rest[at..].starts_with("{%");
        let inside = &rest[at + 2..];
        if is_tag {
            let name = inside.trim_start_matches(['-', '+']).trim_start();
            let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
            if !TAGS.contains(&name.as_str()) {
                let why = format!("the tag `{name}` is not known; there are `if` and `for`");
                return Err((source.len() - inside.len(), why));
            }
        }
        let end = if is_tag { "%}" } else { "}}" };
        let begin = source.len() - inside.len();
        let length =
            without_strings(inside, end).map_err(|(at, why)| (begin + at, why.to_owned()))?;
        rest = &inside[length..];
    }
    Ok(())
}

/// The length of an expression up to its end; else where something is wrong, and what. Texts in quotes may hold anything.
fn without_strings(inside: &str, end: &str) -> Result<usize, (usize, &'static str)> {
    let mut quote = None;
    let mut is_escaped = false;
    for (at, c) in inside.char_indices() {
        if let Some(open) = quote {
            let is_end = c == open && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            quote = quote.filter(|_| !is_end);
            continue;
        }
        match c {
            _ if inside[at..].starts_with(end) => return Ok(at),
            '"' | '\'' => quote = Some(c),
            '*' => return Err((at, "nothing can be multiplied in a template")),
            '{' => return Err((at, "there are no maps in a template")),
            _ => {}
        }
    }
    // The parser says what is not closed.
    Ok(inside.len())
}

/// Takes so many bytes and no more.
struct Capped {
    bytes: Vec<u8>,
    room: usize,
}

impl std::io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.room {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Variables {
    /// The values of a run. `report` and `news` are Markdown of ours; `hide` takes secrets out of a text.
    pub fn new(
        failing: Failing<'_>,
        (report, news): (&str, &str),
        hide: impl Fn(&str) -> String,
    ) -> Self {
        let Failing { links, run, environment, memory, .. } = failing;
        let text = |text: &str| Value::from(hide(text));
        let ours = |text: &str| Value::from_safe_string(text.to_owned());
        let all: Vec<BTreeMap<&'static str, Value>> =
            failing.failed().map(|stage| stage_of(stage, failing, &hide)).collect();
        let first = |name: &str| {
            let found = all.first().and_then(|stage| stage.get(name));
            found.cloned().unwrap_or_else(|| Value::from(""))
        };
        let excerpt = failing.why().next().map(|reason| fence(&reason.excerpt.join("\n")));
        let list: Value = all.iter().map(|stage| Value::from_pairs(stage.clone())).collect();
        let short = run.sha.get(..7).unwrap_or(&run.sha);
        Self(BTreeMap::from([
            ("workflow", text(&run.workflow)),
            ("branch", text(&run.branch)),
            ("sha", text(&run.sha)),
            ("short_sha", text(short)),
            ("event", text(&run.event)),
            ("actor", text(&run.actor)),
            ("environment", text(environment)),
            ("repository", text(&links.repository.to_string())),
            ("run_number", Value::from(run.number)),
            ("run_attempt", Value::from(run.attempt)),
            ("failed_runs", Value::from(memory.runs)),
            ("run_url", ours(&links.run_page(run.id))),
            ("commit_url", ours(&links.commit_page(&run.sha).unwrap_or_default())),
            ("stage", first("name")),
            ("step", first("step")),
            ("error", first("error")),
            ("exit_code", first("exit_code")),
            ("log_url", first("log_url")),
            ("stages", list),
            ("excerpt", ours(&excerpt.unwrap_or_default())),
            ("report", ours(report)),
            ("news", ours(news)),
        ]))
    }

    /// One stage, and a text for each variable.
    fn sample() -> Self {
        let stage = [("name", "test"), ("step", "Run"), ("error", "it failed"), ("log_url", "x")];
        let stage = stage.into_iter().chain([("exit_code", "1")]);
        let stage = Value::from_pairs(stage);
        let text = |name: &&'static str| (*name, Value::from(*name));
        let mut values: BTreeMap<&'static str, Value> = VARIABLES.iter().map(text).collect();
        values.insert("stages", Value::from_iter([stage]));
        for number in ["run_number", "run_attempt", "failed_runs", "exit_code"] {
            values.insert(number, Value::from(1));
        }
        Self(values)
    }

    /// Nothing is known but what always is.
    fn empty(part: Part) -> Self {
        let mut sample = Self::sample();
        let is_always_there = |name: &str| match name {
            "workflow" | "branch" | "sha" | "short_sha" | "repository" | "run_url" | "report"
            | "news" => true,
            // A title is made of a failure alone.
            "stage" => part == Part::Title,
            _ => false,
        };
        for (name, value) in &mut sample.0 {
            if *name == "stages" {
                *value = Value::from_iter(Vec::<Value>::new());
            } else if *name == "exit_code" || !value.is_number() && !is_always_there(name) {
                *value = Value::from("");
            }
        }
        sample
    }
}

fn stage_of(
    stage: &Stage,
    failing: Failing<'_>,
    hide: impl Fn(&str) -> String,
) -> BTreeMap<&'static str, Value> {
    let leg = stage.failed_legs().next();
    let step = leg.and_then(|leg| leg.failed_step()).map_or("", |step| step.name.as_str());
    let reason = failing.why().find(|reason| reason.stage == stage.name);
    let page = leg.map(|leg| failing.links.log_page(failing.run, leg)).unwrap_or_default();
    let code = reason.and_then(|reason| reason.exit_code);
    BTreeMap::from([
        ("name", Value::from(hide(leg.map_or(&stage.name, |leg| &leg.name)))),
        ("step", Value::from(hide(step))),
        ("error", Value::from(hide(reason.map_or("", |reason| &reason.headline)))),
        ("exit_code", code.map_or_else(|| Value::from(""), Value::from)),
        ("log_url", Value::from_safe_string(page)),
    ])
}

#[cfg(test)]
mod tests;
