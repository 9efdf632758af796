//! What `build-push` tells: the plan of each image, and an image that was looked for. Pure.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::domain::image::{Digest, MediaType, Platform, Reference, Repository, Tag};
use crate::domain::shown::visible;
use crate::domain::tags::{Fate, Kind, Plan, Planned};
use crate::domain::version::{Found, Source};
use crate::failure::{Failure, Place};
use crate::report::markdown::{Table, code, plain, prose};

mod built;
pub mod scan;

pub use built::{Built, Kept, json_of_builds, summary_of_builds};

/// The plan of one image.
#[derive(Clone, Debug)]
pub struct Planning {
    /// The image.
    pub image: Repository,
    /// Its version, if a tag needs one.
    pub found: Option<Found>,
    /// Its tags.
    pub plan: Plan,
    /// What the registry said.
    pub asking: Asking,
}

/// What a registry said of the tags that it has.
#[derive(Clone, Debug)]
pub enum Asking {
    /// It was not to be asked.
    Left,
    /// These are there.
    Listed(Vec<Tag>),
    /// It could not be found out.
    Failed(Failure),
}

/// What happens to a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// It is not there yet.
    New,
    /// It is there.
    Moves,
    /// It points to what is built, whether it is there or not.
    Set,
    /// It stays where it is.
    Stays,
}

impl Change {
    const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Moves => "moves",
            Self::Set => "set",
            Self::Stays => "stays",
        }
    }
}

impl Planning {
    fn change(&self, planned: &Planned) -> Change {
        match (&planned.fate, &self.asking) {
            (Fate::Stays(_), _) => Change::Stays,
            (Fate::Set, Asking::Listed(listed)) if listed.contains(&planned.tag) => Change::Moves,
            (Fate::Set, Asking::Listed(_)) => Change::New,
            (Fate::Set, _) => Change::Set,
        }
    }

    fn reference(&self, tag: &Tag) -> String {
        self.image.tagged(tag.clone()).familiar()
    }

    /// The references that point to what is built.
    pub fn set(&self) -> Vec<String> {
        self.plan.set().map(|tag| self.reference(tag)).collect()
    }

    /// The references that stay where they are.
    pub fn kept(&self) -> Vec<String> {
        let stays = self.plan.tags.iter().filter(|planned| matches!(planned.fate, Fate::Stays(_)));
        stays.map(|planned| self.reference(&planned.tag)).collect()
    }

    /// The tag that says most exactly what is built: that of its commit, else of its version, else the first. It is the
    /// one that is pushed.
    pub fn first(&self) -> Option<&Tag> {
        let set = || self.plan.tags.iter().filter(|planned| planned.fate == Fate::Set);
        let of = |kind| set().find(|planned| planned.kind == kind);
        let first = of(Kind::Commit).or_else(|| of(Kind::Version)).or_else(|| set().next());
        first.map(|planned| &planned.tag)
    }

    /// The reference with that tag.
    pub fn primary(&self) -> Option<String> {
        self.first().map(|tag| self.reference(tag))
    }

    /// Tags of one version that are there already: what is built would take them from another image.
    pub fn taken(&self) -> Vec<String> {
        let is_taken = |planned: &&Planned| {
            planned.kind == Kind::Version && self.change(planned) == Change::Moves
        };
        self.plan.tags.iter().filter(is_taken).map(|planned| self.reference(&planned.tag)).collect()
    }

    /// The line of a file that says the version.
    pub fn place(&self) -> Option<Place> {
        match self.found.as_ref().map(|found| &found.source) {
            Some(Source::File { path, line }) => {
                Some(Place { file: path.clone(), line: Some(*line), column: None })
            }
            _ => None,
        }
    }

    /// The image and its version: `ghcr.io/acme/shop 1.4.0 (VERSION:1)`.
    fn title(&self) -> String {
        let image = self.image.familiar();
        match &self.found {
            Some(found) => format!("{image} {} ({})", found.version, found.source),
            None => image,
        }
    }

