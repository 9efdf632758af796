//! What a registry demands, answered: a token from its token server, or a password.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::time::Instant;

use crate::domain::registry::challenge::Demand;
use crate::domain::registry::credentials::Credentials;

use super::address;
use super::errors::Refusal;
use super::retry::Fault;
use super::wire::{Wire, refused};

/// The largest answer of a token server, in bytes. Tokens with many rights have some 10 KiB.
const LARGEST: usize = 1024 * 1024;

/// How long a token is good where its server does not say it, by the description of the flow.
const UNSAID: Duration = Duration::from_mins(1);

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
    expires_in: Option<u64>,
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

    /// Fetches a token.
    async fn token(
        &self,
        realm: Url,
        service: Option<&str>,
        scopes: &[&str],
        deadline: Instant,
    ) -> Result<Grant, Fault> {
        let host = realm.host_str().unwrap_or_default().to_owned();
        let asked = Instant::now();
        let request = self.token_request(realm, service, scopes);
        let answer = self.wire.bounded(request.send(), deadline).await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = self.wire.body(answer, LARGEST, status.is_success(), deadline).await?;
        if !status.is_success() {
            let refusal = Refusal::read(&host, status.as_u16(), &body);
            let has_login = self.credentials.is_some();
            return Err(match status.as_u16() {
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
        let some = |token: Option<String>| token.filter(|token| !token.is_empty());
        let token = some(given.token).or(some(given.access_token)).ok_or_else(unusable)?;
        let time =
            given.expires_in.map_or(UNSAID, Duration::from_secs).min(Duration::from_hours(24));
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
