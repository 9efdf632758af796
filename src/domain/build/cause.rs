//! What to do about the errors that builds end with. The words are those of BuildKit, the registries and the kernel.

use crate::failure::{Outcome, Place};

/// What an error means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Who has to act.
    pub outcome: Outcome,
    /// What to do.
    pub help: String,
}

/// A rule: words that all stand in the text, who has to act, what to do.
type Rule = (&'static [&'static str], Outcome, &'static str);

/// The first rule that holds counts: the more exact one comes first.
const RULES: &[Rule] = &[
    (
        &["ghcr.io", "write_package"],
        Outcome::BadInput,
        "give the job `permissions:` with `packages: write`; of a package that is there already, give this repository \
         the role Write (Package settings, Manage Actions access)",
    ),
    (
        &["toomanyrequests"],
        Outcome::Unavailable,
        "the registry counts pulls and pushes: log in with `username` and `password`, which raises the limit, or run it later",
    ),
    (
        &["429 Too Many Requests"],
        Outcome::Unavailable,
        "the registry counts pulls and pushes: log in with `username` and `password`, which raises the limit, or run it later",
    ),
    (
        &["denied: requested access to the resource is denied"],
        Outcome::BadInput,
        "check that the repository exists and that the account of `username` may push to it; without `username` nobody is \
         logged in",
    ),
    (
        &["insufficient_scope"],
        Outcome::BadInput,
        "check that the repository exists and that the account of `username` may push to it (an access token needs the \
         right to write); for a base image that is private, log in to its registry with `docker login` before",
    ),
    (
        &["no space left on device"],
        Outcome::Unavailable,
        "free some space where Docker keeps its data: `docker system df` shows what is used, `docker buildx prune` and \
         `docker image prune` remove what is not",
    ),
    (
        &["exec format error"],
        Outcome::Unavailable,
        "the image is for another processor than this machine: install QEMU for it (`docker/setup-qemu-action`, or the \
         package `qemu-user-static`), or take that platform out of `platforms`",
    ),
    (
        &["multi-platform build is not supported"],
        Outcome::Unavailable,
        "the engine's own builder makes one platform: use a builder that makes several (`docker buildx create --use`), \
         or the containerd image store of Docker 24 or newer",
    ),
    (
        &["multiple platforms feature is currently not supported for docker driver"],
        Outcome::Unavailable,
        "the engine's own builder makes one platform: use a builder that makes several (`docker buildx create --use`), \
         or the containerd image store of Docker 24 or newer",
    ),
    (
        &["attestation is not supported for the docker driver"],
        Outcome::Unavailable,
        "the engine's own builder attests nothing: leave `sbom`, `attests` and `provenance` out, or use a builder that does \
         (`docker buildx create --use`), or the containerd image store of Docker 24 or newer",
    ),
    (
        &["exporter is not supported for the docker driver"],
        Outcome::Unavailable,
        "the engine's own builder makes only `type=docker`, `type=image`, `type=local` and `type=tar` of `outputs`: use another \
         builder (`docker buildx create --use`), or the containerd image store of Docker 24 or newer",
    ),
    (
        &["multiple outputs currently unsupported"],
        Outcome::Unavailable,
        "a BuildKit before 0.13 has one output: give `outputs` one line, or build it once with `push` and once with `load`; \
         the second time nothing is built again",
    ),
    (
        &["push and load may not be set together"],
        Outcome::Unavailable,
        "a buildx before 0.13 cannot do both: install a newer one, or leave `load` out and pull what was pushed",
    ),
    (
        &["exporter does not currently support exporting manifest lists"],
        Outcome::BadInput,
        "the engine keeps one platform of an image: leave `load` out, or give `platforms` one",
    ),
    (
        &["granting entitlement"],
        Outcome::Unavailable,
        "the builder does not give what `allow` asks for: make one that does \
         (`docker buildx create --use --buildkitd-flags '--allow-insecure-entitlement security.insecure'`)",
    ),
    (
        &["requires buildkit"],
        Outcome::Unavailable,
        "the Dockerfile has words that only BuildKit knows: install buildx (`docker-buildx-plugin` of Docker's repository; \
         Debian, Ubuntu: `docker-buildx`)",
    ),
    (
        &["failed to read dockerfile"],
        Outcome::BadInput,
        "the Dockerfile is looked for in `context`; set `file` to where it is, and look whether .dockerignore leaves it out",
    ),
    (
        &["dockerfile parse error"],
        Outcome::BadInput,
        "put the line of the Dockerfile right that the error names",
    ),
    (
        &["target stage", "could not be found"],
        Outcome::BadInput,
        "`target` has to be the name of a stage of the Dockerfile: `FROM ... AS name`",
    ),
    (
        &["failed to reach build target"],
        Outcome::BadInput,
        "`target` has to be the name of a stage of the Dockerfile: `FROM ... AS name`",
    ),
    (
        &["failed: file not found in build context"],
        Outcome::BadInput,
        "a COPY or ADD names what is not in `context`: check the path, and that .dockerignore does not leave it out",
    ),
    (
        &["failed to compute cache key", "not found"],
        Outcome::BadInput,
        "a COPY or ADD names what is not in `context`: check the path, and that .dockerignore does not leave it out",
    ),
    (
        &["failed to calculate checksum of ref", "not found"],
        Outcome::BadInput,
        "a COPY or ADD names what is not in `context`: check the path, and that .dockerignore does not leave it out",
    ),
    (
        &["cannot connect to the docker daemon"],
        Outcome::Unavailable,
        "start the Docker engine, or point `DOCKER_HOST` to one; on a runner of GitHub's use ubuntu-latest",
    ),
    (
        &["pull access denied"],
        Outcome::BadInput,
        "check the name behind FROM; if the image is private, log in to its registry with `docker login` before",
    ),
    (
        &["failed to resolve source metadata"],
        Outcome::Unavailable,
        "check the name behind FROM, and that this machine reaches its registry",
    ),
];

