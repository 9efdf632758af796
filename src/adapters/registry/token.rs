//! What a registry demands, answered: a token from its token server, or a password.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::domain::registry::challenge::Demand;
use crate::domain::registry::credentials::Credentials;

use super::address;
use super::retry::Fault;
use super::wire::{Wire, refused};

/// The largest answer of a token server, in bytes. Tokens with many rights have some 10 KiB.
const LARGEST: usize = 1024 * 1024;

/// How long a token is good where its server does not say it, by the description of the flow.
const UNSAID: Duration = Duration::from_mins(1);

/// The longest time that is believed, in seconds: a day.
const LONGEST: f64 = 86_400.0;

/// How long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_secs(5);

/// How we name ourselves to a token server.
const CLIENT: &str = "mta";

/// What lets us in.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    header: HeaderValue,
    /// When it ends; a password does not.
    until: Option<Instant>,
    /// Whether another one would be the same: a password, or a token that was given to us.
    is_final: bool,
}

impl Grant {
    fn new(scheme: &str, secret: &str, until: Option<Instant>) -> Result<Self, Fault> {
        let none = |_| Fault::Unusable("a token has characters that no header may have".to_owned());
        let mut header: HeaderValue = format!("{scheme} {secret}").parse().map_err(none)?;
        header.set_sensitive(true);
        Ok(Self { header, until, is_final: until.is_none() })
    }

    /// The value of the header `Authorization`.
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// Whether it has not ended.
    pub(super) fn is_good(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
    }

    /// Whether another one would be the same.
    pub(super) const fn is_final(&self) -> bool {
        self.is_final
    }
}

/// What a token server answers.
#[derive(Deserialize)]
struct Given {
    token: Option<String>,
    access_token: Option<String>,
    #[serde(default)]
    expires_in: Value,
}

impl Given {
    /// How long it is good. Some servers write a number as text, or with a fraction.
    fn time(&self) -> Duration {
        let text = || self.expires_in.as_str().and_then(|text| text.trim().parse().ok());
        let seconds: Option<f64> = self.expires_in.as_f64().or_else(text);
        let seconds = seconds.filter(|seconds| (0.0..=LONGEST).contains(seconds));
        seconds.map_or(UNSAID, Duration::from_secs_f64)
    }
}

/// Who asks, and for what.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) wire: &'a Wire,
    pub(super) credentials: Option<&'a Credentials>,
    /// `repository:acme/shop:pull`
    pub(super) scope: &'a str,
}

