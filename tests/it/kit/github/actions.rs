//! Runs, their jobs, and commits of the fake GitHub.

use serde_json::{Value, json};

use super::wire::{Request, Response};
use super::{State, decoded, said};

/// GitHub sends the text of no larger file, in bytes.
const LARGEST_FILE: usize = 1024 * 1024;

/// A file of the repository.
pub struct File {
    /// Its branch; `None` where it is the same in every commit.
    pub branch: Option<String>,
    pub path: String,
    /// Its text in base64.
    pub packed: String,
    /// What it is, as GitHub says it: `file`, `symlink`, `submodule`.
    pub kind: &'static str,
}

impl State {
    pub(super) fn run(&self, id: &str) -> Response {
        let found = self.runs.iter().find(|run| run["id"].as_u64() == id.parse().ok());
        found.map_or_else(|| said(404, "Not Found"), |run| Response::json(200, run))
    }

    /// The runs of a workflow's file, the newest first.
    pub(super) fn runs_of(&self, request: &Request, file: &str) -> Response {
        let query = |name| request.query(name).map(decoded);
        let (branch, status) = (query("branch"), query("status"));
        let is = |value: &Value, wanted: &Option<String>| {
            wanted.as_deref().is_none_or(|wanted| value == wanted)
        };
        let of = |run: &&Value| {
            run["path"].as_str().is_some_and(|path| path.ends_with(&format!("/{file}")))
                && is(&run["head_branch"], &branch)
                && match status.as_deref() {
                    Some("completed") => !run["conclusion"].is_null(),
                    _ => is(&run["conclusion"], &status),
                }
        };
        let mut runs: Vec<Value> = self.runs.iter().filter(of).cloned().collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run["run_number"].as_u64()));
        let mut answer = self.page(request, runs);
        let runs: Value = serde_json::from_str(&answer.body).unwrap();
        answer.body = json!({"total_count": 1, "workflow_runs": runs}).to_string();
        answer
    }

    pub(super) fn jobs(&self, request: &Request, (id, attempt): (&str, &str)) -> Response {
        let of = |(run, number, _): &&(u64, u64, Value)| {
            run.to_string() == id && number.to_string() == attempt
        };
        let jobs: Vec<Value> = self.jobs.iter().filter(of).map(|(_, _, job)| job.clone()).collect();
        let mut answer = self.page(request, jobs);
        let jobs: Value = serde_json::from_str(&answer.body).unwrap();
        answer.body = json!({"total_count": 1, "jobs": jobs}).to_string();
        answer
    }

    pub(super) fn log(&self, id: &str) -> Response {
        let found = self.logs.iter().find(|(job, _)| job.to_string() == id);
        found.map_or_else(
            || said(404, "Not Found"),
            |(_, to)| said(302, "Found").with("location", to),
        )
    }

    /// `earlier...later` in the one branch `main`, whose newest commit is the last one.
    pub(super) fn compare(&self, both: &str) -> Response {
        let both = decoded(both);
        let Some((earlier, later)) = both.split_once("...") else { return said(404, "Not Found") };
        let of_tag = |name: &str| self.tags.iter().find(|(tag, _)| tag == name);
        let place = |name: &str| match name {
            "main" => self.commits.len().checked_sub(1),
            name => {
                let sha = of_tag(name).map_or(name, |(_, sha)| sha.as_str());
                self.commits.iter().position(|commit| commit == sha)
            }
        };
        // Those of `main` between the two, the oldest first.
        let between = match (place(earlier), place(later)) {
            (Some(earlier), Some(later)) if earlier < later => &self.commits[earlier + 1..=later],
            _ => &[],
        };
        let commits: Vec<Value> = between.iter().map(|sha| self.commit(sha)).collect();
        let status = match (place(earlier), place(later)) {
            (Some(earlier), Some(later)) if earlier < later => "ahead",
            (Some(earlier), Some(later)) if earlier == later => "identical",
            (Some(_), Some(_)) => "behind",
            _ if self.lost_commits.iter().any(|lost| lost == earlier || lost == later) => {
                "diverged"
            }
            _ => return said(404, "Not Found"),
        };
        Response::json(
            200,
            &json!({"status": status, "ahead_by": commits.len(), "behind_by": 0,
                "total_commits": commits.len(), "commits": commits}),
        )
    }

    pub(super) fn tag_ref(&self, name: &[&str]) -> Response {
        let name = name.iter().map(|part| decoded(part)).collect::<Vec<_>>().join("/");
        let Some((_, sha)) = self.tags.iter().find(|(tag, _)| *tag == name) else {
            return said(404, "Not Found");
        };
        let object = json!({"type": "commit", "sha": sha});
        Response::json(200, &json!({"ref": format!("refs/tags/{name}"), "object": object}))
    }

    /// What lies at a path at a commit or on a branch; without one, on the default branch. Of a large file the text is left
    /// out, and a folder is a list.
    pub(super) fn contents(&self, request: &Request, path: &[&str]) -> Response {
        let path = decoded(&path.join("/"));
        let at = request.query("ref").map_or_else(|| "main".to_owned(), decoded);
        let is_there = |file: &&File| file.branch.as_ref().is_none_or(|branch| *branch == at);
        let mut there = self.files.iter().filter(is_there);
        if let Some(file) = there.clone().find(|file| file.path == path) {
            let size = file.packed.len() / 4 * 3;
            let (encoding, content) =
                if size > LARGEST_FILE { ("none", "") } else { ("base64", file.packed.as_str()) };
            return Response::json(
                200,
                &json!({"type": file.kind, "size": size, "encoding": encoding, "content": content}),
            );
        }
        let is_folder = there.any(|file| file.path.starts_with(&format!("{path}/")));
        if is_folder {
            Response::json(200, &json!([{"type": "file"}]))
        } else {
            said(404, "Not Found")
        }
    }

    /// A commit whose author GitHub knows, unless its digits are `c`.
    fn commit(&self, sha: &str) -> Value {
        let digit = &sha[..1];
        let author =
            if digit == "c" { Value::Null } else { json!({"login": format!("dev-{digit}")}) };
        let ours = || format!("Change {digit} of @acme/admins (#4{})\n\nfixes #7", sha.len());
        let message = self.message.clone().unwrap_or_else(ours);
        json!({"sha": sha, "author": author, "commit": {
            "message": message,
            "author": {"name": "Cy | <b>"},
        }})
    }
}
