//! One run as its reader sees it: what is masked, where events go, how it ends.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::adapters::runner::console::{Console, DebugLines};
use crate::adapters::runner::environment::Environment;
use crate::adapters::runner::mask::{Secret, masks};
use crate::adapters::runner::redactor::Redactor;
use crate::adapters::runner::terminal::{Style, Terminal, Verbosity};
use crate::adapters::runner::{foreign, outputs, summary};
use crate::domain::action::{OutputSpec, OutputValues};
use crate::domain::event::{Annotation, Level, Sink};
use crate::domain::job::Job;
use crate::failure::Outcome;
use crate::report::annotation::{overflows, section};

/// How a run ends, to be written.
#[derive(Clone, Debug)]
pub struct Closing<'a> {
    /// The outputs that are written, all of them.
    pub specs: &'a [OutputSpec],
    /// Their values; `result` is added.
    pub outputs: OutputValues,
    /// The step summary, Markdown, one string a section.
    pub summary: Vec<String>,
    /// Messages beside those that were emitted as events.
    pub annotations: Vec<Annotation>,
    /// Messages that the summary lists already.
    pub listed: Vec<Annotation>,
    /// What the last line says in place of the outcome's meaning.
    pub verdict: Option<String>,
    /// Exit code and word of `result`.
    pub outcome: Outcome,
}

/// One run: on a runner, or for people.
#[derive(Clone)]
pub struct Session {
    surface: Surface,
    redactor: Redactor,
    output_file: Option<PathBuf>,
    summary_file: Option<PathBuf>,
    verbosity: Verbosity,
    /// Set by [`Session::alarm_bug`]; clones share it.
    bug: Arc<AtomicBool>,
}

#[derive(Clone)]
enum Surface {
    Runner(Arc<Console>),
    Local(Arc<Terminal>),
}

/// Where a session writes.
pub struct Streams {
    /// The log.
    pub out: Box<dyn Write + Send>,
    /// Diagnostics for people at a terminal.
    pub diagnostics: Box<dyn Write + Send>,
    /// What `out` can show.
    pub style: Style,
}

impl Streams {
    /// Standard output and standard error of this process.
    pub fn standard(environment: &Environment) -> Self {
        let style = match (std::io::stdout().is_terminal(), environment.get("NO_COLOR")) {
            (false, _) => Style::Plain,
            (true, Some(_)) => Style::Tty,
            (true, None) if environment.get("TERM") == Some("dumb") => Style::Plain,
            (true, None) => Style::Colour,
        };
        Self { out: Box::new(std::io::stdout()), diagnostics: Box::new(std::io::stderr()), style }
    }
}

impl Session {
    /// A session on the standard streams.
    pub fn start(environment: &Environment, job: &Job) -> Self {
        Self::with_streams(environment, job, Streams::standard(environment))
    }

    /// A session on streams of the caller's choice.
    pub fn with_streams(environment: &Environment, job: &Job, streams: Streams) -> Self {
        let redactor = Redactor::default();
        let verbosity = if job.debug { Verbosity::Verbose } else { Verbosity::Normal };
        let surface = if job.on_runner {
            let debug = match verbosity {
                Verbosity::Verbose if !environment.is_on("RUNNER_DEBUG") => DebugLines::Plain,
                _ => DebugLines::Command,
            };
            let console = Console::new(streams.out, redactor.clone(), job.workspace.as_str());
            Surface::Runner(Arc::new(console.with_debug(debug)))
        } else {
            let terminal = Terminal::new(streams.out, streams.diagnostics, redactor.clone());
            Surface::Local(Arc::new(terminal.with_style(streams.style, verbosity)))
        };
        Self {
            surface,
            redactor,
            output_file: environment.path("GITHUB_OUTPUT").filter(|_| job.on_runner),
            summary_file: environment.path("GITHUB_STEP_SUMMARY").filter(|_| job.on_runner),
            verbosity,
            bug: Arc::default(),
        }
    }

    /// Makes secrets known, before anything else is emitted: a mask never works backwards.
    pub fn mask(&self, secrets: &[Secret]) {
        for secret in secrets {
            let masks = masks(std::slice::from_ref(secret));
            self.redactor.learn(secret.input(), masks.redacted);
        }
        let masks = masks(secrets);
        if let Surface::Runner(console) = &self.surface {
            console.add_masks(&masks.announced);
        }
    }

    /// Where events go.
    pub fn sink(&self) -> &dyn Sink {
        match &self.surface {
            Surface::Runner(console) => console.as_ref(),
            Surface::Local(terminal) => terminal.as_ref(),
        }
    }

    /// Where events go, for tasks that outlive a borrow.
    pub fn shared_sink(&self) -> Arc<dyn Sink> {
        match &self.surface {
            Surface::Runner(console) => Arc::clone(console) as Arc<dyn Sink>,
            Surface::Local(terminal) => Arc::clone(terminal) as Arc<dyn Sink>,
        }
    }

