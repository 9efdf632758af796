//! `mode: build` is killed at each request by which it sets tags: every tag points to a whole image then, and the next run
//! sets the rest. (In the middle of a build: `e2e_build`.) The servers run beside the test, which waits for `mta`: so it
//! has two threads.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::place::{Place, plugins, whole};
use crate::kit::registry::{Content, Distribution, Fault, FaultProxy, Repository, installed};
use crate::kit::stack::docker;

const FILES: [(&str, &str); 2] =
    [("VERSION", "1.4.0\n"), ("Dockerfile", "FROM scratch\nCOPY VERSION /\n")];

/// The tags that are set, of which the first two are there already.
const TAGS: [&str; 5] = ["0123456", "1.4.0", "1.4", "main", "latest"];

/// Runs until the request of a number, which is not answered, and kills it there; `false` if there are fewer.
async fn killed_at(
    number: usize,
    (place, inputs): (&Place, &[(&str, &str)]),
    proxy: &FaultProxy,
) -> bool {
    proxy.heal();
    proxy.nth(number, Fault::Silence);
    let mut command = place.command(inputs);
    command.envs(plugins()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let until = Instant::now() + Duration::from_mins(1);
    while proxy.lines().len() <= number {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "with {number} requests");
            return false;
        }
        assert!(Instant::now() < until, "request {number} never came");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

/// Nothing is built: the image of the commit is there, and three more tags are to point to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_tags_are_set_it_leaves_each_whole_and_the_next_run_sets_the_rest() {
    if !docker() || !installed() {
        return;
    }
    let registry = Distribution::open().await;
    let proxy = FaultProxy::before(&registry.url()).await;
    let place = Place::new(&FILES);
    let image = format!("{}/acme/shop", proxy.url().strip_prefix("http://").unwrap());
    let wishes = "{{sha}}\n{{version}}\n{{major}}.{{minor}}\n{{branch}}\nlatest";
    let inputs = [("image", image.as_str()), ("tags", wishes), ("immutable", "error")];
    let repository = Repository::new(&registry.url(), "acme/shop");
    let has = async |text: &str, tags: &[&str]| {
        let content = Content::image(&registry.url(), "acme/shop").text(text);
        tags.iter().fold(content, |content, tag| content.tag(tag)).push().await.digest
    };
    let new = has("new", &TAGS[..2]).await;
    let (mut number, mut half) = (0, 0);
    loop {
        let former = has("former", &["1.3.9", "1.4", "main", "latest"]).await;
        let was_killed = killed_at(number, (&place, &inputs), &proxy).await;
        let at = proxy.lines().get(number).cloned().unwrap_or_default();
        let mut standing = Vec::new();
        for tag in &TAGS[2..] {
            standing.push(whole(&repository, tag).await);
        }
        assert!(standing.iter().all(|one| *one == former || *one == new), "{at}: {standing:?}");
        half += usize::from(standing.contains(&former) && standing.contains(&new));
        proxy.heal();
        let ran = place.scene().ran(&place.command(&inputs).envs(plugins()).output().unwrap());
        assert_eq!((ran.code, ran.output("result")), (0, "done"), "{at}: {}", ran.log);
        for tag in TAGS {
            assert_eq!(whole(&repository, tag).await, new, "{tag}, killed at {at}");
        }
        if !was_killed {
            break;
        }
        number += 1;
    }
    assert!(number > 8 && half > 1, "{number} requests, of which {half} left some tags unset");
}
