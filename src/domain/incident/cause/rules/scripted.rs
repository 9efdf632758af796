//! Ruby, PHP, Perl, shell checkers and other linters.

use crate::domain::incident::cause::rule::{
    CONSEQUENCE, ERROR, LAST_REASON, REASON, Rule, VERDICT,
};

/// Above each rule: the tool, and what in it writes the form.
pub const RULES: &[Rule] = &[
    // RSpec: failed examples
    Rule {
        name: "rspec",
        lines: &["rspec ./*:# \\# *", "rspec *.rb:# *", "rspec '*' \\# *"],
        ..VERDICT
    },
    // minitest: place of a failure
    Rule { name: "minitest", lines: &["*#test_* [*:#]:", "*\\#test_* [*:#]:"], ..VERDICT },
    // RSpec, PHPUnit: below the head of the failures
    Rule {
        name: "numbered-failure",
        lines: &["#) *"],
        below: &[
            "Failures:",
            "There was # failure:*",
            "There were # failures:*",
            "There was # error:*",
            "There were # errors:*",
            "There was # PHPUnit *",
        ],
        ..REASON
    },
    // Ruby: an exception that nobody took
    Rule {
        name: "ruby-exception",
        lines: &["*.rb:#:in *: * (*)", "*: * (*Error)"],
        unless: &["from *"],
        ..REASON
    },
    // Bundler and RubyGems
    Rule {
        name: "bundler-gems",
        lines: &[
            "Could not find gem *",
            "Could not find *-# in *",
            "Bundler could not find compatible *",
            "Your Ruby version is *",
            "ERROR:  Could not find a valid gem *",
            "ERROR:  While executing gem *",
            "ERROR:  Error installing *",
        ],
        ..REASON
    },
    // PHP itself, PHPStan, psalm
    Rule {
        name: "php",
        lines: &[
            "PHP Fatal error:  *",
            "PHP Parse error:  *",
            "Fatal error: *",
            "Parse error: *",
            "ERROR: * - *.php:#:#: *",
        ],
        ..VERDICT
    },
    // PHPStan: a row below its file
    Rule { name: "phpstan", lines: &["#  *"], below: &["Line *.php"], ..VERDICT },
    // linters: how many findings
    Rule {
        name: "lint-count",
        lines: &["[ERROR] Found # error*", "Found # error*"],
        ..CONSEQUENCE
    },
    // Composer: requirements
    Rule {
        name: "composer",
        lines: &["- *"],
        below: &["Your requirements could not be resolved *"],
        ..REASON
    },
    // Test::More: a failed test
    Rule { name: "perl-test", lines: &["\\#   Failed test *", "\\# Failed test *"], ..VERDICT },
    // prove: the file
    Rule {
        name: "prove",
        lines: &["*.t*(Wstat: *", "*.t .* Dubious*", "*.t .* Failed #/# *"],
        ..ERROR
    },
    // Perl: where a script died
    Rule {
        name: "perl",
        lines: &["* at *.pl line #.", "* at *.pm line #.", "Can't locate * in @INC *"],
        ..LAST_REASON
    },
    // ShellCheck: the place
    Rule { name: "shellcheck", lines: &["In * line #:"], ..VERDICT },
    // actionlint, markdownlint, hadolint, and others: place and code
    Rule {
        name: "lint-place",
        lines: &[
            "*.yml:#:#: *",
            "*.yaml:#:#: *",
            "*.md:#:# *",
            "*.md:# *MD#*",
            "*Dockerfile*:# DL#*",
            "*:#: * ==> *",
            "*:#:# - Unknown word *",
            "*.sh:#:#: *",
            "*.js:#:#: *",
            "*.ts:#:#: *",
            "*.rb:#:#: *: *",
            "*.tf:#:#: *",
            "*.lua:#:#: *",
            "*.css:#:#: *",
            "*.sql:#:#: *",
            "*.proto:#:#: *",
        ],
        unless: &["* warning: *", "* note: *", "* Warning: *", "at *", "*(*.js:#:#*"],
        ..VERDICT
    },
    // ansible-lint, cfn-lint, tflint: a code and then a place
    Rule {
        name: "ansible-lint",
        lines: &["*.yml:#", "*.yaml:#"],
        below: &["WARNING  Listing *"],
        ..VERDICT
    },
];
