//! The account of a deploy, a rollback or a recovery, and its words for the step summary.

use std::fmt::Write as _;
use std::time::Duration;

use crate::domain::release::{Migrated, Release};
use crate::failure::{Failure, Outcome};
use crate::report::markdown::{Table, code, details, fence, plain};

/// What happened to the containers of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It did not run before.
    Created,
    /// Its containers were replaced.
    Recreated,
    /// The same containers run on.
    Unchanged,
    /// It no longer runs.
    Removed,
}

impl Change {
    /// The word in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Recreated => "recreated",
            Self::Unchanged => "unchanged",
            Self::Removed => "removed",
        }
    }
}

/// A container that is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// Its name.
    pub container: String,
    /// What is wrong.
    pub complaint: String,
    /// The last results of its health check, oldest first.
    pub history: Vec<String>,
    /// The end of its log.
    pub log: String,
}

/// Why a release is not healthy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sickness {
    /// One sentence for each thing that is missing.
    pub reasons: Vec<String>,
    /// The containers that are not well.
    pub patients: Vec<Patient>,
}

/// A sentence for the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The sentence.
    pub text: String,
    /// What to type, shown so that it can be copied.
    pub command: Option<String>,
}

/// A line of a dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedService {
    /// The service.
    pub service: String,
    /// The image that it would run.
    pub image: String,
    /// What would happen to it.
    pub change: Change,
    /// Why.
    pub why: String,
}

/// What a run learned, filled while it goes on.
#[derive(Clone, Debug)]
pub struct Account {
    /// The action.
    pub action: &'static str,
    /// The project.
    pub project: String,
    /// The release that was brought up.
    pub tried: Option<Release>,
    /// The release that runs at the end.
    pub running: Option<Release>,
    /// The release that ran at the start.
    pub previous: Option<Release>,
    /// What happened to each service.
    pub changes: Vec<(String, Change)>,
    /// What happened to each service on the way back.
    pub back: Vec<(String, Change)>,
    /// Why the release that was tried is not healthy.
    pub sickness: Option<Sickness>,
    /// The migration that was begun, with the backups that were made before it.
    pub migrated: Option<Migrated>,
    /// The command that migrates.
    pub migrate_command: Option<String>,
    /// The backup that was restored.
    pub restored: Option<String>,
    /// Sentences for the reader.
    pub notes: Vec<Note>,
    /// What a dry run found.
    pub plan: Option<Vec<PlannedService>>,
    /// The phases, with how long each took.
    pub phases: Vec<(&'static str, Duration)>,
}

impl Account {
    /// An empty account.
    pub fn new(action: &'static str) -> Self {
        Self {
            action,
            project: String::new(),
            tried: None,
            running: None,
            previous: None,
            changes: Vec::new(),
            back: Vec::new(),
            sickness: None,
            migrated: None,
            migrate_command: None,
            restored: None,
            notes: Vec::new(),
            plan: None,
            phases: Vec::new(),
        }
    }

    /// Why the release that was tried failed, for the reader of a file beside its record.
    pub fn why(&self, failure: &Failure) -> String {
        let mut text = format!("{}\n{}\n", failure.what, failure.why);
        for patient in self.sickness.iter().flat_map(|sickness| &sickness.patients) {
            let _ = write!(text, "\n== {}: {}\n", patient.container, patient.complaint);
            if !patient.history.is_empty() {
                let _ = writeln!(
                    text,
                    "-- health check, last results:\n{}",
                    patient.history.join("\n")
                );
            }
            let _ = writeln!(text, "-- end of the log:\n{}", patient.log.trim_end());
        }
        text
    }

    /// The step summary, one string a section.
    pub fn summary(&self, failure: Option<&Failure>) -> Vec<String> {
        let mut sections = vec![self.head(failure)];
        sections.extend(self.plan.as_ref().map(|plan| planned(plan)));
        if !self.changes.is_empty() {
            sections.push(self.services());
        }
        if let Some(sickness) = &self.sickness {
            sections.extend(sickness.patients.iter().map(patient));
        }
        if !self.phases.is_empty() {
            sections.push(times(&self.phases));
        }
        sections
    }

