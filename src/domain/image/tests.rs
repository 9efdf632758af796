//! References against the grammar, and tables of what is and is not valid.

use std::sync::LazyLock;

use proptest::prelude::*;
use regex::Regex;

use super::*;

const SHA256: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn parsed(text: &str) -> Result<String, &'static str> {
    Reference::parse(text).map(|one| one.to_string()).map_err(|invalid| invalid.why())
}

#[test]
fn short_names_are_completed_as_docker_does() {
    let digested = format!("docker.io/library/nginx:1@{SHA256}");
    for (text, canonical, familiar) in [
        ("nginx", "docker.io/library/nginx", "nginx"),
        ("nginx:1.27", "docker.io/library/nginx:1.27", "nginx:1.27"),
        ("library/nginx", "docker.io/library/nginx", "nginx"),
        ("docker.io/nginx", "docker.io/library/nginx", "nginx"),
        ("index.docker.io/nginx", "docker.io/library/nginx", "nginx"),
        ("index.docker.io/acme/app:x", "docker.io/acme/app:x", "acme/app:x"),
        ("docker.io/library/a/b", "docker.io/library/a/b", "library/a/b"),
        ("docker.io/a.b/c", "docker.io/a.b/c", "docker.io/a.b/c"),
        ("docker.io/localhost/c", "docker.io/localhost/c", "docker.io/localhost/c"),
        ("acme/app", "docker.io/acme/app", "acme/app"),
        ("localhost/app", "localhost/app", "localhost/app"),
        ("localhost:5000/app:1", "localhost:5000/app:1", "localhost:5000/app:1"),
        ("[::1]:5000/app", "[::1]:5000/app", "[::1]:5000/app"),
        ("GHCR.io/acme/app:V1", "GHCR.io/acme/app:V1", "GHCR.io/acme/app:V1"),
        ("sha256:abc", "docker.io/library/sha256:abc", "sha256:abc"),
        (digested.as_str(), digested.as_str(), digested.trim_start_matches("docker.io/library/")),
    ] {
        let reference = Reference::parse(text).unwrap();
        assert_eq!(
            (reference.to_string().as_str(), reference.familiar().as_str()),
            (canonical, familiar)
        );
    }
}

