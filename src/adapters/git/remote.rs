//! The server that the checkout came from, and how it is asked: its address and credentials as git's configuration in
//! the environment, where no other user of the host can read them.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// What lets us in.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// A token of the job or of an app.
    pub token: SecretString,
    /// The server that it is for: `https://github.com`. It is sent nowhere else.
    pub server: String,
}

/// Settings of git: key and value.
pub(super) type Settings = Vec<(String, String)>;

/// The remote `origin` of the checkout.
#[derive(Clone)]
pub(super) struct Remote {
    /// Where it is; credentials that were in it stay, since it never goes into an argument.
    url: String,
    /// How the checkout itself asks, or our credentials.
    access: Settings,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Remote").field(&self.shown()).finish()
    }
}

impl Remote {
    /// From the local settings of the checkout, whose top folder is `top`.
    ///
    /// With credentials of our own, those of the checkout stay out: sent both, the server refuses the request, and code
    /// of the change that ran in this job could have put there a proxy that reads the token.
    pub(super) fn of(local: &Settings, top: &str, own: Option<&Credentials>) -> Option<Self> {
        let url = local.iter().rev().find(|(key, _)| key == "remote.origin.url")?.1.clone();
        let url = absolute(url, top);
        let Some(own) = own else {
            let access = local.iter().filter(|(key, _)| asks_a_server(key)).cloned().collect();
            return Some(Self { url, access });
        };
        let server = own.server.trim_end_matches('/');
        let header = format!("http.{server}/.extraheader");
        let pair = format!("x-access-token:{}", own.token.expose_secret());
        let value = format!("AUTHORIZATION: basic {}", base64(pair.as_bytes()));
        let access = [
            // An empty value takes back what other files say.
            (header.clone(), String::new()),
            (header, value),
            ("credential.helper".to_owned(), String::new()),
        ];
        let url = over_http(&url, server).unwrap_or(url);
        let url = if url.starts_with("http") { without_user(&url) } else { url };
        Some(Self { url, access: access.into() })
    }

    /// The settings that make `origin` known to another repository.
    pub(super) fn settings(&self) -> Settings {
        let mut settings = vec![("remote.origin.url".to_owned(), self.url.clone())];
        settings.extend(self.access.iter().cloned());
        settings
    }

    /// Its address without credentials, for messages.
    pub(super) fn shown(&self) -> String {
        without_user(&self.url)
    }
}

/// An address without the name and the password in it.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}/{path}")
}

fn asks_a_server(key: &str) -> bool {
    let section = key.split('.').next().unwrap_or_default();
    matches!(section, "http" | "credential" | "url" | "ssh") || key == "core.sshcommand"
}

/// A path as address is meant from the top of the checkout.
fn absolute(url: String, top: &str) -> String {
    let is_path = !url.contains("://") && (url.starts_with(['.', '/']) || !url.contains(':'));
    if is_path && !url.starts_with('/') { format!("{top}/{url}") } else { url }
}

/// The address over HTTP of a repository that was cloned over SSH: a token opens only that.
fn over_http(url: &str, server: &str) -> Option<String> {
    let host = server.split_once("://")?.1;
    let rest = match url.strip_prefix("ssh://") {
        Some(rest) => rest.split_once('/').filter(|(at, _)| plain_host(at) == host)?.1,
        None if !url.contains("://") => {
            url.split_once(':').filter(|(at, _)| plain_host(at) == host)?.1
        }
        None => return None,
    };
    Some(format!("{server}/{}", rest.trim_start_matches('/')))
}

fn plain_host(at: &str) -> &str {
    let host = at.rsplit_once('@').map_or(at, |(_, host)| host);
    host.split(':').next().unwrap_or(host)
}

/// Base64 as of RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = char::from(DIGITS[bits >> (18 - 6 * place) & 63]);
            text.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn token() -> Credentials {
        Credentials { token: "secret".into(), server: "https://github.com".into() }
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfd]), "//79");
    }

    #[test]
    fn without_a_token_the_checkout_asks_as_it_always_does() {
        let settings = local(&[
            ("core.bare", "false"),
            ("remote.origin.url", "https://github.com/o/r"),
            ("http.https://github.com/.extraheader", "AUTHORIZATION: basic abc"),
            ("core.sshcommand", "ssh -i key"),
            ("diff.noprefix", "true"),
        ]);
        let remote = Remote::of(&settings, "/w", None).unwrap();
        let keys: Vec<_> = remote.settings().into_iter().map(|(key, _)| key).collect();
        let header = "http.https://github.com/.extraheader";
        assert_eq!(keys, ["remote.origin.url", header, "core.sshcommand"]);
    }

    #[test]
    fn a_token_replaces_the_checkouts_own_and_goes_to_its_server_only() {
        let header = "http.https://github.com/.extraheader";
        let settings = local(&[
            ("remote.origin.url", "git@github.com:o/r.git"),
            (header, "AUTHORIZATION: basic abc"),
            ("http.proxy", "http://evil"),
        ]);
        let remote = Remote::of(&settings, "/w", Some(&token())).unwrap();
        let expected = local(&[
            ("remote.origin.url", "https://github.com/o/r.git"),
            (header, ""),
            (header, "AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46c2VjcmV0"),
            ("credential.helper", ""),
        ]);
        assert_eq!(remote.settings(), expected);
        let shown = format!("{:?} {remote:?}", token());
        assert!(!shown.contains("secret") && !shown.contains("eC1h"), "{shown}");
    }

    #[test]
    fn addresses_of_other_servers_and_folders_stay() {
        for (url, expected) in [
            ("git@example.org:o/r", "git@example.org:o/r"),
            ("ssh://git@github.com:22/o/r", "https://github.com/o/r"),
            ("https://me:pw@github.com/o/r", "https://github.com/o/r"),
            ("ssh://me@example.org/o/r", "ssh://me@example.org/o/r"),
            ("../bare", "/w/../bare"),
            ("/srv/bare", "/srv/bare"),
            ("file:///srv/bare", "file:///srv/bare"),
        ] {
            let settings = local(&[("remote.origin.url", url)]);
            let remote = Remote::of(&settings, "/w", Some(&token())).unwrap();
            assert_eq!(remote.url, expected);
        }
        assert!(Remote::of(&local(&[("core.bare", "false")]), "/w", None).is_none());
        let settings = local(&[("remote.origin.url", "https://me:pw@h.org/o/r")]);
        assert_eq!(Remote::of(&settings, "/w", None).unwrap().shown(), "https://h.org/o/r");
    }
}
