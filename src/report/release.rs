//! The account of a deploy, a rollback or a recovery, and its words for the step summary.

use std::fmt::Write as _;
use std::time::Duration;

use crate::domain::release::fate::{Cause, Fate, Stay};
use crate::domain::release::{Migrated, Release};
use crate::domain::shown::visible;
use crate::failure::{Failure, Outcome};
use crate::report::markdown::{Table, code, details, fence, plain, prose};

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

impl Note {
    /// Sentence and command in one line, for where there is no place for a line of its own.
    pub fn line(&self) -> String {
        match &self.command {
            Some(command) => format!("{} `{command}`", self.text),
            None => self.text.clone(),
        }
    }
}

/// A backup that is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The backup.
    pub backup: String,
    /// The database that it was restored to.
    pub database: String,
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

/// Where the image of a service comes from in a deploy: a dry run knows only what is on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// From this host.
    Host,
    /// It is pulled first: the name may mean another image by now.
    Registry,
    /// It is built first.
    Build,
}

impl PlannedService {
    /// The line for what was decided of a service. `images` are the names of the image that it has and of that which it
    /// shall have.
    pub fn of(service: &str, images: (&str, &str), source: Source, fate: &Fate) -> Self {
        let (change, why) = match fate {
            Fate::Created => (Change::Created, "it does not run yet".to_owned()),
            Fate::Removed => (Change::Removed, "it shall have no container".to_owned()),
            Fate::Recreated(causes) => {
                let causes: Vec<_> = causes.iter().map(|cause| because(cause, images)).collect();
                (Change::Recreated, causes.join("; "))
            }
            Fate::Unchanged(stay) => (Change::Unchanged, stays(*stay, source)),
        };
        Self { service: service.to_owned(), image: images.1.to_owned(), change, why }
    }
}

fn because(cause: &Cause, (from, to): (&str, &str)) -> String {
    match cause {
        Cause::NotHere => format!("{to} is not on this host and would be pulled"),
        Cause::Image if from == to => format!("its image changes: {to} is another one now"),
        Cause::Image => format!("its image changes from {from} to {to}"),
        Cause::Settings => "its settings, or files that it mounts, change".to_owned(),
        Cause::TakenOver(folder) => {
            let folder = folder.as_deref().map(visible);
            let folder = folder.as_deref().unwrap_or("another project directory");
            format!("it was made from {folder} and is taken over")
        }
        Cause::Dependency(name) => format!("it depends on {name}, which gets a new container"),
    }
}

fn stays(stay: Stay, source: Source) -> String {
    let why = match stay {
        Stay::AsTheyAre => "same image and settings".to_owned(),
        Stay::Started => "same image and settings; it does not run, and is started".to_owned(),
        Stay::Scaled { from, to } => {
            format!("same image and settings; it shall have {to} containers and has {from}")
        }
        Stay::Perhaps => {
            "same image; recreated if its settings changed, which cannot be told of a \
                          service with `volumes_from`"
                .to_owned()
        }
        Stay::None => return "it shall have no container".to_owned(),
    };
    match source {
        Source::Host => why,
        Source::Registry => format!("{why}; recreated if its tag means another image by now"),
        Source::Build => format!("{why}; recreated if the build gives another image"),
    }
}

