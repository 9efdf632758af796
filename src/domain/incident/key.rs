//! Which issue a failure belongs to.

use crate::domain::incident::jobs::Stage;
use crate::domain::incident::reason::Reason;
use crate::domain::incident::run::Run;
use crate::domain::sticky::Marker;

/// Above so many failing jobs, `scope: job` and `scope: fingerprint` make one issue of them: what breaks ten jobs at
/// once is one thing.
pub const MOST_JOBS: usize = 5;

/// What shares an issue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All failures of a workflow on a branch.
    #[default]
    Workflow,
    /// Those of one job of it.
    Job,
    /// Those of one run.
    Run,
    /// Those of one job with the same error.
    Fingerprint,
}

impl Scope {
    /// The words of the input.
    pub const WORDS: &[&str] = &["workflow", "job", "run", "fingerprint"];

    /// Reads a word; anything else is the default.
    pub fn of(word: &str) -> Self {
        match word {
            "job" => Self::Job,
            "run" => Self::Run,
            "fingerprint" => Self::Fingerprint,
            _ => Self::Workflow,
        }
    }
}

/// The kind of the marker.
const KIND: &str = "failure";

/// Which issue is meant, as the first line of its body says it. It names the workflow's file, the branch (or all tags,
/// or the pull request), and with another scope than `workflow` the part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key of a workflow on a branch; `part` is empty for all of it.
    fn new(run: &Run, part: &str) -> Self {
        // A line break can be in none of the three, so different ones have different names.
        let name = format!("{}\n{}\n{part}", run.path, run.line_name());
        Self(Marker::new(KIND, &name).as_str().to_owned())
    }

    /// The hidden line.
    pub fn line(&self) -> &str {
        &self.0
    }

    /// Whether a body begins with a key of ours, of whatever workflow.
    pub fn is_on(body: &str) -> bool {
        let line = body.lines().next().unwrap_or_default().trim_end();
        let name = line
            .strip_prefix(&format!("<!-- mta:{KIND} "))
            .and_then(|rest| rest.strip_suffix(" -->"));
        name.is_some_and(|name| !name.is_empty() && !name.contains(['>', ' ']))
    }

    /// The key of an issue with this body, if it is of the workflow and branch of a run, whatever part of it.
    pub fn of_body(body: &str, run: &Run) -> Option<Self> {
        let whole = Self::new(run, "");
        let line = body.lines().next()?.trim_end();
        let part = line.strip_prefix(whole.0.trim_end_matches(" -->"))?.strip_suffix(" -->")?;
        (!part.contains(['>', ' '])).then(|| Self(line.to_owned()))
    }
}

/// The failed jobs of a run, by the issue that they belong to.
///
/// `broken_in` says which open issues have a job among what is broken, the one in which it failed last first. A job that
/// came with a flood belongs to the flood's issue until that is closed. With `scope: fingerprint` one whose log could not
/// be had stays where it is: which error it is nobody knows.
pub fn assign<'a>(
    scope: Scope,
    (run, reasons): (&Run, &[Reason]),
    failed: &[&'a Stage],
    broken_in: impl Fn(&str) -> Vec<Key>,
) -> Vec<(Key, Vec<&'a Stage>)> {
    let together = Key::new(run, "");
    match scope {
        _ if failed.is_empty() => Vec::new(),
        Scope::Run => vec![(Key::new(run, &format!("run {}", run.id)), failed.to_vec())],
        Scope::Workflow => vec![(together, failed.to_vec())],
        Scope::Job | Scope::Fingerprint => {
            let is_flood = failed.len() > MOST_JOBS;
            let mut keys: Vec<(Key, Vec<&'a Stage>)> = Vec::new();
            for &stage in failed {
                let open = broken_in(&stage.name);
                let key = match own(scope, (run, reasons), stage) {
                    _ if open.contains(&together) => together.clone(),
                    Some(own) if !is_flood || open.contains(&own) => own,
                    Some(_) => together.clone(),
                    None => open.into_iter().next().unwrap_or_else(|| together.clone()),
                };
                match keys.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, stages)) => stages.push(stage),
                    None => keys.push((key, vec![stage])),
                }
            }
            keys
        }
    }
}

