//! Which requests are repeated, and after how long. Pure: chance is an argument. What is repeated comes to
//! the same however often it is done: reading, and setting a tag.

use std::time::Duration;

use super::errors::Refusal;

/// Attempts of one request before it is given up.
const ATTEMPTS: u32 = 4;

/// No wait is longer.
const LONGEST: Duration = Duration::from_hours(24);

/// What passes by itself, as go-containerregistry has it; 522 is of Cloudflare, 499 of a proxy whose client left.
const PASSING: [u16; 7] = [408, 499, 500, 502, 503, 504, 522];

/// How long things take. The default is for registries; tests are faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tempo {
    /// Before the first repetition of a request that failed; doubled each time.
    pub first_pause: Duration,
    /// Before the first repetition after a limit that does not say how long; doubled each time.
    pub unsaid_limit: Duration,
    /// The longest wait for one whole answer.
    pub answer: Duration,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(1),
            unsaid_limit: Duration::from_secs(10),
            answer: Duration::from_secs(30),
        }
    }
}

/// What one attempt came to, if not to an answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// No connection, or no whole answer.
    Lost(String),
    /// An answer that is an error, and how long it asks to wait.
    Refused {
        /// What it says.
        refusal: Refusal,
        /// `Retry-After`.
        asks: Option<Duration>,
    },
    /// The login is wrong.
    Login(Refusal),
    /// The login, or none, does not reach so far.
    Forbidden(Refusal),
    /// An answer that stays wrong however often it is asked for.
    Unusable(String),
}

impl Tempo {
    /// How long to wait before a request is repeated that failed so often; `None` if it is not to be. `jitter` is from 0
    /// to 1.
    pub(super) fn pause(&self, fault: &Fault, attempts: u32, jitter: f64) -> Option<Duration> {
        if attempts >= ATTEMPTS {
            return None;
        }
        let backoff = || doubled(self.first_pause, attempts).mul_f64(0.5 + jitter / 2.0);
        match fault {
            Fault::Lost(_) => Some(backoff()),
            Fault::Refused { refusal, asks } if refusal.is_limit() => {
                // What asks for more than a day is not waited for anyway.
                let wait =
                    asks.unwrap_or_else(|| doubled(self.unsaid_limit, attempts)).min(LONGEST);
                Some(wait.mul_f64(1.0 + jitter / 10.0))
            }
            Fault::Refused { refusal, asks } if PASSING.contains(&refusal.status) => {
                Some(backoff().max(asks.unwrap_or_default()))
            }
            Fault::Refused { .. } | Fault::Login(_) | Fault::Forbidden(_) | Fault::Unusable(_) => {
                None
            }
        }
    }
}

fn doubled(pause: Duration, attempts: u32) -> Duration {
    pause.saturating_mul(1 << attempts.saturating_sub(1).min(16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, asks: Option<u64>) -> Fault {
        let refusal = Refusal::read("r.io", status, b"", &str::to_owned);
        Fault::Refused { refusal, asks: asks.map(Duration::from_secs) }
    }

    fn seconds(fault: &Fault, attempts: u32) -> Option<f64> {
        Tempo::default().pause(fault, attempts, 0.0).map(|pause| pause.as_secs_f64())
    }

    #[test]
    fn what_passes_is_repeated_and_what_stays_is_not() {
        for status in PASSING {
            assert_eq!(seconds(&refused(status, None), 1), Some(0.5), "{status}");
        }
        for status in [400, 401, 403, 404, 405, 501] {
            assert_eq!(seconds(&refused(status, None), 1), None, "{status}");
        }
        assert_eq!(seconds(&Fault::Lost("reset".into()), 2), Some(1.0));
        assert_eq!(seconds(&Fault::Unusable("x".into()), 1), None);
        assert_eq!(
            seconds(&Fault::Login(Refusal::read("r.io", 401, b"", &str::to_owned)), 1),
            None
        );
        assert_eq!(seconds(&Fault::Lost("reset".into()), ATTEMPTS), None);
    }

    #[test]
    fn limits_wait_as_asked() {
        assert_eq!(seconds(&refused(429, Some(7)), 3), Some(7.0));
        assert_eq!(seconds(&refused(429, None), 2), Some(20.0));
        assert!(seconds(&refused(429, Some(u64::MAX)), 1).is_some_and(|wait| wait > 80_000.0));
        assert_eq!(seconds(&refused(503, Some(9)), 1), Some(9.0));
        let by_code = Refusal::read(
            "r.io",
            403,
            br#"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#,
            &str::to_owned,
        );
        assert_eq!(seconds(&Fault::Refused { refusal: by_code, asks: None }, 1), Some(10.0));
    }
}
