//! What GitHub said when it did not do what was asked, and what to do about it.
//!
//! All of its text is foreign: cut, without control characters, never with the token in it.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, RETRY_AFTER};
use serde_json::Value;

use crate::adapters::http::wait::{retry_after, until};
use crate::domain::shown;

/// The longest text of GitHub's that is shown, in characters.
const SHOWN: usize = 300;

/// No wait is longer; what asks for more is not a wait that anyone planned.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Why an operation failed. Each text says what was to be done and for which repository.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client cannot be made.
    #[error("{0}")]
    Settings(String),
    /// There was no usable connection: nothing was done.
    #[error("cannot {what}: {why}")]
    Unreachable {
        /// What was to be done.
        what: String,
        /// Why there was none.
        why: String,
    },
    /// Something was to be created and the answer did not come, or was a server's error: it may have been done.
    #[error("cannot tell whether it was done: {what}: {why}")]
    Unknown {
        /// What was to be done.
        what: String,
        /// What came instead of an answer.
        why: String,
        /// How long GitHub asks to wait; zero if it does not say.
        asks: Duration,
    },
    /// The token may not (403), or may not even see it (404 to a write).
    #[error("not allowed to {what}: {refusal}")]
    NotAllowed {
        /// What was to be done.
        what: String,
        /// What GitHub said.
        refusal: Box<Refusal>,
    },
    /// There is no such thing, or the token may not see it.
    #[error("cannot {what}: {refusal}")]
    NotFound {
        /// What was to be done.
        what: String,
        /// What GitHub said.
        refusal: Box<Refusal>,
    },
    /// A limit of requests: waiting for it takes longer than there is time.
    #[error(
        "cannot {what}: GitHub asks to wait {} s, and {} s are left: {refusal}",
        asks.as_secs(),
        left.as_secs()
    )]
    Limited {
        /// What was to be done.
        what: String,
        /// How long GitHub asks to wait.
        asks: Duration,
        /// What was left of the operation's time.
        left: Duration,
        /// What GitHub said.
        refusal: Box<Refusal>,
    },
    /// Any other answer that is an error.
    #[error("cannot {what}: {refusal}")]
    Refused {
        /// What was to be done.
        what: String,
        /// What GitHub said.
        refusal: Box<Refusal>,
    },
    /// The answer is not what the description of the API promises.
    #[error("cannot {what}: {why}")]
    Unusable {
        /// What was to be done.
        what: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// The text has a secret in it. Nothing was sent.
    #[error("did not {what}: the text has the value of `{input}` in it, and nothing was sent")]
    Withheld {
        /// What was to be done.
        what: String,
        /// The input whose value it is.
        input: String,
    },
    /// The text is longer than GitHub takes. Nothing was sent.
    #[error("cannot {what}: the text has {units} UTF-16 units, and GitHub takes {limit}")]
    TooLong {
        /// What was to be done.
        what: String,
        /// Its length.
        units: usize,
        /// The longest that is taken.
        limit: usize,
    },
}

impl Error {
    /// Whether the next request of the same kind will fail too.
    pub fn will_repeat(&self) -> bool {
        match self {
            Self::Settings(_) | Self::Limited { .. } => true,
            Self::NotAllowed { refusal, .. } | Self::Refused { refusal, .. } => {
                refusal.status == 401 || refusal.is_about_permission()
            }
            _ => false,
        }
    }

    /// Whether something may have been created although this is an error.
    pub fn may_have_been_done(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// What GitHub said, if it said something.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::NotAllowed { refusal, .. }
            | Self::NotFound { refusal, .. }
            | Self::Limited { refusal, .. }
            | Self::Refused { refusal, .. } => Some(refusal),
            _ => None,
        }
    }

    /// What to do about it; `None` where nothing better is known than to try again.
    pub fn help(&self) -> Option<String> {
        let refusal = self.refusal()?;
        if refusal.status == 401 {
            let why =
                "wrong, expired or revoked, or another GitHub's than that of `GITHUB_API_URL`";
            return Some(format!("give a valid token: this one is {why}"));
        }
        let wanted = refusal.permissions.join(" or ");
        if wanted.is_empty() || refusal.limit.is_some() {
            return None;
        }
        let lacks = format!("the token lacks {wanted}: add it under `permissions:` of the job");
        let fork = "the token of a fork's pull request can never write";
        match self {
            Self::NotAllowed { .. } if refusal.is_about_permission() => {
                Some(format!("{lacks} ({fork})"))
            }
            Self::NotAllowed { .. } if refusal.status == 403 => None,
            Self::NotAllowed { .. } | Self::NotFound { .. } => {
                Some(format!("if it exists, {lacks} ({fork})"))
            }
            _ => None,
        }
    }
}

