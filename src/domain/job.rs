//! The job that a run belongs to, as plain data: what GitHub says on a runner, what git says elsewhere.

use camino::Utf8PathBuf;

/// Where and for what this run happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// Whether a GitHub Actions runner started us (`GITHUB_ACTIONS=true`).
    pub on_runner: bool,
    /// Whether the machine is one of GitHub's, which begins empty and is gone after the job
    /// (`RUNNER_ENVIRONMENT=github-hosted`).
    pub is_hosted: bool,
    /// Whether diagnostics were asked for (`RUNNER_DEBUG=1` or `-v`).
    pub debug: bool,
    /// The checkout: `GITHUB_WORKSPACE`, else the top of the git repository, else the current directory.
    pub workspace: Utf8PathBuf,
    /// `owner/name`; the folder's name where there is no remote.
    pub repository: String,
    /// The commit, 40 hex digits; empty if unknown.
    pub sha: String,
    /// Branch or tag name; empty if unknown.
    pub ref_name: String,
    /// The same in full: `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/merge`; empty if unknown.
    pub git_ref: String,
    /// What started the workflow: `push`, `pull_request`, ...; empty outside Actions.
    pub event_name: String,
    /// The event's payload; `null` where there is none or it cannot be read.
    pub event: serde_json::Value,
    /// Who started it.
    pub actor: String,
    /// Number of the run; empty outside Actions.
    pub run_id: String,
    /// Attempt of the run, from 1; empty outside Actions.
    pub run_attempt: String,
    /// Number of the run among those of its workflow, from 1; empty outside Actions.
    pub run_number: String,
    /// Name of the workflow; empty outside Actions.
    pub workflow: String,
    /// File and ref of the workflow: `owner/name/.github/workflows/ci.yml@refs/heads/main`; empty outside Actions.
    pub workflow_ref: String,
    /// Name of the machine that runs the job; empty outside Actions.
    pub runner_name: String,
    /// The job's folder for temporary files, which later steps can read; `None` outside Actions.
    pub temp: Option<Utf8PathBuf>,
    /// `https://github.com` or that of a GitHub Enterprise Server.
    pub server_url: String,
    /// `https://api.github.com` or that of a GitHub Enterprise Server.
    pub api_url: String,
}

impl Job {
    /// The page of the run; empty outside Actions.
    pub fn run_url(&self) -> String {
        if self.run_id.is_empty() {
            return String::new();
        }
        format!("{}/{}/actions/runs/{}", self.server_url, self.repository, self.run_id)
    }
}
