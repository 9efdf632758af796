//! A failed run for the tests of messages.

use jiff::Timestamp;

use crate::domain::incident::jobs::{Job, Stage, Standing, Step, Verdict};
use crate::domain::incident::memory::{Memory, Seen, VERSION};
use crate::domain::incident::reason::Reason;
use crate::domain::incident::run::Run;
use crate::domain::repository::Repository;
use crate::report::incident::{Failing, Links};

/// What a message is made of.
pub struct Sample {
    pub links: Links,
    pub run: Run,
    pub stages: Vec<Stage>,
    pub environment: &'static str,
    pub reasons: Vec<Reason>,
    pub memory: Memory,
}

impl Sample {
    /// A run in which these stages failed.
    pub fn new(workflow: &str, branch: &str, failed: &[&str]) -> Self {
        let run = Run {
            id: 543,
            attempt: 2,
            number: 43,
            workflow: workflow.into(),
            branch: branch.into(),
            sha: "a".repeat(40),
            event: "push".into(),
            actor: "ann".into(),
            ..Run::default()
        };
        let newest = Seen::new(&run, Timestamp::UNIX_EPOCH);
        let (sections, history) = (Vec::new(), Vec::new());
        Self {
            links: Links {
                server: "https://github.example.test".into(),
                repository: Repository::parse("acme/app").unwrap(),
            },
            stages: failed.iter().map(|name| stage(name)).collect(),
            environment: "staging",
            reasons: vec![reason("test", "FAILED test_total - assert 3 == 4", &[])],
            memory: Memory {
                version: VERSION,
                runs: 3,
                newest,
                sections,
                has_more: false,
                history,
                suspects: None,
                flakes: Vec::new(),
                said_at: None,
                owed: None,
            },
            run,
        }
    }

    pub fn failing(&self) -> Failing<'_> {
        Failing {
            links: &self.links,
            run: &self.run,
            stages: &self.stages,
            environment: self.environment,
            reasons: &self.reasons,
            only: None,
            memory: &self.memory,
            earlier: None,
        }
    }
}

fn stage(name: &str) -> Stage {
    let verdict = Verdict::Failed;
    let step =
        Step { name: format!("Run {name}"), number: 2, verdict, started: None, completed: None };
    let job = Job {
        id: 9,
        name: name.into(),
        verdict,
        started: None,
        completed: None,
        steps: vec![step],
    };
    Stage { legs: vec![job], ..Stage::new(name, Standing::Failed) }
}

/// Why a stage failed.
pub fn reason(stage: &str, headline: &str, excerpt: &[&str]) -> Reason {
    Reason {
        stage: stage.into(),
        job: 9,
        headline: headline.into(),
        exit_code: Some(2),
        excerpt: excerpt.iter().map(ToString::to_string).collect(),
        fingerprint: "0123456789ab".into(),
    }
}
