//! Which addresses a registry may send us to. Pure.
//!
//! A registry names the server that gives tokens, and that server is told the password; it also redirects, and lists go
//! on at addresses that it names. So none of them may lead to a place that only this machine reaches, nor may anything
//! secret go through the network for all to read.

use std::net::{IpAddr, Ipv6Addr};

use reqwest::Url;

use crate::domain::image::Registry;

/// `https://ghcr.io/v2/`. This machine's own registries are asked without TLS first, as Docker asks them.
pub(super) fn base(registry: &Registry, scheme: &str) -> Option<Url> {
    format!("{scheme}://{}/v2/", registry.endpoint()).parse().ok()
}

/// The address of the server that gives tokens, as a registry at `base` names it.
///
/// # Errors
/// Why it is not asked.
pub(super) fn realm(text: &str, base: &Url) -> Result<Url, String> {
    let url: Url =
        text.parse().map_err(|_| "the address of its token server is none".to_owned())?;
    judged(&url, base).map_err(|why| format!("its token server {} {why}", shown(&url)))?;
    Ok(url)
}

/// Where a redirect leads.
///
/// # Errors
/// Why it is not followed.
pub(super) fn redirect(location: &str, from: &Url) -> Result<Url, String> {
    let url = from.join(location).map_err(|_| "it redirects to what is no address".to_owned())?;
    judged(&url, from).map_err(|why| format!("it redirects to {}, which {why}", shown(&url)))?;
    Ok(url)
}

/// An address without what may be secret in it: signatures in the query, a user and a password.
fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}", url.scheme())
}

fn judged(url: &Url, from: &Url) -> Result<(), &'static str> {
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("is no address of a web server");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("names a user or a password");
    }
    let is_same_host = url.host() == from.host();
    let is_here = here(url);
    let stays_here = is_here && here(from);
    if url.scheme() == "http" && !(from.scheme() == "http" && stays_here) {
        return Err("is not encrypted");
    }
    if is_private(url) && !is_same_host && !stays_here {
        return Err("is an address inside of a private network");
    }
    Ok(())
}

/// Whether an address is this machine by its own words.
fn here(url: &Url) -> bool {
    crate::adapters::http::is_this_host(url)
}

/// Whether the host is an address that the outside cannot reach. Names are not looked up: companies have names for
/// their own servers.
fn is_private(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    if host == "localhost" || host.ends_with(".localhost") {
        return true;
    }
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(ip)) => is_private_v4(ip),
        Ok(IpAddr::V6(ip)) => {
            ip.to_ipv4_mapped().or_else(|| embedded(ip)).is_some_and(is_private_v4)
                || ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_multicast()
                // Site-local, which was given up, and NAT64 for a network of one's own.
                || ip.segments()[0] & 0xffc0 == 0xfec0
                || ip.segments()[..3] == [0x64, 0xff9b, 1]
        }
        Err(_) => false,
    }
}

fn is_private_v4(ip: std::net::Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || is_shared
        || first == 0
        || first >= 224
}

/// The IPv4 address in one of NAT64 (`64:ff9b::/96`) or 6to4 (`2002::/16`), or behind zeros alone.
fn embedded(ip: Ipv6Addr) -> Option<std::net::Ipv4Addr> {
    let four = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        std::net::Ipv4Addr::new(a, b, c, d)
    };
    match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(four(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The address, or why it is refused, without its name.
    fn told(realm_of: &str, base: &str) -> String {
        match realm(realm_of, &base.parse().unwrap()) {
            Ok(url) => url.to_string(),
            Err(why) => {
                let shown = realm_of.parse().map(|url| shown(&url)).unwrap_or_default();
                why.replace(&format!("its token server {shown} "), "")
            }
        }
    }

    #[test]
    fn a_password_goes_to_no_server_that_only_this_machine_reaches() {
        let far = "https://r.example.test/v2/";
        for address in [
            "https://169.254.169.254/token",
            "https://10.0.0.1/token",
            "https://192.168.1.1/",
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "https://[2002:a00:1::]/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://localhost/",
            "https://x.localhost/",
            "https://localhost./",
            "https://x.localhost./",
            "https://[::127.0.0.1]/",
            "https://[fec0::1]/",
            "https://[ff02::1]/",
            "https://[64:ff9b:1::a00:1]/",
        ] {
            assert_eq!(
                told(address, far),
                "is an address inside of a private network",
                "{address}"
            );
        }
        for address in
            ["https://auth.docker.io/token", "https://1.1.1.1/token", "https://[2606::1]/token"]
        {
            assert_eq!(told(address, far), address);
        }
    }

    #[test]
    fn nothing_secret_goes_through_the_network_for_all_to_read() {
        let far = "https://r.example.test/v2/";
        assert_eq!(told("http://auth.example.test/token", far), "is not encrypted");
        assert_eq!(told("http://r.example.test/token", far), "is not encrypted");
        assert_eq!(
            told("http://auth.example.test/", "http://127.0.0.1:5000/v2/"),
            "is not encrypted"
        );
        assert_eq!(told("ftp://auth.example.test/", far), "is no address of a web server");
        assert_eq!(told("https://u:p@auth.example.test/", far), "names a user or a password");
        assert_eq!(told("/token", far), "the address of its token server is none");
        assert_eq!(told("", far), "the address of its token server is none");
    }

    #[test]
    fn a_private_registry_has_its_token_server_at_home() {
        for (address, base) in [
            ("https://10.0.0.5/token", "https://10.0.0.5:5000/v2/"),
            ("http://127.0.0.1:5001/token", "http://127.0.0.1:5000/v2/"),
            ("http://localhost:5001/token", "http://127.0.0.1:5000/v2/"),
            ("https://127.0.0.1:5001/token", "https://localhost:5000/v2/"),
        ] {
            assert_eq!(told(address, base), address);
        }
        let other = told("https://10.0.0.6/token", "https://10.0.0.5/v2/");
        assert_eq!(other, "is an address inside of a private network");
    }

    #[test]
    fn redirects_are_judged_alike_and_may_be_relative() {
        let from: Url = "https://r.example.test/v2/a/manifests/1".parse().unwrap();
        let to = |location: &str| redirect(location, &from).map(|url| url.to_string());
        assert_eq!(to("/x").unwrap(), "https://r.example.test/x");
        assert_eq!(to("https://cdn.example.test/x?s=1").unwrap(), "https://cdn.example.test/x?s=1");
        for location in
            ["http://cdn.example.test/", "https://169.254.169.254/", "//10.0.0.1/", "file:///etc"]
        {
            assert!(to(location).is_err(), "{location}");
        }
    }

    #[test]
    fn what_may_be_secret_in_an_address_is_not_shown() {
        let from: Url = "https://r.example.test/v2/".parse().unwrap();
        for location in [
            "http://store.example.test/x?X-Amz-Signature=xyzzy",
            "https://me:xyzzy@store.example.test:8443/x",
        ] {
            let why = redirect(location, &from).unwrap_err();
            assert!(why.contains("//store.example.test") && !why.contains("xyzzy"), "{why}");
        }
    }

    #[test]
    fn docker_hub_is_asked_at_its_own_host() {
        let of = |registry: &str| base(&Registry::parse(registry).unwrap(), "https").unwrap();
        assert_eq!(of("docker.io").as_str(), "https://registry-1.docker.io/v2/");
        assert_eq!(of("127.0.0.1:5000").as_str(), "https://127.0.0.1:5000/v2/");
        assert_eq!(of("[::1]:5000").as_str(), "https://[::1]:5000/v2/");
    }
}
