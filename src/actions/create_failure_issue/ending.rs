//! How it ends: never red but for wrong inputs. Outputs, summary, report file, and what a person has to know.

use camino::Utf8PathBuf;
use serde_json::{Value, json};

use crate::actions::create_failure_issue::apply::Done;
use crate::actions::create_failure_issue::inputs::Inputs;
use crate::actions::steps::ending::annotation;
use crate::actions::{Ending, World};
use crate::adapters::host::files;
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::incident::jobs::Stage;
use crate::domain::incident::life::Change;
use crate::domain::incident::promise::Marked;
use crate::failure::{Failure, Outcome};
use crate::report::incident::{Failing, body, summary};

const ACTION: &str = "create-failure-issue";

/// The ending of a run of which nothing is known: wrong inputs are refused, all else is a warning.
pub fn of_failure(failure: &Failure) -> Ending {
    let is_refused = matches!(failure.outcome, Outcome::BadInput | Outcome::Bug);
    let mut ending = Ending::new(if is_refused { failure.outcome } else { Outcome::Done });
    ending.outputs.set("action", "error");
    ending.summary = vec![summary::head(&[summary::without(&failure.to_string())])];
    let mut told = annotation(ACTION, failure);
    if !is_refused {
        told.level = Level::Warning;
        told.title = format!("{ACTION}: no issue");
    }
    ending.annotations.push(told);
    ending
}

/// What an ending is made of.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// The job.
    pub world: World<'a>,
    /// What the user asked for.
    pub inputs: &'a Inputs,
    /// What is known of the failure.
    pub failing: Failing<'a>,
}

