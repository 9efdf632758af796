//! Whole sessions, on the runner and at a terminal.

use camino::Utf8PathBuf;
use mta_actions::actions::steps::ending;
use mta_actions::adapters::runner::environment::Environment;
use mta_actions::adapters::runner::mask::Secret;
use mta_actions::adapters::runner::session::{Closing, Session, Streams};
use mta_actions::adapters::runner::terminal::Style;
use mta_actions::domain::action::{OutputSpec, OutputValues};
use mta_actions::domain::event::{Annotation, Event, Level};
use mta_actions::domain::job::Job;
use mta_actions::failure::Outcome;
use mta_actions::report::release::{Account, Change, Note, PlannedService};

use super::texts::Buffer;
use crate::kit::runner::commands::read_lines;
use crate::kit::runner::files::read_pairs;
use crate::kit::runner::log::Log;

const SPECS: &[OutputSpec] =
    &[OutputSpec { name: "result", doc: "" }, OutputSpec { name: "release", doc: "" }];

struct Stage {
    folder: tempfile::TempDir,
    out: Buffer,
    diagnostics: Buffer,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, out: Buffer::default(), diagnostics: Buffer::default() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn text_of(&self, name: &str) -> String {
        fs_err::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn on_runner(&self) -> Session {
        let pairs =
            [("GITHUB_OUTPUT", self.path("out")), ("GITHUB_STEP_SUMMARY", self.path("sum"))];
        let job = Job { on_runner: true, workspace: Utf8PathBuf::from("/w"), ..Job::default() };
        Session::with_streams(&Environment::from_pairs(pairs), &job, self.streams(Style::Plain))
    }

    fn local(&self, style: Style, debug: bool) -> Session {
        let job = Job { debug, ..Job::default() };
        Session::with_streams(&Environment::default(), &job, self.streams(style))
    }

    fn streams(&self, style: Style) -> Streams {
        Streams { out: self.out.boxed(), diagnostics: self.diagnostics.boxed(), style }
    }

    fn log(&self) -> Log {
        let mut log = Log::default();
        for line in read_lines(&self.out.text()) {
            log.take(&line);
        }
        log
    }
}

fn closing(outcome: Outcome) -> Closing<'static> {
    let mut outputs = OutputValues::default();
    outputs.set("release", "r 1");
    Closing {
        specs: SPECS,
        outputs,
        summary: vec!["# Deploy\n".to_owned()],
        annotations: Vec::new(),
        listed: Vec::new(),
        verdict: None,
        outcome,
    }
}

fn error(number: usize) -> Annotation {
    let title = format!("error {number}");
    Annotation { level: Level::Error, title, message: "why".to_owned(), place: None }
}

#[test]
fn the_end_of_a_run_on_the_runner() {
    let stage = Stage::new();
    let session = stage.on_runner();
    session.sink().emit(Event::PhaseStarted { name: "pull".to_owned() });
    session.sink().emit(Event::Annotated(error(1)));
    session
        .sink()
        .emit(Event::Foreign { source: "docker".to_owned(), text: "::error::x".to_owned() });
    assert_eq!(session.finish(closing(Outcome::RolledBack)), 2);
    let outputs = read_pairs(stage.text_of("out").as_bytes());
    assert_eq!((outputs.get("result"), outputs.get("release")), (Some("rolled-back"), Some("r 1")));
    assert_eq!(stage.text_of("sum"), "\n# Deploy\n");
    let log = stage.log();
    let names: Vec<_> = log.commands.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["group", "endgroup", "error"]);
    assert_eq!(log.annotations[0].title, "error 1");
    assert!(log.faults.is_empty());
    assert_eq!(
        log.lines.last().unwrap(),
        "rolled-back (exit code 2): it failed and the former release runs again"
    );
}

/// An account with a plan and a note that name what others chose, and a secret.
fn told() -> Account {
    let mut account = Account::new("deploy");
    account.plan = Some(vec![PlannedService {
        service: "app".to_owned(),
        image: "x\n::error::hostile\u{1b}[2J".to_owned(),
        change: Change::Recreated,
        why: "##[error]hostile hunter2hunter2".to_owned(),
    }]);
    let command = Some("DROP DATABASE \"shop__prev_1\";".to_owned());
    account.notes.push(Note { text: "kept as shop__prev_1:".to_owned(), command });
    account
}

