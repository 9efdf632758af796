//! How bad a finding is.

/// How bad a finding is, from the least to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The report does not say it, or says that nobody knows. It is told, and no gate counts it.
    Unknown,
    /// Of no practical weight.
    Negligible,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Negligible, Self::Unknown];

    /// Reads the word of a scanner, in capitals or not; nothing is unknown. `None` for a word that is none: taken for a mild
    /// one, it would let an image pass.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "important" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" => Self::Low,
            "negligible" => Self::Negligible,
            "unknown" | "" => Self::Unknown,
            _ => return None,
        })
    }

    /// The same for a report.
    ///
    /// # Errors
    /// The word is none.
    pub fn read(word: Option<&str>) -> Result<Self, String> {
        let word = word.unwrap_or_default();
        Self::parse(word)
            .ok_or_else(|| format!("a finding has the severity `{word}`, which is none"))
    }

    /// The severity of a score of CVSS, from 0 to 10: 9, 7 and 4 are where the next one begins. `None` for 0 and what is no
    /// score, which say nothing.
    pub fn of_score(score: f64) -> Option<Self> {
        match score {
            score if score >= 9.0 => Some(Self::Critical),
            score if score >= 7.0 => Some(Self::High),
            score if score >= 4.0 => Some(Self::Medium),
            score if score > 0.0 => Some(Self::Low),
            _ => None,
        }
    }

    /// The severity of a level of SARIF; `None` for what is no level.
    pub fn of_level(level: &str) -> Option<Self> {
        Some(match level {
            "error" => Self::High,
            "warning" => Self::Medium,
            "note" => Self::Low,
            "none" => Self::Unknown,
            _ => return None,
        })
    }

    /// Its word, in small letters.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Negligible => "negligible",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_any_case_and_in_order() {
        for (word, severity) in [
            ("CRITICAL", Severity::Critical),
            ("High", Severity::High),
            ("Important", Severity::High),
            (" moderate ", Severity::Medium),
            ("low", Severity::Low),
            ("Negligible", Severity::Negligible),
            ("UNKNOWN", Severity::Unknown),
            ("", Severity::Unknown),
        ] {
            assert_eq!(Severity::parse(word), Some(severity), "{word}");
            assert_eq!(Severity::read(Some(word)), Ok(severity), "{word}");
        }
        assert_eq!(Severity::read(None), Ok(Severity::Unknown));
        for word in ["apocalyptic", "SEVERE", "9.8", "critical high"] {
            assert_eq!(Severity::parse(word), None, "{word}");
            assert!(Severity::read(Some(word)).unwrap_err().contains(word), "{word}");
        }
        assert!(Severity::ALL.is_sorted_by(|a, b| a > b), "the worst first");
        for severity in Severity::ALL {
            assert_eq!(Severity::parse(severity.word()), Some(severity));
        }
    }

    #[test]
    fn scores_and_levels() {
        for (score, severity) in [
            (11.0, Some(Severity::Critical)),
            (9.0, Some(Severity::Critical)),
            (8.9, Some(Severity::High)),
            (7.0, Some(Severity::High)),
            (6.9, Some(Severity::Medium)),
            (4.0, Some(Severity::Medium)),
            (3.9, Some(Severity::Low)),
            (0.1, Some(Severity::Low)),
            (0.0, None),
            (-1.0, None),
            (f64::NAN, None),
        ] {
            assert_eq!(Severity::of_score(score), severity, "{score}");
        }
        let levels = ["error", "warning", "note", "none", "ERROR"].map(Severity::of_level);
        let words = levels.map(|level| level.map(Severity::word));
        assert_eq!(words, [Some("high"), Some("medium"), Some("low"), Some("unknown"), None]);
    }
}