/// An answer of GitHub that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// What it says, one line.
    pub message: String,
    /// What it says about single fields.
    pub details: Vec<String>,
    /// The page that explains it; empty if none is named.
    pub documentation: String,
    /// The permissions of which one would do, as they stand in a workflow: "`issues: write`".
    pub permissions: Vec<String>,
    /// Set if it is refused because there were too many requests.
    pub limit: Option<Limit>,
    /// How long it asks to wait, limit or not.
    pub asks: Option<Duration>,
}

/// Which limit of requests was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The hourly number of requests.
    Primary,
    /// Too fast, or too much at once.
    Secondary,
}

impl Refusal {
    /// Reads an answer. Any body will do: JSON of any shape, HTML, nothing.
    pub fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let json: Option<Value> = serde_json::from_slice(body).ok();
        let text = |key: &str| {
            let value = json.as_ref().and_then(|json| json.get(key)).and_then(Value::as_str);
            clean(value.unwrap_or_default())
        };
        let mut message = text("message");
        if message.is_empty() {
            message = without_message(json.as_ref(), body);
        }
        let errors = json.as_ref().and_then(|json| json.get("errors")).and_then(Value::as_array);
        let permissions = header(headers, "x-accepted-github-permissions");
        let limit = limit(status, headers, &message);
        Self {
            status,
            details: errors.into_iter().flatten().take(5).map(detail).collect(),
            documentation: text("documentation_url"),
            permissions: permissions.map(|list| in_a_workflow(&clean(list))).unwrap_or_default(),
            asks: asked(headers, limit),
            limit,
            message,
        }
    }

    /// Whether the cause is the token's permissions, in GitHub's words; a locked issue is another.
    pub fn is_about_permission(&self) -> bool {
        self.message.contains("not accessible by")
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GitHub answered {}: {}", self.status, self.message)?;
        if !self.details.is_empty() {
            write!(f, " ({})", self.details.join("; "))?;
        }
        if !self.documentation.is_empty() {
            write!(f, ", see {}", self.documentation)?;
        }
        Ok(())
    }
}

/// What one attempt came to, if not to an answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There was no connection: nothing was done.
    NotSent(String),
    /// It was sent, and no whole answer came.
    Lost(String),
    /// GitHub answered an error.
    Refused(Box<Refusal>),
    /// An answer that stays wrong however often it is asked for.
    Unusable(String),
}

/// One line of foreign text, cut.
pub(super) fn clean(text: &str) -> String {
    shown::line(text, SHOWN)
}

/// What to say of a body without `message`.
fn without_message(json: Option<&Value>, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    match (json, title) {
        (_, Some((title, _))) => format!("a page titled \"{}\"", clean(title)),
        (None, None) if text.contains("<html") => "an HTML page".to_owned(),
        _ if body.is_empty() => "nothing more".to_owned(),
        _ => clean(&text),
    }
}

/// One item of `errors`: an object, or a bare string.
fn detail(item: &Value) -> String {
    if let Some(text) = item.as_str() {
        return clean(text);
    }
    let part = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
    let place = [part("resource"), part("field"), part("code")];
    let place: Vec<&str> = place.into_iter().filter(|part| !part.is_empty()).collect();
    match part("message") {
        "" => clean(&place.join("/")),
        message => clean(&format!("{} {message}", place.join("/"))),
    }
}

/// `issues=write; pull_requests=write` as the alternatives of a workflow's `permissions:`.
fn in_a_workflow(list: &str) -> Vec<String> {
    let one = |pair: &str| match pair.trim().split_once('=') {
        Some((name, level)) => format!("`{}: {}`", name.trim().replace('_', "-"), level.trim()),
        None => format!("`{}`", pair.trim().replace('_', "-")),
    };
    let together = |all: &str| all.split(',').map(one).collect::<Vec<_>>().join(" and ");
    list.split(';').filter(|all| !all.trim().is_empty()).map(together).collect()
}

fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    headers.get(HeaderName::from_static(name))?.to_str().ok()
}

/// Whether an answer says "too many requests": 429, or 403 with one of several signs. A missing permission is 403 too.
fn limit(status: u16, headers: &HeaderMap, message: &str) -> Option<Limit> {
    let message = message.to_ascii_lowercase();
    let is_secondary = message.contains("secondary rate") || message.contains("abuse detection");
    let is_used_up = header(headers, "x-ratelimit-remaining") == Some("0");
    let is_primary = is_used_up && !is_secondary;
    match status {
        429 if is_primary => Some(Limit::Primary),
        429 => Some(Limit::Secondary),
        403 if is_secondary => Some(Limit::Secondary),
        403 if is_primary && message.contains("rate limit") => Some(Limit::Primary),
        403 if headers.contains_key(RETRY_AFTER) => Some(Limit::Secondary),
        _ => None,
    }
}

fn asked(headers: &HeaderMap, limit: Option<Limit>) -> Option<Duration> {
    wait(headers, limit).map(|wait| wait.min(LONGEST_WAIT))
}

/// How long an answer asks to wait: `Retry-After`, else until the hourly limit is reset by the server's own clock.
fn wait(headers: &HeaderMap, limit: Option<Limit>) -> Option<Duration> {
    if headers.contains_key(RETRY_AFTER) {
        return retry_after(headers);
    }
    if limit != Some(Limit::Primary) {
        return None;
    }
    let reset = header(headers, "x-ratelimit-reset")?.trim().parse().ok()?;
    // The second in which the limit is reset is not yet over.
    Some(until(Timestamp::from_second(reset).ok()?, headers)? + Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const NOW_SECONDS: i64 = 784_111_777;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), value.parse().unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    fn read(status: u16, pairs: &[(&'static str, &str)], body: &str) -> Refusal {
        Refusal::read(status, &headers(pairs), body.as_bytes())
    }

    #[test]
    fn any_body_becomes_one_line() {
        for (body, shown) in [
            (
                r#"{"message":"Validation Failed","errors":[{"resource":"IssueComment","field":"data","code":"unprocessable","message":"Body is too long"}],"documentation_url":"https://docs.github.com/x"}"#,
                "GitHub answered 422: Validation Failed (IssueComment/data/unprocessable Body is too long), see https://docs.github.com/x",
            ),
            (
                r#"{"message":"Invalid request.","errors":["bare words","more"]}"#,
                "GitHub answered 422: Invalid request. (bare words; more)",
            ),
            (r#"{"message":"Not Found"}"#, "GitHub answered 422: Not Found"),
            (r#"{"error":"x"}"#, r#"GitHub answered 422: {"error":"x"}"#),
            (
                "<html><head><title>Unicorn!\n</title></head>",
                "GitHub answered 422: a page titled \"Unicorn!\"",
            ),
            ("<html><body>", "GitHub answered 422: an HTML page"),
            ("", "GitHub answered 422: nothing more"),
            (
                "{\"message\":\"a\\u001b[31m\\n::error::b\\u202ec\"}",
                "GitHub answered 422: a [31m ::error::b c",
            ),
        ] {
            assert_eq!(read(422, &[], body).to_string(), shown);
        }
        let long = format!(r#"{{"message":"{}"}}"#, "é".repeat(1000));
        assert_eq!(read(422, &[], &long).message.chars().count(), 301);
    }

    #[test]
    fn a_limit_is_told_from_a_missing_permission() {
        let primary = r#"{"message":"API rate limit exceeded for installation ID 1."}"#;
        let secondary = r#"{"message":"You have exceeded a secondary rate limit. Please wait."}"#;
        let abuse = r#"{"message":"You have triggered an abuse detection mechanism."}"#;
        let denied = r#"{"message":"Resource not accessible by integration"}"#;
        let used_up = [("x-ratelimit-remaining", "0")];
        for (status, pairs, body, limit) in [
            (429, &[][..], "", Some(Limit::Secondary)),
            (429, &used_up[..], primary, Some(Limit::Primary)),
            (403, &[], secondary, Some(Limit::Secondary)),
            (403, &used_up, secondary, Some(Limit::Secondary)),
            (403, &[], abuse, Some(Limit::Secondary)),
            (403, &[("retry-after", "3")], "", Some(Limit::Secondary)),
            (403, &used_up, primary, Some(Limit::Primary)),
            (403, &used_up, denied, None),
            (403, &[], denied, None),
            (404, &used_up, "", None),
            (503, &[("retry-after", "3")], "", None),
        ] {
            assert_eq!(read(status, pairs, body).limit, limit, "{status} {pairs:?} {body}");
        }
    }

    #[test]
    fn the_wait_is_what_the_server_asks_by_its_own_clock() {
        let reset = (NOW_SECONDS + 90).to_string();
        let past = (NOW_SECONDS - 5).to_string();
        let used_up = |reset| {
            vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset), ("date", NOW)]
        };
        let later = "Sun, 06 Nov 1994 08:50:07 GMT";
        for (pairs, seconds) in [
            (vec![("retry-after", "17")], Some(17)),
            (vec![("retry-after", later), ("date", NOW)], Some(30)),
            (vec![("retry-after", "soon")], None),
            (vec![("retry-after", "18446744073709551615")], Some(86_400)),
            (used_up(&reset), Some(91)),
            (used_up(&past), Some(1)),
            (used_up("x"), None),
            (vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)], None),
            (vec![("x-ratelimit-remaining", "5"), ("x-ratelimit-reset", &reset)], None),
            (vec![], None),
        ] {
            let read = read(429, &pairs, "");
            assert_eq!(read.asks, seconds.map(Duration::from_secs), "{pairs:?}");
        }
    }

    #[test]
    fn permissions_read_as_in_a_workflow() {
        for (list, shown) in [
            ("issues=write; pull_requests=write", "`issues: write` or `pull-requests: write`"),
            ("contents=read,pull_requests=write", "`contents: read` and `pull-requests: write`"),
            ("", ""),
        ] {
            assert_eq!(in_a_workflow(list).join(" or "), shown);
        }
    }

    #[test]
    fn what_the_token_may_not_do_it_may_not_do_the_next_time() {
        let refused = |status, message: &str| {
            let refusal = Box::new(read(status, &[], &format!(r#"{{"message":"{message}"}}"#)));
            Error::NotAllowed { what: "update acme/app#1".to_owned(), refusal }
        };
        assert!(refused(403, "Resource not accessible by integration").will_repeat());
        assert!(refused(401, "Bad credentials").will_repeat());
        assert!(!refused(403, "Unable to edit: the issue is locked").will_repeat());
        assert!(!refused(404, "Not Found").will_repeat(), "that issue was moved");
        let (what, why) = (String::new(), String::new());
        assert!(!Error::Unusable { what, why }.will_repeat());
    }

    #[test]
    fn help_names_the_permission_only_where_that_is_the_cause() {
        let wanted = [("x-accepted-github-permissions", "pull_requests=write")];
        let refusal = |status, message: &str| {
            Box::new(read(status, &wanted, &format!(r#"{{"message":"{message}"}}"#)))
        };
        let what = || "comment on acme/app#1".to_owned();
        let denied = "Resource not accessible by integration";
        let locked = "Unable to create comment because issue is locked.";
        let help = |error: Error| error.help().unwrap_or_default();
        assert_eq!(
            help(Error::NotAllowed { what: what(), refusal: refusal(403, denied) }),
            "the token lacks `pull-requests: write`: add it under `permissions:` of the job (the token of \
             a fork's pull request can never write)"
        );
        assert_eq!(help(Error::NotAllowed { what: what(), refusal: refusal(403, locked) }), "");
        let hidden = help(Error::NotFound { what: what(), refusal: refusal(404, "Not Found") });
        assert!(hidden.starts_with("if it exists, the token lacks"), "{hidden}");
        let bad = help(Error::Refused { what: what(), refusal: refusal(401, "Bad credentials") });
        assert!(bad.contains("expired"), "{bad}");
    }
}
