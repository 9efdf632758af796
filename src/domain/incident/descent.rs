//! How two commits stand to each other.

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
