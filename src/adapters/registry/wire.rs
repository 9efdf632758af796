//! One exchange with a server: bounded in time and size, and what it came to.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::HeaderMap;
use tokio::time::{Instant, timeout};

use crate::adapters::http;
use crate::domain::shown;

use super::errors::Refusal;
use super::retry::Fault;

/// The largest body of an error that is read, in bytes.
pub(super) const LARGEST_ERROR: usize = 64 * 1024;

/// How much of an error of the network is shown, in characters.
const SHOWN: usize = 300;

/// How requests are sent.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) http: http::Client,
    /// The longest wait for one answer.
    pub(super) answer: Duration,
}

impl Wire {
    /// Waits for an answer, no longer than there is time.
    pub(super) async fn bounded(
        &self,
        sending: impl Future<Output = Result<Response, reqwest::Error>>,
        deadline: Instant,
    ) -> Result<Response, Fault> {
        let limit = self.answer.min(left(deadline));
        let late = |_| Fault::Lost(format!("no answer within {} s", limit.as_secs_f32()));
        timeout(limit, sending).await.map_err(late)?.map_err(|error| lost(&error))
    }

    /// The body, whole. That of an error is cut where it is too long; any other is refused.
    pub(super) async fn body(
        &self,
        mut answer: Response,
        most: usize,
        is_whole: bool,
        deadline: Instant,
    ) -> Result<Vec<u8>, Fault> {
        let mut body = Vec::new();
        let reading = async {
            while let Some(part) = answer.chunk().await.map_err(|error| lost(&error))? {
                if body.len() + part.len() > most {
                    if is_whole {
                        return Err(Fault::Unusable(format!(
                            "the answer is larger than {most} bytes"
                        )));
                    }
                    break;
                }
                body.extend_from_slice(&part);
            }
            Ok(())
        };
        let late = |_| Fault::Lost("the answer does not end".to_owned());
        match timeout(left(deadline), reading).await.map_err(late).and_then(|read| read) {
            Err(fault) if is_whole => Err(fault),
            // What an error says is worth less than its status.
            _ => Ok(body),
        }
    }
}

/// An answer that is an error, other than 401 of the registry.
pub(super) fn refused(refusal: Refusal, headers: &HeaderMap) -> Fault {
    if refusal.status == 403 && !refusal.is_limit() {
        return Fault::Forbidden(refusal);
    }
    Fault::Refused { refusal, asks: http::wait::retry_after(headers) }
}

fn lost(error: &reqwest::Error) -> Fault {
    let why = shown::line(&http::in_words(error), SHOWN);
    if error.is_builder() { Fault::Unusable(why) } else { Fault::Lost(why) }
}

pub(super) fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
