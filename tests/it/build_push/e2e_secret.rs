//! What is secret is in no argument and in no environment of what a build starts. The servers run beside the test, which
//! waits for `mta`: so each has two threads.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::place::{Place, plugins};
use crate::kit::process;
use crate::kit::registry::{Distribution, PASSWORD, installed};
use crate::kit::stack::{IMAGE, docker, docker_out};

const SECRET: &str = "a-secret-of-the-build";

/// What was seen of a process, by its arguments: its environment.
type Seen = BTreeMap<String, String>;

/// Reads what a process has started as often as it can, until it is told that all has ended.
fn sample(pid: u32, has_ended: &AtomicBool) -> Seen {
    let mut seen = Seen::new();
    while !has_ended.load(Ordering::SeqCst) {
        let own = process::arguments(pid);
        seen.entry(own.clone()).or_default();
        for child in process::descendants(pid) {
            // The arguments first: until it runs another program, a child has ours and our environment.
            let arguments = process::arguments(child);
            let environ = fs_err::read(format!("/proc/{child}/environ")).unwrap_or_default();
            if !arguments.is_empty() && arguments != own {
                *seen.entry(arguments).or_default() += &String::from_utf8_lossy(&environ);
            }
        }
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_process_of_a_build_has_a_secret_in_its_arguments_or_environment() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::htpasswd("ada").await;
    // Long enough to be looked at: each step waits for what is read once.
    let dockerfile = format!(
        "FROM {IMAGE}\nRUN --mount=type=secret,id=tok wc -c < /run/secrets/tok && sleep 0.5\nCOPY VERSION /\n"
    );
    let place = Place::new(&[("VERSION", "1.4.0\n"), ("Dockerfile", &dockerfile)]);
    let image = format!("{}/acme/shop", registry.host());
    let label = format!("mta.test={}", registry.host());
    let secrets = format!("tok={SECRET}");
    let mut command = place.command(&[
        ("image", &image),
        ("environment", "uat"),
        ("labels", &label),
        ("username", "ada"),
        ("password", PASSWORD),
        ("secrets", &secrets),
        ("no-cache", "true"),
    ]);
    command.envs(plugins()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let has_ended = Arc::new(AtomicBool::new(false));
    let sampler = {
        let (pid, has_ended) = (child.id(), has_ended.clone());
        std::thread::spawn(move || sample(pid, &has_ended))
    };
    let output = child.wait_with_output().unwrap();
    has_ended.store(true, Ordering::SeqCst);
    let seen = sampler.join().unwrap();
    let filter = format!("label={label}");
    for id in docker_out(&["images", "--quiet", "--no-trunc", "--filter", &filter]).lines() {
        docker_out(&["rmi", "--force", id]);
    }
    let ran = place.scene().ran(&output);
    assert_eq!(ran.code, 0, "{}", ran.log);

    let of_build = |(arguments, _): &(&String, &String)| arguments.contains("buildx build");
    let environments: Vec<_> = seen.iter().filter(of_build).map(|(_, found)| found).collect();
    // The guard, the client and its plugin.
    assert!(environments.len() >= 3, "{:?}", seen.keys());
    assert!(environments.iter().any(|found| found.contains("DOCKER_CONFIG=")), "{seen:?}");
    assert!(seen.keys().any(|arguments| arguments.contains(&label)), "what is not secret is seen");
    let plain = [PASSWORD.to_owned(), SECRET.to_owned(), format!("ada:{PASSWORD}")];
    let encoded = plain.iter().map(|text| BASE64_STANDARD.encode(text)).collect::<Vec<_>>();
    for text in plain.iter().chain(&encoded) {
        for (arguments, environment) in &seen {
            assert!(!arguments.contains(text.as_str()), "{arguments}");
            assert!(!environment.contains(text.as_str()), "the environment of {arguments}");
        }
    }
    let left = fs_err::read_dir(place.scene().path("temp")).unwrap();
    let names = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let folders: Vec<String> = names.filter(|name| name.starts_with("mta-docker")).collect();
    assert_eq!(folders, [""; 0], "what was secret is gone");
}
