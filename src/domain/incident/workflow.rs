//! What the workflow's file says of its jobs, as far as the API does not: which may fail, and where they deploy to.

use std::time::Duration;

use serde_json::Value;

use crate::domain::incident::jobs::{Stage, Standing, family};
use crate::domain::yaml::{self, Node};

/// How long GitHub lets a job run that has no limit of its own.
const USUAL_MINUTES: u64 = 360;

/// A job as the workflow's file defines it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Definition {
    /// Its key under `jobs:`.
    key: String,
    /// Its name as far as it is fixed: what stands before the first expression. The key where it has none.
    name: String,
    /// Whether all of the name is fixed.
    is_whole: bool,
    /// `continue-on-error: true`. An expression may be true for some legs only and counts as false: what it came to,
    /// `needs` says, and the run's conclusion when it is over.
    is_tolerated: bool,
    /// `timeout-minutes`, if it is no expression.
    minutes: Option<u64>,
    /// The environment, if it is no expression.
    environment: Option<String>,
}

/// The jobs of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workflow {
    jobs: Vec<Definition>,
}

impl Workflow {
    /// Reads a workflow's file. What cannot be read is left out: nothing fails for want of it.
    pub fn read(text: &str) -> Self {
        let document = yaml::read("workflow", text);
        let jobs = document.roots.first().and_then(|root| root.get("jobs"));
        let entries = jobs.map(Node::entries).unwrap_or_default();
        Self {
            jobs: entries
                .iter()
                .map(|entry| Definition::of(&entry.key.text, &entry.value))
                .collect(),
        }
    }

    /// Whether the run goes on when a job of this name fails. `needs` is what GitHub says of the jobs by their keys: it calls
    /// one that may fail a success.
    pub fn tolerates(&self, job: &str, needs: &Needs) -> bool {
        let definition = self.of(job);
        // `needs` knows a called workflow as the job that calls it, and a matrix as one.
        let outermost = family(job.split(" / ").next().unwrap_or_default());
        let key = definition.map_or(outermost.as_str(), |definition| definition.key.as_str());
        definition.is_some_and(|definition| definition.is_tolerated) || needs.calls(key, "success")
    }

    /// How long a job may take: `timeout-minutes`, else GitHub's six hours. Of an expression nothing is known.
    pub fn limit(&self, job: &str) -> Duration {
        let minutes =
            self.of(job).and_then(|definition| definition.minutes).unwrap_or(USUAL_MINUTES);
        Duration::from_secs(minutes.saturating_mul(60))
    }

    /// The environment that a job deploys to.
    pub fn environment(&self, job: &str) -> Option<&str> {
        self.of(job)?.environment.as_deref()
    }

    fn of(&self, job: &str) -> Option<&Definition> {
        let outermost = job.split(" / ").next().unwrap_or_default();
        let name = family(outermost);
        let whole = |name: &str| {
            self.jobs.iter().find(|definition| definition.is_whole && definition.name == name)
        };
        let begins = |definition: &&Definition| {
            !definition.is_whole
                && !definition.name.is_empty()
                && outermost.starts_with(&definition.name)
        };
        // A name may have brackets or ` / ` of its own; of names that go on, the one that says most is meant.
        let longest = || self.jobs.iter().filter(begins).max_by_key(|one| one.name.len());
        whole(job).or_else(|| whole(outermost)).or_else(|| whole(&name)).or_else(longest)
    }
}

impl Definition {
    fn of(key: &str, job: &Node) -> Self {
        let name = job.get("name").and_then(Node::as_text).unwrap_or(key);
        let fixed = name.split("${{").next().unwrap_or_default();
        let environment = job.get("environment");
        let environment =
            environment.and_then(|node| node.get("name").or(Some(node))).and_then(Node::as_text);
        Self {
            key: key.to_owned(),
            name: fixed.trim_end().to_owned(),
            is_whole: fixed.len() == name.len(),
            is_tolerated: job.get("continue-on-error").is_some_and(Node::is_true),
            minutes: job
                .get("timeout-minutes")
                .and_then(Node::as_text)
                .and_then(|text| text.parse().ok()),
            environment: environment.filter(|name| !name.contains("${{")).map(str::to_owned),
        }
    }
}

/// The context `needs` of a job: the jobs before it, by their keys, and how GitHub says they ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs(Vec<(String, String)>);

