//! One exchange with a server: bounded in time and size, and what it came to.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Response, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout};

use crate::adapters::http;
use crate::domain::shown;

use super::errors::Refusal;
use super::retry::Fault;

/// The largest body of an error that is read, in bytes.
pub(super) const LARGEST_ERROR: usize = 64 * 1024;

/// How much of an error of the network is shown, in characters.
const SHOWN: usize = 300;

/// The shortest secret that is looked for in what servers say.
const SHORTEST_SECRET: usize = 4;

/// How requests are sent.
pub(super) struct Wire {
    pub(super) http: http::Client,
    /// The longest wait for one answer.
    answer: Duration,
    /// What was sent in secret: some servers repeat a request in their errors.
    secrets: Mutex<Vec<SecretString>>,
}

impl Wire {
    pub(super) fn new(http: &http::Client, answer: Duration) -> Self {
        Self { http: http.clone(), answer, secrets: Mutex::default() }
    }

    /// Notes what is sent in secret.
    pub(super) fn keep_secret(&self, text: &str) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if text.len() >= SHORTEST_SECRET
            && !secrets.iter().any(|known| known.expose_secret() == text)
        {
            secrets.push(text.to_owned().into());
        }
    }

    /// A text of a server without what was sent to it in secret.
    pub(super) fn hide(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret(), "***"))
    }

    /// An answer that is an error.
    pub(super) fn refusal(
        &self,
        url: &Url,
        status: u16,
        (headers, body): (&HeaderMap, &[u8]),
    ) -> Refusal {
        let host = url.host_str().unwrap_or_default();
        let named = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Refusal::read(&named, status, body, &|text| self.hide(text)).with(headers)
    }

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
