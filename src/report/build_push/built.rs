//! What `build-push` tells of an image that it built. Pure.

use std::time::Duration;

use serde_json::{Value, json};

use super::scan::Scanned;
use super::{Planning, many};
use crate::domain::build::{Step, cached, slowest};
use crate::domain::image::{Difference, Digest, Tag};
use crate::domain::registry::quota::Quota;
use crate::domain::shown;
use crate::domain::tags::{Fate, Planned};
use crate::failure::Failure;
use crate::report::markdown::{self, Table, code, plain, prose};

/// How many steps are listed.
const SLOWEST: usize = 5;

/// How many new layers are listed.
const LAYERS: usize = 10;

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
    /// The image that it replaces, and how it differs from that.
    pub difference: Option<(String, Difference)>,
    /// How many pulls its registry allows.
    pub quota: Option<Quota>,
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
            difference: None,
            quota: None,
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
        text.extend(self.difference.iter().map(|(before, what)| layers(before, what)));
        text.extend(self.quota.map(|quota| {
            let registry = plain(self.planning.image.registry().as_str());
            format!("\n{}\n", allowed(&registry, quota))
        }));
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
            "difference": self.difference.as_ref().map(json_of_difference),
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

/// What is new in an image.
fn layers(before: &str, what: &Difference) -> String {
    let more = match u64::try_from(what.more.unsigned_abs()).map(shown::size) {
        Ok(size) if what.more > 0 => format!("{size} larger"),
        Ok(size) if what.more < 0 => format!("{size} smaller"),
        _ => "as large".to_owned(),
    };
    let gone = match what.gone {
        0 => String::new(),
        gone => format!(", {} gone", many(gone, "layer")),
    };
    let mut text = format!(
        "\nAgainst {} before: {} of {} new, {} to pull for whoever has that{gone}; all in all {more}.\n",
        code(before),
        what.new.len(),
        many(what.layers, "layer"),
        shown::size(what.to_pull()),
    );
    if what.new.is_empty() {
        return text;
    }
    let mut table = Table::new(&["new layers", "to pull"]);
    for layer in what.new.iter().take(LAYERS) {
        let command = layer.command.as_ref().map(|command| code(&shown::cut(command, STEP)));
        table.raw_row(&[command.unwrap_or_else(|| "–".to_owned()), shown::size(layer.size)]);
    }
    let left = what.new.iter().skip(LAYERS);
    if left.len() > 0 {
        let size = left.clone().map(|layer| layer.size).fold(0, u64::saturating_add);
        table.raw_row(&[format!("{} more", left.len()), shown::size(size)]);
    }
    text.push_str(&format!("\n{}", table.render()));
    text
}

/// What a registry allows in a sentence.
fn allowed(registry: &str, quota: Quota) -> String {
    let window = match quota.window.as_secs() {
        seconds if seconds % 3600 == 0 => many_of(seconds / 3600, "hour"),
        seconds => many_of(seconds.div_ceil(60), "minute"),
    };
    format!("{registry} allows {} of {} pulls more in {window}.", quota.left, quota.of)
}

fn many_of(count: u64, noun: &str) -> String {
    many(usize::try_from(count).unwrap_or(usize::MAX), noun)
}

fn json_of_difference((before, what): &(String, Difference)) -> Value {
    json!({
        "before": before,
        "layers": what.layers,
        "new-layers": what.new.len(),
        "to-pull": what.to_pull(),
        "larger-by": i64::try_from(what.more).unwrap_or(i64::MAX),
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::image::Layer;

    fn layer(size: u64, command: Option<&str>) -> Layer {
        Layer { size, command: command.map(str::to_owned) }
    }

    #[test]
    fn what_is_new_in_an_image() {
        let new = vec![
            layer(2_000_000, Some("RUN pip install | `x` <b>")),
            layer(512, None),
            layer(50, Some("COPY . /app")),
        ];
        let what = Difference { layers: 7, new, gone: 2, more: -1_500_000 };
        insta::assert_snapshot!(layers("r.io/acme/shop:uat-latest", &what), @r"
        Against `r.io/acme/shop:uat-latest` before: 3 of 7 layers new, 1.9 MiB to pull for whoever has that, 2 layers gone; all in all 1.4 MiB smaller.

        | new layers | to pull |
        | --- | --- |
        | ``RUN pip install \| `x` <b>`` | 1.9 MiB |
        | – | 512 B |
        | `COPY . /app` | 50 B |
        ");
    }

    #[test]
    fn only_so_many_layers_are_listed() {
        let new: Vec<Layer> = (0..13).map(|_| layer(1024, Some("RUN make"))).collect();
        let what = Difference { layers: 13, new, gone: 0, more: 13 * 1024 };
        let text = layers("shop:latest", &what);
        assert_eq!(text.matches("`RUN make`").count(), LAYERS);
        assert!(
            text.contains("| 3 more | 3.0 KiB |") && text.contains("13.0 KiB larger"),
            "{text}"
        );
        let none = layers("shop:latest", &Difference { layers: 3, ..Difference::default() });
        assert_eq!(
            none,
            "\nAgainst `shop:latest` before: 0 of 3 layers new, 0 B to pull for whoever has that; all in all as large.\n"
        );
    }

    #[test]
    fn what_a_registry_allows() {
        for (left, seconds, text) in [
            (76, 21_600, "docker.io allows 76 of 100 pulls more in 6 hours."),
            (0, 3600, "docker.io allows 0 of 100 pulls more in 1 hour."),
            (1, 90, "docker.io allows 1 of 100 pulls more in 2 minutes."),
        ] {
            let quota = Quota { left, of: 100, window: Duration::from_secs(seconds) };
            assert_eq!(allowed("docker.io", quota), text);
        }
    }
}
