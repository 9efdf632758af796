//! Slack's incoming webhooks: <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>.
//!
//! A message that was posted is answered with 200 and `ok`; whatever else comes is a refusal of which the body names
//! the reason in one word, as plain text.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use crate::adapters::chat::{Error, TIME, Webhook};
use crate::adapters::http::{self, Client};

/// How much of an answer is read, in bytes: the longest documented word has some 40.
const READ: usize = 200;

/// Sends a message. It is sent again only where it was refused for a limit whose end fits into [`TIME`].
///
/// # Errors
/// Why it was not sent, or may not have been.
pub async fn send(client: &Client, webhook: &Webhook, payload: &Value) -> Result<(), Error> {
    let deadline = Instant::now() + TIME;
    let body = payload.to_string();
    let Some(limited) = attempt(client, webhook, body.clone(), deadline).await? else {
        return Ok(());
    };
    match limited.asks {
        Some(asks) if asks < deadline.saturating_duration_since(Instant::now()) => {
            sleep(asks).await;
            let again = attempt(client, webhook, body, deadline).await?;
            again.map_or(Ok(()), |_| Err(Error::Limited { host: host(webhook) }))
        }
        _ => Err(Error::Limited { host: host(webhook) }),
    }
}

/// It was refused for now.
struct Limited {
    /// How long to wait, if the answer says so.
    asks: Option<Duration>,
}

async fn attempt(
    client: &Client,
    webhook: &Webhook,
    body: String,
    deadline: Instant,
) -> Result<Option<Limited>, Error> {
    let request = client.post(webhook.0.clone()).header(CONTENT_TYPE, "application/json");
    let exchange = async {
        let answer = request.body(body).send().await?;
        let (status, asks) = (answer.status(), asks(answer.headers()));
        Ok::<_, reqwest::Error>((status, asks, beginning(answer).await))
    };
    let answered = timeout_at(deadline, exchange).await;
    let answered = answered.map_err(|_| Error::Unknown {
        host: host(webhook),
        why: format!("nothing came within {} s", TIME.as_secs()),
    })?;
    let (status, asks, word) = answered.map_err(|error| unanswered(webhook, error))?;
    match (status.as_u16(), word.as_deref()) {
        (200, Some("ok")) => Ok(None),
        (429, _) => Ok(Some(Limited { asks })),
        (200..300, word) => {
            let why = word.map_or("it breaks off", |_| "it is another word than Slack's `ok`");
            Err(Error::Unknown { host: host(webhook), why: why.to_owned() })
        }
        (status, word) => {
            let (why, help) = meaning(status, word.unwrap_or_default());
            Err(Error::Refused { host: host(webhook), status, why, help })
        }
    }
}

/// What a refusal means, and what to do, in our words.
fn meaning(status: u16, word: &str) -> (&'static str, &'static str) {
    const ANOTHER: &str = "make a new webhook in Slack and set `slack-webhook` to its address";
    const OURS: &str = "this is a defect of mta: report it with the message that `dry-run` prints";
    match word {
        "no_service" | "no_service_id" | "no_active_hooks" => {
            ("the webhook was removed or switched off", ANOTHER)
        }
        "invalid_token" | "no_team" | "team_disabled" | "user_not_found" | "token_revoked" => {
            ("the webhook belongs to a workspace, user or app that is gone", ANOTHER)
        }
        "channel_not_found" => ("its channel is gone", ANOTHER),
        "channel_is_archived" | "is_archived" => {
            ("its channel is archived", "unarchive the channel, or make a webhook for another one")
        }
        "action_prohibited" | "posting_to_general_channel_denied" => (
            "the workspace does not let the webhook post there",
            "ask who administers the workspace, or make a webhook for another channel",
        ),
        "invalid_payload"
        | "no_text"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "msg_blocks_too_long"
        | "too_many_attachments" => ("it does not take such a message", OURS),
        "rollup_error" => ("something went wrong at Slack", "nothing, if it happens once"),
        _ => match status {
            300..400 => (
                "it wants to send it elsewhere, which is not followed",
                "check `slack-webhook`: Slack's webhooks redirect nobody",
            ),
            404 => ("there is no such webhook", ANOTHER),
            500.. => ("something went wrong there", "nothing, if it happens once"),
            _ => ("it does not say why in a word that is documented", "check `slack-webhook`"),
        },
    }
}

/// Tells a connection that could not be had from an answer that was lost.
fn unanswered(webhook: &Webhook, error: reqwest::Error) -> Error {
    let is_unsent = error.is_connect() || error.is_builder();
    // reqwest's own words name the address, which is the secret.
    let why = http::in_words(&error.without_url());
    if is_unsent {
        Error::Unreachable { host: host(webhook), why }
    } else {
        Error::Unknown { host: host(webhook), why }
    }
}

/// The beginning of an answer as text; `None` where it breaks off.
async fn beginning(mut answer: Response) -> Option<String> {
    let mut body = Vec::new();
    while body.len() < READ {
        match answer.chunk().await {
            Ok(Some(part)) => body.extend_from_slice(&part[..part.len().min(READ)]),
            Ok(None) => return Some(String::from_utf8_lossy(&body).trim().to_owned()),
            Err(_) => return None,
        }
    }
    // No documented word is as long.
    Some(String::new())
}

/// `Retry-After` in seconds, as Slack sends it.
fn asks(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

fn host(webhook: &Webhook) -> String {
    webhook.host().to_owned()
}
