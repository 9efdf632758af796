//! When a request is repeated, and after how long. Pure: time and chance are arguments.
//!
//! The rules are GitHub's: wait as long as `Retry-After` or the reset of the limit says; where a limit says nothing, at
//! least a minute, doubled each time. A request that may have created something is never repeated: nobody knows whether
//! it was done.

use std::time::Duration;

use crate::adapters::github::errors::{Fault, Limit, Refusal};

/// Attempts of one request before it is given up.
const ATTEMPTS: u32 = 6;

/// The same where no connection can be had: that heals less often.
const CONNECTIONS: u32 = 4;

/// How long things take. The default is what GitHub asks for; tests are faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tempo {
    /// Before the first repetition of a request that failed; doubled each time.
    pub first_pause: Duration,
    /// Before the first repetition after a limit that does not say how long; doubled each time.
    pub unsaid_limit: Duration,
    /// The longest wait for one whole answer.
    pub answer: Duration,
    /// Between the beginnings of two writes.
    pub write_gap: Duration,
    /// Between the beginnings of two writes that send notifications.
    pub notify_gap: Duration,
}

impl Default for Tempo {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(1),
            unsaid_limit: Duration::from_mins(1),
            answer: Duration::from_secs(30),
            write_gap: Duration::from_secs(1),
            notify_gap: Duration::from_secs(3),
        }
    }
}

/// What a request does, which decides whether it may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It changes nothing.
    Read,
    /// It sets or deletes what is known by its name: done twice is as done once.
    Replace,
    /// It makes something new, and tells nobody.
    Create,
    /// It makes something new, and people are notified of it.
    CreateAndNotify,
}

impl Kind {
    /// Whether it changes something.
    pub fn is_write(self) -> bool {
        self != Self::Read
    }

    /// Whether it makes something new each time.
    pub fn creates(self) -> bool {
        matches!(self, Self::Create | Self::CreateAndNotify)
    }
}

/// A request that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed<'a> {
    pub fault: &'a Fault,
    pub kind: Kind,
    /// How many attempts failed, this one included.
    pub attempts: u32,
    /// Chance, from 0 to 1, so that jobs that failed together do not come back together.
    pub jitter: f64,
}

impl Tempo {
    /// How long to wait before the request is repeated; `None` if it is not to be.
    pub(super) fn pause(&self, failed: &Failed) -> Option<Duration> {
        match failed.fault {
            Fault::NotSent(_) if failed.attempts < CONNECTIONS => Some(self.backoff(failed)),
            Fault::NotSent(_) | Fault::Unusable(_) => None,
            _ if failed.attempts >= ATTEMPTS => None,
            Fault::Refused(refusal) => match refusal.limit {
                Some(limit) => Some(self.until_allowed(refusal, limit, failed)),
                None if is_server_fault(refusal.status) && !failed.kind.creates() => {
                    Some(self.backoff(failed).max(refusal.asks.unwrap_or_default()))
                }
                None => None,
            },
            Fault::Lost(_) => (!failed.kind.creates()).then(|| self.backoff(failed)),
        }
    }

    /// Between half of the doubled pause and all of it.
    pub(super) fn backoff(&self, failed: &Failed) -> Duration {
        doubled(self.first_pause, failed.attempts).mul_f64(0.5 + failed.jitter / 2.0)
    }

    /// At least what was asked for, and up to a tenth more.
    fn until_allowed(&self, refusal: &Refusal, limit: Limit, failed: &Failed) -> Duration {
        let unsaid = match limit {
            Limit::Primary => self.unsaid_limit,
            Limit::Secondary => doubled(self.unsaid_limit, failed.attempts),
        };
        refusal.asks.unwrap_or(unsaid).mul_f64(1.0 + failed.jitter / 10.0)
    }
}

/// Whether the server failed in a way that passes.
pub(super) fn is_server_fault(status: u16) -> bool {
    status >= 500 && status != 501
}

