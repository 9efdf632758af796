//! Python: test runners, frameworks, installers, checkers.

use crate::domain::incident::cause::rule::{
    CONSEQUENCE, ERROR, LAST_REASON, REASON, Rule, VERDICT,
};

/// Above each rule: the tool, and what in it writes the form.
pub const RULES: &[Rule] = &[
    // pytest: short test summary info (`-r fE`)
    Rule {
        name: "pytest-summary",
        lines: &[
            "FAILED *::*",
            "ERROR *::*",
            "ERROR *.py",
            "ERROR *.py - *",
            "SUBFAIL *::*",
            "SUBFAILED*::*",
        ],
        ..VERDICT
    },
    // pytest: lines marked `E` in the report of a failure
    Rule {
        name: "pytest-error",
        lines: &[
            "E   *Error: *",
            "E   *Error",
            "E   *Exception: *",
            "E   *Exception",
            "E   *Warning: *",
            "E   assert *",
            "E   Failed: *",
            "E   fixture *",
        ],
        ..REASON
    },
    // pytest: errors before any test runs
    Rule {
        name: "pytest-usage",
        lines: &[
            "ERROR: file or directory not found: *",
            "ERROR: not found: *",
            "ImportError while loading conftest *",
            "INTERNALERROR> *Error: *",
            "pytest: error: *",
            "ERROR: usage: *",
            "no tests ran in *",
            "*= no tests ran in *",
            "*: error: unrecognized arguments: *",
        ],
        ..LAST_REASON
    },
    // coverage.py and pytest-cov: the total is below the limit
    Rule {
        name: "coverage-limit",
        lines: &[
            "Coverage failure: *",
            "FAIL Required test coverage of *",
            "ERROR: Coverage failure: *",
            "Required test coverage of * not reached*",
        ],
        ..VERDICT
    },
    // unittest and Django: head of a failure
    Rule {
        name: "unittest",
        lines: &[
            "FAIL: test* (*)",
            "ERROR: test* (*)",
            "ERROR: setUp* (*)",
            "ERROR: tearDown* (*)",
            "ERROR: * (unittest.loader._FailedTest*)",
            "FAIL: * (*.*)",
            "ERROR: *Test* (*)",
        ],
        unless: &["ERROR: Could not find*"],
        ..VERDICT
    },
    // Django: system checks
    Rule { name: "django-check", lines: &["*: (*.E#) *", "?: (*.E#) *"], ..VERDICT },
    // Django: `CommandError`, and migrations that are missing
    Rule {
        name: "django-command",
        lines: &[
            "CommandError: *",
            "Your models in app(s): * have changes *",
            "*Conflicting migrations detected*",
        ],
        ..LAST_REASON
    },
    // Django: `makemigrations --check` lists what is missing
    Rule { name: "django-migrations", lines: &["Migrations for '*':"], ..REASON },
    // Odoo: a test failed, in the log of the server
    Rule {
        name: "odoo-test",
        lines: &[
            "* ERROR * odoo.addons.*: FAIL: *",
            "* ERROR * odoo.addons.*: ERROR: *",
            "* ERROR * odoo.*: FAIL: *",
            "* ERROR * odoo.*: ERROR: *",
        ],
        ..VERDICT
    },
    // Odoo: a data file cannot be loaded
    Rule {
        name: "odoo-parse",
        lines: &["*odoo.tools.convert.ParseError: *", "*ParseError: while parsing *"],
        ..VERDICT
    },
    // Odoo: level ERROR or CRITICAL in the log of the server
    Rule {
        name: "odoo-log",
        lines: &[
            "####-##-## *:*:*,* # ERROR * *",
            "#-#-# #:#:#,# # ERROR * *",
            "#-#-# #:#:#,# # CRITICAL * *",
        ],
        unless: &["*odoo.tests.result: *", "*odoo.tests.runner: *"],
        ..REASON
    },
    // Odoo: how many tests failed
    Rule {
        name: "odoo-count",
        lines: &[
            "*odoo.tests.result: # failed, *",
            "*: # failures, # errors *",
            "* At least one test failed when loading *",
        ],
        ..CONSEQUENCE
    },
    // pip: why nothing was installed
    Rule {
        name: "pip",
        lines: &[
            "ERROR: No matching distribution found for *",
            "ERROR: Could not find a version that satisfies *",
            "ERROR: Could not open requirements file: *",
            "ERROR: Invalid requirement: *",
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES *",
            "ERROR: Hashes are required *",
            "ERROR: Package * requires a different Python: *",
            "ERROR: Could not install packages due to an *",
            "ERROR: Directory * is not installable*",
            "ERROR: * is not a supported wheel *",
            "ERROR: HTTP error *",
        ],
        ..LAST_REASON
    },
    // pip, uv, poetry: requirements that exclude one another
    Rule {
        name: "pip-conflict",
        lines: &[
            "ERROR: Cannot install *",
            "*No solution found when resolving *",
            "Because * depends on *",
            "*Because * requires *",
            "The conflict is caused by:*",
        ],
        ..REASON
    },
    // pip: a build inside failed
    Rule {
        name: "pip-wrapped",
        lines: &[
            "error: subprocess-exited-with-error",
            "*error: subprocess-exited-with-error",
            "error: metadata-generation-failed",
            "*Encountered error while generating package metadata.",
            "*python setup.py egg_info did not run successfully.",
            "ERROR: ResolutionImpossible*",
            "ERROR: Failed to build *",
            "ERROR: Could not build wheels *",
            "ERROR: Failed building wheel for *",
            "* did not run successfully.",
            "note: This error originates from a subprocess, *",
            "hint: See above for *",
        ],
        ..CONSEQUENCE
    },
    // flake8, ruff, pylint, pycodestyle: place and code
    Rule {
        name: "python-checker",
        lines: &["*.py:#:#: *"],
        unless: &[
            "*: note: *",
            "*: warning: *",
            "*.py:#:#: W#*",
            "*.py:#:#: C#*",
            "*.py:#:#: R#*",
            "*.py:#:#: I#*",
            "*Warning: *",
        ],
        ..VERDICT
    },
    // the same, codes of style and warnings
    Rule {
        name: "python-checker-style",
        lines: &["*.py:#:#: W#*", "*.py:#:#: C#*", "*.py:#:#: R#*"],
        ..REASON
    },
    // black, ruff, isort: a file that is not formatted
    Rule {
        name: "formatter",
        lines: &[
            "would reformat *",
            "Would reformat: *",
            "error: cannot format *: *",
            "ERROR: * Imports are incorrectly sorted*",
        ],
        ..VERDICT
    },
    // tox and nox: a command ended with a code
    Rule {
        name: "tox",
        lines: &[
            "*: FAIL code #*",
            "*: exit # (* seconds) *",
            "evaluation failed *",
            "*: commands failed",
            "nox > Command * failed with exit code #*",
            "nox > Session * failed.",
            "InvocationError for command *",
        ],
        ..CONSEQUENCE
    },
    // behave: a step that failed
    Rule { name: "behave", lines: &["ASSERT FAILED: *", "Assertion Failed: *"], ..REASON },
    // behave, cucumber: the scenario
    Rule {
        name: "behave-scenario",
        lines: &["*.feature:#  *", "*.feature:# \\# *"],
        below: &["Failing scenarios:*"],
        ..VERDICT
    },
    // Robot Framework: the test
    Rule { name: "robot", lines: &["* | FAIL |"], unless: &["* # failed", "Tests*"], ..VERDICT },
    // Sphinx and docutils: with `-W` a warning fails
    Rule {
        name: "sphinx",
        lines: &[
            "*.rst:#: WARNING: *",
            "*.rst:#: ERROR: *",
            "*.md:#: WARNING: *",
            "*.py:docstring of *: WARNING: *",
            "*.rst: WARNING: *",
        ],
        ..REASON
    },
    // Ansible: a task failed
    Rule {
        name: "ansible",
        lines: &["fatal: [*]: *", "failed: [*] *", "ERROR! *", "[ERROR]: *"],
        unless: &["*...ignoring"],
        ..LAST_REASON
    },
    // Bandit: a finding
    Rule { name: "bandit", lines: &[">> Issue: [*] *"], ..VERDICT },
    // pre-commit: a hook failed; what it said follows
    Rule { name: "pre-commit", lines: &["*...Failed", "- hook id: *"], ..ERROR },
];
