//! How scanners are called.

use super::formats::Format;

/// A scanner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// <https://trivy.dev>, from 0.41 on.
    Trivy,
    /// <https://github.com/anchore/grype>.
    Grype,
}

/// What is scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An image in a registry, by its digest: `ghcr.io/acme/shop@sha256:...`.
    Pushed(String),
    /// An image of the engine of this machine, by its name.
    Local(String),
}

impl Tool {
    /// Reads the word of the input `scan`.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Trivy, Self::Grype].into_iter().find(|tool| tool.program() == word)
    }

    /// In which format its reports are.
    pub const fn format(self) -> Format {
        match self {
            Self::Trivy => Format::Trivy,
            Self::Grype => Format::Grype,
        }
    }

    /// The program, as it is found on the `PATH`.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Trivy => "trivy",
            Self::Grype => "grype",
        }
    }

    /// What its own settings begin with.
    pub const fn variables(self) -> &'static str {
        match self {
            Self::Trivy => "TRIVY_",
            Self::Grype => "GRYPE_",
        }
    }

    /// The arguments behind the program: the report goes to `file` as JSON, and findings are no failure.
    pub fn arguments(self, target: &Target, file: &str) -> Vec<String> {
        let (source, name) = match (self, target) {
            (Self::Trivy, Target::Pushed(name)) => ("remote", name.clone()),
            (Self::Trivy, Target::Local(name)) => ("docker", name.clone()),
            (Self::Grype, Target::Pushed(name)) => ("", format!("registry:{name}")),
            (Self::Grype, Target::Local(name)) => ("", format!("docker:{name}")),
        };
        let words: &[&str] = match self {
            Self::Trivy => &[
                "image",
                "--format",
                "json",
                "--output",
                file,
                "--image-src",
                source,
                "--scanners",
                "vuln",
                "--exit-code",
                "0",
                "--timeout",
                "1h",
                "--no-progress",
                &name,
            ],
            Self::Grype => &[&name, "-o", "json", "--file", file],
        };
        words.iter().map(ToString::to_string).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scanner_is_called_for_what_was_pushed_or_is_here() {
        let pushed = Target::Pushed("r.io/a@sha256:1".to_owned());
        let here = Target::Local("r.io/a:1".to_owned());
        let line = |tool: Tool, target: &Target| tool.arguments(target, "/t/s.json").join(" ");
        insta::assert_snapshot!(
            [
                line(Tool::Trivy, &pushed),
                line(Tool::Trivy, &here),
                line(Tool::Grype, &pushed),
                line(Tool::Grype, &here),
            ]
            .join("\n"),
            @r"
        image --format json --output /t/s.json --image-src remote --scanners vuln --exit-code 0 --timeout 1h --no-progress r.io/a@sha256:1
        image --format json --output /t/s.json --image-src docker --scanners vuln --exit-code 0 --timeout 1h --no-progress r.io/a:1
        registry:r.io/a@sha256:1 -o json --file /t/s.json
        docker:r.io/a:1 -o json --file /t/s.json
        "
        );
        assert_eq!((Tool::parse("grype"), Tool::parse("snyk")), (Some(Tool::Grype), None));
    }
}
