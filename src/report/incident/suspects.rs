//! The commits that may have broken it.

use crate::domain::incident::suspects::{Commit, Suspects};
use crate::report::incident::Links;
use crate::report::markdown::{Table, code, heading};

/// The commits since the last green run, one row each. Numbers of pull requests stand in code: a link would leave a mark
/// in each of them.
pub fn suspects(links: &Links, suspects: &Suspects) -> String {
    let Suspects { since, total, commits } = suspects;
    let commits_noun = if *total == 1 { "commit" } else { "commits" };
    let said = format!("{total} {commits_noun} since the last green run ({})", links.commit(since));
    let mut out = format!("{}\n{said}.\n", heading(3, "Suspects"));
    if !commits.is_empty() {
        let mut table = Table::new(&["Commit", "By", "What"]);
        for commit in commits {
            table.raw_row(&row(links, commit));
        }
        out.push_str(&format!("\n{}", table.render()));
    }
    let listed = u64::try_from(commits.len()).unwrap_or(u64::MAX);
    let more = total.saturating_sub(listed);
    if more > 0 && listed > 0 {
        out.push_str(&format!("\nand {more} older ones\n"));
    }
    out
}

fn row(links: &Links, commit: &Commit) -> [String; 3] {
    let by = if commit.author.is_empty() { String::new() } else { code(&commit.author) };
    [links.commit(&commit.sha), by, code(&commit.subject)]
}
