//! One step of a build, and what all steps come to.

use std::time::Duration;

/// One step of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The stage that it is of: `builder`; empty where the Dockerfile gives it no name.
    pub stage: String,
    /// Its place in the stage, such as `2/5`; empty for what BuildKit does of itself.
    pub place: String,
    /// What it does: `RUN pip install -r requirements.txt`, `exporting to image`.
    pub what: String,
    /// How long it took; `None` if it did not end.
    pub took: Option<Duration>,
    /// Whether its result was there already.
    pub is_cached: bool,
    /// What it failed with; empty if it did not.
    pub error: String,
}

impl Step {
    /// A step of this name, as BuildKit gives it: `[linux/arm64 builder 2/5] RUN make`, `[2/5] RUN make`,
    /// `[internal] load build context`, `exporting to image`.
    pub(super) fn named(name: &str) -> Self {
        let inside = name.strip_prefix('[').and_then(|rest| rest.split_once("] "));
        let (of, what) = inside.unwrap_or(("", name));
        let (stage, place) = match of.rsplit_once(' ') {
            Some((stage, place)) if is_place(place) => (stage, place),
            None if is_place(of) => ("", of),
            _ => (of, ""),
        };
        let (stage, place) = (stage.trim().to_owned(), place.to_owned());
        Self {
            stage,
            place,
            what: what.to_owned(),
            took: None,
            is_cached: false,
            error: String::new(),
        }
    }

    /// Whether it is a line of the Dockerfile, and not what BuildKit does of itself.
    pub const fn is_of_the_file(&self) -> bool {
        !self.place.is_empty()
    }

    /// Whether its result could have been kept from an earlier build: a base image is there or is not.
    fn may_be_cached(&self) -> bool {
        self.is_of_the_file() && !self.what.starts_with("FROM ")
    }

    /// Whether it failed only because BuildKit ended it when another step had failed.
    pub(super) fn is_ended_with_another(&self) -> bool {
        self.error.contains("context canceled")
    }

    /// The step in a line: `builder 2/5 RUN make`.
    pub fn line(&self) -> String {
        let parts = [self.stage.as_str(), self.place.as_str(), self.what.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

fn is_place(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('/').is_some_and(|(at, of)| is_number(at) && is_number(of))
}

/// How many of the steps that can be kept were there already, and how many there are.
pub fn cached(steps: &[Step]) -> (usize, usize) {
    let all: Vec<&Step> = steps.iter().filter(|step| step.may_be_cached()).collect();
    (all.iter().filter(|step| step.is_cached).count(), all.len())
}

/// The steps that took longest, the longest first, of those that took a second at least.
pub fn slowest(steps: &[Step], most: usize) -> Vec<(&Step, Duration)> {
    let mut slow: Vec<(&Step, Duration)> = steps
        .iter()
        .filter_map(|step| Some((step, step.took?)))
        .filter(|(step, took)| !step.is_cached && *took >= Duration::from_secs(1))
        .collect();
    slow.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
    slow.truncate(most);
    slow
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_stage_and_place() {
        for (name, stage, place, what) in [
            ("[builder 2/5] RUN make", "builder", "2/5", "RUN make"),
            ("[2/5] RUN make", "", "2/5", "RUN make"),
            ("[linux/arm64 builder 2/5] COPY . .", "linux/arm64 builder", "2/5", "COPY . ."),
            ("[linux/arm64 2/5] COPY . .", "linux/arm64", "2/5", "COPY . ."),
            (
                "[stage-1 1/1] FROM docker.io/library/a:1@sha256:0",
                "stage-1",
                "1/1",
                "FROM docker.io/library/a:1@sha256:0",
            ),
            ("[internal] load build context", "internal", "", "load build context"),
            (
                "[auth] library/python:pull token for registry-1.docker.io",
                "auth",
                "",
                "library/python:pull token for registry-1.docker.io",
            ),
            ("exporting to image", "", "", "exporting to image"),
            ("[1/2", "", "", "[1/2"),
            ("[] x", "", "", "x"),
            ("", "", "", ""),
        ] {
            let step = Step::named(name);
            assert_eq!(
                (step.stage.as_str(), step.place.as_str(), step.what.as_str()),
                (stage, place, what),
                "{name}"
            );
        }
        assert_eq!(Step::named("[builder 2/5] RUN make").line(), "builder 2/5 RUN make");
        assert_eq!(Step::named("exporting to image").line(), "exporting to image");
    }

    #[test]
    fn what_was_there_is_counted_of_what_can_be_kept() {
        let step = |name: &str, is_cached, seconds| Step {
            is_cached,
            took: Some(Duration::from_secs(seconds)),
            ..Step::named(name)
        };
        let steps = [
            step("[internal] load build context", false, 9),
            step("[a 1/3] FROM python:3", true, 0),
            step("[a 2/3] RUN x", true, 30),
            step("[a 3/3] RUN y", false, 4),
            step("[b 1/2] COPY z .", false, 0),
            step("exporting to image", false, 7),
        ];
        assert_eq!(cached(&steps), (1, 3));
        let slow: Vec<u64> = slowest(&steps, 2).iter().map(|(_, took)| took.as_secs()).collect();
        assert_eq!(slow, [9, 7], "what was there took no time");
        assert_eq!(cached(&[]), (0, 0));
        assert!(slowest(&[Step::named("[1/1] RUN x")], 5).is_empty());
    }
}
