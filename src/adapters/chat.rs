//! Chats: one message to one webhook, in ten seconds, or why not.
//!
//! The address of a webhook is its password: whoever has it can write into the channel. So it is in no error and no
//! log; its host may be named. What a server answers is foreign and never shown: only the words that its
//! documentation lists are recognised, and told in ours.

pub mod slack;

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::adapters::http;

/// How long a message may take in all, waits included: nobody waits for a chat.
pub const TIME: Duration = Duration::from_secs(10);

/// Where messages go.
#[derive(Clone)]
pub struct Webhook(Url);

/// Why a text is no address of a webhook. Never the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWebhook {
    /// It cannot be read as an address with a host.
    #[error("it is no address such as `https://hooks.slack.com/services/...`")]
    NoAddress,
    /// It would send what fails, and the address itself, through the network for all to read.
    #[error(
        "it does not begin with `https://`: the address would go through the network for all to read"
    )]
    NotEncrypted,
    /// It holds a user or a password.
    #[error("it names a user or a password before the host: a webhook has none")]
    Login,
}

impl Webhook {
    /// Reads an address: https, or http on this host.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(address: &SecretString) -> Result<Self, NoWebhook> {
        let url: Url = address.expose_secret().trim().parse().map_err(|_| NoWebhook::NoAddress)?;
        if !url.has_host() {
            return Err(NoWebhook::NoAddress);
        }
        let is_safe = url.scheme() == "https" || url.scheme() == "http" && http::is_this_host(&url);
        if !is_safe {
            return Err(NoWebhook::NotEncrypted);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NoWebhook::Login);
        }
        Ok(Self(url))
    }

    /// The host: all of it that may be told.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({})", self.host())
    }
}

/// Why a message was not sent, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There was no connection: it was not sent.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// Where to.
        host: String,
        /// Why.
        why: String,
    },
    /// No usable answer came: it may have been posted, so it is not sent again.
    #[error("{host} gave no usable answer: {why}; it may have been posted, and is not sent again")]
    Unknown {
        /// Where to.
        host: String,
        /// What came instead.
        why: String,
    },
    /// It was refused.
    #[error("{host} refused it ({status}): {why}")]
    Refused {
        /// Where to.
        host: String,
        /// The status.
        status: u16,
        /// Why, in our words.
        why: &'static str,
        /// What to do.
        help: &'static str,
    },
    /// Too many messages, and more time until the next one than there is.
    #[error("{host} takes no more messages for now (429)")]
    Limited {
        /// Where to.
        host: String,
    },
}

impl Error {
    /// What to do.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Refused { help, .. } => help,
            Self::Unreachable { .. } => {
                "check the host's name, and that the runner may reach it (firewall, `HTTPS_PROXY`)"
            }
            Self::Unknown { .. } => "nothing, if it happens once; look into the channel",
            Self::Limited { .. } => "nothing: Slack takes about one message a second for a channel",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_encrypted_or_stays_on_this_host_is_a_webhook() {
        let parse = |address: &str| Webhook::parse(&SecretString::from(address));
        for address in [
            " https://hooks.example.test/services/T0/B0/x\n",
            "http://127.0.0.1:8080/x",
            "http://localhost/x",
            "http://[::1]/x",
        ] {
            assert!(parse(address).is_ok(), "{address}");
        }
        for (address, why) in [
            ("", NoWebhook::NoAddress),
            ("hooks.example.test/x", NoWebhook::NoAddress),
            ("mailto:x", NoWebhook::NoAddress),
            ("http://hooks.example.test/x", NoWebhook::NotEncrypted),
            ("http://localhost.example.test/x", NoWebhook::NotEncrypted),
            ("ftp://hooks.example.test/x", NoWebhook::NotEncrypted),
            ("https://me@hooks.example.test/x", NoWebhook::Login),
        ] {
            assert_eq!(parse(address).err(), Some(why), "{address}");
        }
    }

    #[test]
    fn its_address_is_not_shown() {
        let secret = "https://hooks.example.test/services/T0/B0/word";
        let webhook = Webhook::parse(&SecretString::from(secret)).unwrap();
        assert_eq!(format!("{webhook:?}"), "Webhook(hooks.example.test)");
    }
}
