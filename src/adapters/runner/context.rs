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
    let local_ref = match local.ref_name.as_str() {
        "" => String::new(),
        branch => format!("refs/heads/{branch}"),
    };
    Job {
        on_runner,
        is_hosted: on_runner && environment.get("RUNNER_ENVIRONMENT") == Some("github-hosted"),
        debug: environment.is_on("RUNNER_DEBUG"),
        repository,
        sha: or_local("GITHUB_SHA", &local.sha),
        ref_name: or_local("GITHUB_REF_NAME", &local.ref_name),
        git_ref: or_local("GITHUB_REF", &local_ref),
        event_name: or_local("GITHUB_EVENT_NAME", ""),
        event: if on_runner { event(environment) } else { Value::Null },
        actor: or_local("GITHUB_ACTOR", environment.get("USER").unwrap_or_default()),
        run_id: or_local("GITHUB_RUN_ID", ""),
        run_attempt: or_local("GITHUB_RUN_ATTEMPT", ""),
        run_number: or_local("GITHUB_RUN_NUMBER", ""),
        workflow: or_local("GITHUB_WORKFLOW", ""),
        workflow_ref: or_local("GITHUB_WORKFLOW_REF", ""),
        runner_name: or_local("RUNNER_NAME", ""),
        temp: environment.get("RUNNER_TEMP").filter(|_| on_runner).map(Utf8PathBuf::from),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn on_runner(more: &[(&str, &str)]) -> Job {
        let pairs = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_WORKSPACE", "/w/shop"),
            ("GITHUB_REPOSITORY", "org/shop"),
            ("GITHUB_REF", "refs/tags/v1"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_SERVER_URL", "https://ghe.example.test/"),
        ];
        job(&Environment::from_pairs(pairs.iter().chain(more).copied()), Utf8Path::new("/"))
    }

    #[test]
    fn the_runner_says_where_and_for_what() {
        let job = on_runner(&[("RUNNER_DEBUG", "1")]);
        assert!(job.on_runner && job.debug);
        assert_eq!((job.workspace.as_str(), job.repository.as_str()), ("/w/shop", "org/shop"));
        assert_eq!(job.git_ref, "refs/tags/v1");
        assert_eq!(job.run_url(), "https://ghe.example.test/org/shop/actions/runs/7");
        assert_eq!(job.api_url, "https://api.github.com");
        assert!(!on_runner(&[]).debug);
    }

    #[test]
    fn an_event_that_cannot_be_read_is_null() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("event.json");
        let path = path.to_str().unwrap();
        assert_eq!(on_runner(&[("GITHUB_EVENT_PATH", path)]).event, Value::Null);
        fs_err::write(path, "{").unwrap();
        assert_eq!(on_runner(&[("GITHUB_EVENT_PATH", path)]).event, Value::Null);
        fs_err::write(path, "{\"number\": 3}").unwrap();
        assert_eq!(on_runner(&[("GITHUB_EVENT_PATH", path)]).event["number"], 3);
    }

    #[test]
    fn outside_actions_the_runners_variables_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let cwd = Utf8PathBuf::from_path_buf(folder.path().join("shop")).unwrap();
        fs_err::create_dir(&cwd).unwrap();
        let pairs = [("GITHUB_REPOSITORY", "org/other"), ("USER", "ann")];
        let found = job(&Environment::from_pairs(pairs), &cwd);
        assert_eq!(
            (found.on_runner, found.repository.as_str(), found.actor.as_str()),
            (false, "shop", "ann")
        );
        assert_eq!((found.workspace.as_path(), found.run_url()), (cwd.as_path(), String::new()));
    }
}