impl Needs {
    /// Reads `toJSON(needs)`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn read(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let jobs = value.as_object().ok_or("it is no object of jobs")?;
        let result = |job: &Value| job.get("result").and_then(Value::as_str).map(str::to_owned);
        let pairs = jobs.iter().map(|(key, job)| {
            let result = result(job).ok_or_else(|| format!("the job `{key}` has no `result`"))?;
            Ok((key.clone(), result))
        });
        pairs.collect::<Result<_, String>>().map(Self)
    }

    /// The stages as far as this tells them: what failed comes first.
    pub fn stages(&self) -> Vec<Stage> {
        let has_failed = self.0.iter().any(|(_, result)| result == "failure");
        let mut stages: Vec<Stage> = self
            .0
            .iter()
            .map(|(key, result)| {
                let standing = match result.as_str() {
                    "success" => Standing::Passed,
                    "failure" => Standing::Failed,
                    "skipped" if has_failed => Standing::Blocked,
                    "skipped" => Standing::Skipped,
                    _ => Standing::Cancelled,
                };
                Stage::new(key, standing)
            })
            .collect();
        stages.sort_by_key(|stage| stage.standing != Standing::Failed);
        stages
    }

    fn calls(&self, key: &str, result: &str) -> bool {
        self.0.iter().any(|(known, told)| known == key && told == result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CI: &str = "
on: push
jobs:
  test:
    name: Unit tests
    strategy: {matrix: {python: ['3.12']}}
  fuzz:
    continue-on-error: true
  nightly:
    name: Nightly ${{ matrix.what }}
    continue-on-error: true
  lint: {name: 'Lint (optional)', continue-on-error: true}
  slash: {name: Build / Test, continue-on-error: true}
  unit: {name: Nightly (unit)}
  legs: {continue-on-error: '${{ matrix.odd }}'}
  uat: {environment: staging, timeout-minutes: 30}
  prod: {environment: {name: production, url: 'https://shop.example.test'}}
  any: {environment: '${{ inputs.to }}'}
";

    #[test]
    fn what_may_fail_is_known_by_name_key_or_the_fixed_part_of_a_name() {
        let workflow = Workflow::read(CI);
        let none = Needs::default();
        for (job, expected) in [
            ("fuzz", true),
            ("fuzz (a, b)", true),
            ("fuzz / inner (x)", true),
            ("Nightly soak", true),
            ("Lint (optional)", true),
            ("Build / Test", true),
            ("Nightly (unit)", false),
            ("Unit tests (3.12)", false),
            ("legs (1)", false),
            ("fuzzy", false),
            ("unknown", false),
        ] {
            assert_eq!(workflow.tolerates(job, &none), expected, "{job}");
        }
    }

    #[test]
    fn github_calls_a_job_a_success_that_may_fail() {
        let workflow = Workflow::read(CI);
        let needs = Needs::read(
            r#"{"test": {"result": "success", "outputs": {}}, "legs": {"result": "failure"}}"#,
        )
        .unwrap();
        assert!(workflow.tolerates("Unit tests (3.12)", &needs));
        assert!(!workflow.tolerates("legs (1)", &needs));
        assert!(Workflow::default().tolerates("test", &needs));
        for job in ["test (3.12)", "test / inner", "test (3.12) / inner (x)"] {
            assert!(Workflow::default().tolerates(job, &needs), "{job}");
        }
        assert!(!Workflow::default().tolerates("other / test", &needs));
    }

    #[test]
    fn environments_are_read_where_they_are_fixed() {
        let workflow = Workflow::read(CI);
        assert_eq!(workflow.environment("uat"), Some("staging"));
        assert_eq!(workflow.environment("prod"), Some("production"));
        assert_eq!(workflow.environment("any"), None);
        assert_eq!(workflow.environment("test"), None);
        assert_eq!(workflow.limit("uat"), Duration::from_mins(30));
        assert_eq!(workflow.limit("prod"), Duration::from_hours(6));
    }

    #[test]
    fn a_file_that_is_no_workflow_says_nothing() {
        for text in ["", "jobs: 3", "- a", "jobs: {a: }", "a: [", "jobs:\n\ta: 1"] {
            assert!(!Workflow::read(text).tolerates("a", &Needs::default()), "{text}");
        }
    }

    #[test]
    fn needs_alone_give_the_stages() {
        let needs = r#"{"build": {"result": "success"}, "test": {"result": "failure"}, "deploy": {"result": "skipped"}}"#;
        let stages = Needs::read(needs).unwrap().stages();
        let shown: Vec<_> =
            stages.iter().map(|stage| (stage.name.as_str(), stage.standing)).collect();
        assert_eq!(
            shown,
            [
                ("test", Standing::Failed),
                ("build", Standing::Passed),
                ("deploy", Standing::Blocked)
            ]
        );
        for (text, why) in
            [("[]", "no object"), ("{\"a\": 1}", "`a` has no `result`"), ("{", "EOF")]
        {
            assert!(Needs::read(text).unwrap_err().contains(why), "{text}");
        }
    }
}