/// What an error of a build means; `None` where it is the Dockerfile's own business. `said` is what the step that failed said:
/// a program may stand for what the kernel refused it, and then nobody but the owner knows whether that is the cause.
pub fn cause(error: &str, said: &str) -> Option<Cause> {
    let find = |text: &str, is_of_kernel: bool| {
        let holds =
            |(words, ..): &&Rule| words.iter().all(|word| text.contains(&word.to_lowercase()));
        let is_meant = |(words, ..): &&Rule| !is_of_kernel || KERNEL.contains(&words[0]);
        RULES.iter().filter(is_meant).find(holds)
    };
    if let Some((_, outcome, help)) = find(&without_command(error).to_lowercase(), false) {
        return Some(Cause { outcome: *outcome, help: (*help).to_owned() });
    }
    let (.., help) = find(&said.to_lowercase(), true)?;
    Some(Cause { outcome: Outcome::Failed, help: (*help).to_owned() })
}

/// What the kernel refuses a program: the step says it, and BuildKit only that the step failed.
const KERNEL: [&str; 2] = ["no space left on device", "exec format error"];

/// An error without the command that it quotes, which may have any words.
fn without_command(error: &str) -> String {
    for (before, behind) in [
        ("executor failed running [", "]: exit code"),
        ("process \"", "\" did not complete"),
        ("The command '", "' returned a non-zero code"),
    ] {
        if let (Some(from), Some(to)) = (error.find(before), error.rfind(behind))
            && from + before.len() <= to
        {
            return format!("{}{}", &error[..from + before.len()], &error[to..]);
        }
    }
    error.to_owned()
}

/// Whether an error of a registry passes by itself: too many requests, a server that is down, a line that broke.
pub fn passes(error: &str) -> bool {
    const PASSING: [&str; 16] = [
        "429",
        "too many requests",
        "toomanyrequests",
        "500 internal server error",
        "502 bad gateway",
        "503 service unavailable",
        "504 gateway",
        "received unexpected http status: 5",
        "unexpected status: 5",
        "connection reset",
        "connection refused",
        "broken pipe",
        "unexpected eof",
        ": eof",
        "i/o timeout",
        "handshake timeout",
    ];
    let error = without_command(error).to_lowercase();
    PASSING.iter().any(|words| error.contains(words))
}