impl Told<'_> {
    /// The run gets no issue. What it is about may be an issue that is there.
    pub fn without(self, why: &str, marked: &[Marked]) -> Ending {
        self.world.events.emit(Event::Note(format!("no issue: {why}")));
        let links = self.failing.links;
        let mut told = vec![summary::without(why)];
        for one in marked {
            let (number, url) = (one.number, links.issue_page(one.number));
            let note = summary::marked(one, &format!("issue {number} ({url})"));
            self.world.events.emit(Event::Note(note));
            told.push(summary::marked(one, &format!("[issue {number}]({url})")));
        }
        self.reported("skipped", &told)
    }

    /// The token may not write it: for a fork that is as it should be.
    pub fn not_allowed(self, failure: &Failure) -> Ending {
        let mut ending = self
            .reported("skipped", &[summary::without(&failure.to_string()), summary::permissions()]);
        ending.annotations.push(said(Level::Notice, failure));
        ending
    }

    /// GitHub could not be reached, or did not do it.
    pub fn trouble(self, failure: &Failure) -> Ending {
        let mut ending = self.reported("error", &[summary::without(&failure.to_string())]);
        ending.annotations.push(said(Level::Warning, failure));
        ending
    }

    /// What was done with the issues, and what kept it from others.
    pub fn with(self, all: &[Done], trouble: Option<&Failure>) -> Ending {
        let links = self.failing.links;
        let is_dry = self.inputs.dry_run;
        let url = |number: u64| links.issue_page(number);
        let mut told = Vec::new();
        for done in all {
            let said = |issue: &dyn Fn(u64) -> String| {
                let what = (&done.change, done.told.as_ref());
                summary::done(what, done.number, is_dry, issue)
            };
            let note = said(&|number| format!("issue {number} ({})", url(number)));
            self.world.events.emit(Event::Note(note));
            told.push(said(&|number| format!("[issue {number}]({})", url(number))));
            if let Some(text) = done.body.clone().filter(|_| is_dry) {
                self.world.events.emit(Event::Foreign { source: "issue".to_owned(), text });
            }
        }
        if all.is_empty() {
            self.world.events.emit(Event::Note("no issue: nothing is broken".to_owned()));
            told.push(summary::without("nothing is broken"));
        }
        told.extend(trouble.map(|failure| summary::without(&failure.to_string())));
        let main =
            all.iter().find(|done| !matches!(done.change, Change::Nothing(_))).or(all.first());
        let memory = main.and_then(|done| done.memory.as_ref()).unwrap_or(self.failing.memory);
        let with_memory = Told { failing: Failing { memory, ..self.failing }, ..self };
        let action = main.map_or("none", |done| word(&done.change));
        let mut ending = with_memory.reported(action, &told);
        if let Some(number) = main.and_then(|done| done.number) {
            ending.outputs.set("issue-number", number.to_string());
            ending.outputs.set("issue-url", url(number));
        }
        let listed: Vec<Value> = all
            .iter()
            .map(|done| json!({"number": done.number, "url": done.number.map(url), "action": word(&done.change)}))
            .collect();
        ending.outputs.set("issues", Value::from(listed).to_string());
        ending.outputs.set("flaky", all.iter().any(|done| done.is_flaky).to_string());
        if all.iter().any(|done| done.is_unlabelled) {
            ending.annotations.push(self.unlabelled());
        }
        let author = all.iter().find_map(|done| done.foreign_author.as_ref());
        ending.annotations.extend(author.map(|author| self.foreign(author)));
        ending.annotations.extend(trouble.map(|failure| said(Level::Warning, failure)));
        ending
    }

    fn foreign(self, author: &str) -> Annotation {
        let login = self.inputs.author.login();
        Annotation {
            level: Level::Warning,
            title: format!("{ACTION}: the issue is not ours"),
            message: format!(
                "it was opened by `{author}`, and `login` says `{login}`: the next run will not find it and open another one\n\
                 What to do: set `login: \"{author}\"`, the login behind `token`"
            ),
            place: None,
        }
    }

    fn unlabelled(self) -> Annotation {
        let label = &self.inputs.marker_label;
        Annotation {
            level: Level::Warning,
            title: format!("{ACTION}: the label is missing"),
            message: format!(
                "GitHub did not set the label `{label}`: the next run will not find the issue and open another one\n\
                 What to do: set the label by hand, and give a token that may set labels"
            ),
            place: None,
        }
    }

    /// An ending with the report: in the summary, in a file, in outputs.
    fn reported(self, action: &str, lines: &[String]) -> Ending {
        let mut ending = Ending::new(Outcome::Done);
        ending.outputs.set("action", action);
        ending.outputs.set("flaky", "false");
        ending.summary = vec![summary::head(lines)];
        let failing = self.failing;
        let failed: Vec<&Stage> = failing.failed().collect();
        ending.outputs.set("failed-stages", self.failed_stages(&failed));
        if failed.is_empty() {
            return ending;
        }
        let fingerprint = failing.why().next().map(|reason| reason.fingerprint.clone());
        ending.outputs.set("fingerprint", fingerprint.unwrap_or_default());
        let sections = body::sections(failing, usize::MAX);
        ending.outputs.set("occurrences", failing.memory.runs.to_string());
        let first =
            failing.memory.sections.iter().filter(|one| one.is_open()).map(|one| &one.first);
        let first = first.min_by_key(|seen| seen.place());
        ending.outputs.set("first-bad-sha", first.map(|seen| seen.sha.clone()).unwrap_or_default());
        match self.report(&sections.join("\n")) {
            None => {}
            Some(Ok(path)) => ending.outputs.set("report-path", path),
            Some(Err(error)) => {
                let failure =
                    Failure::new(Outcome::Failed, "the report was not written").why(error);
                ending.annotations.push(said(Level::Warning, &failure));
            }
        }
        ending.summary.extend(sections);
        ending
    }

    fn failed_stages(self, failed: &[&Stage]) -> String {
        let Failing { links, run, .. } = self.failing;
        let mut all = Vec::new();
        for stage in failed {
            if stage.legs.is_empty() {
                all.push(json!({"job": stage.name, "step": "", "url": ""}));
            }
            for leg in stage.failed_legs() {
                let step = leg.failed_step().map_or("", |step| step.name.as_str());
                let reason = self.failing.why().find(|reason| reason.job == leg.id);
                all.push(json!({
                    "job": leg.name, "step": step, "url": links.log_page(run, leg),
                    "error": reason.map(|reason| &reason.headline),
                    "exit-code": reason.and_then(|reason| reason.exit_code),
                }));
            }
        }
        Value::from(all).to_string()
    }

    /// Writes the report into a folder of this step's own; by hand nowhere.
    fn report(self, text: &str) -> Option<std::io::Result<Utf8PathBuf>> {
        let temp = self.world.job.temp.as_ref()?;
        let write = || {
            let path = files::create_dir_of_our_own(temp, "mta-failure")?.join("report.md");
            files::write_atomic_with_parents(&path, text.as_bytes(), 0o644)?;
            Ok(path)
        };
        Some(write())
    }
}

fn said(level: Level, failure: &Failure) -> Annotation {
    Annotation {
        level,
        title: format!("{ACTION}: no issue"),
        message: failure.to_string(),
        place: None,
    }
}

const fn word(change: &Change) -> &'static str {
    match change {
        Change::Nothing(_) => "none",
        Change::Create { .. } => "created",
        Change::Update(_) => "updated",
        Change::Reopen(_) => "reopened",
        Change::Close(_) => "closed",
    }
}