    fn head(&self, failure: Option<&Failure>) -> String {
        let outcome = failure.map_or(Outcome::Done, |failure| failure.outcome);
        let mark = if outcome == Outcome::Done { "✅" } else { "❌" };
        let project = if self.project.is_empty() {
            String::new()
        } else {
            format!(" {}", code(&self.project))
        };
        let mut head = format!("### {mark} {}{project}: {}\n\n", self.action, outcome.word());
        if let Some(failure) = failure {
            let _ = writeln!(head, "**{}**\n", plain(&failure.what));
            for part in [&failure.why, &failure.help].into_iter().filter(|part| !part.is_empty()) {
                let _ = writeln!(head, "{}\n", plain(part));
            }
        }
        let runs = self.running.as_ref().map(|release| &release.id);
        let named =
            [("Runs now", &self.running), ("Tried", &self.tried), ("Ran before", &self.previous)];
        for (label, release) in named {
            if let Some(release) = release
                && (label == "Runs now" || runs != Some(&release.id))
            {
                let _ = writeln!(
                    head,
                    "- {label}: release {}{}",
                    code(release.id.as_str()),
                    origin(release)
                );
            }
        }
        for backup in self.migrated.iter().flat_map(|migrated| &migrated.backups) {
            let _ = writeln!(head, "- Backup made before: {}", code(backup));
        }
        if let Some(backup) = &self.restored {
            let _ = writeln!(head, "- Backup restored: {}", code(backup));
        }
        for note in &self.notes {
            let command = note.command.as_deref().map(|command| format!(" {}", code(command)));
            let _ = writeln!(head, "- {}{}", plain(&note.text), command.unwrap_or_default());
        }
        head
    }

    fn services(&self) -> String {
        let mut columns = vec!["Service", "Image", "What happened"];
        if !self.back.is_empty() {
            columns.push("On the way back");
        }
        let mut table = Table::new(&columns);
        for (service, change) in &self.changes {
            let image = self.tried.as_ref().and_then(|release| release.images.get(service));
            let image = image.map_or_else(|| "–".to_owned(), |image| code(&image.reference));
            let mut row = vec![code(service), image, change.word().to_owned()];
            if !self.back.is_empty() {
                let back = self.back.iter().find(|(name, _)| name == service);
                row.push(back.map_or("–", |(_, change)| change.word()).to_owned());
            }
            table.raw_row(&row);
        }
        table.render()
    }
}

fn origin(release: &Release) -> String {
    let sha = release.sha.get(..7).unwrap_or_default();
    match (sha.is_empty(), release.ref_name.is_empty()) {
        (false, false) => format!(", commit {} of {}", code(sha), code(&release.ref_name)),
        (false, true) => format!(", commit {}", code(sha)),
        _ => String::new(),
    }
}

fn planned(plan: &[PlannedService]) -> String {
    let mut table = Table::new(&["Service", "Image", "Would be", "Why"]);
    for line in plan {
        table.raw_row(&[
            code(&line.service),
            code(&line.image),
            line.change.word().to_owned(),
            plain(&line.why),
        ]);
    }
    format!("Dry run: nothing was changed.\n\n{}", table.render())
}

fn patient(patient: &Patient) -> String {
    let mut body = String::new();
    if !patient.history.is_empty() {
        let _ =
            writeln!(body, "Health check, last results:\n\n{}", fence(&patient.history.join("\n")));
    }
    let log = if patient.log.trim().is_empty() { "(the log is empty)" } else { &patient.log };
    let _ = writeln!(body, "End of the log:\n\n{}", fence(log));
    details(&format!("{}: {}", patient.container, patient.complaint), &body)
}

fn times(phases: &[(&'static str, Duration)]) -> String {
    let mut table = Table::new(&["Phase", "Seconds"]);
    let mut total = Duration::ZERO;
    for (name, took) in phases {
        total += *took;
        table.raw_row(&[(*name).to_owned(), format!("{:.1}", took.as_secs_f64())]);
    }
    table.raw_row(&["**together**".to_owned(), format!("{:.1}", total.as_secs_f64())]);
    table.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_release_failed_names_each_container_with_the_end_of_its_log() {
        let failure = Failure::new(Outcome::Failed, "release r1 did not become healthy")
            .why("app: unhealthy");
        let mut account = Account::new("deploy");
        assert_eq!(account.why(&failure), "release r1 did not become healthy\napp: unhealthy\n");
        let patient = Patient {
            container: "shop-app-1".into(),
            complaint: "app: unhealthy".into(),
            history: vec!["exit 1: no".into()],
            log: "started\nno database\n".into(),
        };
        account.sickness = Some(Sickness { reasons: Vec::new(), patients: vec![patient] });
        assert_eq!(
            account.why(&failure),
            "release r1 did not become healthy\napp: unhealthy\n\n== shop-app-1: app: unhealthy\n\
             -- health check, last results:\nexit 1: no\n-- end of the log:\nstarted\nno database\n"
        );
    }
}
