//! The one HTTP client against real servers: a private CA, redirects, endless and slow answers, dead proxies.
//!
//! What the environment decides (`SSL_CERT_FILE`, proxies) is tried in a process of its own: this program started again.

use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mta_actions::adapters::http::{self, Probe};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, ServerConfig};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Reads a request, and writes an answer.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let _reader_left = stream.write_all(text.as_bytes()).await;
    let _reader_left = stream.shutdown().await;
}

/// A server whose every connection is served by `serve`; returns its port.
async fn server<F, S>(serve: F) -> u16
where
    F: Fn(TcpStream) -> S + Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    port
}

async fn plain(text: &'static str) -> u16 {
    server(move |stream| answer(stream, text)).await
}

async fn probe(url: &str) -> Probe {
    http::probe(&http::client().unwrap(), url, TIMEOUT).await
}

/// The name by which the test runner knows a test of this file: without the name of the program.
fn named(test: &str) -> String {
    let module = module_path!().split_once("::").map_or("", |(_, module)| module);
    format!("{module}::{test}")
}

/// Runs one ignored test of this program in a process with its own environment.
async fn elsewhere(test: &str, env: &[(&str, String)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&named(test), "--exact", "--ignored", "--nocapture"]).env_clear();
    command.envs(env.iter().map(|(name, value)| (name, value)));
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[tokio::test]
#[ignore = "started by the other tests with an environment of its own"]
async fn child_probe() {
    let probe = probe(&std::env::var("URL").unwrap()).await;
    println!("PROBE {:?} {}", probe.status, probe.text);
}

