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
