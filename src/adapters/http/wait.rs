//! How long an answer asks to wait.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

/// No wait is longer; what asks for more is not a wait that anyone planned.
const LONGEST: Duration = Duration::from_hours(24);

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or a date by the server's own clock; at most a day. `None` if it says
/// neither.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let after = text(headers, RETRY_AFTER)?;
    let seconds = after.trim().parse().ok().map(Duration::from_secs);
    seconds.or_else(|| until(date(after)?, headers)).map(|wait| wait.min(LONGEST))
}

/// From the moment of the answer, by its header `Date`, to another one by the same clock; nothing if that is over.
pub fn until(then: Timestamp, headers: &HeaderMap) -> Option<Duration> {
    let now = date(text(headers, DATE)?)?;
    let seconds = then.as_second().saturating_sub(now.as_second());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_or_a_date_by_the_servers_clock() {
        let now = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let asks = |pairs: &[(&str, &str)]| {
            let pair = |(name, value): &(&str, &str)| {
                (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())
            };
            retry_after(&pairs.iter().map(pair).collect()).map(|wait| wait.as_secs())
        };
        assert_eq!(asks(&[("retry-after", " 7 ")]), Some(7));
        assert_eq!(asks(&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"), now]), Some(10));
        assert_eq!(asks(&[("retry-after", "Sun, 06 Nov 1994 08:49:27 GMT"), now]), Some(0));
        assert_eq!(asks(&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")]), None);
        assert_eq!(asks(&[("retry-after", "soon"), now]), None);
        assert_eq!(asks(&[("retry-after", "-1"), now]), None);
        assert_eq!(asks(&[now]), None);
        assert_eq!(asks(&[("retry-after", "18446744073709551615")]), Some(86_400));
    }
}
