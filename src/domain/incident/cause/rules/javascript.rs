//! JavaScript and TypeScript: test runners, package managers, checkers, bundlers.

use crate::domain::incident::cause::rule::{CONSEQUENCE, ERROR, REASON, Rule, VERDICT};

/// Above each rule: the tool, and what in it writes the form.
pub const RULES: &[Rule] = &[
    // jest and vitest: the file, and vitest with the test
    Rule {
        name: "jest",
        lines: &[
            "FAIL *.test.*",
            "FAIL *.spec.*",
            "FAIL *.js",
            "FAIL *.jsx",
            "FAIL *.ts",
            "FAIL *.tsx",
            "FAIL *.mjs",
            "FAIL *.cjs",
            "FAIL *__tests__*",
            "FAIL *.vue",
            "FAIL *.js (*",
            "FAIL *.ts (*",
        ],
        ..VERDICT
    },
    // jest and vitest: the coverage is below the limit
    Rule {
        name: "coverage-threshold",
        lines: &["Jest: * coverage threshold *", "ERROR: Coverage for *"],
        ..VERDICT
    },
    // jest: head of a failure
    Rule {
        name: "jest-test",
        lines: &["● * › *", "● Test suite failed to run", "● *"],
        unless: &["● Console", "● Deprecation*", "● Validation Warning*"],
        below: &["FAIL *"],
        ..REASON
    },
    // Playwright: head of a failure
    Rule {
        name: "playwright",
        lines: &["#) [*] › *", "#) *.spec.* › *", "#) *.test.* › *"],
        ..VERDICT
    },
    // mocha and Cypress: below the number of failures
    Rule { name: "mocha", lines: &["#) *"], below: &["# failing"], ..ERROR },
    // TAP: node:test, bats, tape and others
    Rule { name: "tap", lines: &["not ok # *"], unless: &["*\\# TODO*", "*\\# SKIP*"], ..VERDICT },
    // node:test, vitest, ava: a failed test in the list
    Rule {
        name: "spec-reporter",
        lines: &["✖ *", "× *", "✗ *", "✘ *"],
        unless: &[
            "✖ failing tests:*",
            "* # of # failed *",
            "✖ # problem*",
            "× # *",
            "× No solution found *",
            "× Getting requirements *",
            "× * did not run successfully*",
            "× Encountered *",
        ],
        ..REASON
    },
    // eslint, stylelint, yamllint: a finding below its file
    Rule {
        name: "eslint",
        lines: &["#:# error *", "#:# *error  *", "#:# ✖ *", "#:# *✖  *"],
        ..VERDICT
    },
    // how many findings
    Rule {
        name: "eslint-count",
        lines: &["✖ # problem*", "* problems (* errors, *)"],
        ..CONSEQUENCE
    },
    // tsc, MSBuild and others that write `(line,column)`
    Rule {
        name: "typescript",
        lines: &["*(#,#): error *: *", "*:#:# - error TS#: *", "error TS#: *"],
        ..VERDICT
    },
    // npm: what it says besides its frame
    Rule {
        name: "npm",
        lines: &["npm ERR! *", "npm error *"],
        unless: &[
            "npm ERR! code *",
            "npm error code *",
            "npm ERR! errno *",
            "npm error errno *",
            "npm ERR! syscall *",
            "npm error syscall *",
            "npm ERR! path *",
            "npm error path *",
            "npm ERR! command *",
            "npm error command *",
            "npm ERR! A complete log *",
            "npm error A complete log *",
            "npm ERR! /*",
            "npm error /*",
            "npm ERR!   *",
            "npm error   *",
            "npm ERR! Lifecycle script *",
            "npm error Lifecycle script *",
            "npm ERR! Exit status *",
            "npm error Exit status *",
            "npm ERR! Failed at *",
            "npm error Failed at *",
            "npm ERR! Test failed*",
            "npm error Test failed*",
            "npm ERR! This is probably not a problem *",
            "npm error This is probably not a problem *",
            "npm ERR! workspace *",
            "npm error workspace *",
            "npm ERR! location *",
            "npm error location *",
            "npm ERR! in workspace*",
            "npm error in workspace*",
            "npm ERR! Error: command failed",
            "npm error Error: command failed",
            "npm ERR! cwd *",
            "npm error cwd *",
            "npm ERR! signal *",
            "npm error signal *",
            "npm ERR! dest *",
            "npm error dest *",
            "npm ERR! For a full report *",
            "npm error For a full report *",
            "npm ERR! See *",
            "npm error See *",
            "npm ERR! npm ERR*",
            "npm error npm ERR*",
            "npm ERR! enoent This is related *",
            "npm error enoent This is related *",
            "npm error Error: *",
            "npm ERR! Usage:*",
            "npm error Usage:*",
            "npm ERR! Options:*",
            "npm error Options:*",
            "npm ERR! aliases: *",
            "npm error aliases: *",
            "npm ERR! Run *",
            "npm error Run *",
            "npm ERR! Clean install *",
            "npm error Clean install *",
            "npm ERR! To see a list *",
            "npm error To see a list *",
        ],
        ..REASON
    },
    // npm: the code of the error
    Rule {
        name: "npm-code",
        lines: &["npm ERR! code *", "npm error code *"],
        unless: &["* ELIFECYCLE", "npm * code #"],
        ..ERROR
    },
    // npm, yarn, pnpm: a script failed
    Rule {
        name: "npm-script",
        lines: &[
            "npm * ELIFECYCLE*",
            "npm * Lifecycle script *",
            "npm * Test failed*",
            "npm * code #",
            "error Command failed with exit code #.",
            "*ELIFECYCLE*Command failed*",
            "ERR_PNPM_RECURSIVE_RUN_FIRST_FAIL*",
            "*Command failed with exit code #*",
            "Exited with code #",
            "error: script * exited with code #*",
        ],
        ..CONSEQUENCE
    },
    // yarn and pnpm: why nothing was installed
    Rule {
        name: "yarn-pnpm",
        lines: &[
            "error Couldn*",
            "error An unexpected error occurred: *",
            "error Your lockfile needs to be updated*",
            "➤ YN#: *The lockfile would have been modified*",
            "ERR_PNPM_* *",
            "*ERR_PNPM_OUTDATED_LOCKFILE*",
            "error * The engine *",
        ],
        ..REASON
    },
    // webpack, vite, rollup, esbuild, next: a module cannot be built
    Rule {
        name: "bundler",
        lines: &[
            "ERROR in *",
            "Module not found: *",
            "✘ [ERROR] *",
            "*Rollup failed to resolve import *",
            "RollupError: *",
            "Type error: *",
            "*[vite]: *",
            "*[ERROR] Could not resolve *",
            "Error occurred prerendering page *",
        ],
        ..VERDICT
    },
    // Prettier: a file that is not formatted
    Rule {
        name: "prettier",
        lines: &["[warn] *.*", "[error] *.*: *"],
        unless: &["[warn] Code style issues *"],
        below: &["Checking formatting...*"],
        ..VERDICT
    },
];
