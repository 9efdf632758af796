//! Commits that say that they fix an issue.
//!
//! GitHub closes an issue for `fixes #7`, before anything has proved the fix, and not for `Fix issue #7`, which people
//! write. Both are read here; what closes the issue is a run that succeeds.

use serde_json::Value;

/// A commit that says that it fixes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The commit.
    pub sha: String,
    /// The issues that it names.
    pub issues: Vec<u64>,
}

/// The claims in the payload of a push.
pub fn claims(event: &Value) -> Vec<Claim> {
    let commits = event.get("commits").and_then(Value::as_array);
    let claim = |commit: &Value| {
        let text = |name: &str| commit.get(name).and_then(Value::as_str);
        let issues = issues(text("message")?);
        (!issues.is_empty())
            .then(|| Claim { sha: text("id").unwrap_or_default().to_owned(), issues })
    };
    commits.into_iter().flatten().filter_map(claim).collect()
}

/// The issues that a commit message says it fixes: `fix #7`, `Fixes: issue #7`, `resolved issues #7`, any case.
pub fn issues(message: &str) -> Vec<u64> {
    let mut found = Vec::new();
    let mut words = message.split_whitespace().peekable();
    while let Some(word) = words.next() {
        if !is_verb(word) {
            continue;
        }
        if words.peek().is_some_and(|word| is_noun(word)) {
            words.next();
        }
        if let Some(number) = words.peek().and_then(|word| number(word))
            && !found.contains(&number)
        {
            found.push(number);
        }
    }
    found
}

fn is_verb(word: &str) -> bool {
    const VERBS: [&str; 9] =
        ["close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"];
    let word = word.trim_start_matches(['(', '[']).trim_end_matches(':');
    VERBS.iter().any(|verb| verb.eq_ignore_ascii_case(word))
}

fn is_noun(word: &str) -> bool {
    let word = word.trim_end_matches(':');
    word.eq_ignore_ascii_case("issue") || word.eq_ignore_ascii_case("issues")
}

/// The number in `#7`, whatever punctuation follows.
fn number(word: &str) -> Option<u64> {
    let digits = word.strip_prefix('#')?;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let is_ended =
        !digits[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
    digits[..end].parse().ok().filter(|_| is_ended)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_people_write_is_read() {
        for (message, expected) in [
            ("Fix issue #12", vec![12]),
            ("fixes #3, closes #4.", vec![3, 4]),
            ("Fixed: issue: #5", vec![5]),
            ("tests\n\nResolves #6 (and fix #6)", vec![6]),
            ("(fix #7)", vec![7]),
            ("fix the test of #8", vec![]),
            ("prefix #9", vec![]),
            ("fix #1a", vec![]),
            ("fix #", vec![]),
            ("fix #99999999999999999999999", vec![]),
            ("fix issue issue #2", vec![]),
            ("fix", vec![]),
        ] {
            assert_eq!(issues(message), expected, "{message}");
        }
    }

    #[test]
    fn a_push_names_its_commits() {
        let event = json!({"commits": [{"id": "a1", "message": "work"}, {"id": "b2", "message": "fix issue #7"}, {"id": 3}]});
        assert_eq!(claims(&event), [Claim { sha: "b2".into(), issues: vec![7] }]);
        assert_eq!(claims(&json!({})), []);
    }
}
