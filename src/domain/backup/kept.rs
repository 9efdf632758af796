//! Databases that a restore keeps beside the live one, known again by a mark of ours: their comment.

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// What the comment of a database of ours begins with; what follows is JSON.
const MARK: &str = "mta ";

/// How long a database that was live is kept at least, in hours.
const KEPT_HOURS: i64 = 24;

/// A database that a restore made or put aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What it is.
    pub kind: Kind,
    /// The live database that it belongs to.
    pub of: String,
    /// The Compose project.
    pub project: String,
    /// Since when it is that.
    pub since: Timestamp,
}

/// What a kept database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Being restored; never live.
    New,
    /// It was live until a backup was restored.
    Previous,
    /// A restored backup that was live, until the former database was taken back.
    TakenBack,
}

impl Kept {
    /// The comment that marks the database.
    pub fn comment(&self) -> String {
        serde_json::to_string(self).map_or_else(|_| MARK.to_owned(), |json| format!("{MARK}{json}"))
    }

    /// Reads a comment; `None` where it is not a mark of ours.
    pub fn read(comment: &str) -> Option<Self> {
        serde_json::from_str(comment.strip_prefix(MARK)?).ok()
    }

    /// Whether it may be dropped: one that was never live at once, one that was live only when it is a day old and a
    /// backup was made since. `newest_backup` is when the newest backup of the live database began.
    pub fn may_go(&self, newest_backup: Option<Timestamp>, now: Timestamp) -> bool {
        let is_old = self.since.checked_add(KEPT_HOURS.hours()).is_ok_and(|until| until <= now);
        let has_backup = newest_backup.is_some_and(|began| began > self.since);
        self.kind == Kind::New || (is_old && has_backup)
    }

    /// What it is, in words.
    pub fn told(&self) -> String {
        let what = match self.kind {
            Kind::New => "a restore that did not end",
            Kind::Previous => "what was live before a backup was restored",
            Kind::TakenBack => "a restored backup that was given up",
        };
        format!("{what}, {}", self.since.strftime("%Y-%m-%d %H:%M:%S UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn kept(kind: Kind) -> Kept {
        let since = at("2026-11-23T02:00:00Z");
        Kept { kind, of: "we\"ird 'db".into(), project: "shop".into(), since }
    }

    #[test]
    fn only_a_mark_of_ours_is_read() {
        let one = kept(Kind::TakenBack);
        assert_eq!(Kept::read(&one.comment()), Some(one));
        for foreign in ["", "mta ", "mta {}", "our mta database", "{\"kind\":\"new\"}"] {
            assert_eq!(Kept::read(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn what_was_live_goes_after_a_day_and_a_newer_backup_only() {
        let (early, late) = (at("2026-11-24T01:59:59Z"), at("2026-11-24T02:00:00Z"));
        let (before, after) = (at("2026-11-23T01:00:00Z"), at("2026-11-23T03:00:00Z"));
        for kind in [Kind::Previous, Kind::TakenBack] {
            assert!(kept(kind).may_go(Some(after), late));
            assert!(!kept(kind).may_go(Some(after), early));
            assert!(!kept(kind).may_go(Some(before), late));
            assert!(!kept(kind).may_go(None, late));
        }
        assert!(kept(Kind::New).may_go(None, early));
    }
}
