//! Runs, their jobs, and commits of the fake GitHub.

use serde_json::{Value, json};

use super::wire::{Request, Response};
use super::{State, decoded, said};

impl State {
    pub(super) fn run(&self, id: &str) -> Response {
        let found = self.runs.iter().find(|run| run["id"].as_u64() == id.parse().ok());
        found.map_or_else(|| said(404, "Not Found"), |run| Response::json(200, run))
    }

    /// Runs of a workflow that have ended, the newest first.
    pub(super) fn runs_of(&self, request: &Request, file: &str) -> Response {
        let branch = request.query("branch").map(decoded).unwrap_or_default();
        let is_meant = |run: &&Value| {
            run["path"].as_str().unwrap_or_default().ends_with(file)
                && run["head_branch"] == branch.as_str()
                && !run["conclusion"].is_null()
        };
        let mut runs: Vec<Value> = self.runs.iter().filter(is_meant).cloned().collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run["run_number"].as_u64()));
        let told = json!({"total_count": runs.len(), "workflow_runs": runs});
        Response::json(200, &told)
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
        let place = |name: &str| match name {
            "main" => self.commits.len().checked_sub(1),
            sha => self.commits.iter().position(|commit| commit == sha),
        };
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
            &json!({"status": status, "ahead_by": 1, "behind_by": 0, "commits": []}),
        )
    }

    pub(super) fn contents(&self, path: &[&str]) -> Response {
        let path = decoded(&path.join("/"));
        let Some((_, packed)) = self.files.iter().find(|(name, _)| *name == path) else {
            return said(404, "Not Found");
        };
        Response::json(200, &json!({"type": "file", "encoding": "base64", "content": packed}))
    }
}
