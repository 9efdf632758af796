//! What an issue knows of the runs before: it stands, hidden, in the last line of the issue's own body, so that no other
//! place is needed. Only a body that was written by our own login is read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::incident::run::Run;
use crate::domain::incident::suspects::Suspects;
use crate::domain::incident::told::Told;

mod flaky;
mod section;

pub use flaky::{FLAKES, Flake, Flaky, STEADY_AFTER, Success};
pub use section::{FORMER, Former, LastReason, Section};

/// The version of the format that is written. What is new in it and may be passed over needs no other one: who does not
/// know a field leaves it out.
pub const VERSION: u32 = 1;

/// The newest version that is read. It is written while a comment is owed that version 1 does not know
/// ([`Told::version`]): who cannot read that would take the whole for edited away.
const NEWEST: u32 = 2;

/// Runs that are kept.
pub const HISTORY: usize = 10;

/// Jobs that are kept apart. Of more it is known only that there are more: they are fixed when all of the run is.
pub const SECTIONS: usize = 50;

/// Legs of a matrix that are remembered by name for each job. GitHub takes 256 of them.
pub const LEGS: usize = 20;

/// The longest hidden line, in bytes: more than half of an issue is for people.
pub const ROOM: usize = 28_000;

/// Every so many failures all is looked at anew.
const LOOKED_AT: u64 = 5;

const BEFORE: &str = "<!-- mta:memory ";
const AFTER: &str = " -->";

/// A run as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its number in all of GitHub.
    pub run: u64,
    /// Its number among the runs of its workflow.
    pub number: u64,
    /// Which attempt of it.
    pub attempt: u64,
    /// The commit.
    pub sha: String,
    /// When it was looked at.
    pub at: Timestamp,
}

impl Seen {
    /// A run that is looked at now.
    pub fn new(run: &Run, now: Timestamp) -> Self {
        Self {
            run: run.id,
            number: run.number,
            attempt: run.attempt,
            sha: run.sha.clone(),
            at: now,
        }
    }

    /// Its place among the runs of its workflow: later runs and later attempts are greater.
    pub const fn place(&self) -> (u64, u64) {
        (self.number, self.attempt)
    }
}

/// A run of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// The run.
    pub seen: Seen,
    /// The jobs that failed, the first few.
    pub jobs: Vec<String>,
}

/// All that an issue knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The version of the format.
    pub version: u32,
    /// How many runs failed in all.
    pub runs: u64,
    /// The newest run that was looked at, whatever became of it.
    pub newest: Seen,
    /// The jobs that failed, in the order in which they first did.
    pub sections: Vec<Section>,
    /// Whether more jobs failed than are kept apart.
    #[serde(default)]
    pub has_more: bool,
    /// The runs that failed, the newest first.
    pub history: Vec<Past>,
    /// The commits among which is most often the one that broke it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspects: Option<Box<Suspects>>,
    /// Failures that a success on the same commit has followed, the newest first. They stay when the issue is closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flakes: Vec<Flake>,
    /// When a comment was written last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_at: Option<Timestamp>,
    /// The comment that was to be written next when this was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<Box<Owed>>,
}

/// A comment that is written right after the text that speaks of it: whether it came, the next run has to see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// What it says.
    pub told: Told,
    /// The run that had it to say.
    pub seen: Seen,
    /// How many comments there were before.
    pub comments: u64,
}

impl Memory {
    /// Whether all of these jobs are known to be broken, and were looked at closely not long ago.
    ///
    /// What the workflow's file says of a job that keeps failing is asked for with every fifth failure only: it costs a
    /// request, and a job that may fail by now is found out by then.
    pub fn knows_well(&self, jobs: &[String]) -> bool {
        let is_known =
            |job: &String| self.sections.iter().any(|one| one.is_open() && one.job == *job);
        !self.runs.is_multiple_of(LOOKED_AT) && jobs.iter().all(is_known)
    }

    /// Whether something is broken.
    pub fn is_open(&self) -> bool {
        self.has_more || self.sections.iter().any(Section::is_open)
    }

