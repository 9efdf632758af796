//! Suspects: the commits after the last green run, among which is most often the one that broke it.

use serde::{Deserialize, Serialize};

/// Commits that are listed.
pub const LISTED: usize = 10;

/// The longest subject and the longest name of an author, in characters.
const LONGEST: usize = 80;

/// What a compared commit says. All of its text is foreign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Its whole digits.
    pub sha: String,
    /// Login of its author, or the name in the commit where GitHub knows no login.
    pub author: String,
    /// Its whole message.
    pub message: String,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its whole digits.
    pub sha: String,
    /// Who made it.
    pub author: String,
    /// The first line of its message.
    pub subject: String,
    /// The pull request that it came with, if its subject says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull: Option<u64>,
}

/// The commits after the last green run, up to the first failing one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspects {
    /// The commit of the last green run.
    pub since: String,
    /// How many there are.
    pub total: u64,
    /// The newest of them, the newest first; at most [`LISTED`].
    pub commits: Vec<Commit>,
}

impl Suspects {
    /// Of commits as GitHub tells them, the oldest first; of more than a page it tells the oldest ones only, and none is
    /// listed: the newest are not known. `hide` takes secrets out of a line. `None` where nothing was committed since.
    pub fn of(
        since: &str,
        (told, total): (&[Told], u64),
        hide: impl Fn(&str) -> String,
    ) -> Option<Self> {
        if total == 0 {
            return None;
        }
        let is_whole = u64::try_from(told.len()).is_ok_and(|count| count >= total);
        let newest = told.iter().rev().filter(|_| is_whole).take(LISTED);
        let commit = |told: &Told| {
            let subject = told.message.lines().next().unwrap_or_default().trim();
            Commit {
                sha: told.sha.clone(),
                author: short(&hide(&told.author)),
                // Hidden before it is cut: a part of a secret looks like none.
                subject: short(&hide(subject)),
                pull: pull(subject),
            }
        };
        Some(Self { since: since.to_owned(), total, commits: newest.map(commit).collect() })
    }
}

/// The pull request in a subject, as GitHub writes it when it merges: `Title (#12)`, `Merge pull request #12 from ...`.
fn pull(subject: &str) -> Option<u64> {
    let squashed = subject.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (#"));
    let merged = subject.strip_prefix("Merge pull request #").and_then(|rest| rest.split_once(' '));
    let digits = squashed.map(|(_, digits)| digits).or(merged.map(|(digits, _)| digits))?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(number: usize) -> Told {
        Told {
            sha: format!("{number:040}"),
            author: "ann".into(),
            message: format!("Change {number} (#{number})\n\nfixes #9"),
        }
    }

    fn of(count: usize, total: u64) -> Option<Suspects> {
        let all: Vec<Told> = (1..=count).map(told).collect();
        Suspects::of("f", (&all, total), |text| text.replace("Change", "***"))
    }

    #[test]
    fn the_newest_commits_come_first() {
        let found = of(2, 2).unwrap();
        let lines: Vec<_> =
            found.commits.iter().map(|one| (one.subject.as_str(), one.pull)).collect();
        assert_eq!(lines, [("*** 2 (#2)", Some(2)), ("*** 1 (#1)", Some(1))]);
        assert_eq!((found.since.as_str(), found.total), ("f", 2));
        assert_eq!(of(12, 12).unwrap().commits.len(), LISTED);
        assert_eq!(of(0, 0), None);
    }

    #[test]
    fn where_the_newest_are_not_told_none_is_listed() {
        let found = of(100, 101).unwrap();
        assert_eq!((found.commits.len(), found.total), (0, 101));
    }

    #[test]
    fn a_subject_names_its_pull_request_where_github_wrote_it() {
        for (subject, expected) in [
            ("Sum the cart (#12)", Some(12)),
            ("Merge pull request #7 from acme/fix-1", Some(7)),
            ("fix #3", None),
            ("Sum (see #4)", None),
            ("Sum (#4) again", None),
            ("Sum (#x)", None),
            ("Sum (#)", None),
            ("Sum (#99999999999999999999999)", None),
            ("Merge pull request #", None),
            ("", None),
        ] {
            assert_eq!(pull(subject), expected, "{subject}");
        }
    }

    #[test]
    fn long_texts_are_cut_behind_a_whole_character() {
        let long = Told { message: "é".repeat(200), ..told(1) };
        let found = Suspects::of("f", (&[long], 1), str::to_owned).unwrap();
        assert_eq!(found.commits[0].subject.chars().count(), LONGEST + 1);
    }
}
