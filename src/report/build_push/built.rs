//! What `build-push` tells of an image that it built. Pure.

use std::time::Duration;

use serde_json::{Value, json};

use super::scan::Scanned;
use super::{Planning, many};
use crate::domain::build::{Step, cached, slowest};
use crate::domain::image::{Digest, Tag};
use crate::domain::shown;
use crate::domain::tags::{Fate, Planned};
use crate::failure::Failure;
use crate::report::markdown::{self, Table, code, plain, prose};

/// How many steps are listed.
const SLOWEST: usize = 5;

/// How much of a step is shown, in characters.
const STEP: usize = 100;

/// An image that was built, or was to be.
#[derive(Clone, Debug)]
pub struct Built {
    /// Its plan, as it was when its tags were set.
    pub planning: Planning,
    /// The digest of what its tags point to; `None` if it was not pushed.
    pub digest: Option<Digest>,
    /// How many bytes a pull takes; `None` for several platforms.
    pub size: Option<u64>,
    /// The tags that point to it now, as they were set.
    pub set: Vec<Tag>,
    /// The steps of its build.
    pub steps: Vec<Step>,
    /// How long the build took; `None` if it did not come to its end.
    pub took: Option<Duration>,
    /// Why nothing was built.
    pub kept: Option<Kept>,
    /// What its scan has found.
    pub scan: Option<Scanned>,
    /// Whether the scan keeps its other tags from being set: it did not pass, or that is not known.
    pub is_stopped: bool,
}

/// An image that is there already and stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The tag of its version.
    pub tag: Tag,
    /// Whether it was built of the same commit.
    pub is_of_commit: bool,
}

impl Built {
    /// Nothing was done yet.
    pub const fn new(planning: Planning) -> Self {
        Self {
            planning,
            digest: None,
            size: None,
            set: Vec::new(),
            steps: Vec::new(),
            took: None,
            kept: None,
            scan: None,
            is_stopped: false,
        }
    }

    /// Whether it was pushed.
    const fn is_pushed(&self) -> bool {
        !self.set.is_empty()
    }

    /// The references that point to what was built.
    pub fn refs(&self) -> Vec<String> {
        self.set.iter().map(|tag| self.planning.reference(tag)).collect()
    }

    /// The references that point to it, in the order of the plan; where it was only built, those that it would have.
    pub fn tags(&self) -> Vec<String> {
        match &self.kept {
            Some(kept) if self.set.is_empty() => vec![self.planning.reference(&kept.tag)],
            _ if self.set.is_empty() && self.took.is_some() => self.planning.set(),
            _ => {
                let set = self.planning.plan.tags.iter().filter(|one| self.set.contains(&one.tag));
                set.map(|one| self.planning.reference(&one.tag)).collect()
            }
        }
    }

    /// The image by its digest, as `docker pull` takes it.
    pub fn pulled(&self) -> Option<String> {
        Some(self.planning.image.at(self.digest.clone()?).familiar())
    }

    /// What became of it, in a sentence.
    fn sentence(&self) -> String {
        if let Some(kept) = &self.kept {
            let tag = self.planning.reference(&kept.tag);
            let why = if kept.is_of_commit {
                "has the image of this commit"
            } else {
                "is there already (`immutable: skip`)"
            };
            return format!("nothing was built: {tag} {why}");
        }
        let took =
            self.took.map(|took| format!(" in {:.1} s", took.as_secs_f64())).unwrap_or_default();
        let steps = match cached(&self.steps) {
            (_, 0) => String::new(),
            (cached, all) => format!(", {cached} of {} cached", many(all, "step")),
        };
        match (self.is_pushed(), self.took) {
            (true, _) => {
                let size = self.size.map(|size| format!(", {} to pull", shown::size(size)));
                format!("built{took}{steps}{}", size.unwrap_or_default())
            }
            (false, Some(_)) => format!("built{took}{steps}, and not pushed"),
            (false, None) => "not built".to_owned(),
        }
    }

