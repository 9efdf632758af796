//! Suspects: the commits after the last green run, among which is most often the one that broke it.

use serde::{Deserialize, Serialize};

use crate::domain::shown::cut;

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
                author: cut(&hide(&told.author), LONGEST),
                // Hidden before it is cut: a part of a secret looks like none.
                subject: cut(&hide(subject), LONGEST),
            }
        };
        Some(Self { since: since.to_owned(), total, commits: newest.map(commit).collect() })
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
        let lines: Vec<_> = found.commits.iter().map(|one| one.subject.as_str()).collect();
        assert_eq!(lines, ["*** 2 (#2)", "*** 1 (#1)"]);
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
    fn long_texts_are_cut_behind_a_whole_character() {
        let long = Told { message: "é".repeat(200), ..told(1) };
        let found = Suspects::of("f", (&[long], 1), str::to_owned).unwrap();
        assert_eq!(found.commits[0].subject.chars().count(), LONGEST + 1);
    }
}