    /// Leaves out what does not fit into [`ROOM`]: old runs first, then suspects, what was flaky and what is owed, then
    /// what logs said (of errors that are over before the last one), then jobs, which are known as "more" from then on.
    pub fn fit(&mut self) {
        while self.line().len() > ROOM {
            if self.history.len() > 1 {
                self.history.pop();
            } else if let Some(past) = self.history.first_mut().filter(|past| past.jobs.len() > 1) {
                past.jobs.truncate(1);
            } else if self.suspects.is_some() {
                self.suspects = None;
            } else if self.flakes.pop().is_some() {
            } else if self.owed.is_some() {
                self.owed = None;
                self.version = VERSION;
            } else if let Some(one) = self.sections.iter_mut().rfind(|one| !one.former.is_empty()) {
                one.former.pop();
            } else if let Some(one) = self.sections.iter_mut().rfind(|one| one.reason.is_some()) {
                one.reason = None;
            } else if let Some(at) = self.sections.iter().position(|one| !one.is_open()) {
                self.sections.remove(at);
            } else if self.sections.len() > 1 {
                self.sections.pop();
                self.has_more = true;
            } else {
                return;
            }
        }
    }

    /// The hidden line.
    pub fn line(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{BEFORE}{}{AFTER}", inert(&json))
    }

    /// Reads the last such line of a body; people may have written below it. No other line of ours can begin like it.
    pub fn of_body(body: &str) -> Recalled {
        let line = body.lines().rev().map(str::trim_end).find(|line| line.starts_with(BEFORE));
        let json = line.and_then(|line| line.strip_prefix(BEFORE)?.strip_suffix(AFTER));
        let Some(json) = json else { return Recalled::Nothing };
        match serde_json::from_str::<Version>(json) {
            Ok(found) if found.version > NEWEST => Recalled::Newer(found.version),
            _ => serde_json::from_str(json).map_or(Recalled::Nothing, Recalled::All),
        }
    }
}

