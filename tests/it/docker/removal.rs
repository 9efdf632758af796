//! A removal that somebody else has begun is waited for; one that the engine refuses is a failure.

use camino::Utf8Path;
use mta_actions::adapters::docker::endpoint::Endpoint;
use mta_actions::adapters::docker::engine::Engine;
use mta_actions::adapters::host::process::ChildEnv;
use mta_actions::failure::Failure;

use crate::kit::engine::{self, Answer};

const LIST: Answer = ("GET /containers/json", "200 OK", r#"[{"Id":"4711"}]"#);
const REMOVING: Answer =
    ("GET /containers/4711/json", "200 OK", r#"{"Id":"4711","State":{"Status":"removing"}}"#);

async fn removed(answers: &[Answer]) -> Result<(), Failure> {
    let folder = tempfile::tempdir().unwrap();
    let socket = Utf8Path::from_path(folder.path()).unwrap().join("engine.sock");
    let fake = engine::Engine::saying(socket.as_std_path(), [&[LIST], answers].concat());
    let env = ChildEnv::default().with("DOCKER_HOST", fake.host());
    let engine = Engine::connect(&Endpoint::find(&env).unwrap()).await.unwrap();
    engine.remove_once_containers("shop", "shop-mta-migrate-").await
}

#[tokio::test]
async fn a_container_that_somebody_else_removes_is_waited_for() {
    let busy = r#"{"message":"removal of container 4711 is already in progress"}"#;
    let conflict = ("DELETE /containers/4711", "409 Conflict", busy);
    removed(&[conflict, REMOVING, REMOVING]).await.unwrap();
}

#[tokio::test]
async fn a_container_that_is_gone_is_as_good_as_removed() {
    let gone = r#"{"message":"No such container: 4711"}"#;
    removed(&[("DELETE /containers/4711", "404 Not Found", gone)]).await.unwrap();
}

#[tokio::test]
async fn another_refusal_is_a_failure_in_the_words_of_the_engine() {
    for (status, words) in [
        ("409 Conflict", r#"{"message":"the driver is stuck"}"#),
        ("500 Internal Server Error", r#"{"message":"the driver is stuck"}"#),
    ] {
        let failure = removed(&[("DELETE /containers/4711", status, words)]).await.unwrap_err();
        assert!(failure.to_string().contains("the driver is stuck"), "{failure}");
    }
}