    /// The plan for a terminal or a log.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.title()];
        for planned in &self.plan.tags {
            let note = match note(planned) {
                none if none.is_empty() => none,
                note => format!(": {note}"),
            };
            let word = self.change(planned).word();
            lines.push(format!("  {word:<6} {}{note}", self.reference(&planned.tag)));
        }
        for left in &self.plan.left_out {
            lines.push(format!("  {:<6} {}: {}", "not", visible(&left.what), left.why));
        }
        lines
    }

    /// The plan for a step summary.
    fn section(&self) -> String {
        let mut table = Table::new(&["tag", "what happens", "why"]);
        for planned in &self.plan.tags {
            let word = self.change(planned).word();
            table.raw_row(&[
                code(&self.reference(&planned.tag)),
                word.to_owned(),
                prose(&note(planned)),
            ]);
        }
        for left in &self.plan.left_out {
            table.raw_row(&[code(&left.what), "not made".to_owned(), plain(&left.why)]);
        }
        let mut text = format!("#### {}\n\n{}", plain(&self.title()), table.render());
        match &self.asking {
            Asking::Listed(_) => {}
            Asking::Left => text.push_str(
                "\nThe registry was not asked which tags are there (`offline`): none is held back.\n",
            ),
            Asking::Failed(failure) => text.push_str(&format!(
                "\n⚠ It is not known which tags are there, and none is held back: {}\n",
                plain(&failure.to_string())
            )),
        }
        text
    }

    fn json(&self) -> Value {
        let found = self.found.as_ref();
        let tags: Vec<Value> = self
            .plan
            .tags
            .iter()
            .map(|planned| {
                let standing = match &planned.fate {
                    Fate::Stays(version) => Value::from(version.as_str()),
                    Fate::Set => Value::Null,
                };
                json!({
                    "tag": planned.tag.as_str(), "ref": self.reference(&planned.tag),
                    "change": self.change(planned).word(), "version": standing,
                })
            })
            .collect();
        let left: Vec<Value> = self
            .plan
            .left_out
            .iter()
            .map(|left| json!({"what": left.what, "why": left.why}))
            .collect();
        json!({
            "image": self.image.to_string(),
            "version": found.map(|found| found.version.as_str()),
            "version-source": found.map(|found| found.source.to_string()),
            "tags": tags,
            "left-out": left,
        })
    }
}

/// What is to be said of a tag, in words of ours.
fn note(planned: &Planned) -> String {
    let mut notes = Vec::new();
    if let Fate::Stays(standing) = &planned.fate {
        let built = planned.version.as_ref().map(|version| format!(" than {version}"));
        notes
            .push(format!("it stands on {standing}, which is higher{}", built.unwrap_or_default()));
    }
    if let Some(text) = &planned.instead_of {
        notes.push(format!("made of `{}`", visible(text)));
    }
    notes.join("; ")
}

/// The summary of all plans.
pub fn summary(plannings: &[Planning]) -> Vec<String> {
    let images = plannings.len();
    let tags: usize = plannings.iter().map(|planning| planning.plan.set().count()).sum();
    let stay: usize = plannings.iter().map(|planning| planning.kept().len()).sum();
    let mut head =
        format!("### 🏷️ build-push: {} for {}", many(tags, "tag"), many(images, "image"));
    if stay > 0 {
        let _ = write!(head, ", {stay} held back");
    }
    head.push('\n');
    std::iter::once(head).chain(plannings.iter().map(Planning::section)).collect()
}

fn many(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// All plans as JSON.
pub fn json(plannings: &[Planning]) -> String {
    Value::from(plannings.iter().map(Planning::json).collect::<Vec<_>>()).to_string()
}

/// An image that was looked for.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Which.
    pub reference: Reference,
    /// Its digest and what its manifest is, if there is one.
    pub found: Option<(Digest, MediaType)>,
    /// Its platforms, and how many bytes a pull takes, if that was asked for.
    pub details: Option<(Vec<Platform>, u64)>,
}

impl Looked {
    /// The platforms, separated by commas.
    pub fn platforms(&self) -> Option<String> {
        let (platforms, _) = self.details.as_ref()?;
        Some(platforms.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
    }

    /// The image with the tag that is meant: without one it is `latest`.
    fn named(&self) -> String {
        match (self.reference.digest(), self.reference.tag_or_latest()) {
            (None, Some(tag)) => self.reference.repository().tagged(tag).familiar(),
            _ => self.reference.familiar(),
        }
    }

    /// The answer in a sentence.
    pub fn sentence(&self) -> String {
        let reference = self.named();
        let Some((digest, media_type)) = &self.found else {
            return format!("{reference} does not exist");
        };
        let kind = match media_type {
            one if one.is_index() => "an index",
            one if one.is_manifest() => "one image",
            _ => "of another kind",
        };
        let mut sentence = format!("{reference} exists: {digest}, {kind} ({media_type})");
        if let (Some(platforms), Some((_, pulled))) = (self.platforms(), &self.details) {
            let of = if platforms.is_empty() {
                "no platform".to_owned()
            } else {
                platforms.replace(',', ", ")
            };
            let _ = write!(sentence, ", for {of}, {pulled} bytes to pull");
        }
        sentence
    }

    /// The answer for a step summary.
    pub fn section(&self, must_exist: bool) -> String {
        let sign = match self.found {
            Some(_) => "✅",
            None if must_exist => "❌",
            None => "⚪",
        };
        format!("### {sign} build-push: {}\n", plain(&self.sentence()))
    }
}
