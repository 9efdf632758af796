//! The comment on a pull request: one that is found by its marker and replaced, so it holds the newest verdict only.

use std::fmt::Write as _;

use crate::domain::coverage::gate::Assessment;
use crate::domain::coverage::shown::Shown;
use crate::failure::Failure;
use crate::report::coverage::sections::{self, View};
use crate::report::coverage::{badge, verdict, words};
use crate::report::markdown::{code, prose};
use crate::report::summary;
use crate::report::uri;

/// The most UTF-16 units of a comment; the service takes 65,536. The text is held to as many bytes, and no text has more
/// units than bytes.
pub const LIMIT: usize = 60_000;

/// How many rows a table of the comment has: a reader does not go further, the summary has the rest.
const ROWS: usize = 50;

/// Where the comment leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The commit that was measured.
    pub commit: String,
    /// The page of the run; anything but an HTTP address is left out.
    pub run_url: String,
    /// Where files of the commit can be looked at, with a `/` at the end.
    pub blob_base: Option<String>,
    /// Which lines the files have there.
    pub shown: Shown,
}

/// The comment. Its first line is the marker, its last one leads to the run; between them is as much as fits, cut at a
/// row.
pub fn comment(assessment: &Assessment, marker: &str, links: &Links) -> String {
    let view = View { rows: ROWS, blob_base: links.blob_base.clone(), shown: links.shown.clone() };
    let sections = [
        sections::head(assessment),
        sections::checks(assessment),
        sections::changed(assessment, &view),
        sections::unmeasured(assessment, &view),
        sections::indirect(assessment, &view),
        sections::exclusions(assessment, &view),
        sections::parts(assessment, &view),
    ];
    framed(&sections, (marker, links), &badge::badge_text(assessment))
}

/// The comment of a run that could not judge: it takes the place of an older verdict, which would look like this one's.
pub fn not_judged(failure: &Failure, marker: &str, links: &Links) -> String {
    framed(&[error_section(failure)], (marker, links), "That is never a pass")
}

/// A run that could not judge, for the step summary.
pub fn error_section(failure: &Failure) -> String {
    let mut text = "### ❌ Coverage could not be judged\n".to_owned();
    for (label, part) in
        [("", &failure.what), ("Why: ", &failure.why), ("What to do: ", &failure.help)]
    {
        if !part.is_empty() {
            let short: String = part.chars().take(2_000).collect();
            let _ = write!(text, "\n{label}{}\n", prose(&short));
        }
    }
    text
}

