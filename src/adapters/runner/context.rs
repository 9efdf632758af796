//! The job that a run belongs to: from the runner's variables, else from the git repository around it.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::adapters::runner::environment::Environment;
use crate::adapters::runner::git_files;
use crate::domain::job::Job;

/// The job. Lenient: what cannot be read is empty, because no action fails for want of a name.
///
/// `cwd` is the current folder, the workspace where neither the runner nor git knows a better one.
pub fn job(environment: &Environment, cwd: &Utf8Path) -> Job {
    let on_runner = environment.is_on("GITHUB_ACTIONS");
    let local = if on_runner { git_files::Checkout::default() } else { git_files::read(cwd) };
    let or_local = |name: &str, local: &str| match environment.get(name) {
        Some(value) if on_runner => value.to_owned(),
        _ => local.to_owned(),
    };
    let workspace = or_local("GITHUB_WORKSPACE", local.top.as_str());
    let workspace =
        if workspace.is_empty() { cwd.to_owned() } else { Utf8PathBuf::from(workspace) };
    let mut repository = or_local("GITHUB_REPOSITORY", &local.repository);
    if repository.is_empty() {
        workspace.file_name().unwrap_or_default().clone_into(&mut repository);
    }
    Job {
        on_runner,
        debug: environment.is_on("RUNNER_DEBUG"),
        repository,
        sha: or_local("GITHUB_SHA", &local.sha),
        ref_name: or_local("GITHUB_REF_NAME", &local.ref_name),
        event_name: or_local("GITHUB_EVENT_NAME", ""),
        event: if on_runner { event(environment) } else { Value::Null },
        actor: or_local("GITHUB_ACTOR", environment.get("USER").unwrap_or_default()),
        run_id: or_local("GITHUB_RUN_ID", ""),
        run_attempt: or_local("GITHUB_RUN_ATTEMPT", ""),
        server_url: url(environment, "GITHUB_SERVER_URL", "https://github.com"),
        api_url: url(environment, "GITHUB_API_URL", "https://api.github.com"),
        workspace,
    }
}

/// A server's address without a slash at its end.
fn url(environment: &Environment, name: &str, usual: &str) -> String {
    environment.get(name).unwrap_or(usual).trim_end_matches('/').to_owned()
}

/// The payload of the event; `null` if there is none or it is no JSON.
fn event(environment: &Environment) -> Value {
    let text = environment.path("GITHUB_EVENT_PATH").and_then(|path| fs_err::read(path).ok());
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or(Value::Null)
}
