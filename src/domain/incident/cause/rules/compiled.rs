//! Compiled languages: C, C++, Rust, Go, Java, Kotlin, Scala, .NET, and their build tools.

use crate::domain::incident::cause::rule::{
    CONSEQUENCE, ERROR, LAST_REASON, REASON, Rule, VERDICT,
};

/// Above each rule: the tool, and what in it writes the form.
pub const RULES: &[Rule] = &[
    // gcc, clang, mypy, javac, swiftc and others: `file:line: error:`
    Rule {
        name: "compiler",
        lines: &[
            "*:#:#: error: *",
            "*:#: error: *",
            "*:#:#: fatal error: *",
            "*:#: fatal error: *",
            "*:#:#: error[*",
            "*:#:#: internal compiler error: *",
        ],
        unless: &["psql:*"],
        ..VERDICT
    },
    // ld, lld: symbols and libraries
    Rule {
        name: "linker",
        lines: &[
            "*: undefined reference to *",
            "*ld: cannot find *",
            "*: multiple definition of *",
            "*ld: error: *",
            "ld: symbol(s) not found *",
            "Undefined symbols for architecture *",
            "duplicate symbol *",
            "*lld: error: *",
        ],
        ..VERDICT
    },
    // make, ninja, linker driver: something before failed
    Rule {
        name: "build-tool",
        lines: &[
            "make: \\*\\*\\* [*] *",
            "make[#]: \\*\\*\\* [*] *",
            "gmake*: \\*\\*\\* [*] *",
            "ninja: build stopped: *",
            "collect2: error: *",
            "clang: error: linker command failed *",
            "FAILED: *",
            "ninja: error: *cannot make progress*",
            "-- Configuring incomplete, errors occurred!",
            "make: \\*\\*\\* Waiting for unfinished jobs*",
            "Errors while running CTest",
            "mingw32-make*: \\*\\*\\* [*] *",
            "Bazel*failed*",
            "Target * failed to build",
        ],
        ..CONSEQUENCE
    },
    // make and ninja: a target without a rule, a makefile that cannot be read
    Rule {
        name: "make",
        lines: &[
            "make*: \\*\\*\\* No rule *",
            "make*: \\*\\*\\* *.  Stop.",
            "*Makefile:#: \\*\\*\\* *",
            "ninja: error: *",
            "make: *: No such file or directory",
            "make: *: Command not found",
            "make[#]: *: No such file or directory",
            "make: *: Permission denied",
        ],
        unless: &["make*: \\*\\*\\* [*] *"],
        ..LAST_REASON
    },
    // CMake: errors with their place
    Rule { name: "cmake", lines: &["CMake Error at *"], ..VERDICT },
    // CMake, autoconf, meson: errors of the configuration
    Rule {
        name: "configure",
        lines: &["CMake Error: *", "configure: error: *", "*meson.build:#:#: ERROR: *"],
        ..REASON
    },
    // CTest: below the list of failed tests
    Rule {
        name: "ctest",
        lines: &["# - * (*)"],
        below: &["The following tests FAILED:*"],
        ..REASON
    },
    // CTest: a test in the list
    Rule {
        name: "ctest-line",
        lines: &[
            "*\\*\\*\\*Failed*",
            "*\\*\\*\\*Exception*",
            "*\\*\\*\\*Timeout*",
            "*\\*\\*\\*Not Run*",
        ],
        ..ERROR
    },
    // GoogleTest, Catch2, doctest: place of a failed expectation
    Rule {
        name: "gtest",
        lines: &["*:#: Failure", "*:#: FAILED:", "*:#: ERROR: *CHECK*", "*(#): error: Value of: *"],
        ..VERDICT
    },
    // GoogleTest: the test
    Rule { name: "gtest-test", lines: &["[  FAILED  ] *"], ..ERROR },
    // sanitizers, assert, libstdc++
    Rule {
        name: "sanitizer",
        lines: &[
            "==#==ERROR: *",
            "*: runtime error: *",
            "*: Assertion `*",
            "*: Assertion failed: *",
            "what():  *",
            "WARNING: ThreadSanitizer: *",
            "WARNING: DATA RACE",
        ],
        unless: &["panic: *"],
        ..VERDICT
    },
    // a shell says by which signal a process ended
    Rule {
        name: "signal",
        lines: &[
            "*Segmentation fault*",
            "*Aborted*core dumped*",
            "*Bus error*",
            "*Illegal instruction*",
            "*Floating point exception*",
            "*: line #: # Killed *",
            "Killed",
            "*signal: killed*",
            "*Terminated*core*",
        ],
        ..LAST_REASON
    },
    // rustc: errors with a code
    Rule { name: "rustc", lines: &["error[E#]: *"], ..VERDICT },
    // libtest: a panic in the report of a test
    Rule {
        name: "rust-test",
        lines: &["thread '*' panicked at *", "thread '*' (#) panicked at *"],
        below: &["---- * stdout ----", "*FAIL [*"],
        ..VERDICT
    },
    // Rust: a panic anywhere
    Rule {
        name: "rust-panic",
        lines: &["thread '*' panicked at *", "thread '*' (#) panicked at *", "Error: * { *"],
        ..LAST_REASON
    },
    // libtest and nextest: the test
    Rule {
        name: "libtest",
        lines: &[
            "---- * stdout ----",
            "FAIL [*] *",
            "SIGABRT [*] *",
            "TIMEOUT [*] *",
            "test * ... FAILED",
        ],
        ..REASON
    },
    // cargo fmt: the file
    Rule { name: "rustfmt", lines: &["Diff in *:#:", "Diff in * at line #:"], ..VERDICT },
    // cargo: why it did not build
    Rule {
        name: "cargo",
        lines: &[
            "error: failed to *",
            "error: no matching package *",
            "error: the lock file *",
            "error: the `* target * not *",
            "error: package `* cannot be built *",
            "error: linking with *",
            "error: could not find *",
            "error: no such command: *",
            "error: toolchain *",
            "error: manifest path *",
            "error: cannot update the lock file *",
            "error: rustc * is not supported *",
            "error: environment variable *",
        ],
        unless: &[
            "error: failed to push some refs *",
            "error: failed to solve: *",
            "error: failed to run custom build command *",
            "error: failed to get *",
        ],
        ..REASON
    },
    // cargo and rustc: how many errors
    Rule {
        name: "cargo-count",
        lines: &[
            "error: could not compile *",
            "error: aborting due to *",
            "error: test failed, to rerun pass *",
            "error: # target failed*",
            "error: build failed",
            "error: doctest failed*",
            "error: test run failed",
            "error: process didn*",
            "error: # tests failed*",
        ],
        ..CONSEQUENCE
    },
    // go test: a line of a failed test
    Rule { name: "go-test", lines: &["*_test.go:#: *"], below: &["--- FAIL: *"], ..VERDICT },
    // go test: the test, or a package that does not build
    Rule {
        name: "go-fail",
        lines: &[
            "--- FAIL: *",
            "FAIL*[build failed]",
            "FAIL*[setup failed]",
            "panic: test timed out *",
        ],
        ..REASON
    },
    // go build, vet, golangci-lint: place and text
    Rule {
        name: "go-build",
        lines: &["*.go:#:#: *", "vet: *.go:#:#: *"],
        unless: &["* warning: *", "*_test.go:#:#: PASS*"],
        ..VERDICT
    },
    // Go: a panic
    Rule {
        name: "go-panic",
        lines: &["panic: *", "fatal error: *", "fatal error: all goroutines are asleep*"],
        unless: &["*[recovered]"],
        ..LAST_REASON
    },
    // go: modules and commands
    Rule {
        name: "go-module",
        lines: &[
            "go: *",
            "no required module provides *",
            "missing go.sum entry *",
            "build constraints exclude *",
        ],
        unless: &[
            "go: downloading *",
            "go: finding *",
            "go: extracting *",
            "go: added *",
            "go: creating *",
            "go: to add *",
            "go: upgraded *",
            "go: downgraded *",
            "go: warning: *",
            "go: trying *",
            "go: found *",
        ],
        ..LAST_REASON
    },
    // go test: the package
    Rule { name: "go-count", lines: &["FAIL	*", "FAIL", "exit status #"], ..CONSEQUENCE },
    // Maven: place of a compile error, and a failed test
    Rule {
        name: "maven",
        lines: &[
            "[ERROR] *.java:[#,#] *",
            "[ERROR] *.kt:*",
            "[ERROR]   *:#*",
            "[ERROR] *:# *",
            "[ERROR] *.scala:#: *",
        ],
        unless: &["[ERROR] Tests run: *", "*http*://*"],
        ..VERDICT
    },
    // Maven: the goal, or a dependency
    Rule {
        name: "maven-goal",
        lines: &[
            "[ERROR] Failed to execute goal *",
            "[ERROR] Could not *",
            "[ERROR] Plugin *",
            "[ERROR] The build could not read *",
            "[ERROR] Error resolving *",
            "[ERROR] Unknown lifecycle phase *",
            "[ERROR] No plugin found *",
            "[FATAL] *",
            "[ERROR] Non-*",
        ],
        ..ERROR
    },
    // Gradle: a failed test
    Rule { name: "gradle-test", lines: &["* > * FAILED"], unless: &["> Task *"], ..VERDICT },
    // kotlinc, scalac
    Rule { name: "kotlin", lines: &["e: *.kt*", "[error] *.scala:#*", "e: file:*"], ..VERDICT },
    // Gradle: what went wrong
    Rule {
        name: "gradle",
        lines: &["*"],
        unless: &["", "\\* Try:*"],
        below: &["\\* What went wrong:"],
        ..REASON
    },
    // Gradle: the task
    Rule {
        name: "gradle-task",
        lines: &[
            "> Task * FAILED",
            "BUILD FAILED*",
            "FAILURE: Build failed *",
            "[INFO] BUILD FAILURE",
            "Execution failed for task *",
            "[ERROR] There are test failures.*",
        ],
        ..CONSEQUENCE
    },
    // Java: the cause of an exception
    Rule { name: "java-cause", lines: &["Caused by: *", "Exception in thread *"], ..LAST_REASON },
    // dotnet test: the test
    Rule {
        name: "dotnet-test",
        lines: &["Failed * [* ms]", "Failed * [* s]", "*[FAIL]", "X * [*ms]"],
        ..VERDICT
    },
    // MSBuild and NuGet without a place
    Rule {
        name: "dotnet",
        lines: &[
            "*: error NU#: *",
            "*: error MSB#: *",
            "error : *",
            "*: error CS#: *",
            "*: error NETSDK#: *",
            "error NU#: *",
        ],
        ..REASON
    },
    // XCTest
    Rule {
        name: "swift",
        lines: &["*: error: -[*] : *", "✖ Test * recorded an issue at *"],
        ..VERDICT
    },
];