fn doubled(pause: Duration, attempts: u32) -> Duration {
    pause.saturating_mul(1 << attempts.saturating_sub(1).min(16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reqwest::header::{HeaderMap, HeaderName};

    fn refused(status: u16, pairs: &[(&'static str, &'static str)], message: &str) -> Fault {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), value.parse().unwrap())
        };
        let headers: HeaderMap = pairs.iter().map(pair).collect();
        let body = format!(r#"{{"message":"{message}"}}"#);
        Fault::Refused(Box::new(Refusal::read(status, &headers, body.as_bytes())))
    }

    fn seconds(fault: &Fault, kind: Kind, attempts: u32) -> Option<f64> {
        let failed = Failed { fault, kind, attempts, jitter: 0.0 };
        Tempo::default().pause(&failed).map(|pause| pause.as_secs_f64())
    }

    const KINDS: [Kind; 4] = [Kind::Read, Kind::Replace, Kind::Create, Kind::CreateAndNotify];

    #[test]
    fn what_may_have_been_created_is_never_repeated() {
        let lost = Fault::Lost("connection reset".into());
        for fault in [lost, refused(500, &[], "x"), refused(502, &[("retry-after", "1")], "x")] {
            for kind in KINDS {
                assert_eq!(seconds(&fault, kind, 1).is_none(), kind.creates(), "{fault:?}");
            }
        }
    }

    #[test]
    fn what_was_surely_not_done_is_repeated_whatever_it_was() {
        let not_sent = Fault::NotSent("connection refused".into());
        let limited = refused(429, &[("retry-after", "2")], "");
        for kind in KINDS {
            assert_eq!(seconds(&not_sent, kind, 1), Some(0.5));
            assert_eq!(seconds(&limited, kind, 1), Some(2.0));
        }
    }

    #[test]
    fn the_callers_faults_are_not_repeated() {
        for status in [400, 401, 403, 404, 409, 410, 422, 501] {
            assert_eq!(seconds(&refused(status, &[], "no"), Kind::Read, 1), None, "{status}");
        }
        assert_eq!(seconds(&Fault::Unusable("too large".into()), Kind::Read, 1), None);
    }

    #[test]
    fn pauses_double_and_end() {
        let server = refused(503, &[], "");
        let pauses: Vec<_> = (1..=6).map(|n| seconds(&server, Kind::Read, n)).collect();
        assert_eq!(pauses, [Some(0.5), Some(1.0), Some(2.0), Some(4.0), Some(8.0), None]);
        let not_sent = Fault::NotSent("refused".into());
        assert_eq!(
            (seconds(&not_sent, Kind::Read, 3), seconds(&not_sent, Kind::Read, 4)),
            (Some(2.0), None)
        );
    }

    #[test]
    fn limits_wait_as_asked_and_else_a_minute_and_more() {
        let secondary = "You have exceeded a secondary rate limit";
        for (fault, attempts, wait) in [
            (refused(403, &[("retry-after", "3")], secondary), 1, 3.0),
            (refused(403, &[("retry-after", "3")], secondary), 5, 3.0),
            (refused(403, &[], secondary), 1, 60.0),
            (refused(403, &[], secondary), 2, 120.0),
            (refused(429, &[], ""), 3, 240.0),
            (refused(503, &[("retry-after", "9")], ""), 1, 9.0),
            (refused(429, &[("retry-after", "0")], ""), 1, 0.0),
        ] {
            assert_eq!(seconds(&fault, Kind::Read, attempts), Some(wait), "{fault:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn chance_never_shortens_what_was_asked_for(jitter in 0.0..1.0, attempts in 1_u32..100) {
            let limited = refused(429, &[("retry-after", "7")], "");
            let server = refused(500, &[], "");
            for fault in [limited, server] {
                let failed = Failed { fault: &fault, kind: Kind::Read, attempts, jitter };
                let asks = matches!(&fault, Fault::Refused(r) if r.limit.is_some());
                if let Some(pause) = Tempo::default().pause(&failed) {
                    prop_assert!(!asks || pause >= Duration::from_secs(7));
                    prop_assert!(pause <= Duration::from_mins(1));
                }
            }
        }
    }
}