#[test]
fn what_an_account_tells_is_shown_by_hand_and_in_the_log_and_never_obeyed() {
    for by_hand in [false, true] {
        let stage = Stage::new();
        let session = if by_hand { stage.local(Style::Plain, false) } else { stage.on_runner() };
        session.mask(&[Secret::new("hunter2hunter2")]);
        let ending = ending::of(session.sink(), SPECS, &told(), Ok(()));
        session.finish(closing(ending.outcome));
        let text = stage.out.text();
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
        for line in [
            "Dry run: nothing was changed.",
            "app (image x",
            ": :error::hostile): would be recreated: ## [error]hostile ***",
            "kept as shop__prev_1:",
            "DROP DATABASE \"shop__prev_1\";",
        ] {
            assert_eq!(lines.iter().filter(|told| **told == line).count(), 1, "{line}: {text}");
        }
        let log = stage.log();
        assert!(log.annotations.is_empty() && log.faults.is_empty(), "{text}");
        assert!(
            !lines.concat().contains(['\u{1b}']) && !lines.concat().contains("hunter2"),
            "{text}"
        );
    }
}

#[test]
fn masks_are_the_first_thing_that_is_said() {
    let stage = Stage::new();
    let session = stage.on_runner();
    session.mask(&[Secret::new("hunter2hunter2"), Secret::new(" ")]);
    session.sink().emit(Event::Note("pw hunter2hunter2".to_owned()));
    let mut closing = closing(Outcome::Done);
    closing.outputs.set("release", "x-hunter2hunter2");
    closing.summary.push("pw hunter2hunter2".to_owned());
    session.finish(closing);
    assert!(stage.out.text().starts_with("::add-mask::hunter2hunter2\n"));
    let log = stage.log();
    assert!(log.faults.is_empty(), "{:?}", log.faults);
    assert!(!log.lines.join("\n").contains("hunter2") && !stage.text_of("sum").contains("hunter2"));
    let warning = &log.annotations[0];
    assert_eq!(
        (warning.level.as_str(), warning.title.as_str()),
        ("warning", "output contains a secret")
    );
    assert!(warning.message.contains("here: release"));
}

#[test]
fn too_many_annotations_end_up_in_the_summary() {
    let stage = Stage::new();
    let mut closing = closing(Outcome::Failed);
    closing.annotations = (0..15).map(error).collect();
    stage.on_runner().finish(closing);
    let log = stage.log();
    assert_eq!(log.annotations.len(), 9);
    assert_eq!(log.annotations[8].title, "and 7 more");
    assert!((0..15).all(|number| stage.text_of("sum").contains(&format!("error {number}"))));
}

#[test]
fn what_the_summary_lists_already_is_not_listed_again() {
    let stage = Stage::new();
    let mut closing = closing(Outcome::Failed);
    closing.listed = (0..600).map(error).collect();
    closing.annotations = vec![error(1000)];
    stage.on_runner().finish(closing);
    let log = stage.log();
    let titles: Vec<_> = log.annotations.iter().map(|one| one.title.as_str()).collect();
    assert_eq!((titles.len(), titles[0], titles[8]), (9, "error 1000", "and 593 more"));
    let summary = stage.text_of("sum");
    assert!(summary.contains("error 1000") && !summary.contains("error 5"), "{summary}");
}

#[test]
fn an_output_that_the_table_does_not_know_is_told() {
    let stage = Stage::new();
    let mut closing = closing(Outcome::Done);
    closing.outputs.set("relaese", "r 2");
    assert_eq!(stage.on_runner().finish(closing), 0);
    let log = stage.log();
    assert!(log.annotations[0].message.contains("no output relaese"), "{:?}", log.annotations);
}