/// The key of a job, or of its error as far as that is known.
fn own(scope: Scope, (run, reasons): (&Run, &[Reason]), stage: &Stage) -> Option<Key> {
    if scope != Scope::Fingerprint {
        return Some(Key::new(run, &format!("job {}", stage.name)));
    }
    let reason = reasons.iter().find(|reason| reason.stage == stage.name)?;
    let is_known = !reason.fingerprint.is_empty();
    is_known.then(|| Key::new(run, &format!("fingerprint {}", reason.fingerprint)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::jobs::Standing;

    fn run(path: &str, branch: &str) -> Run {
        Run { id: 9, path: path.into(), branch: branch.into(), ..Run::default() }
    }

    fn failed(names: &[&str]) -> Vec<Stage> {
        names.iter().map(|name| Stage::new(*name, Standing::Failed)).collect()
    }

    fn lines(scope: Scope, run: &Run, names: &[&str]) -> Vec<(String, usize)> {
        let stages = failed(names);
        let stages: Vec<&Stage> = stages.iter().collect();
        let keys = assign(scope, (run, &[]), &stages, |_| Vec::new());
        keys.into_iter().map(|(key, stages)| (key.line().to_owned(), stages.len())).collect()
    }

    #[test]
    fn a_workflow_on_a_branch_has_one_issue_and_another_one_has_its_own() {
        let nightly = run(".github/workflows/nightly.yml", "main");
        let one = lines(Scope::Workflow, &nightly, &["test", "e2e"]);
        assert_eq!(
            one,
            [("<!-- mta:failure .github/workflows/nightly.yml%0Amain%0A -->".to_owned(), 2)]
        );
        for other in [
            run(".github/workflows/ci.yml", "main"),
            run(".github/workflows/nightly.yml", "release/1"),
        ] {
            assert_ne!(lines(Scope::Workflow, &other, &["test"])[0].0, one[0].0);
        }
        assert_eq!(lines(Scope::Workflow, &nightly, &[]), []);
    }

    #[test]
    fn a_scope_of_jobs_gives_each_its_own_until_it_is_a_flood() {
        let ci = run("ci.yml", "main");
        let five = ["a", "b", "c", "d", "e"];
        assert_eq!(lines(Scope::Job, &ci, &five).len(), 5);
        let six = lines(Scope::Job, &ci, &["a", "b", "c", "d", "e", "f"]);
        assert_eq!(six, [("<!-- mta:failure ci.yml%0Amain%0A -->".to_owned(), 6)]);
        assert_eq!(
            lines(Scope::Run, &ci, &five)[0].0,
            "<!-- mta:failure ci.yml%0Amain%0Arun%209 -->"
        );
    }

    #[test]
    fn a_job_stays_in_the_open_issue_that_it_is_in() {
        let ci = run("ci.yml", "main");
        let stages = failed(&["a", "b", "c"]);
        let stages: Vec<&Stage> = stages.iter().collect();
        let parts = |stages: &[&Stage], broken_in: &dyn Fn(&str) -> Vec<Key>| {
            shown(&assign(Scope::Job, (&ci, &[]), stages, broken_in))
        };
        let in_flood = |job: &str| if job == "c" { vec![] } else { vec![Key::new(&ci, "")] };
        assert_eq!(parts(&stages, &in_flood), [pair("", "ab"), pair("job%20c", "c")]);
        let many = failed(&["a", "b", "c", "d", "e", "f"]);
        let many: Vec<&Stage> = many.iter().collect();
        let b_has_its_own =
            |job: &str| if job == "b" { vec![Key::new(&ci, "job b")] } else { vec![] };
        assert_eq!(parts(&many, &b_has_its_own), [pair("", "acdef"), pair("job%20b", "b")]);
        for scope in [Scope::Workflow, Scope::Run] {
            let all = assign(scope, (&ci, &[]), &stages, |_| vec![Key::new(&ci, "job b")]);
            assert_eq!(all.len(), 1);
        }
    }

    /// The parts of keys, with the names of their jobs.
    fn shown(keys: &[(Key, Vec<&Stage>)]) -> Vec<(String, String)> {
        let part = |key: &Key| {
            key.line().trim_end_matches(" -->").rsplit("%0A").next().unwrap().to_owned()
        };
        let names =
            |stages: &[&Stage]| stages.iter().map(|one| one.name.clone()).collect::<String>();
        keys.iter().map(|(key, stages)| (part(key), names(stages))).collect()
    }

    fn pair(part: &str, jobs: &str) -> (String, String) {
        (part.to_owned(), jobs.to_owned())
    }

    fn reason(stage: &str, fingerprint: &str) -> Reason {
        Reason {
            stage: stage.into(),
            job: 1,
            headline: "it failed".into(),
            exit_code: None,
            excerpt: Vec::new(),
            fingerprint: fingerprint.into(),
        }
    }

    #[test]
    fn an_error_has_an_issue_of_its_own_and_what_is_not_known_stays_where_it_is() {
        let ci = run("ci.yml", "main");
        let stages = failed(&["a", "b", "c", "d"]);
        let stages: Vec<&Stage> = stages.iter().collect();
        let reasons = [reason("a", "0a"), reason("b", "0b"), reason("c", "")];
        let parts = |stages: &[&Stage], broken_in: &dyn Fn(&str) -> Vec<Key>| {
            shown(&assign(Scope::Fingerprint, (&ci, &reasons), stages, broken_in))
        };
        let key = |part: &str| Key::new(&ci, part);
        let (of_a, of_b) = (pair("fingerprint%200a", "a"), pair("fingerprint%200b", "b"));
        assert_eq!(parts(&stages, &|_| vec![]), [of_a.clone(), of_b.clone(), pair("", "cd")]);
        let errors = |job: &str| match job {
            "c" => vec![key("fingerprint 0d"), key("fingerprint 0c")],
            // What it failed with before is not its error of now.
            "a" => vec![key("fingerprint 0f")],
            _ => vec![],
        };
        let of_c = pair("fingerprint%200d", "c");
        assert_eq!(parts(&stages, &errors), [of_a, of_b.clone(), of_c, pair("", "d")]);
        let in_flood = |job: &str| if job == "b" { vec![] } else { vec![key("")] };
        assert_eq!(parts(&stages, &in_flood), [pair("", "acd"), of_b.clone()]);
        let many = failed(&["a", "b", "c", "d", "e", "f"]);
        let many: Vec<&Stage> = many.iter().collect();
        assert_eq!(parts(&many, &|_| vec![]), [pair("", "abcdef")]);
        let b_is_open = |job: &str| if job == "b" { vec![key("fingerprint 0b")] } else { vec![] };
        assert_eq!(parts(&many, &b_is_open), [pair("", "acdef"), of_b]);
    }

    #[test]
    fn a_body_is_known_by_its_first_line_alone() {
        let ci = run("ci.yml", "main");
        let stages = failed(&["a (x) -->"]);
        let reasons = [reason(&stages[0].name, "0123456789ab")];
        for word in Scope::WORDS {
            let of = (&ci, reasons.as_slice());
            let (key, _) = assign(Scope::of(word), of, &[&stages[0]], |_| Vec::new()).remove(0);
            let body = format!("{}\r\nwords", key.line());
            assert_eq!(Key::of_body(&body, &ci), Some(key.clone()));
            assert_eq!(Key::of_body(&body, &run("ci.yml", "mai")), None);
            assert_eq!(Key::of_body(&format!("words\n{}", key.line()), &ci), None);
        }
        assert_eq!(Key::of_body("<!-- mta:failure ci.yml%0Amain%0A --> x -->", &ci), None);
        assert_eq!(Key::of_body("", &ci), None);
    }
}
