//! A job that fails with another error than before: what its issue says, and what people are told.

use super::bed::{Bed, Run, did, sha};

const RED: [(&str, &str); 2] = [("lint", "success"), ("test", "failure")];

/// The number of `test` in [`RED`].
const TEST: u64 = 9002;

const TOTAL: &str = "FAILED tests/test_cart.py::test_total - assert 3 == 4";
const EMPTY: &str = "FAILED tests/test_cart.py::test_empty - KeyError: 'cart'";

/// A run in which `test` fails with this line in its log.
async fn fails(bed: &Bed, (number, digit): (u64, char), line: &str) {
    let at = |time: &str, line: &str| format!("2026-11-30T10:02:{time}Z {line}\n");
    let log = at("00.0000000", "##[group]Run make test")
        + &at("00.1000000", "##[endgroup]")
        + &at("05.1234567", line)
        + &at("06.0000000", "##[error]Process completed with exit code 2.");
    bed.log(TEST, &log);
    let ran = bed.run(&Run::of(number, digit, &RED)).await;
    did(&ran, if number == 1 { "created" } else { "updated" });
}

fn run(number: u64) -> String {
    format!("[#{number}](https://github.example.test/acme/app/actions/runs/{})", 500 + number)
}

#[tokio::test]
async fn another_error_is_one_comment_and_the_text_says_what_it_was_before() {
    let bed = Bed::new().await;
    fails(&bed, (1, 'a'), TOTAL).await;
    fails(&bed, (2, 'b'), &TOTAL.replace("3 == 4", "7 == 9")).await;
    assert_eq!(bed.comments(), [""; 0], "the same error with other numbers");
    assert!(!bed.issue().body.contains("another one"), "{}", bed.issue().body);
    fails(&bed, (3, 'c'), EMPTY).await;
    let commit = format!("https://github.example.test/acme/app/commit/{}", sha('c'));
    let told = format!(
        "In run {} ([`ccccccc`]({commit})) `test` fails with another error now: `{EMPTY}`.",
        run(3)
    );
    assert_eq!(bed.comments(), [told]);
    let before = |last| {
        let line = TOTAL.replace("3 == 4", "7 == 9");
        let since = format!("\nThis error since run {}. Before it was another one:\n\n", run(last));
        format!("{since}- `{line}`, runs {} to {}\n", run(1), run(2))
    };
    assert!(bed.issue().body.contains(&before(3)), "{}", bed.issue().body);
    fails(&bed, (4, 'd'), EMPTY).await;
    assert_eq!(bed.comments().len(), 1);
    assert!(bed.issue().body.contains(&before(3)), "{}", bed.issue().body);
    // The log of the next run cannot be had: what was known stays.
    did(&bed.run(&Run::of(5, 'e', &RED)).await, "updated");
    let body = bed.issue().body;
    assert!(body.contains("as of run") && body.contains(&before(3)), "{body}");
    assert_eq!(bed.comments().len(), 1);
}

#[tokio::test]
async fn what_was_written_before_errors_were_told_apart_is_read() {
    let bed = Bed::new().await;
    fails(&bed, (1, 'a'), TOTAL).await;
    let known = regex::Regex::new(r#","fingerprint":"[0-9a-f]{12}""#).unwrap();
    bed.github.touch(11, |issue| {
        let older = known.replace_all(&issue.body, "").into_owned();
        assert_ne!(older, issue.body);
        issue.body = older;
    });
    fails(&bed, (2, 'b'), EMPTY).await;
    assert_eq!(bed.comments(), [""; 0], "whether it is another one is not known");
    fails(&bed, (3, 'c'), TOTAL).await;
    assert_eq!(bed.comments().len(), 1);
}

#[tokio::test]
async fn a_hostile_line_is_inert_in_the_comment_and_among_the_former_ones() {
    let bed = Bed::new().await;
    let hostile = "error: `` @acme/admins fixes #7 </details> <!-- mta:memory -->";
    fails(&bed, (1, 'a'), "error: cannot open x").await;
    fails(&bed, (2, 'b'), hostile).await;
    let comment = bed.comments().remove(0);
    let span = format!("```{hostile}```");
    assert!(comment.contains(&span), "{comment}");
    let bare = comment.replace(&span, "");
    assert!(!bare.contains("@acme") && !bare.contains("</details>"), "{comment}");
    fails(&bed, (3, 'c'), "error: cannot open x").await;
    assert!(bed.issue().body.contains(&format!("- {span}, run ")), "{}", bed.issue().body);
}