/// The line of a Dockerfile that an error names, as BuildKit writes it above the quoted lines (`Dockerfile:12`; not before
/// 0.11) or in the error itself (`dockerfile parse error on line 2`).
pub fn place(line: &str) -> Option<Place> {
    let at = |file: &str, line| {
        let file = file.to_owned();
        Some(line).filter(|line| *line > 0).map(|line| Place {
            file,
            line: Some(line),
            column: None,
        })
    };
    if let Some((_, rest)) = line.split_once("dockerfile parse error ") {
        let rest = rest.strip_prefix("on ").unwrap_or(rest).strip_prefix("line ")?;
        let number = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        return at("Dockerfile", number.parse().ok()?);
    }
    let (file, number) = line.rsplit_once(':')?;
    let is_path = !file.is_empty() && !file.contains(|c: char| c.is_whitespace() || c == ':');
    at(file, number.parse().ok()?).filter(|_| is_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_its_own_cure() {
        for (text, outcome, help) in [
            (
                "failed to push ghcr.io/a/b:1: unexpected status: 403 Forbidden: denied: permission_denied: write_package",
                Outcome::BadInput,
                "packages: write",
            ),
            (
                "ERROR: denied: requested access to the resource is denied",
                Outcome::BadInput,
                "may push",
            ),
            (
                "push access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed",
                Outcome::BadInput,
                "right to write",
            ),
            (
                "toomanyrequests: You have reached your pull rate limit.",
                Outcome::Unavailable,
                "raises the limit",
            ),
            ("write /x: no space left on device", Outcome::Unavailable, "prune"),
            ("exec /bin/sh: exec format error", Outcome::Unavailable, "QEMU"),
            (
                "ERROR: Multi-platform build is not supported for the docker driver.",
                Outcome::Unavailable,
                "buildx create",
            ),
            (
                "failed to read dockerfile: open Dockerfile: no such file or directory",
                Outcome::BadInput,
                "`file`",
            ),
            (
                "failed to compute cache key: \"/app.py\" not found: not found",
                Outcome::BadInput,
                ".dockerignore",
            ),
            (
                "failed to compute cache key: failed to calculate checksum of ref 5::x: \"/app.py\": not found",
                Outcome::BadInput,
                ".dockerignore",
            ),
            ("target stage \"x\" could not be found", Outcome::BadInput, "`target`"),
            (
                "ERROR: Attestation is not supported for the docker driver.",
                Outcome::Unavailable,
                "`sbom`",
            ),
            (
                "ERROR: OCI exporter is not supported for the docker driver.",
                Outcome::Unavailable,
                "`outputs`",
            ),
            (
                "ERROR: multiple outputs currently unsupported by the current BuildKit daemon, please upgrade to version v0.13+ or use a single output",
                Outcome::Unavailable,
                "one line",
            ),
            (
                "ERROR: failed to solve: granting entitlement security.insecure is not allowed by build daemon configuration",
                Outcome::Unavailable,
                "`allow`",
            ),
            (
                "the --mount option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how",
                Outcome::Unavailable,
                "install buildx",
            ),
            (
                "COPY failed: file not found in build context or excluded by .dockerignore: stat x: file does not exist",
                Outcome::BadInput,
                ".dockerignore",
            ),
            (
                "Error response from daemon: failed to reach build target q in Dockerfile",
                Outcome::BadInput,
                "`target`",
            ),
        ] {
            let found = cause(text, "").unwrap();
            assert_eq!(found.outcome, outcome, "{text}");
            assert!(found.help.contains(help), "{text}: {}", found.help);
        }
    }

    #[test]
    fn what_a_program_says_is_a_hint() {
        let error = "executor failed running [/x]: exit code: 1";
        let found = cause(
            error,
            "standard_init_linux.go:228: exec user process caused: exec format error\n",
        )
        .unwrap();
        assert_eq!(found.outcome, Outcome::Failed);
        assert!(found.help.contains("QEMU"));
        assert_eq!(cause(error, "pip: toomanyrequests"), None);
    }

    #[test]
    fn what_passes_by_itself() {
        for text in [
            "received unexpected HTTP status: 503 Service Unavailable",
            "toomanyrequests: of the test",
            "failed to push: read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer",
            "Put \"http://r.io/v2/a/manifests/b\": EOF",
        ] {
            assert!(passes(text), "{text}");
        }
        for text in [
            "denied: requested access to the resource is denied",
            "executor failed running [/bin/sh -c echo 429; exit 1]: exit code: 1",
            "",
        ] {
            assert!(!passes(text), "{text}");
        }
    }

    #[test]
    fn the_line_of_a_dockerfile() {
        let found = place("docker/Dockerfile.uat:12").unwrap();
        assert_eq!((found.file.as_str(), found.line), ("docker/Dockerfile.uat", Some(12)));
        for on in ["", "on "] {
            let line = format!(
                "ERROR: failed to solve: dockerfile parse error {on}line 2: unknown instruction: COPI"
            );
            assert_eq!(place(&line).unwrap().line, Some(2), "{line}");
        }
        for line in [
            "dockerfile parse error x",
            "Dockerfile:0",
            "ERROR: x: 12",
            "10:30:12",
            "Dockerfile",
            ":3",
            "a b:3",
            "",
        ] {
            assert_eq!(place(line), None, "{line}");
        }
    }

    #[test]
    fn a_step_that_fails_is_the_owners_own_business() {
        for text in [
            "process \"/bin/sh -c make\" did not complete successfully: exit code: 2",
            "",
            "npm ERR! 404 not found",
            "executor failed running [/bin/sh -c echo no space left on device; exit 1]: exit code: 1",
            "process \"/bin/sh -c echo 'exec format error'\" did not complete successfully: exit code: 1",
            "The command '/bin/sh -c echo x requires BuildKit; exit 3' returned a non-zero code: 3",
        ] {
            assert_eq!(cause(text, ""), None, "{text}");
        }
    }
}