#[test]
fn what_is_refused_says_why() {
    let long = "a".repeat(256);
    for (text, why) in [
        ("", "it has no name"),
        (":1", "it has no name"),
        ("a b", "it has a blank"),
        ("nginx:", "nothing stands behind the colon"),
        ("nginx:-x", "its tag is invalid"),
        ("nginx:a+b", "its tag is invalid"),
        ("Nginx", "its name has capitals"),
        ("ghcr.io/Acme/app", "its name has capitals"),
        ("ghcr.io//app", "a part of its name is empty"),
        ("ghcr.io/app/", "a part of its name is empty"),
        ("a..b", "its name has a character or a separator that no name may have"),
        ("a___b", "its name has a character or a separator that no name may have"),
        ("a.-b", "its name has a character or a separator that no name may have"),
        ("-a", "its name has a character or a separator that no name may have"),
        ("a_", "its name has a character or a separator that no name may have"),
        ("äpp", "its name has a character or a separator that no name may have"),
        ("https://ghcr.io/app", "a part of its name is empty"),
        ("a_b.io/app", "its registry is neither a host name nor an address"),
        ("-a.io/app", "its registry is neither a host name nor an address"),
        ("[::1/app", "its registry is neither a host name nor an address"),
        ("r.io:x/app", "its port is no number"),
        ("r.io:65536/app", "its port is above 65535"),
        ("nginx@sha256:abc", "its digest is not `sha256:` and 64 hex digits"),
        ("nginx@", "its digest is not `sha256:` and 64 hex digits"),
        (&SHA256["sha256:".len()..], "64 hex digits are the id of an image, not its name"),
        (long.as_str(), "its name is longer than 255 characters"),
    ] {
        assert_eq!(parsed(text), Err(why), "{text}");
    }
    let told = Reference::parse("Nginx\u{202e}\n").unwrap_err().to_string();
    assert_eq!(told, r#"invalid image reference "Nginx\u{202e}\n": it has a blank"#);
    let password = "hun@ter2";
    for login in [
        format!("https://u:{password}@ghcr.io/app"),
        format!("u:{password}@ghcr.io/app"),
        format!("https://u:{password}@ghcr.io"),
        format!("u:{password}@ghcr.io"),
        format!("u:pa/{password}@ghcr.io"),
    ] {
        let told = Reference::parse(&login).unwrap_err().to_string();
        assert!(told.contains("ghcr.io") && !told.contains("ter2"), "{told}");
    }
    let told = Reference::parse(&"A".repeat(1 << 20)).unwrap_err().to_string();
    assert!(told.len() < 300, "{}", told.len());
}

#[test]
fn what_a_reference_asks_a_registry_for() {
    let of = |text: &str| Reference::parse(text).unwrap();
    assert_eq!((of("a").selector(), of("a:1").selector()), ("latest".into(), "1".into()));
    assert_eq!(of(&format!("a:1@{SHA256}")).selector(), SHA256);
    assert_eq!(of("a").tag_or_latest(), Some(Tag::latest()));
    assert_eq!(of(&format!("a@{SHA256}")).tag_or_latest(), None);
    let repository = Repository::parse("ghcr.io/acme/app").unwrap();
    assert_eq!(repository.tagged(Tag::parse("1").unwrap()).to_string(), "ghcr.io/acme/app:1");
    assert_eq!(repository.at(Digest::of(b"")).to_string(), format!("ghcr.io/acme/app@{SHA256}"));
    let why = Repository::parse("acme/app:1").unwrap_err().why();
    assert_eq!(why, "a tag or a digest does not belong to the name of an image");
}

#[test]
fn registries_have_endpoints() {
    let of = |text: &str| Registry::parse(text).unwrap();
    assert_eq!(of("docker.io").endpoint(), "registry-1.docker.io");
    assert_eq!(of("ghcr.io:443").endpoint(), "ghcr.io:443");
    for here in ["localhost", "LOCALHOST:5000", "127.0.0.1", "127.8.0.1:5000", "[::1]:5000"] {
        assert!(of(here).is_loopback(), "{here}");
    }
    for far in ["docker.io", "localhost.evil.io", "128.0.0.1", "[::2]", "127.0.0.1.nip.io"] {
        assert!(!of(far).is_loopback(), "{far}");
    }
    for bad in ["", "a/b", "user@host", "http://a", "a:", "a b", "[::1%eth0]", "[::ffff:1.2.3.4]"] {
        assert!(Registry::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn digests_are_of_their_bytes() {
    let empty = Digest::parse(SHA256).unwrap();
    assert!(empty == Digest::of(b"") && empty.is_of(b"") && !empty.is_of(b"x"));
    assert_eq!((empty.algorithm(), empty.to_string().as_str()), (Algorithm::Sha256, SHA256));
    let long = format!("sha512:{}", "0".repeat(128));
    let long = Digest::parse(&long).unwrap();
    assert!(long.algorithm() == Algorithm::Sha512 && !long.is_of(b"") && long.hex().len() == 128);
    let upper = SHA256.to_uppercase();
    let short = &SHA256[..70];
    for bad in ["", "sha256", "sha256:", short, &upper, "md5:d41d8cd98f00b204e9800998ecf8427e"] {
        assert!(Digest::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn media_types_without_parameters_and_capitals() {
    for known in MediaType::MANIFESTS {
        assert_eq!(MediaType::parse(known.as_str()), Ok(known.clone()));
        assert!(known.is_index() != known.is_manifest());
    }
    let index = MediaType::parse("Application/VND.oci.image.index.v1+json; charset=utf-8");
    assert_eq!(index, Ok(MediaType::OciIndex));
    let other =
        MediaType::parse("application/vnd.docker.distribution.manifest.v1+prettyjws").unwrap();
    assert!(!other.is_index() && !other.is_manifest());
    assert_eq!(other.as_str(), "application/vnd.docker.distribution.manifest.v1+prettyjws");
    for bad in ["", "text", "/", "a/", "a/b c", "text/html\r\nX: y", "a/b/c"] {
        assert!(MediaType::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn platforms_have_one_form() {
    for (text, normal) in [
        ("linux/amd64", "linux/amd64"),
        ("Linux/x86_64", "linux/amd64"),
        ("linux/x86-64/v1", "linux/amd64"),
        ("linux/amd64/v2", "linux/amd64/v2"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/arm64/v9", "linux/arm64/v9"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/7", "linux/arm/v7"),
        ("linux/arm/6", "linux/arm/v6"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/i386", "linux/386"),
        ("macos/arm64", "darwin/arm64"),
        ("linux/riscv64", "linux/riscv64"),
        ("unknown/unknown", "unknown/unknown"),
    ] {
        let platform = Platform::parse(text).unwrap();
        assert_eq!(platform.to_string(), normal, "{text}");
        assert_eq!(Platform::parse(normal), Ok(platform), "{text}");
    }
    assert!(Platform::of("unknown", "unknown", Some("")).unwrap().is_unknown());
    for bad in
        ["", "linux", "amd64", "linux/", "/amd64", "linux/arm/v7/x", "linux/amd 64", "linux//v8"]
    {
        assert!(Platform::parse(bad).is_err(), "{bad}");
    }
}

/// The grammar of the specification, as regular expressions: another reader to compare with.
struct Grammar {
    host: Regex,
    rest: Regex,
}

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| {
    let label = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?";
    let component = r"[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*";
    let host = format!(r"^(?-u:({label}(\.{label})*|\[[a-fA-F0-9:]+\])(:[0-9]+)?)$");
    let rest = format!(
        r"^(?-u:(?P<path>{component}(/{component})*)(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(@sha256:[0-9a-f]{{64}}|@sha512:[0-9a-f]{{128}})?)$"
    );
    Grammar { host: Regex::new(&host).unwrap(), rest: Regex::new(&rest).unwrap() }
});

/// Whether a host is more than the grammar asks: its port fits, and what stands in brackets is an address.
fn is_bounded(host: &str) -> bool {
    let (address, port) = match host.split_once(']') {
        Some((address, port)) => (address.strip_prefix('['), port.strip_prefix(':')),
        None => (None, host.split_once(':').map(|(_, port)| port)),
    };
    port.is_none_or(|port| port.parse::<u16>().is_ok())
        && address.is_none_or(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
}

/// Whether the grammar takes a reference, and its host is within bounds.
fn grammar_takes(text: &str) -> bool {
    let (host, rest) = match text.split_once('/') {
        Some((first, rest))
            if first == "localhost"
                || first.contains(['.', ':'])
                || first.chars().any(|c| c.is_ascii_uppercase()) =>
        {
            (Some(first), rest)
        }
        _ => (None, text),
    };
    let is_id = host.is_none() && text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    host.is_none_or(|host| GRAMMAR.host.is_match(host) && is_bounded(host))
        && GRAMMAR.rest.captures(rest).is_some_and(|found| found["path"].len() <= 240)
        && !is_id
}

const HOST: &str = r"([a-z0-9]{1,5}(-{1,2}[a-zA-Z0-9]{1,3})?\.){1,2}[a-zA-Z]{1,4}|localhost|[A-Z][a-z]{0,3}|127\.0\.0\.1|\[::1\]|\[fe80::1:2\]";
const PORT: &str = r"(:[0-9]{1,4})?";
const PATH: &str = r"[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}){0,2}";
const TAG: &str = r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?";
const DIGEST: &str = r"(@sha256:[0-9a-f]{64}|@sha512:[0-9a-f]{128})?";

fn reference() -> impl Strategy<Value = String> {
    (proptest::option::of((HOST, PORT)), PATH, TAG, DIGEST).prop_map(|(host, path, tag, digest)| {
        let name = match (host, path.split_once('/')) {
            (Some((host, port)), _) => format!("{host}{port}/{path}"),
            // A first part with a dot would be a registry.
            (None, Some((first, rest))) => format!("{}/{rest}", first.replace('.', "-")),
            (None, None) => path,
        };
        format!("{name}{tag}{digest}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_valid_is_read_and_printed_the_same(text in reference()) {
        let read = Reference::parse(&text).map_err(|invalid| TestCaseError::fail(invalid.to_string()))?;
        prop_assert!(grammar_takes(&text));
        let (canonical, familiar) = (read.to_string(), read.familiar());
        prop_assert!(canonical.ends_with(&text), "{}", canonical);
        prop_assert_eq!(Reference::parse(&canonical), Ok(read.clone()));
        prop_assert_eq!(Reference::parse(&familiar), Ok(read.clone()));
        let repository = read.repository();
        prop_assert_eq!(Repository::parse(&repository.to_string()), Ok(repository.clone()));
    }

    #[test]
    fn a_valid_reference_with_one_character_changed_is_as_the_grammar_says(
        text in reference(),
        at in any::<prop::sample::Index>(),
        with in "[a-zA-Z0-9._:/@ +~é\\-]{0,2}",
    ) {
        let mut characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        characters.splice(at..=at, with.chars());
        let changed: String = characters.into_iter().collect();
        let expected = grammar_takes(&changed);
        prop_assert_eq!(Reference::parse(&changed).is_ok(), expected, "{}", changed);
    }

    #[test]
    fn no_text_is_too_odd(text in "[a-zA-Z0-9._:/@\\[\\] é\n-]{0,40}") {
        let (_, _, _) = (Reference::parse(&text), Platform::parse(&text), MediaType::parse(&text));
        prop_assert_eq!(Reference::parse(&text).is_ok(), grammar_takes(&text), "{}", text);
    }
}
