//! How two commits stand to each other.

use serde_json::Value;

/// How a commit stands to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descent {
    /// It comes after it.
    Ahead,
    /// It is the same.
    Identical,
    /// It comes before it.
    Behind,
    /// Neither: the branch was rewritten, or it is another one.
    Diverged,
    /// One of them is gone.
    Unknown,
}

impl Descent {
    /// Reads the API's `status`.
    pub fn of(status: &str) -> Self {
        match status {
            "ahead" => Self::Ahead,
            "identical" => Self::Identical,
            "behind" => Self::Behind,
            "diverged" => Self::Diverged,
            _ => Self::Unknown,
        }
    }

    /// Whether a success of the later one proves the earlier one mended.
    pub const fn descends(self) -> bool {
        matches!(self, Self::Ahead | Self::Identical)
    }

    /// Whether the earlier one may have been taken out of the branch.
    pub const fn may_be_rewritten(self) -> bool {
        matches!(self, Self::Diverged | Self::Unknown)
    }
}

/// Whether the payload of a push says that `later`, its newest commit, was put on top of `earlier`, the branch's newest
/// one before, which GitHub then need not be asked.
pub fn follows(push: &Value, (earlier, later): (&str, &str)) -> bool {
    let is = |name: &str, sha: &str| push.get(name).and_then(Value::as_str) == Some(sha);
    let is_forced = push.get("forced").and_then(Value::as_bool);
    is_forced == Some(false) && is("before", earlier) && is("after", later)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_push_says_which_commit_came_before() {
        let push = json!({"before": "a", "after": "b", "forced": false});
        assert!(follows(&push, ("a", "b")));
        for (earlier, later) in [("a", "c"), ("c", "b"), ("b", "a"), ("", "b")] {
            assert!(!follows(&push, (earlier, later)), "{earlier} {later}");
        }
        for other in [
            json!({"before": "a", "after": "b", "forced": true}),
            json!({"before": "a", "after": "b"}),
            json!({"before": "a", "after": "b", "forced": "false"}),
            json!({}),
            json!(null),
        ] {
            assert!(!follows(&other, ("a", "b")), "{other}");
        }
    }
}
