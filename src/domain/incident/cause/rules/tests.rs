//! Each rule with a line that it speaks of, in the form of the tool, and lines that look alike and are something else.

use std::collections::BTreeSet;

use crate::domain::incident::cause::{reading, rules};

/// What comes before the last line opens the rule.
const SPEAKS: [(&str, &str); 117] = [
    ("compiler", "src/tax.c:4:12: error: 'rate' undeclared (first use in this function)"),
    (
        "linker",
        "/usr/bin/ld: cart.o: in function `main': cart.c:(.text+0xa): undefined reference to `tax_rate'",
    ),
    ("build-tool", "make[2]: *** [CMakeFiles/shop.dir/build.make:76: tax.c.o] Error 1"),
    ("make", "make: *** No rule to make target 'dist/shop.tar', needed by 'release'.  Stop."),
    ("cmake", "CMake Error at CMakeLists.txt:3 (find_package):"),
    ("configure", "configure: error: C compiler cannot create executables"),
    ("ctest", "The following tests FAILED:\n\t  2 - adds_up (Failed)"),
    ("ctest-line", "2/3 Test #2: adds_up ..........................***Failed    0.01 sec"),
    ("gtest", "/src/cart_test.cc:14: Failure"),
    ("gtest-test", "[  FAILED  ] Cart.AddsUp (0 ms)"),
    ("sanitizer", "==4711==ERROR: AddressSanitizer: heap-use-after-free on address 0x60200000"),
    ("signal", "deploy.sh: line 7:  4711 Segmentation fault      (core dumped) ./shop"),
    ("rustc", "error[E0308]: mismatched types"),
    (
        "rust-test",
        "---- tests::adds_up stdout ----\nthread 'tests::adds_up' (17) panicked at src/lib.rs:17:9:",
    ),
    ("rust-panic", "thread 'main' panicked at src/main.rs:3:5:"),
    ("libtest", "test tests::adds_up ... FAILED"),
    ("rustfmt", "Diff in /home/runner/work/shop/shop/src/main.rs:1:"),
    ("cargo", "error: failed to select a version for the requirement `memchr = \"^99\"`"),
    ("cargo-count", "error: could not compile `shop` (bin \"shop\") due to 1 previous error"),
    ("go-test", "--- FAIL: TestTotal (0.00s)\n    cart_test.go:9: total = 7, want 8"),
    ("go-fail", "--- FAIL: TestTotal (0.00s)"),
    ("go-build", "cart/cart.go:4:9: undefined: price"),
    ("go-panic", "panic: runtime error: index out of range [3] with length 0"),
    (
        "go-module",
        "go: github.com/acme/absent@v1.0.0: reading https://proxy.example.com: 404 Not Found",
    ),
    ("go-count", "exit status 2"),
    (
        "maven",
        "[ERROR] /home/runner/work/shop/shop/src/main/java/shop/Cart.java:[7,12] cannot find symbol",
    ),
    (
        "maven-goal",
        "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-surefire-plugin:3.2.5:test",
    ),
    ("gradle-test", "CartTest > adds up FAILED"),
    ("kotlin", "e: file:///src/main/kotlin/Cart.kt:7:12 Unresolved reference: price"),
    (
        "gradle",
        "* What went wrong:\nCould not resolve all files for configuration ':runtimeClasspath'.",
    ),
    ("gradle-task", "> Task :compileJava FAILED"),
    (
        "java-cause",
        "Caused by: java.io.FileNotFoundException: shop.properties (No such file or directory)",
    ),
    ("dotnet-test", "  Failed Shop.Tests.CartTests.AddsUp [12 ms]"),
    ("dotnet", "/src/Shop.csproj : error NU1101: Unable to find package Acme.Tax."),
    (
        "swift",
        "/src/CartTests.swift:7: error: -[ShopTests.CartTests testTotal] : XCTAssertEqual failed",
    ),
    (
        "build-command",
        "#9 ERROR: process \"/bin/sh -c make\" did not complete successfully: exit code: 2",
    ),
    (
        "docker-build",
        "ERROR: failed to solve: failed to compute cache key: \"/dist\" not found: not found",
    ),
    ("docker-daemon", "Error response from daemon: No such container: shop-web-1"),
    ("compose-container", "dependency failed to start: container shop-db-1 is unhealthy"),
    ("compose-file", "yaml: line 7: did not find expected key"),
    ("compose-line", " Container shop-db-1  Error"),
    ("kubernetes", "Error from server (NotFound): deployments.apps \"web\" not found"),
    ("terraform", "│ Error: Reference to undeclared input variable"),
    ("psql-file", "psql:sql/002_tax.sql:2: ERROR:  syntax error at or near \"int\""),
    (
        "postgres-client",
        "pg_dump: error: connection to server at \"db\", port 5432 failed: FATAL:  no such role",
    ),
    (
        "pg-restore",
        "pg_restore: error: could not execute query: ERROR:  relation \"orders\" already exists",
    ),
    ("sql", "ERROR 1045 (28000): Access denied for user 'shop'@'localhost' (using password: YES)"),
    ("ssh", "deploy@shop.example.com: Permission denied (publickey)."),
    ("transfer", "rsync error: unexplained error (code 255) at io.c(232) [sender=3.2.7]"),
    ("download", "curl: (22) The requested URL returned error: 404"),
    ("health", "web did not become healthy within 60 s"),
    ("git", "fatal: repository 'https://github.com/acme/none/' not found"),
    ("git-refused", " ! [rejected]        main -> main (fetch first)"),
    ("git-after", "error: failed to push some refs to 'origin'"),
    (
        "github",
        "HTTP 403: Resource not accessible by integration (https://api.github.com/repos/acme/shop)",
    ),
    ("jest", "FAIL test/cart.test.js"),
    ("coverage-threshold", "Jest: \"global\" coverage threshold for lines (95%) not met: 40%"),
    ("jest-test", "FAIL test/cart.test.js\n  ● cart › adds up"),
    ("playwright", "  1) [chromium] › tests/checkout.spec.ts:7:5 › pays ─────"),
    ("mocha", "  1 failing\n  1) cart"),
    ("tap", "not ok 2 - adds up"),
    ("spec-reporter", "✖ adds up (1.2ms)"),
    ("eslint", "  2:10  error  'price' is not defined  no-undef"),
    ("eslint-count", "✖ 3 problems (2 errors, 1 warning)"),
    (
        "typescript",
        "src/cart.ts(3,5): error TS2322: Type 'string' is not assignable to type 'number'.",
    ),
    ("npm", "npm error ERESOLVE could not resolve"),
    ("npm-code", "npm ERR! code E404"),
    ("npm-script", "error Command failed with exit code 2."),
    ("yarn-pnpm", " ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with \"frozen-lockfile\""),
    ("bundler", "✘ [ERROR] Could not resolve \"./cart\""),
    ("prettier", "Checking formatting...\n[warn] src/cart.ts"),
    ("pytest-summary", "FAILED tests/test_cart.py::test_total - assert 3 == 4"),
    ("pytest-error", "E       AssertionError: too large"),
    ("pytest-usage", "ERROR: file or directory not found: test"),
    ("coverage-limit", "Coverage failure: total of 50 is less than fail-under=90"),
    ("unittest", "FAIL: test_total (test_cart.CartTest.test_total)"),
    (
        "django-check",
        "shop.Order.number: (fields.E120) CharFields must define a 'max_length' attribute.",
    ),
    ("django-command", "CommandError: Conflicting migrations detected; multiple leaf nodes"),
    (
        "odoo-test",
        "2026-11-30 10:00:11,201 17 ERROR shop odoo.addons.loyalty.tests.test_points: FAIL: T.test_earn",
    ),
    (
        "odoo-parse",
        "odoo.tools.convert.ParseError: while parsing /mnt/addons/loyalty/views/points.xml:4",
    ),
    (
        "odoo-log",
        "2026-11-30 10:00:09,511 17 CRITICAL shop odoo.service.server: Failed to initialize database `shop`.",
    ),
    (
        "odoo-count",
        "2026-11-30 10:00:12,401 17 ERROR shop odoo.tests.result: 1 failed, 0 error(s) of 2 tests",
    ),
    ("pip", "ERROR: No matching distribution found for flask==99.0.1"),
    ("pip-conflict", "ERROR: Cannot install a==1 and b==2 because these package versions conflict"),
    ("pip-wrapped", "  error: subprocess-exited-with-error"),
    ("python-checker", "shop/cart.py:1:1: F401 'os' imported but unused"),
    ("python-checker-style", "shop/cart.py:2:0: W0611: Unused import os (unused-import)"),
    ("formatter", "would reformat /home/runner/work/shop/shop/shop/cart.py"),
    ("tox", "  py: FAIL code 1 (2.12 seconds)"),
    ("behave", "      ASSERT FAILED: total is 7"),
    ("behave-scenario", "Failing scenarios:\n  features/cart.feature:2  total"),
    ("robot", "Adds Up                                              | FAIL |"),
    (
        "sphinx",
        "/home/runner/work/shop/shop/index.rst:4: WARNING: undefined label: 'nowhere' [ref.ref]",
    ),
    (
        "ansible",
        "fatal: [localhost]: FAILED! => {\"msg\": \"Could not find or access 'settings.ini'\"}",
    ),
    (
        "bandit",
        ">> Issue: [B602:subprocess_popen_with_shell_equals_true] subprocess call with shell=True",
    ),
    (
        "pre-commit",
        "trim trailing whitespace.................................................Failed",
    ),
    ("rspec", "rspec ./spec/cart_spec.rb:3 # Cart adds up"),
    ("minitest", "CartTest#test_total [test/cart_test.rb:5]:"),
    ("numbered-failure", "There was 1 failure:\n1) CartTest::testTotal"),
    ("ruby-exception", "app.rb:3:in `total': undefined method `sum' for nil (NoMethodError)"),
    ("bundler-gems", "Could not find gem 'tax (~> 9)' in locally installed gems."),
    ("php", "PHP Fatal error:  Uncaught Error: Call to undefined function rate()"),
    (
        "composer",
        "Your requirements could not be resolved to an installable set.\n- Root composer.json requires php ^9",
    ),
    ("django-migrations", "Migrations for 'shop':"),
    ("phpstan", "Line   src/Cart.php\n  14     Method Cart::total() should return int."),
    ("lint-count", " [ERROR] Found 1 error"),
    ("perl-test", "#   Failed test 'adds up'"),
    ("prove", "t/cart.t (Wstat: 256 (exited 1) Tests: 2 Failed: 1)"),
    ("perl", "cannot open prices.csv: No such file or directory at import.pl line 7."),
    ("shellcheck", "In scripts/deploy.sh line 2:"),
    (
        "lint-place",
        ".github/workflows/ci.yml:7:9: unexpected key \"step\" for \"job\" section [syntax-check]",
    ),
    ("ansible-lint", "WARNING  Listing 1 violation(s) that are fatal\nroles/web/tasks/main.yml:3"),
    ("shell", "/home/runner/work/_temp/x.sh: line 2: kubeclt: command not found"),
    ("system-call", "install: cannot create regular file '/opt/shop': Permission denied"),
    ("program", "jq: error (at release.json:1): Cannot index number with \"version\""),
    ("checksum", "shop.tar: FAILED"),
    ("exit", "Command '['make']' returned non-zero exit status 2."),
];

