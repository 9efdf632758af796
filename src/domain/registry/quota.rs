//! How many pulls a registry allows, as its answers say it (Docker Hub: `ratelimit-limit: 100;w=21600`,
//! `ratelimit-remaining: 76;w=21600`; <https://docs.docker.com/docker-hub/usage/pulls/>).

use std::time::Duration;

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many pulls are left.
    pub left: u64,
    /// How many there are.
    pub of: u64,
    /// In which time.
    pub window: Duration,
}

impl Quota {
    /// Reads the two headers; `None` if they do not say it. An account without a limit gets none of them.
    pub fn parse(limit: &str, remaining: &str) -> Option<Self> {
        let (of, window) = read(limit)?;
        let (left, _) = read(remaining)?;
        Some(Self { left, of, window: Duration::from_secs(window?) })
    }
}

/// `100;w=21600`: a number, and seconds.
fn read(text: &str) -> Option<(u64, Option<u64>)> {
    let mut parts = text.split(';').map(str::trim);
    let number = parts.next()?.parse().ok()?;
    let window = parts.find_map(|part| part.strip_prefix("w=")).and_then(|text| text.parse().ok());
    Some((number, window.filter(|seconds| *seconds > 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_say_what_is_left() {
        let hours = |left, of| Some(Quota { left, of, window: Duration::from_hours(6) });
        for (limit, remaining, quota) in [
            ("100;w=21600", "76;w=21600", hours(76, 100)),
            ("200; w=21600", "0", hours(0, 200)),
            ("100", "76", None),
            ("100;w=0", "76", None),
            ("many;w=21600", "76", None),
            ("100;w=21600", "-1;w=21600", None),
            ("100;w=99999999999999999999", "1", None),
            ("", "", None),
        ] {
            assert_eq!(Quota::parse(limit, remaining), quota, "{limit} {remaining}");
        }
    }
}
