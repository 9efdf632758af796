//! Credentials of this machine: what `docker login` left, in Docker's configuration or with a credential helper.

use std::time::Duration;

use camino::Utf8PathBuf;
use tokio_util::sync::CancellationToken;

use crate::adapters::host::files;
use crate::adapters::host::process::{ChildEnv, Command, Limits, Talk, capture_bytes};
use crate::domain::image::Registry;
use crate::domain::registry::credentials::{Config, Credentials, Place, answer};

use super::errors::Error;

/// How long a credential helper may take: some ask a server.
const HELPER_TIME: Duration = Duration::from_secs(20);

/// The longest answer of a credential helper, in bytes.
const LONGEST_ANSWER: usize = 256 * 1024;

/// The largest configuration that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// The credentials for a registry: those of `DOCKER_AUTH_CONFIG`, else of `config.json` in `DOCKER_CONFIG` or `~/.docker`,
/// with its helpers. `None` where nobody logged in.
///
/// # Errors
/// They are there and cannot be used. No message repeats what stands in them.
pub async fn credentials(
    registry: &Registry,
    env: &ChildEnv,
    cancel: &CancellationToken,
) -> Result<Option<Credentials>, Error> {
    let wrong = |why: String| Error::NoLogin { registry: registry.clone(), why };
    if let Some(text) = env.get("DOCKER_AUTH_CONFIG") {
        let config = Config::parse(text)
            .map_err(|why| wrong(format!("the variable DOCKER_AUTH_CONFIG {why}")))?;
        let places = config
            .places(registry)
            .map_err(|why| wrong(format!("the variable DOCKER_AUTH_CONFIG {why}")))?;
        let stored = places.into_iter().find_map(|place| match place {
            Place::Stored(credentials) => Some(credentials),
            Place::Helper { .. } => None,
        });
        if stored.is_some() {
            return Ok(stored);
        }
    }
    let Some(path) = path(env) else { return Ok(None) };
    let text = match files::read_at_most(&path, LARGEST) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok(None),
        Err(error) => return Err(wrong(format!("{path} cannot be read: {error}"))),
    };
    let config = Config::parse(&text).map_err(|why| wrong(format!("{path} {why}")))?;
    for place in config.places(registry).map_err(|why| wrong(format!("{path} {why}")))? {
        match place {
            Place::Stored(credentials) => return Ok(Some(credentials)),
            Place::Helper { name, server } => {
                let found = ask(&name, &server, env, cancel).await.map_err(wrong)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
    }
    Ok(None)
}

fn path(env: &ChildEnv) -> Option<Utf8PathBuf> {
    let folder = match env.get("DOCKER_CONFIG") {
        Some(folder) => Utf8PathBuf::from(folder),
        None => Utf8PathBuf::from(env.get("HOME")?).join(".docker"),
    };
    Some(folder.join("config.json"))
}

/// Asks a helper. One that knows nothing of the server says so with these words, whatever it is.
async fn ask(
    name: &str,
    server: &str,
    env: &ChildEnv,
    cancel: &CancellationToken,
) -> Result<Option<Credentials>, String> {
    let program = format!("docker-credential-{name}");
    let command = Command {
        program: program.clone(),
        args: vec!["get".to_owned()],
        env: env.clone(),
        cwd: None,
    };
    let limits = Limits { timeout: HELPER_TIME, cancel };
    let talk = Talk { stdin: server.as_bytes(), kept: LONGEST_ANSWER };
    let exit = capture_bytes(&command, limits, talk).await.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&exit.stdout);
    if exit.code != 0 {
        let knows_nothing = said.contains("credentials not found");
        return if knows_nothing {
            Ok(None)
        } else {
            Err(format!("`{program} get` failed ({})", exit.code))
        };
    }
    answer(&said).map_err(|why| format!("`{program} get` {why}"))
}