fn framed(sections: &[String], (marker, links): (&str, &Links), word: &str) -> String {
    let mut foot = vec![word.to_owned()];
    if !links.commit.is_empty() {
        foot.push(format!("commit {}", code(&verdict::short_commit(&links.commit))));
    }
    foot.extend(uri::address(&links.run_url).map(|run| format!("[all of it in the run]({run})")));
    let foot = format!("\n{}\n", foot.join(" · "));
    let marker = format!("{}\n", words::name(marker));
    let room = LIMIT.saturating_sub(marker.len() + foot.len());
    format!("{marker}{}{foot}", summary::cut(sections, room))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::failure::Outcome;
    use crate::report::coverage::samples::{fail, hostile, huge, no_patch, pass, sound, spoiled};

    const MARKER: &str = "<!-- mta-coverage -->";

    fn links() -> Links {
        Links {
            commit: "1a2b3c4d5e".to_owned(),
            run_url: "https://github.example/o/r/actions/runs/1".to_owned(),
            blob_base: Some("https://github.example/o/r/blob/1a2b3c4/".to_owned()),
            shown: Shown::default(),
        }
    }

    #[track_caller]
    fn sound_and_small(text: &str) {
        assert_eq!(sound(text), Ok(()));
        assert!(text.encode_utf16().count() <= LIMIT, "{}", text.len());
        assert_eq!(text.lines().next(), Some(MARKER));
        assert!(
            text.ends_with(
                " · [all of it in the run](https://github.example/o/r/actions/runs/1)\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_failed_gate() {
        insta::assert_snapshot!(comment(&fail(), MARKER, &links()), @r"
        <!-- mta-coverage -->

        ### ❌ Coverage 79.99 % of 80 % needed: 1 more line; also failed: changed lines, unmeasured files, regression (adjusted) and 3 more

        **Cover 3 more lines of this change to reach 80 % of the changed lines; these 2 files pay most: src/shop/order.py (4 lines), src/shop/cart.py (2 lines).**

        **Cover 1 more line to reach 80 % in total.**

        **Cover 101 more lines to hold the 80.40 % of the baseline; not covered of this change: src/shop/cart.py:3-4, src/shop/order.py:7, src/shop/order.py:12-14; or allow the fall: \`max-drop: 0.41\`.**

        ⚠️ coverage.xml: line-rate says 0.8, its lines say 79.99 %

        |  | Check | Measured | Needed |  |
        | --- | --- | --- | --- | --- |
        | ❌ | total | 79.99 % (19,999 of 25,000 lines) | 80 % | 1 line short. |
        | ❌ | changed lines | 62.50 % (10 of 16 lines) | 80 % | 3 lines short. |
        | ❌ | unmeasured files | 1 file | none |  |
        | ⚠️ | regression (total) | 79.99 % (19,999 of 25,000 lines) | 80.40 % | Coverage fell: 80.40 % in the baseline, 79.99 % now: -0.41 points. |
        | ❌ | regression (adjusted) | 79.99 % (19,999 of 25,000 lines) | 80.40 % | Coverage fell: 80.40 % (without the deleted lines) in the baseline, 79.99 % now: -0.41 points. |
        | ❌ | indirect losses | 5 lines | none |  |
        | ⚠️ | new ways round the gate | 1 place | none |  |
        | ➖ | baseline | – | – | Skipped: the input \`baseline\` is none. |

        line 79.99 % (19,999 of 25,000 lines), branch 70.00 % (70 of 100 branches). Judged by: line.

        Baseline: commit 0123456.

        #### Changed files

        Compared with the merge base with main.

        | File | Changed | Covered | Whole file | Not covered |
        | --- | --- | --- | --- | --- |
        | [`src/shop/order.py`](https://github.example/o/r/blob/1a2b3c4/src/shop/order.py) | 6 | 33.33 % | 83.33 % | [7](https://github.example/o/r/blob/1a2b3c4/src/shop/order.py#L7), [12-14](https://github.example/o/r/blob/1a2b3c4/src/shop/order.py#L12-L14) |
        | [`src/shop/cart.py`](https://github.example/o/r/blob/1a2b3c4/src/shop/cart.py) | 10 | 80.00 % | 83.33 % | [3-4](https://github.example/o/r/blob/1a2b3c4/src/shop/cart.py#L3-L4) |

        #### Changed files that no report mentions

        Nothing is known about their lines: measure them, or leave them out with `exclude`.

        - [`src/shop/new.py`](https://github.example/o/r/blob/1a2b3c4/src/shop/new.py)

        #### Indirect losses

        The change does not touch these lines. They ran before and do not now.

        | File | Lost | Lines |
        | --- | --- | --- |
        | [`src/shop/tax.py`](https://github.example/o/r/blob/1a2b3c4/src/shop/tax.py) | 5 | [20-24](https://github.example/o/r/blob/1a2b3c4/src/shop/tax.py#L20-L24) |

        #### New ways round the gate

        This change takes these lines out of the measurement. Is that meant?

        | Where | What |
        | --- | --- |
        | [`src/shop/cart.py`](https://github.example/o/r/blob/1a2b3c4/src/shop/cart.py#L9) line 9 | pragma: no cover |

        #### Groups

        |  | Which | Measured | Needed |  |
        | --- | --- | --- | --- | --- |
        | ❌ | group frontend | 70.00 % (7 of 10 lines) | 80 % | 1 line short. |

        #### Files below their minimum

        |  | Which | Measured | Needed |  |
        | --- | --- | --- | --- | --- |
        | ❌ | [`src/shop/cart.py`](https://github.example/o/r/blob/1a2b3c4/src/shop/cart.py) | 30.00 % (3 of 10 lines) | 80 % | 5 lines short. |

        coverage 79.9 % · commit `1a2b3c4` · [all of it in the run](https://github.example/o/r/actions/runs/1)
        ");
    }

    #[test]
    fn every_sample_is_sound() {
        for one in [pass(), fail(), no_patch(), hostile(), huge(0, 0), huge(3, 100)] {
            sound_and_small(&comment(&one, MARKER, &links()));
        }
    }

    #[test]
    fn too_much_is_cut_at_a_row_worst_first() {
        let mut one = huge(3_000, 20);
        let patch = one.patch.as_mut().unwrap();
        patch.files[1_234].uncovered[0].lines = 500;
        let text = comment(&one, MARKER, &links());
        sound_and_small(&text);
        assert!(text.len() > LIMIT / 2 && text.contains(" omitted\n"));
        let first = text.split_once("#### Changed files").unwrap().1.lines().nth(6).unwrap();
        assert!(first.starts_with("| [`src/part1234/file.py`]"), "{first}");
        assert!(!comment(&fail(), MARKER, &links()).contains("omitted"));
    }

    #[test]
    fn nobody_is_mentioned_and_only_our_addresses_are_linked() {
        let text = comment(&hostile(), MARKER, &links());
        for (at, _) in text.match_indices("@octocat") {
            assert!(text[..at].ends_with('`'), "outside of a code span");
        }
        for (at, _) in text.match_indices("](") {
            let after = &text[at + 2..];
            assert!(
                after.starts_with("https://github.example/o/r/") || after.starts_with("y)"),
                "{after:.80}"
            );
        }
        let bad = Links { run_url: "javascript:alert(1)".to_owned(), ..links() };
        assert!(!comment(&pass(), MARKER, &bad).contains("javascript"));
    }

    #[test]
    fn without_links_there_are_none() {
        let text = comment(&fail(), MARKER, &Links::default());
        assert!(
            !text.contains("](")
                && !text.contains("commit `")
                && text.contains("| `src/shop/order.py` |")
        );
    }

    #[test]
    fn what_could_not_be_judged_takes_the_place_of_an_old_verdict() {
        let failure = Failure::new(Outcome::Failed, "coverage.xml is cut short")
            .why("line 3: the file ends inside `<class>`")
            .help("let the job that writes it finish");
        let text = not_judged(&failure, MARKER, &links());
        sound_and_small(&text);
        assert!(
            text.contains(
                "### ❌ Coverage could not be judged\n\ncoverage.xml is cut short\n\n\
                Why: line 3: the file ends inside `<class>`\n\n\
                What to do: let the job that writes it finish\n"
            ),
            "{text}"
        );
        assert!(text.contains("That is never a pass · commit `1a2b3c4`"));
        let endless = Failure::new(Outcome::Failed, "x".repeat(100_000));
        sound_and_small(&not_judged(&endless, MARKER, &links()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_name_breaks_it(names in proptest::collection::vec("(\\PC|[|`<>\n\r/@&]){0,200}", 1..20)) {
            let text = comment(&spoiled(&names), MARKER, &links());
            prop_assert_eq!(sound(&text), Ok(()));
            prop_assert!(text.encode_utf16().count() <= LIMIT);
        }
    }
}