/// Above the plan of a dry run.
const DRY_RUN: &str = "Dry run: nothing was changed.";

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
    pub restored: Option<Restored>,
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

    /// What the log and a terminal tell at the end: what a dry run found, then every note, its command on a line of its
    /// own, so that it can be copied.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(plan) = &self.plan {
            lines.push(DRY_RUN.to_owned());
            lines.extend(plan.iter().map(|line| {
                let PlannedService { service, image, change, why } = line;
                format!("{service} (image {image}): would be {}: {why}", change.word())
            }));
        }
        for note in &self.notes {
            lines.push(note.text.clone());
            lines.extend(note.command.clone());
        }
        lines
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
            let _ = writeln!(head, "**{}**\n", prose(&failure.what));
            for part in [&failure.why, &failure.help].into_iter().filter(|part| !part.is_empty()) {
                let _ = writeln!(head, "{}\n", prose(part));
            }
        }
        if let Some(Restored { backup, database }) = &self.restored {
            let (backup, database) = (code(backup), code(database));
            let _ = writeln!(head, "- The database {database} is live from the backup {backup}");
        }
        for (label, release) in self.releases() {
            let id = code(release.id.as_str());
            let _ = writeln!(head, "- {label}: release {id}{}", origin(release));
        }
        for backup in self.migrated.iter().flat_map(|migrated| &migrated.backups) {
            let _ = writeln!(head, "- Backup made before: {}", code(backup));
        }
        for note in &self.notes {
            let command = note.command.as_deref().map(|command| format!(" {}", code(command)));
            let _ = writeln!(head, "- {}{}", prose(&note.text), command.unwrap_or_default());
        }
        head
    }

    /// The releases of this run, each once, by what they are to it. Where only a database was exchanged, none was.
    fn releases(&self) -> Vec<(&'static str, &Release)> {
        let (running, previous) = (self.running.as_ref(), self.previous.as_ref());
        let runs = running.map(|release| &release.id);
        let stays = self.restored.is_some() && runs == previous.map(|release| &release.id);
        let label = if stays { "Runs on, the same as before" } else { "Runs now" };
        let is_other = |release: &&Release| runs != Some(&release.id);
        let tried = self.tried.as_ref().filter(is_other);
        let all = [(label, running), ("Tried", tried), ("Ran before", previous.filter(is_other))];
        all.into_iter().filter_map(|(label, release)| Some((label, release?))).collect()
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
    format!("{DRY_RUN}\n\n{}", table.render())
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
    use crate::domain::health::Policy;

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

    #[test]
    fn what_a_dry_run_found_and_every_note_are_lines_and_a_command_has_one_of_its_own() {
        let mut account = Account::new("deploy");
        assert_eq!(account.lines(), Vec::<String>::new());
        let change = Change::Recreated;
        let (service, image, why) = ("app".into(), "shop:2".into(), "it changes".into());
        account.plan = Some(vec![PlannedService { service, image, change, why }]);
        let drop = Some("DROP DATABASE \"x\";".to_owned());
        account.notes.push(Note { text: "Kept as x. To drop it:".into(), command: drop });
        account.notes.push(Note { text: "It is older.".into(), command: None });
        assert_eq!(
            account.lines(),
            [
                "Dry run: nothing was changed.",
                "app (image shop:2): would be recreated: it changes",
                "Kept as x. To drop it:",
                "DROP DATABASE \"x\";",
                "It is older.",
            ]
        );
    }

    #[test]
    fn the_plan_says_of_each_service_what_happens_and_why() {
        let of = |fate: Fate, source: Source| {
            let planned = PlannedService::of("app", ("shop:1", "shop:2"), source, &fate);
            format!("{}: {}", planned.change.word(), planned.why)
        };
        let recreated = |causes: &[Cause]| of(Fate::Recreated(causes.to_vec()), Source::Registry);
        let stays = |stay: Stay, source: Source| of(Fate::Unchanged(stay), source);
        let said = [
            of(Fate::Created, Source::Registry),
            recreated(&[Cause::Image, Cause::TakenOver(Some("/srv/shop".into()))]),
            recreated(&[Cause::TakenOver(None)]),
            recreated(&[Cause::Settings]),
            recreated(&[Cause::NotHere]),
            recreated(&[Cause::Dependency("db".into())]),
            stays(Stay::AsTheyAre, Source::Host),
            stays(Stay::Started, Source::Registry),
            stays(Stay::Scaled { from: 1, to: 3 }, Source::Build),
            stays(Stay::Perhaps, Source::Host),
            stays(Stay::None, Source::Registry),
            of(Fate::Removed, Source::Host),
        ];
        insta::assert_snapshot!(said.join("\n"), @r"
        created: it does not run yet
        recreated: its image changes from shop:1 to shop:2; it was made from /srv/shop and is taken over
        recreated: it was made from another project directory and is taken over
        recreated: its settings, or files that it mounts, change
        recreated: shop:2 is not on this host and would be pulled
        recreated: it depends on db, which gets a new container
        unchanged: same image and settings
        unchanged: same image and settings; it does not run, and is started; recreated if its tag means another image by now
        unchanged: same image and settings; it shall have 3 containers and has 1; recreated if the build gives another image
        unchanged: same image; recreated if its settings changed, which cannot be told of a service with `volumes_from`
        unchanged: it shall have no container
        removed: it shall have no container
        ");
        let same = PlannedService::of(
            "app",
            ("a", "a"),
            Source::Host,
            &Fate::Recreated(vec![Cause::Image]),
        );
        assert_eq!(same.why, "its image changes: a is another one now");
    }

    fn release(id: &str) -> Release {
        let json = serde_json::json!({
            "version": 1, "id": id, "origin": "deployed", "created": "2026-11-23T02:03:04Z",
            "sha": "0123456789abcdef0123456789abcdef01234567", "ref_name": "", "run_url": "",
            "images": {}, "files": {}, "data_folders": [], "health": Policy::default(),
            "database_service": null,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_restore_names_the_database_and_no_release_as_exchanged_that_was_not() {
        let mut account = Account::new("rollback");
        account.running = Some(release("r1"));
        account.tried = Some(release("r1"));
        account.previous = Some(release("r1"));
        account.restored = Some(Restored { backup: "shop_1".into(), database: "shop".into() });
        let command = Some("DROP DATABASE \"shop__prev_1\";".to_owned());
        account.notes.push(Note { text: "Kept as `shop__prev_1`. To drop it:".into(), command });
        insta::assert_snapshot!(account.summary(None).join("\n"), @r#"
        ### ✅ rollback: done

        - The database `shop` is live from the backup `shop_1`
        - Runs on, the same as before: release `r1`, commit `0123456`
        - Kept as `shop__prev_1`. To drop it: `DROP DATABASE "shop__prev_1";`
        "#);
        account.previous = Some(release("r2"));
        let both = account.summary(None).join("\n");
        assert!(both.contains("- Runs now: release `r1`"), "{both}");
        assert!(both.contains("- Ran before: release `r2`"), "{both}");
    }
}
