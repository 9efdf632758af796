//! Why images could not be pulled and what to do, by what the engine said of it and which of them are here; and below,
//! what a registry demands and whose credentials answer it. Pure.

pub mod challenge;
pub mod credentials;
pub mod private;
pub mod quota;

use std::fmt;

use crate::domain::image::Parts;

/// Why a header, a file or an answer cannot be used: to be read behind its name ("the header WWW-Authenticate", the
/// path of the file).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// An image that is to be pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The service that runs it.
    pub service: String,
    /// As the compose file names it: `ghcr.io/org/shop:v2`.
    pub image: String,
    /// Whether this host has one of that name.
    pub is_here: bool,
}

/// What a failed pull means to its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What the registry's answer comes to, to be said before the answer itself; empty where that says it all.
    pub why: String,
    /// What to do.
    pub help: String,
}

/// How a registry answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// Not without a login.
    Denied,
    /// Not without a login, or there is none: registries do not tell strangers which.
    DeniedOrAbsent,
    /// It has none.
    Absent,
    /// Not at all.
    Silent,
}

/// What to do where nothing better is known.
const LOG_IN: &str = "log in with `docker login` before, or check the image's name and tag";

/// What to say of a pull that failed: `said` is the end of what the engine printed, `wanted` all that was to be pulled.
///
/// That an image of this host would do is said only where each one that failed is here: with `pull: missing` the others
/// would be pulled again, and fail again.
pub fn refused(said: &str, wanted: &[Wanted]) -> Refused {
    let told: Vec<(Answer, Vec<&Wanted>)> =
        said.lines().filter_map(|line| Some((answer(line)?, blamed(line, wanted)))).collect();
    let log_in = Refused { why: String::new(), help: LOG_IN.to_owned() };
    let Some((first, _)) = told.first() else { return log_in };
    if told.iter().any(|(answer, _)| *answer == Answer::Denied) {
        return log_in;
    }
    let mut names: Vec<&str> = Vec::new();
    for one in told.iter().flat_map(|(_, blamed)| blamed) {
        if !one.is_here {
            return absent_here(*first);
        }
        if !names.contains(&one.image.as_str()) {
            names.push(&one.image);
        }
    }
    on_this_host(*first, &names.join(", "))
}

fn absent_here(answer: Answer) -> Refused {
    let help = match answer {
        Answer::Silent => {
            "check that the engine of this host reaches the registry (network, DNS, proxy), and the image's name"
        }
        Answer::Denied | Answer::DeniedOrAbsent | Answer::Absent => LOG_IN,
    };
    Refused { why: String::new(), help: help.to_owned() }
}

fn on_this_host(answer: Answer, names: &str) -> Refused {
    let (why, help) = match answer {
        Answer::Absent => (
            format!("the registry does not have {names}, which is on this host"),
            "set `pull: missing` to run what is on this host, or push it to the registry before",
        ),
        Answer::Silent => (
            format!("the registry of {names} cannot be reached, and it is on this host"),
            "set `pull: missing` to run what is on this host",
        ),
        Answer::Denied | Answer::DeniedOrAbsent => (
            format!("the registry shows no {names} without a login, and it is on this host"),
            "if it was never pushed, set `pull: missing` to run what is on this host; else log in with `docker login` \
             before",
        ),
    };
    Refused { why, help: help.to_owned() }
}

/// What a line of the engine or of Compose says a registry answered. The words are those of Docker 20.10 and later, also
/// with containerd's image store, and of registries by the OCI's list of error codes.
fn answer(line: &str) -> Option<Answer> {
    let line = line.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| line.contains(word));
    if says(&["repository does not exist or may require"]) {
        Some(Answer::DeniedOrAbsent)
    } else if says(&[
        "denied",
        "unauthorized",
        "authentication required",
        "no basic auth",
        "403 forbidden",
    ]) {
        Some(Answer::Denied)
    } else if says(&["no such host", "name resolution", "server misbehaving", "connection refused"])
        || says(&["connection reset", "no route to host", "network is unreachable", "timeout"])
        || says(&["deadline exceeded", "timed out", "awaiting headers"])
    {
        Some(Answer::Silent)
    } else if says(&["manifest unknown", "name unknown"])
        || says(&["not found"]) && !says(&["file not found", "command not found", "credential"])
    {
        Some(Answer::Absent)
    } else {
        None
    }
}

/// The images that a line speaks of: by their repository, else by their registry, else all of them.
fn blamed<'a>(line: &str, wanted: &'a [Wanted]) -> Vec<&'a Wanted> {
    let named = |is: &dyn Fn(&Wanted) -> bool| wanted.iter().filter(|one| is(one)).collect();
    let by_name: Vec<&Wanted> = named(&|one| names(line, Parts::of(&one.image).name));
    if !by_name.is_empty() {
        return by_name;
    }
    let by_registry: Vec<&Wanted> = named(&|one| line.contains(registry(&one.image)));
    if by_registry.is_empty() { wanted.iter().collect() } else { by_registry }
}

/// Whether a line names a repository, and not one whose name only holds this name.
fn names(line: &str, repository: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    line.match_indices(repository).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + repository.len()..]);
        let is_on_hub = before.ends_with("docker.io/") || before.ends_with("docker.io/library/");
        (is_on_hub || !before.ends_with(is_part)) && !after.starts_with(is_part)
    })
}