/// What could be read in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recalled {
    /// All.
    All(Memory),
    /// Nothing: somebody has edited it away.
    Nothing,
    /// It was written by a newer version of `mta`, in a format of this number.
    Newer(u32),
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// JSON in which nothing can end the comment, mention anybody or refer to anything. All of these characters stand only
/// inside of strings.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '@' | '#' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            '-' if out.ends_with('-') => out.push_str("\\u002d"),
            c if c.is_control() || crate::domain::shown::is_invisible(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::reason::Reason;
    use proptest::prelude::*;

    fn seen(number: u64, sha: &str) -> Seen {
        Seen { run: 900 + number, number, attempt: 1, sha: sha.into(), at: Timestamp::UNIX_EPOCH }
    }

    fn memory(job: &str) -> Memory {
        let one = seen(1, "abc");
        let section = Section::begun(job, &one);
        let past = Past { seen: one.clone(), jobs: vec![job.to_owned()] };
        Memory {
            version: VERSION,
            runs: 1,
            newest: one,
            sections: vec![section],
            has_more: false,
            history: vec![past],
            suspects: None,
            flakes: Vec::new(),
            said_at: None,
            owed: None,
        }
    }

    #[test]
    fn the_format_of_version_1_is_read() {
        let line = "<!-- mta:memory {\"version\":1,\"runs\":1,\"newest\":{\"run\":901,\"number\":1,\"attempt\":1,\"sha\":\"abc\",\
            \"at\":\"1970-01-01T00:00:00Z\"},\"sections\":[{\"job\":\"test\",\"first\":{\"run\":901,\"number\":1,\"attempt\":1,\
            \"sha\":\"abc\",\"at\":\"1970-01-01T00:00:00Z\"},\"last\":{\"run\":901,\"number\":1,\"attempt\":1,\"sha\":\"abc\",\
            \"at\":\"1970-01-01T00:00:00Z\"},\"count\":1,\"fixed\":null}],\"has_more\":false,\"history\":[{\"seen\":{\"run\":901,\
            \"number\":1,\"attempt\":1,\"sha\":\"abc\",\"at\":\"1970-01-01T00:00:00Z\"},\"jobs\":[\"test\"]}]} -->";
        assert_eq!(memory("test").line(), line);
        assert_eq!(
            Memory::of_body(&format!("words\r\n{line}\r\n\r\ncc: see the wiki\r\n")),
            Recalled::All(memory("test"))
        );
    }

    #[test]
    fn what_a_log_said_comes_back_and_is_left_out_before_a_job_is() {
        let mut memory = memory("test");
        let reason = Reason {
            stage: "test".into(),
            job: 9,
            headline: "x.c:4: error -->".into(),
            exit_code: Some(2),
            excerpt: vec!["  before".into(), "> x.c:4: error -->".into(), "…".into()],
            fingerprint: String::new(),
        };
        let kept = LastReason::of(&reason, &seen(1, "abc"));
        assert_eq!(kept.lines, ["x.c:4: error -->"]);
        memory.sections[0].reason = Some(kept);
        memory.sections[0].legs = vec!["test (a)".into()];
        memory.said_at = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(Memory::of_body(&memory.line()), Recalled::All(memory.clone()));
        memory.sections[0].reason.as_mut().unwrap().headline = "x".repeat(ROOM);
        memory.fit();
        assert_eq!((memory.sections.len(), memory.has_more), (1, false));
        assert_eq!((memory.sections[0].reason.clone(), memory.sections[0].legs.len()), (None, 1));
    }

    #[test]
    fn what_is_newer_or_broken_is_told_apart() {
        let line = memory("test").line();
        let newer = line.replacen("\"version\":1", "\"version\":3,\"more\":[]", 1);
        assert_eq!(Memory::of_body(&newer), Recalled::Newer(3));
        for body in [
            "",
            "words",
            &line[..line.len() - 5],
            &line.replace("runs", "walks"),
            &format!("> {line}"),
        ] {
            assert_eq!(Memory::of_body(body), Recalled::Nothing, "{body}");
        }
    }

    #[test]
    fn broken_is_what_has_an_open_section_or_more_than_were_kept() {
        let mut memory = memory("test");
        assert!(memory.is_open());
        memory.sections[0].fixed = Some(seen(2, "d"));
        assert!(!memory.is_open());
        memory.has_more = true;
        assert!(memory.is_open());
    }

    #[test]
    fn a_job_that_keeps_failing_is_looked_at_anew_now_and_then() {
        let mut memory = memory("test");
        let jobs = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(memory.knows_well(&jobs(&["test"])));
        assert!(!memory.knows_well(&jobs(&["test", "e2e"])));
        memory.runs = 5;
        assert!(!memory.knows_well(&jobs(&["test"])));
        memory.runs = 6;
        memory.sections[0].fixed = Some(seen(2, "d"));
        assert!(!memory.knows_well(&jobs(&["test"])));
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_known_as_more() {
        let mut memory = memory("test");
        memory.fit();
        assert!(!memory.has_more, "a small one stays as it is");
        let name = "<".repeat(100);
        for number in 0..SECTIONS {
            let job = format!("{name}{number}");
            memory.sections.push(Section { job: job.clone(), ..memory.sections[0].clone() });
            memory.history[0].jobs.push(job);
        }
        memory.history = vec![memory.history[0].clone(); HISTORY];
        memory.fit();
        assert!(memory.line().len() <= ROOM && memory.has_more);
        assert_eq!((memory.history.len(), memory.sections[0].job.as_str()), (1, "test"));
        assert!(memory.sections.len() > 20, "{}", memory.sections.len());
    }

    #[test]
    fn what_was_flaky_and_what_errors_were_before_is_left_out_before_a_job_is() {
        let mut memory = memory("test");
        let long = "x".repeat(300);
        let seen = |number| seen(number, &"a".repeat(40));
        let flake =
            |number| Flake { job: "test".into(), failed: seen(number), error: long.clone() };
        memory.flakes = (0..10).map(flake).collect();
        let (fingerprint, headline) = (String::new(), long.clone());
        let former = Former { headline, fingerprint, since: seen(1), until: seen(2) };
        for number in 0..SECTIONS {
            let job = format!("{number} {}", "j".repeat(90));
            let former = vec![former.clone(); FORMER];
            memory.sections.push(Section { former, ..Section::begun(&job, &seen(1)) });
        }
        let whole = memory.sections.len();
        memory.fit();
        assert!(memory.line().len() <= ROOM);
        assert_eq!((memory.sections.len(), memory.has_more), (whole, false));
        assert!(memory.flakes.is_empty(), "{:?}", memory.flakes);
        assert_eq!(Memory::of_body(&memory.line()), Recalled::All(memory));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_name_comes_back_and_ends_nothing(job in "(-->|<!--|@[a-z]{1,3}|#[0-9]|[\\PC\u{202e}\u{e0041}\n-]){0,12}") {
            let memory = memory(&job);
            let line = memory.line();
            prop_assert_eq!(line.lines().count(), 1);
            let inner = line.strip_prefix("<!-- ").unwrap().strip_suffix(" -->").unwrap();
            prop_assert!(!inner.contains("--") && !inner.contains(['<', '>', '@', '#']), "{}", inner);
            prop_assert_eq!(Memory::of_body(&line), Recalled::All(memory));
        }
    }
}