    /// Shows an error at once, also from a panic hook.
    pub fn alarm(&self, annotation: &Annotation) {
        let shown = match &self.surface {
            Surface::Runner(console) => console.alarm(annotation),
            Surface::Local(terminal) => terminal.alarm(annotation),
        };
        if !shown {
            let text = format!("{}: {}", annotation.title, annotation.message);
            let text = foreign::lines(&self.redactor.redact(&text)).join("\n");
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Shows a defect of ours at once, and lets the run end as one, whatever its story says.
    pub fn alarm_bug(&self, annotation: &Annotation) {
        self.bug.store(true, Ordering::SeqCst);
        self.alarm(annotation);
    }

    /// Writes outputs, summary, annotations and a closing line. Returns the exit code.
    ///
    /// A report that cannot be written is a warning: it never turns a success red.
    pub fn finish(&self, mut closing: Closing<'_>) -> u8 {
        if self.bug.load(Ordering::SeqCst) {
            closing.outcome = Outcome::Bug;
        }
        if closing.specs.iter().any(|spec| spec.name == "result") {
            closing.outputs.set("result", closing.outcome.word());
        }
        let mut annotations = self.emitted();
        annotations.append(&mut closing.annotations);
        annotations.extend(lost(&closing.outputs.unknown(closing.specs)));
        self.write_outputs(&closing, &mut annotations);
        let own = annotations.len();
        annotations.append(&mut closing.listed);
        if own > 0 && overflows(&annotations) && self.is_on_runner() {
            closing.summary.push(section(&annotations[..own]));
        }
        self.write_summary(&closing.summary, &mut annotations);
        let last = closing_line(closing.outcome, closing.verdict.as_deref());
        match &self.surface {
            Surface::Runner(console) => console.finish(&annotations, &last),
            Surface::Local(terminal) => {
                terminal.finish(&annotations, &self.local_lines(&closing, &last));
            }
        }
        closing.outcome.code()
    }

    fn is_on_runner(&self) -> bool {
        matches!(self.surface, Surface::Runner(_))
    }

    fn emitted(&self) -> Vec<Annotation> {
        match &self.surface {
            Surface::Runner(console) => console.annotations(),
            Surface::Local(terminal) => terminal.annotations(),
        }
    }

    fn write_outputs(&self, closing: &Closing<'_>, annotations: &mut Vec<Annotation>) {
        let Some(path) = &self.output_file else { return };
        if let Err(error) = outputs::write(path, closing.specs, &closing.outputs) {
            annotations.push(not_written("outputs", &error));
        }
        let names =
            outputs::tainted(closing.specs, &closing.outputs, |value| self.redactor.finds(value));
        if !names.is_empty() {
            annotations.push(dropped(&names.join(", ")));
        }
    }

    fn write_summary(&self, sections: &[String], annotations: &mut Vec<Annotation>) {
        let Some(path) = &self.summary_file else { return };
        let sections: Vec<String> =
            sections.iter().map(|section| self.redactor.redact(section)).collect();
        if let Err(error) = summary::append(path, &sections) {
            annotations.push(not_written("step summary", &error));
        }
    }

    /// Outputs as lines, and with `-v` the summary: there is no file for them.
    fn local_lines(&self, closing: &Closing<'_>, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        if self.verbosity == Verbosity::Verbose {
            lines.extend(closing.summary.iter().cloned());
        }
        for spec in closing.specs.iter().filter(|spec| spec.name != "result") {
            let value = closing.outputs.get(spec.name);
            if !value.is_empty() {
                lines.push(format!("{}: {}", spec.name, value.replace('\n', "\n  ")));
            }
        }
        lines.push(last.to_owned());
        lines
    }
}

fn closing_line(outcome: Outcome, verdict: Option<&str>) -> String {
    match (outcome, verdict) {
        (Outcome::Done, None) => "done".to_owned(),
        (Outcome::Done, Some(verdict)) => format!("done: {verdict}"),
        (_, verdict) => {
            let said = verdict.unwrap_or(outcome.meaning());
            format!("{} (exit code {}): {said}", outcome.word(), outcome.code())
        }
    }
}

fn not_written(what: &str, error: &std::io::Error) -> Annotation {
    Annotation {
        level: Level::Warning,
        title: format!("{what} not written"),
        message: format!(
            "failed to write the {what}: {error}\nWhat to do: check the free space and the owner of the runner's \
             temporary folder; the run itself is not affected"
        ),
        place: None,
    }
}

/// A value that no row of the table takes. It changes nothing of the answer, and is never lost in silence.
fn lost(names: &[&str]) -> Option<Annotation> {
    (!names.is_empty()).then(|| Annotation {
        level: Level::Warning,
        title: "a defect of mta: an output was lost".to_owned(),
        message: format!("the action has no output {}; please report it", names.join(", ")),
        place: None,
    })
}

fn dropped(names: &str) -> Annotation {
    Annotation {
        level: Level::Warning,
        title: "output contains a secret".to_owned(),
        message: format!(
            "the runner drops a job output whose value contains a masked text; here: {names}\nWhat to do: use it \
             within this job only, or choose a secret that is not part of such a value"
        ),
        place: None,
    }
}