/// Lines of which a rule must not speak.
const SILENT: [(&str, &str); 34] = [
    ("compiler", "src/tax.c:4:12: warning: unused variable 'rate'"),
    ("build-tool", "make[2]: Entering directory '/src'"),
    ("make", "make: *** [Makefile:2: all] Error 1"),
    ("ctest", "  2 - adds_up (Failed)"),
    ("sanitizer", "panic: runtime error: index out of range"),
    ("rustc", "warning[E0308]: x"),
    ("rust-test", "thread 'tests::adds_up' panicked at src/lib.rs:17:9:"),
    ("cargo", "error: could not compile `shop`"),
    ("go-test", "    cart_test.go:9: a line of a test that passed"),
    ("go-module", "go: downloading github.com/acme/tax v1.0.0"),
    ("gradle-test", "> Task :test FAILED"),
    ("maven", "[ERROR] Tests run: 2, Failures: 1"),
    (
        "docker-build",
        "ERROR: failed to solve: process \"make\" did not complete successfully: exit code: 2",
    ),
    ("docker-daemon", "docker: See 'docker run --help'."),
    ("compose-container", "container shop-db-1 is healthy"),
    ("ssh", "scp: Connection closed"),
    ("git", "fatal: [localhost]: FAILED! => {}"),
    ("jest", "FAIL\tshop/cart\t0.002s"),
    ("mocha", "1) a list of something else"),
    ("tap", "not ok 3 - later # TODO"),
    ("eslint", "  2:10  warning  'price' is never used  no-unused-vars"),
    ("npm", "npm ERR! A complete log of this run can be found in: /home/runner/.npm/_logs/x.log"),
    ("npm-code", "npm ERR! code ELIFECYCLE"),
    ("pytest-summary", "tests/test_cart.py::test_total FAILED                       [ 50%]"),
    (
        "unittest",
        "ERROR: Could not find a version that satisfies the requirement x (from versions: none)",
    ),
    ("odoo-log", "2026-11-30 10:00:09,511 17 WARNING shop odoo.modules: ERROR page has no title"),
    (
        "pip",
        "ERROR: pip's dependency resolver does not currently take into account all the packages",
    ),
    ("python-checker", "shop/cart.py:3:1: note: See the documentation"),
    ("robot", "Adds Up                                              | PASS |"),
    ("numbered-failure", "1) a list of something else"),
    ("ruby-exception", "everything went well (again)"),
    ("shell", "deploy.sh: line 4: step failed, cleaning up"),
    ("program", "tar: Removing leading `/' from member names"),
    ("checksum", "shop.tar: OK"),
];

fn speaking(text: &str) -> BTreeSet<&'static str> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let last = lines.len() - 1;
    reading::of(&lines)
        .found
        .iter()
        .filter(|found| found.at == last)
        .map(|found| found.rule.name)
        .collect()
}

#[test]
fn every_rule_speaks_of_the_form_of_its_tool() {
    for (rule, text) in SPEAKS {
        assert!(speaking(text).contains(rule), "{rule}: {text:?}: only {:?}", speaking(text));
    }
    let tried: BTreeSet<&str> = SPEAKS.iter().map(|(rule, _)| *rule).collect();
    let all: BTreeSet<&str> = rules::all().map(|rule| rule.name).collect();
    assert_eq!(tried, all, "a rule without a line, or a line without a rule");
    assert_eq!(all.len(), rules::all().count(), "two rules of one name");
}

#[test]
fn no_rule_speaks_of_what_only_looks_alike() {
    for (rule, text) in SILENT {
        assert!(rules::all().any(|known| known.name == rule), "{rule}");
        assert!(!speaking(text).contains(rule), "{rule}: {text:?}");
    }
}