#[test]
fn a_report_that_cannot_be_written_is_a_warning_and_no_failure() {
    let stage = Stage::new();
    fs_err::create_dir(stage.folder.path().join("out")).unwrap();
    fs_err::create_dir(stage.folder.path().join("sum")).unwrap();
    assert_eq!(stage.on_runner().finish(closing(Outcome::Done)), 0);
    let log = stage.log();
    let titles: Vec<_> =
        log.annotations.iter().map(|a| (a.level.as_str(), a.title.as_str())).collect();
    assert_eq!(
        titles,
        [("warning", "outputs not written"), ("warning", "step summary not written")]
    );
    assert!(log.annotations[0].message.contains(&stage.path("out")));
}

#[test]
fn a_terminal_without_colours_shows_the_same_without_commands() {
    let stage = Stage::new();
    let session = stage.local(Style::Plain, false);
    session.sink().emit(Event::PhaseStarted { name: "pull images".to_owned() });
    session.sink().emit(Event::Waiting("db: starting".to_owned()));
    session.sink().emit(Event::Waiting("db: still starting".to_owned()));
    session.sink().emit(Event::Foreign {
        source: "docker".to_owned(),
        text: "\u{1b}[31mred\u{1b}[2J\u{7}".to_owned(),
    });
    session.sink().emit(Event::Debug("hidden".to_owned()));
    session.sink().emit(Event::Annotated(error(1)));
    assert_eq!(session.finish(closing(Outcome::Done)), 0);
    assert_eq!(
        stage.out.text(),
        "pull images\ndb: starting\n  docker | red\u{2407}\n  pull images: 0.0 s\nerror: error 1\n  why\nrelease: r 1\ndone\n"
    );
    assert_eq!(stage.diagnostics.text(), "");
}

#[test]
fn a_tty_overwrites_its_progress_line() {
    let stage = Stage::new();
    let session = stage.local(Style::Tty, false);
    session.sink().emit(Event::Waiting("one".to_owned()));
    session.sink().emit(Event::Waiting("x".repeat(200)));
    session.sink().emit(Event::Note("note".to_owned()));
    assert_eq!(
        stage.out.text(),
        format!("\r\u{1b}[Kone\r\u{1b}[K{}\r\u{1b}[Knote\n", "x".repeat(79))
    );
}

#[test]
fn colours_and_diagnostics_only_where_they_were_asked_for() {
    let stage = Stage::new();
    let session = stage.local(Style::Colour, true);
    session.sink().emit(Event::Debug("shown".to_owned()));
    let mut closing = closing(Outcome::Failed);
    closing.annotations.push(error(1));
    assert_eq!(session.finish(closing), 1);
    assert_eq!(stage.diagnostics.text(), "debug: shown\n");
    assert!(stage.out.text().contains("\u{1b}[1;31merror\u{1b}[0m: error 1\n"));
    assert!(stage.out.text().contains("# Deploy\n"), "the summary is shown with -v");
}

#[test]
fn after_a_defect_of_ours_the_result_is_bug_whatever_the_story_says() {
    let stage = Stage::new();
    let session = stage.on_runner();
    session.clone().alarm_bug(&error(1));
    assert_eq!(session.finish(closing(Outcome::Done)), 70);
    assert_eq!(read_pairs(stage.text_of("out").as_bytes()).get("result"), Some("bug"));
}

/// A stream whose write raises an alarm, as a panic in the middle of a line would.
struct Alarming(std::sync::Arc<std::sync::OnceLock<Session>>);

impl std::io::Write for Alarming {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Some(session) = self.0.get() {
            session.alarm_bug(&error(1));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_alarm_in_the_middle_of_a_line_does_not_wait_for_itself() {
    let cell = std::sync::Arc::new(std::sync::OnceLock::new());
    let streams = Streams {
        out: Box::new(Alarming(std::sync::Arc::clone(&cell))),
        diagnostics: Box::new(std::io::sink()),
        style: Style::Plain,
    };
    let job = Job { on_runner: true, ..Job::default() };
    let session = Session::with_streams(&Environment::default(), &job, streams);
    assert!(cell.set(session.clone()).is_ok());
    session.sink().emit(Event::Note("one".to_owned()));
    assert_eq!(session.finish(closing(Outcome::Done)), 70);
}