    /// What became of it, for a terminal or a log.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.planning.title(), self.sentence())];
        let is_all = self.kept.as_ref().is_some_and(|kept| !kept.is_of_commit);
        for planned in self.planning.plan.tags.iter().filter(|_| !is_all) {
            let reference = self.planning.reference(&planned.tag);
            let why = match super::note(planned) {
                none if none.is_empty() => none,
                note => format!(": {note}"),
            };
            lines.push(format!("  {:<6} {reference}{why}", self.word(planned)));
        }
        lines.extend(self.pulled().map(|pulled| format!("  {pulled}")));
        lines.extend(self.scan.iter().flat_map(Scanned::lines));
        lines
    }

    /// What happened to a tag.
    fn word(&self, planned: &Planned) -> &'static str {
        let planned_word = self.planning.change(planned).word();
        match planned.fate {
            Fate::Stays(_) => planned_word,
            Fate::Set if self.set.contains(&planned.tag) => planned_word,
            Fate::Set => "not set",
        }
    }

    /// The same for a step summary.
    fn section(&self) -> String {
        let title = plain(&self.planning.title());
        let mut text = format!("#### {title}\n\n{}\n", sentence_of(&self.sentence()));
        if self.is_pushed() {
            let mut table = Table::new(&["tag", "what happened", "why"]);
            for planned in &self.planning.plan.tags {
                table.raw_row(&[
                    code(&self.planning.reference(&planned.tag)),
                    self.word(planned).to_owned(),
                    prose(&super::note(planned)),
                ]);
            }
            text.push_str(&format!("\n{}", table.render()));
        }
        if let Some(pulled) = self.pulled() {
            text.push_str(&format!("\n```sh\ndocker pull {pulled}\n```\n"));
        }
        text.extend(self.scan.iter().map(Scanned::section));
        let slow = slowest(&self.steps, SLOWEST);
        if !slow.is_empty() {
            let mut table = Table::new(&["slowest steps", "seconds"]);
            for (step, took) in slow {
                table.raw_row(&[
                    code(&shown::cut(&step.line(), STEP)),
                    format!("{:.1}", took.as_secs_f64()),
                ]);
            }
            text.push_str(&format!("\n{}", table.render()));
        }
        text
    }

    /// The same as JSON: that of the plan, and what came of it.
    fn json(&self) -> Value {
        let mut json = self.planning.json();
        let (was_cached, steps) = cached(&self.steps);
        let more = json!({
            "digest": self.digest.as_ref().map(ToString::to_string),
            "ref": self.pulled(),
            "refs": self.refs(),
            "size": self.size,
            "built": self.took.is_some(),
            "seconds": self.took.map(|took| took.as_secs()),
            "steps": steps,
            "cached-steps": was_cached,
            "scan": self.scan.as_ref().map(Scanned::json),
        });
        if let (Some(json), Value::Object(more)) = (json.as_object_mut(), more) {
            json.extend(more);
        }
        json
    }
}

fn sentence_of(words: &str) -> String {
    let mut all = words.chars();
    let first = all.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{}{}.", first, prose(all.as_str()))
}

/// The summary of all images, and what kept one of them from its end.
pub fn summary_of_builds(all: &[Built], failure: Option<&Failure>) -> Vec<String> {
    let tags: usize = all.iter().map(|built| built.set.len()).sum();
    let sign = if failure.is_some() { "❌" } else { "📦" };
    let head = match failure {
        Some(failure) => format!(
            "### {sign} build-push: {}\n\n{}\n",
            failure.outcome.word(),
            markdown::failure(failure)
        ),
        None => format!(
            "### {sign} build-push: {}, {} set\n",
            many(all.len(), "image"),
            many(tags, "tag")
        ),
    };
    std::iter::once(head).chain(all.iter().map(Built::section)).collect()
}

/// All images as JSON.
pub fn json_of_builds(all: &[Built]) -> String {
    Value::from(all.iter().map(Built::json).collect::<Vec<_>>()).to_string()
}