async fn probed_elsewhere(env: &[(&str, String)]) -> String {
    let output = elsewhere("child_probe", env).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line =
        text.lines().find_map(|line| line.split_once("PROBE ").map(|(_, said)| said.to_owned()));
    line.unwrap_or_else(|| panic!("no result: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

#[tokio::test]
async fn addresses_and_localhost_are_answered() {
    let port = plain("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n").await;
    for host in ["127.0.0.1", "localhost", "LocalHost"] {
        let probe = probe(&format!("http://{host}:{port}/health")).await;
        assert_eq!(probe, Probe { status: Some(200), text: "ok".into() }, "{host}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let port = plain(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/login\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let probe = probe(&format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(probe.status, Some(302));
    assert_eq!(probe.text, "redirects to http://127.0.0.1:1/login (not followed)");
}

#[tokio::test]
async fn of_an_endless_answer_the_beginning_is_shown() {
    let port = server(|mut stream| async move {
        answer_head(&mut stream, "HTTP/1.1 500 Oops\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let probe = probe(&format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(probe, Probe { status: Some(500), text: "x".repeat(200) });
}

async fn answer_head(stream: &mut TcpStream, head: &str) {
    let mut request = [0; 4096];
    let _count = stream.read(&mut request).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn silence_and_half_an_answer_end_in_time() {
    for head in ["", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"] {
        let port = server(move |mut stream| async move {
            answer_head(&mut stream, head).await;
            std::future::pending::<()>().await;
        })
        .await;
        let began = Instant::now();
        let url = format!("http://127.0.0.1:{port}/");
        let probe = http::probe(&http::client().unwrap(), &url, Duration::from_millis(300)).await;
        assert_eq!(probe, Probe { status: None, text: "no answer within 0.3 s".into() });
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn a_closed_port_and_a_bad_address_are_said_in_words() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = probe(&format!("http://{closed}/")).await;
    assert!(refused.status.is_none() && refused.text.contains("refused"), "{refused:?}");
    let nonsense = probe("localhost:80/health").await;
    assert!(nonsense.status.is_none(), "{nonsense:?}");
}

#[tokio::test]
async fn a_dead_proxy_does_not_matter_for_this_host_but_for_others() {
    let port = plain("HTTP/1.1 204 No Content\r\n\r\n").await;
    let dead = "http://127.0.0.1:1".to_owned();
    for host in ["127.0.0.1", "localhost"] {
        let env = [
            ("URL", format!("http://{host}:{port}/")),
            ("http_proxy", dead.clone()),
            ("HTTP_PROXY", dead.clone()),
            ("all_proxy", dead.clone()),
        ];
        assert_eq!(probed_elsewhere(&env).await.trim(), "Some(204)", "{host}");
    }
    let others = [("URL", "http://192.0.2.1/".to_owned()), ("http_proxy", dead)];
    let said = probed_elsewhere(&others).await;
    assert!(said.contains("refused"), "the proxy must be asked: {said}");
}

#[tokio::test]
async fn a_working_proxy_is_used_for_other_hosts() {
    let port = plain("HTTP/1.1 203 Proxied\r\nContent-Length: 0\r\n\r\n").await;
    let proxy = format!("http://127.0.0.1:{port}");
    let env = [("URL", "http://service.example.invalid/".to_owned()), ("http_proxy", proxy)];
    assert_eq!(probed_elsewhere(&env).await.trim(), "Some(203)");
}

/// A server with a certificate of a CA that nobody knows; its port, and the CA's certificate as PEM.
async fn private_ca() -> (u16, String) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = ca.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(ca, ca_key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();

    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let port = server(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                answer(stream, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsafe").await;
            }
        }
    })
    .await;
    (port, pem)
}

#[tokio::test]
async fn a_private_ca_is_trusted_only_if_the_host_says_so() {
    let (port, pem) = private_ca().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ca.pem");
    fs_err::write(&file, pem).unwrap();
    for host in ["localhost", "127.0.0.1"] {
        let url = ("URL", format!("https://{host}:{port}/"));
        let unknown = probed_elsewhere(std::slice::from_ref(&url)).await;
        assert!(unknown.contains("UnknownIssuer"), "{unknown}");
        let trusted = ("SSL_CERT_FILE", file.display().to_string());
        assert_eq!(probed_elsewhere(&[url, trusted]).await, "Some(200) safe");
    }
}

#[tokio::test]
async fn a_host_without_certificates_has_the_built_in_ones() {
    let (port, _) = private_ca().await;
    let env = [
        ("URL", format!("https://localhost:{port}/")),
        ("SSL_CERT_FILE", "/no/such/file".to_owned()),
        ("SSL_CERT_DIR", "/no/such/folder".to_owned()),
    ];
    let said = probed_elsewhere(&env).await;
    assert!(said.contains("UnknownIssuer"), "the handshake must be reached: {said}");
}

/// Runs the probe in a mount namespace of its own, in which `mount` has been run. `None` where that is not allowed.
async fn probed_with(mount: &str, url: String) -> Option<String> {
    let me = std::env::current_exe().unwrap();
    let probe = named("child_probe");
    let script = format!("{mount} || exit 99\nexec \"$0\" {probe} --exact --ignored --nocapture");
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script]).arg(me);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("URL", url);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.lines().find_map(|line| Some(line.split_once("PROBE ")?.1.to_owned()));
    if said.is_none() {
        eprintln!("skipped: no mount namespace here: {}", String::from_utf8_lossy(&output.stderr));
    }
    said
}

#[tokio::test]
async fn a_host_that_names_no_servers_is_not_helped_by_public_ones() {
    let port = plain("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    for (mount, why) in [
        ("mount --bind /dev/null /etc/resolv.conf", "no nameservers found"),
        ("mount -t tmpfs none /etc", "No such file"),
    ] {
        let name = "http://service.example.invalid/".to_owned();
        let Some(said) = probed_with(mount, name).await else { return };
        assert!(said.starts_with("None"), "{said}");
        assert!(said.contains("/etc/resolv.conf names no server to ask"), "{said}");
        assert!(said.contains("service.example.invalid") && said.contains(why), "{said}");
        for host in ["localhost", "127.0.0.1"] {
            let said = probed_with(mount, format!("http://{host}:{port}/")).await.unwrap();
            assert_eq!(said, "Some(200) ok", "{mount}: {host}");
        }
    }
}

#[tokio::test]
async fn names_of_the_hosts_file_need_no_servers() {
    let port = plain("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let mount = "mount -t tmpfs none /etc && echo '127.0.0.1 inner.example.invalid' > /etc/hosts";
    let url = format!("http://inner.example.invalid:{port}/");
    if let Some(said) = probed_with(mount, url).await {
        assert_eq!(said, "Some(200) ok");
    }
}
