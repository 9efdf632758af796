//! Docker's configuration for one run: what the user has, and a login that is gone with the run.

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::ExposeSecret as _;

use crate::adapters::host::files;
use crate::adapters::host::process::ChildEnv;
use crate::domain::image::Registry;
use crate::domain::registry::credentials::Credentials;
use crate::domain::registry::private::Private;
use crate::failure::{Failure, Outcome};

use super::endpoint;

/// The largest configuration that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Writes the configuration into a folder and gives the environment in which Docker uses it: the user's contexts, plugins
/// and builders are there as before.
///
/// # Errors
/// The user's own cannot be read, or the new one not be written. No message repeats what stands in it.
pub fn configure(
    folder: &Utf8Path,
    env: &ChildEnv,
    logins: &[(Registry, Credentials)],
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
    for (registry, credentials) in logins {
        config = config.with(registry, credentials);
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

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use serde_json::Value;

    fn write(path: &Utf8Path, text: &str, mode: u32) {
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_users_own_is_there_and_one_login_more() {
        let folder = tempfile::tempdir().unwrap();
        let top = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let own = top.join("own");
        write(
            &own.join("config.json"),
            r#"{"credsStore": "mine", "currentContext": "uat"}"#,
            0o600,
        );
        write(&own.join("contexts/meta/x/meta.json"), "{}", 0o600);
        let pairs = [
            ("DOCKER_CONFIG", own.as_str()),
            ("DOCKER_AUTH_CONFIG", r#"{"auths": {"r.io": {"auth": "YTpi"}}}"#),
        ];
        let env =
            ChildEnv::from_pairs(pairs.map(|(name, value)| (name.into(), OsString::from(value))));
        let new = top.join("new");
        fs_err::create_dir(&new).unwrap();
        let password = "the-word".to_owned().into();
        let credentials = Credentials::Password { username: "ada".to_owned(), password };
        let logins = [(Registry::parse("ghcr.io").unwrap(), credentials)];
        let env = configure(&new, &env, &logins).unwrap();
        let file = new.join("config.json");
        assert_eq!(fs_err::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let config: Value = serde_json::from_str(&fs_err::read_to_string(file).unwrap()).unwrap();
        assert!(new.join("contexts/meta/x/meta.json").is_file(), "the contexts are there");
        assert_eq!(env.get("DOCKER_CONFIG"), Some(new.as_str()));
        assert_eq!(env.get("BUILDX_CONFIG"), Some(own.join("buildx").as_str()));
        assert_eq!(env.get("DOCKER_AUTH_CONFIG"), None);
        let helpers = serde_json::json!({"ghcr.io": "", "r.io": ""});
        assert_eq!((&config["credHelpers"], &config["credsStore"]), (&helpers, &"mine".into()));
        assert_eq!(config["auths"]["r.io"]["auth"], "YTpi");
        assert!(config["auths"]["ghcr.io"]["auth"].is_string());
        let before = fs_err::read_to_string(own.join("config.json")).unwrap();
        assert!(!before.contains("ghcr.io"), "the user's own stays as it is");
        fs_err::write(own.join("config.json"), "{ the-word").unwrap();
        let failure =
            configure(&new, &env.with("DOCKER_CONFIG", own.as_str()), &logins).unwrap_err();
        assert!(
            failure.to_string().contains("config.json")
                && !failure.to_string().contains("the-word")
        );
    }
}
