//! The binary that is shipped, inside roots where others crash or find nothing: `MTA_DIST_BINARY` names it.
//!
//! In `mta-test/trixie-nss:1` libc's resolver would load modules of another libc; `mta-test/empty:1` has no file at all.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};

use crate::kit::owner;
use crate::kit::stack::IMAGE;

/// The binary, or `None` with one visible line.
fn binary() -> Option<String> {
    let docker = Command::new("docker").arg("version").output();
    if !docker.is_ok_and(|output| output.status.success()) {
        let allowed = std::env::var("MTA_TEST_DOCKER").is_ok_and(|value| value == "absent");
        assert!(allowed, "no Docker engine answers; MTA_TEST_DOCKER=absent skips what needs one");
        println!("SKIPPED: no Docker engine");
        return None;
    }
    let named = std::env::var("MTA_DIST_BINARY").ok();
    if named.is_none() {
        println!("SKIPPED: MTA_DIST_BINARY names no binary; `make dist` builds it");
    }
    named
}

/// Answers every request on a port of this host's loopback.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    port
}

fn serve(mut stream: TcpStream) {
    let mut request = [0; 4096];
    if stream.read(&mut request).is_ok() {
        let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalive");
    }
}

fn probe(binary: &str, image: &str, url: &str) -> (bool, String) {
    let output: Output = Command::new("docker")
        .args(["run", "--rm", "--network", "host", "--volume", &format!("{binary}:/mta:ro")])
        .args([image, "/mta", "probe", url])
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn names_and_addresses_are_found_in_every_root() {
    let Some(binary) = binary() else { return };
    let port = server();
    for image in ["mta-test/trixie-nss:1", "mta-test/empty:1"] {
        for host in ["localhost", "127.0.0.1"] {
            let (ok, said) = probe(&binary, image, &format!("http://{host}:{port}/"));
            assert!(
                ok && said.contains("200") && said.contains("alive"),
                "{image}, {host}: {said}"
            );
        }
        // A name that nobody has: an error in words, and not SIGFPE in libc's resolver.
        let (ok, said) = probe(&binary, image, "http://no-such-host.invalid/");
        assert!(!ok && said.to_lowercase().contains("dns"), "{image}: {said}");
        // The handshake is reached: provider and built-in roots are there.
        let (ok, said) = probe(&binary, image, &format!("https://127.0.0.1:{port}/"));
        assert!(!ok && said.contains("InvalidContentType"), "{image}: {said}");
    }
}

#[test]
fn the_docker_variant_is_made_of_exactly_the_folder_dist() {
    let (Some(_), Ok(tree)) = (binary(), std::env::var("MTA_RELEASE_TREE")) else {
        println!("SKIPPED: MTA_RELEASE_TREE names no tree; `make release-tree` writes it");
        return;
    };
    let action = std::fs::read_to_string(format!("{tree}/docker/action.yml")).unwrap();
    assert!(action.contains("image: ../dist/Dockerfile"), "{action}");
    let docker = |args: &[&str]| {
        let output = Command::new("docker").args(args).output().unwrap();
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "docker {args:?}: {text}");
        text
    };
    let tag = format!("mta.invalid/{}/variant:r1", owner::mark());
    docker(&[
        "build",
        "--tag",
        &tag,
        "--build-arg",
        &format!("BASE={IMAGE}"),
        &format!("{tree}/dist"),
    ]);
    let version = docker(&["run", "--rm", &tag, "--version"]);
    assert_eq!(version, format!("mta {}\n", env!("CARGO_PKG_VERSION")));
    docker(&["rmi", &tag]);
}
