//! By what a failure is known again: that of the next night has another time, port, commit and folder, and is the same
//! one; another failing test is not.

mod normal;

use sha2::{Digest, Sha256};

use crate::domain::incident::jobs::family;

pub use normal::normal;

/// What a fingerprint is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<'a> {
    /// Path of the workflow's file; what follows an `@` does not count.
    pub workflow: &'a str,
    /// Name of the job as GitHub shows it, with the values of its matrix.
    pub job: &'a str,
    /// Name of the step that failed.
    pub step: &'a str,
    /// The line that explains it; empty where none was found.
    pub line: &'a str,
}

/// Hex digits of a fingerprint: 48 bits, enough for the failures of one repository.
const DIGITS: usize = 12;

/// The first twelve hex digits of the SHA-256 over workflow, job without matrix, step and normalised line.
pub fn of(failure: &Failure<'_>) -> String {
    let workflow = failure.workflow.split('@').next().unwrap_or_default();
    let parts = [workflow, &family(failure.job), &normal(failure.step), &normal(failure.line)];
    let mut digest = Sha256::new();
    for part in parts {
        // No part can end where another begins.
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.finalize().iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURE: Failure<'static> = Failure {
        workflow: ".github/workflows/ci.yml",
        job: "test (ubuntu-24.04, 3.12)",
        step: "Run pytest -q",
        line: "FAILED tests/test_cart.py::test_total - assert 3 == 4 in 0.12s",
    };

    #[test]
    fn the_same_failure_has_the_same_fingerprint() {
        let same = [
            Failure { job: "test (ubuntu-24.04, 3.13)", ..FAILURE },
            Failure {
                line: "FAILED tests/test_cart.py::test_total - assert 5 == 9 in 1m3s",
                ..FAILURE
            },
            Failure { workflow: ".github/workflows/ci.yml@refs/heads/main", ..FAILURE },
        ];
        assert_eq!(of(&FAILURE).len(), DIGITS);
        for other in same {
            assert_eq!(of(&other), of(&FAILURE), "{other:?}");
        }
    }

    #[test]
    fn another_failure_has_another_fingerprint() {
        let others = [
            Failure { workflow: ".github/workflows/nightly.yml", ..FAILURE },
            Failure { job: "lint", ..FAILURE },
            Failure { step: "Run mypy", ..FAILURE },
            Failure {
                line: "FAILED tests/test_cart.py::test_empty - assert 3 == 4 in 0.12s",
                ..FAILURE
            },
            Failure { line: "", ..FAILURE },
            Failure { job: "testRun pytest -q", step: "", ..FAILURE },
        ];
        let mut all: Vec<String> = others.iter().map(of).chain([of(&FAILURE)]).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), others.len() + 1);
    }
}