/// The registry of an image; without one it is Docker Hub, which has several hosts.
fn registry(image: &str) -> &str {
    Parts::of(image).registry().unwrap_or("docker.io")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSENT: [&str; 5] = [
        "Error response from daemon: manifest for IMAGE:1 not found: manifest unknown: manifest unknown",
        "Error response from daemon: manifest unknown",
        "failed to resolve reference \"docker.io/IMAGE:1\": docker.io/IMAGE:1: not found",
        "Error response from daemon: repository IMAGE not found: name unknown: repository name not known to registry",
        "Error response from daemon: failed to resolve reference \"IMAGE:1\": IMAGE:1: not found",
    ];

    const SILENT: [&str; 4] = [
        "Error response from daemon: Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on \
         10.0.0.1:53: no such host",
        "Error response from daemon: Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
        "Error response from daemon: Get \"https://r/v2/\": net/http: request canceled while waiting for connection \
         (Client.Timeout exceeded while awaiting headers)",
        "Error response from daemon: Get \"https://r/v2/\": dial tcp 10.1.1.1:443: i/o timeout",
    ];

    const HIDDEN: &str = "Error response from daemon: pull access denied for IMAGE, repository does not exist or may \
                          require 'docker login': denied: requested access to the resource is denied";

    const DENIED: [&str; 4] = [
        "Error response from daemon: Head \"https://ghcr.io/v2/org/shop/manifests/1\": unauthorized",
        "Error response from daemon: denied: access forbidden",
        "Error response from daemon: Head \"https://r/v2/shop/manifests/1\": no basic auth credentials",
        "failed to authorize: failed to fetch oauth token: unexpected status: 403 Forbidden",
    ];

    fn wanted(image: &str, is_here: bool) -> Wanted {
        Wanted { service: "app".to_owned(), image: image.to_owned(), is_here }
    }

    fn said(line: &str) -> String {
        line.replace("IMAGE", "org/shop")
    }

    #[test]
    fn an_image_that_only_this_host_has_needs_no_login() {
        let here = [wanted("org/shop:1", true)];
        for line in ABSENT {
            let Refused { why, help } = refused(&said(line), &here);
            assert_eq!(
                why, "the registry does not have org/shop:1, which is on this host",
                "{line}"
            );
            assert!(help.contains("`pull: missing`") && !help.contains("docker login"), "{line}");
        }
        for line in SILENT {
            let Refused { why, help } = refused(&said(line), &here);
            assert_eq!(
                why, "the registry of org/shop:1 cannot be reached, and it is on this host",
                "{line}"
            );
            assert!(help.contains("`pull: missing`") && !help.contains("docker login"), "{line}");
        }
    }

    #[test]
    fn an_image_that_is_not_here_is_not_found_by_pulling_less() {
        let gone = [wanted("org/shop:1", false)];
        for line in ABSENT.iter().chain(&SILENT).chain(&[HIDDEN]).chain(&DENIED) {
            let Refused { why, help } = refused(&said(line), &gone);
            assert!(why.is_empty() && !help.contains("pull: missing"), "{line}: {why} {help}");
            assert_eq!(help == LOG_IN, !SILENT.contains(line), "{line}: {help}");
        }
    }

    #[test]
    fn where_access_is_denied_it_is_a_login() {
        let here = [wanted("org/shop:1", true)];
        for line in DENIED {
            let Refused { why, help } = refused(&said(line), &here);
            assert_eq!((why.as_str(), help.as_str()), ("", LOG_IN), "{line}");
        }
        // The registry does not tell a stranger which of the two it is; the image is here, so both are said.
        let Refused { why, help } = refused(&said(HIDDEN), &here);
        assert_eq!(why, "the registry shows no org/shop:1 without a login, and it is on this host");
        assert!(help.contains("`pull: missing`") && help.contains("`docker login`"), "{help}");
    }

    #[test]
    fn what_is_not_understood_is_left_to_the_reader() {
        let here = [wanted("org/shop:1", true)];
        for line in [
            "",
            "no space left on device",
            "error getting credentials - err: exec: \"docker-credential-x\": executable file not found in $PATH",
        ] {
            let Refused { why, help } = refused(line, &here);
            assert_eq!((why.as_str(), help.as_str()), ("", LOG_IN), "{line}");
        }
    }

    #[test]
    fn only_the_images_that_the_lines_speak_of_count() {
        let two = [wanted("org/shop:1", true), wanted("org/shop-web:1", false)];
        let one_of_two = |line: &str| refused(line, &two).help.contains("pull: missing");
        assert!(one_of_two("manifest for org/shop:1 not found: manifest unknown"));
        assert!(!one_of_two("manifest for org/shop-web:1 not found: manifest unknown"));
        assert!(!one_of_two("my.org/shop:1: not found"), "another one, so all are meant");
        assert!(!one_of_two("manifest unknown"), "no name, so all are meant");
        assert!(!one_of_two("org/shop:1: not found\norg/shop-web:1: not found"));

        let far = [wanted("r.example.test:5000/shop", true), wanted("postgres:16@sha256:1", false)];
        let far = |line: &str| refused(line, &far).help.contains("pull: missing");
        assert!(far("Get \"https://r.example.test:5000/v2/\": connection refused"));
        assert!(!far("Get \"https://registry-1.docker.io/v2/\": no such host"));
        assert!(!far("docker.io/library/postgres:16: not found"));
    }
}