impl Asking<'_> {
    /// Does what the registry at `base` demands; `None` where it wants a password and there is none.
    pub(super) async fn answered(
        &self,
        demand: &Demand,
        base: &Url,
        deadline: Instant,
    ) -> Result<Option<Grant>, Fault> {
        self.keep_secrets();
        match (demand, self.credentials) {
            (_, Some(Credentials::RegistryToken(token))) => {
                Grant::new("Bearer", token.expose_secret(), None).map(Some)
            }
            (Demand::Basic, Some(Credentials::Password { username, password })) => {
                Grant::new("Basic", &basic(username, password), None).map(Some)
            }
            (Demand::Basic, _) => Ok(None),
            (Demand::Bearer { realm, service, scope: named, .. }, _) => {
                let realm = address::realm(realm, base).map_err(Fault::Unusable)?;
                let scopes = scopes(self.scope, named.as_deref());
                self.token(realm, service.as_deref(), &scopes, deadline).await.map(Some)
            }
        }
    }

    /// What is sent is not to come back in an error.
    fn keep_secrets(&self) {
        match self.credentials {
            Some(Credentials::Password { username, password }) => {
                self.wire.keep_secret(password.expose_secret());
                self.wire.keep_secret(&basic(username, password));
            }
            Some(Credentials::IdentityToken(token) | Credentials::RegistryToken(token)) => {
                self.wire.keep_secret(token.expose_secret());
            }
            None => {}
        }
    }

    /// Fetches a token.
    async fn token(
        &self,
        realm: Url,
        service: Option<&str>,
        scopes: &[&str],
        deadline: Instant,
    ) -> Result<Grant, Fault> {
        let (host, asked_at) = (realm.host_str().unwrap_or_default().to_owned(), realm.clone());
        let asked = Instant::now();
        let request = self.token_request(realm, service, scopes);
        let answer = self.wire.bounded(request.send(), deadline).await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = self.wire.body(answer, LARGEST, status.is_success(), deadline).await?;
        if !status.is_success() {
            let refusal = self.wire.refusal(&asked_at, status.as_u16(), (&headers, &body));
            let has_login = self.credentials.is_some();
            return Err(match status.as_u16() {
                _ if refusal.is_limit() => refused(refusal, &headers),
                400 | 401 if has_login => Fault::Login(refusal),
                401 => Fault::Forbidden(refusal),
                300..400 => Fault::Unusable(format!(
                    "its token server {host} redirects, which is not followed"
                )),
                404 => Fault::Unusable(format!("its token server {host} has no such page (404)")),
                _ => refused(refusal, &headers),
            });
        }
        let unusable = || Fault::Unusable(format!("its token server {host} gave no token"));
        let given: Given = serde_json::from_slice(&body).map_err(|_| unusable())?;
        let time = given.time();
        let some = |token: Option<String>| token.filter(|token| !token.is_empty());
        let token = some(given.token).or(some(given.access_token)).ok_or_else(unusable)?;
        self.wire.keep_secret(&token);
        Grant::new("Bearer", &token, Some(asked + time.saturating_sub(MARGIN)))
    }

    fn token_request(
        &self,
        mut realm: Url,
        service: Option<&str>,
        scopes: &[&str],
    ) -> reqwest::RequestBuilder {
        if let Some(Credentials::IdentityToken(token)) = self.credentials {
            let mut form = realm.clone();
            form.set_query(None);
            form.query_pairs_mut()
                .append_pair("grant_type", "refresh_token")
                .append_pair("client_id", CLIENT)
                .append_pair("service", service.unwrap_or_default())
                .append_pair("scope", &scopes.join(" "))
                .append_pair("refresh_token", token.expose_secret());
            let body = form.query().unwrap_or_default().to_owned();
            return self
                .wire
                .http
                .post(realm)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body);
        }
        {
            let mut query = realm.query_pairs_mut();
            if let Some(service) = service {
                query.append_pair("service", service);
            }
            for scope in scopes {
                query.append_pair("scope", scope);
            }
        }
        let request = self.wire.http.get(realm);
        match self.credentials {
            Some(Credentials::Password { username, password }) => {
                let mut value =
                    HeaderValue::try_from(format!("Basic {}", basic(username, password)))
                        .unwrap_or_else(|_| HeaderValue::from_static(""));
                value.set_sensitive(true);
                request.header(AUTHORIZATION, value)
            }
            _ => request,
        }
    }
}

/// The right that is needed, and the one that the registry names, if that is for the same repository: Azure's wants
/// another one for a list of tags. GitHub's names a repository of its documentation, whichever is asked for.
fn scopes<'a>(ours: &'a str, named: Option<&'a str>) -> Vec<&'a str> {
    let repository = |scope: &'a str| scope.rsplit_once(':').map(|(name, _)| name);
    let mut scopes = vec![ours];
    let others = named.into_iter().flat_map(|named| named.split(' '));
    scopes.extend(
        others.filter(|other| *other != ours && repository(other) == repository(ours)).take(3),
    );
    scopes
}

fn basic(username: &str, password: &SecretString) -> String {
    BASE64_STANDARD.encode(format!("{username}:{}", password.expose_secret()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_may_name_another_right_for_the_same_repository_only() {
        let ours = "repository:acme/shop:pull";
        assert_eq!(scopes(ours, None), [ours]);
        assert_eq!(scopes(ours, Some(ours)), [ours]);
        let read = "repository:acme/shop:metadata_read";
        assert_eq!(scopes(ours, Some(read)), [ours, read]);
        assert_eq!(scopes(ours, Some("repository:user/image:pull registry:catalog:*")), [ours]);
    }

    #[test]
    fn what_lets_us_in_is_not_shown() {
        let grant = Grant::new("Bearer", "the-word", None).unwrap();
        assert!(!format!("{grant:?}").contains("the-word"));
        assert!(Grant::new("Bearer", "a\nb", None).is_err());
    }
}
