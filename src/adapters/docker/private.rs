//! Docker's configuration for one run: what the user has, and a login that is gone with the run.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::adapters::host::files;
use crate::adapters::host::process::{self, ChildEnv, Command, Limits};
use crate::domain::image::Registry;
use crate::domain::registry::credentials::Credentials;
use crate::domain::registry::private::Private;
use crate::failure::{Failure, Outcome};

use super::endpoint;

/// How long a credential helper may take.
const HELPER_TIME: Duration = Duration::from_secs(20);

/// The largest configuration that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Writes the configuration into a folder and gives the environment in which Docker uses it: the user's contexts, plugins
/// and builders are there as before.
///
/// # Errors
/// The user's own cannot be read, or the new one not be written. No message repeats what stands in it.
pub async fn configure(
    folder: &Utf8Path,
    env: &ChildEnv,
    logins: &[(Registry, Credentials)],
    cancel: &CancellationToken,
) -> Result<ChildEnv, Failure> {
    let own = endpoint::config_dir(env);
    let failed = |what: &Utf8Path, why: String| {
        Failure::new(Outcome::Unavailable, "Docker cannot be logged in")
            .why(format!("{what}: {why}"))
            .help("look at that file, and run it again")
    };
    let file = own.join("config.json");
    let text =
        files::read_at_most(&file, LARGEST).map_err(|error| failed(&file, error.to_string()))?;
    let mut config = Private::of(text.as_deref()).map_err(|why| failed(&file, why.to_string()))?;
    if let Some(text) = env.get("DOCKER_AUTH_CONFIG") {
        let what = Utf8Path::new("the variable DOCKER_AUTH_CONFIG");
        let first = Private::of(Some(text)).map_err(|why| failed(what, why.to_string()))?;
        config = config.after(first);
    }
    let of_store = match config.store() {
        Some(store) => servers(store, env, cancel).await.map_err(|why| failed(&file, why))?,
        None => Vec::new(),
    };
    for (registry, credentials) in logins {
        config = config.with(registry, credentials, &of_store);
    }
    for name in files::names(&own).unwrap_or_default() {
        let (there, here) = (own.join(&name), folder.join(&name));
        if name != "config.json" && files::kind(&here).ok() == Some(None) {
            files::link(&there, &here).map_err(|error| failed(&here, error.to_string()))?;
        }
    }
    let new = folder.join("config.json");
    files::write_atomic(&new, config.text().expose_secret().as_bytes(), 0o600)
        .map_err(|error| failed(&new, error.to_string()))?;
    // The variable would be asked before the file.
    let env = env.clone().without("DOCKER_AUTH_CONFIG").with("DOCKER_CONFIG", folder.as_str());
    Ok(if env.get("BUILDX_CONFIG").is_some() {
        env
    } else {
        env.with("BUILDX_CONFIG", builders(&own).into_string())
    })
}

/// Where the plugin keeps its builders.
fn builders(own: &Utf8Path) -> Utf8PathBuf {
    own.join("buildx")
}

/// The servers of which a helper has credentials.
async fn servers(
    store: &str,
    env: &ChildEnv,
    cancel: &CancellationToken,
) -> Result<Vec<String>, String> {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !store.chars().all(known) || store.starts_with('.') {
        return Err("it names a credential helper that is no name of a program".to_owned());
    }
    let program = format!("docker-credential-{store}");
    let command = Command {
        program: program.clone(),
        args: vec!["list".to_owned()],
        env: env.clone(),
        cwd: None,
    };
    let exit = process::capture(&command, Limits { timeout: HELPER_TIME, cancel })
        .await
        .map_err(|error| error.to_string())?;
    let listed: Option<Value> = serde_json::from_str(&exit.stdout).ok().filter(|_| exit.code == 0);
    match listed {
        Some(Value::Object(servers)) => Ok(servers.keys().cloned().collect()),
        _ => Err(format!("`{program} list` did not say which servers it knows ({})", exit.code)),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn write(path: &Utf8Path, text: &str, mode: u32) {
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The configuration of a user with a helper for all that answers `list` so.
    async fn configured(list: &str) -> Result<(Value, ChildEnv, tempfile::TempDir), Failure> {
        let folder = tempfile::tempdir().unwrap();
        let top = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let own = top.join("own");
        write(
            &own.join("config.json"),
            r#"{"credsStore": "mine", "currentContext": "uat"}"#,
            0o600,
        );
        write(&own.join("contexts/meta/x/meta.json"), "{}", 0o600);
        let helper = format!("#!/bin/sh\n[ \"$1\" = list ] && printf '%s' '{list}'\n");
        write(&top.join("bin/docker-credential-mine"), &helper, 0o755);
        let path = format!("{top}/bin:/usr/bin:/bin");
        let pairs = [("PATH", path.as_str()), ("DOCKER_CONFIG", own.as_str())];
        let env =
            ChildEnv::from_pairs(pairs.map(|(name, value)| (name.into(), OsString::from(value))));
        let new = top.join("new");
        fs_err::create_dir(&new).unwrap();
        let password = "the-word".to_owned().into();
        let logins = [(
            Registry::parse("ghcr.io").unwrap(),
            Credentials::Password { username: "ada".to_owned(), password },
        )];
        let env = configure(&new, &env, &logins, &CancellationToken::new()).await?;
        let file = new.join("config.json");
        assert_eq!(fs_err::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let config = serde_json::from_str(&fs_err::read_to_string(file).unwrap()).unwrap();
        assert!(new.join("contexts/meta/x/meta.json").is_file(), "the contexts are there");
        assert_eq!(env.get("DOCKER_CONFIG"), Some(new.as_str()));
        assert_eq!(env.get("BUILDX_CONFIG"), Some(own.join("buildx").as_str()));
        Ok((config, env, folder))
    }

    #[tokio::test]
    async fn the_users_own_is_there_and_one_login_more() {
        let list = r#"{"https://index.docker.io/v1/": "ada", "ghcr.io": "other"}"#;
        let (config, ..) = configured(list).await.unwrap();
        let helpers = serde_json::json!({"https://index.docker.io/v1/": "mine"});
        assert_eq!((&config["credHelpers"], &config["currentContext"]), (&helpers, &"uat".into()));
        assert!(
            config["auths"]["ghcr.io"]["auth"].is_string() && config.get("credsStore").is_none()
        );
    }

    #[tokio::test]
    async fn a_helper_that_does_not_answer_is_told() {
        let failure = configured("no JSON").await.unwrap_err().to_string();
        assert!(
            failure.contains("docker-credential-mine list") && !failure.contains("the-word"),
            "{failure}"
        );
    }
}
