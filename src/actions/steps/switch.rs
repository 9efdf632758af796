//! A release is brought up and watched until it is healthy or its time is over. Deploy, rollback and recovery do it the
//! same way.

use std::time::{Duration, Instant};

use camino::Utf8Path;
use jiff::Timestamp;

use crate::actions::steps::images;
use crate::actions::steps::site::Site;
use crate::adapters::docker::compose::Rendering;
use crate::adapters::docker::container::ContainerInfo;
use crate::adapters::docker::exec::{self, ExecCommand, Finished};
use crate::adapters::host::files;
use crate::adapters::host::tree;
use crate::adapters::http;
use crate::domain::compose::model::Model;
use crate::domain::event::Event;
use crate::domain::health::{Container, Look, Policy, Probe, ServiceCommand, Verdict, judge};
use crate::domain::release::Release;
use crate::failure::{Failure, Outcome};
use crate::report::release::{Change, Sickness};

/// How many lines of a container's log are shown.
const LOG_LINES: u32 = 100;

/// What became of bringing a release up.
#[derive(Debug, Default)]
pub struct Switched {
    /// What happened to each service, sorted by name.
    pub changes: Vec<(String, Change)>,
    /// Whether it is healthy, or why not.
    pub verdict: Option<Sickness>,
    /// How long it took from the first command to the verdict.
    pub took: Duration,
}

/// Brings a release up and watches it.
///
/// A release that does not become healthy is no error here: it is a verdict. An error means that the release could not
/// even be tried, or that the run was cancelled.
///
/// `before` are the containers at the start of the story, to say what became of them.
pub async fn bring_up(
    site: &Site<'_>,
    release: &Release,
    before: &[ContainerInfo],
) -> Result<Switched, Failure> {
    let began = Instant::now();
    site.finish_unfinished().await?;
    images::hold(site, release).await?;
    let model = place(site, release)?;
    let up = site
        .compose
        .up(&rendering(site), release.health.longest(), site.world.events, site.world.cancel)
        .await;
    let mut verdict = match up {
        Ok(()) => watch(site, &model, &release.health).await?,
        Err(failure) => Some(vec![failure.to_string()]),
    };
    cancelled(site, release)?;
    let after = site.containers().await?;
    let sickness = match verdict.take() {
        None => None,
        Some(reasons) => Some(examine(site, &model, reasons).await?),
    };
    Ok(Switched { changes: changes(before, &after), verdict: sickness, took: began.elapsed() })
}

fn cancelled(site: &Site<'_>, release: &Release) -> Result<(), Failure> {
    if !site.world.cancel.is_cancelled() {
        return Ok(());
    }
    Err(Failure::new(Outcome::NeedsPerson, format!("cancelled while release {} was brought up", release.id))
        .why("it is recorded as pending")
        .help(format!(
            "the next step of the action, the next deploy, or `mta recover --project-name {}` returns to the current release",
            site.project
        )))
}

/// Brings the project directory to a release and says what Compose runs from.
pub fn place(site: &Site<'_>, release: &Release) -> Result<Model, Failure> {
    let from = site.store.release_dir(&release.id);
    let work = site.store.work();
    let broken = |path: &Utf8Path, error: std::io::Error| {
        Failure::new(
            Outcome::Unavailable,
            format!("failed to bring {path} to release {}", release.id),
        )
        .why(error)
        .help("put the cause right and run again: nothing else was changed")
    };
    let text = files::read_optional(&from.join("compose.json")).map_err(|e| broken(&from, e))?;
    let text = text.unwrap_or_default();
    let model = Model::parse(&text).map_err(|error| broken(&from, error.into()))?;
    let env =
        files::read_optional(&from.join("env")).map_err(|e| broken(&from, e))?.unwrap_or_default();
    tree::materialise(&work, &from.join("files"), &release.files).map_err(|e| broken(&work, e))?;
    for folder in &release.data_folders {
        files::create_dir_shared(&work.join(folder)).map_err(|e| broken(&work, e))?;
    }
    let own = site.store.run();
    files::write_atomic(&own.join("compose.json"), text.as_bytes(), 0o600)
        .and_then(|()| files::write_atomic(&own.join("env"), env.as_bytes(), 0o600))
        .map_err(|e| broken(&own, e))?;
    Ok(model)
}

/// The words for Compose that name the project directory.
pub fn rendering(site: &Site<'_>) -> Rendering {
    let work = site.store.work();
    Rendering {
        project: site.project.as_str().to_owned(),
        files: vec![site.store.run().join("compose.json")],
        env_file: Some(site.store.run().join("env")),
        folder: work,
    }
}

/// Looks until all is well (`None`) or the looks are used up (what was missing last).
pub async fn watch(
    site: &Site<'_>,
    model: &Model,
    policy: &Policy,
) -> Result<Option<Vec<String>>, Failure> {
    let began = Instant::now();
    pause(site, policy.delay).await;
    let mut missing = Vec::new();
    for attempt in 1..=policy.retries {
        let verdict = match look(site, model, policy).await {
            Ok(look) => judge(&look),
            Err(failure) => Verdict::NotYet(vec![failure.to_string()]),
        };
        match verdict {
            Verdict::Healthy => {
                site.note(format!(
                    "healthy after {} s ({attempt} looks)",
                    began.elapsed().as_secs()
                ));
                return Ok(None);
            }
            Verdict::NotYet(reasons) => missing = reasons,
        }
        let said = missing.join("; ");
        site.world
            .events
            .emit(Event::Waiting(format!("look {attempt} of {}: {said}", policy.retries)));
        if attempt < policy.retries {
            pause(site, policy.interval).await;
        }
        if site.world.cancel.is_cancelled() {
            break;
        }
    }
    site.note(format!("not healthy after {} s: {}", began.elapsed().as_secs(), missing.join("; ")));
    Ok(Some(missing))
}

async fn pause(site: &Site<'_>, time: Duration) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = site.world.cancel.cancelled() => {}
    }
}

async fn look(site: &Site<'_>, model: &Model, policy: &Policy) -> Result<Look, Failure> {
    let containers = site.containers().await?;
    let now = Timestamp::now();
    let url = match &policy.url {
        Some(url) => Some(ask(site, url, policy.timeout).await),
        None => None,
    };
    let command = match &policy.command {
        Some(command) => Some(run(site, command, &containers, policy.timeout).await),
        None => None,
    };
    Ok(Look {
        expected: model.expected(),
        may_finish: model.may_finish(),
        containers: containers.iter().map(|container| seen(container, now)).collect(),
        url,
        command,
    })
}

fn seen(container: &ContainerInfo, now: Timestamp) -> Container {
    let uptime = container.started_at.map_or(Duration::ZERO, |at| {
        Duration::try_from(now.duration_since(at)).unwrap_or(Duration::ZERO)
    });
    Container {
        service: container.service.clone(),
        name: container.name.clone(),
        state: container.state.clone(),
        health: container.health.clone(),
        restarts: container.restart_count,
        uptime,
        exit_code: container.exit_code,
        oom_killed: container.oom_killed,
    }
}

async fn ask(site: &Site<'_>, url: &str, timeout: Duration) -> Probe {
    let probe = http::probe(&site.http, url, timeout).await;
    match probe.status {
        Some(status) if (200..300).contains(&status) => Ok(()),
        Some(status) => Err(format!("{url} answered {status}: {}", probe.text)),
        None => Err(format!("{url}: {}", probe.text)),
    }
}

async fn run(
    site: &Site<'_>,
    command: &ServiceCommand,
    containers: &[ContainerInfo],
    timeout: Duration,
) -> Probe {
    let running = containers.iter().find(|c| c.service == command.service && c.state == "running");
    let Some(container) = running else {
        return Err(format!("{}: not running, so `health-command` was not run", command.service));
    };
    let shown = format!("`health-command` in {}", command.service);
    let exec = ExecCommand {
        container: container.id.clone(),
        argv: command.argv.clone(),
        env: Vec::new(),
    };
    match tokio::time::timeout(timeout, exec::run(&site.engine, &exec)).await {
        Ok(Ok(done)) if done.code == 0 => Ok(()),
        Ok(Ok(done)) => Err(format!("{shown} exited with {}: {}", done.code, last_line(&done))),
        Ok(Err(failure)) => Err(format!("{shown}: {failure}")),
        Err(_) => Err(format!("{shown} took longer than {} s", timeout.as_secs())),
    }
}

fn last_line(done: &Finished) -> &str {
    let said = if done.stderr.trim().is_empty() { &done.stdout } else { &done.stderr };
    said.trim().lines().last().unwrap_or_default()
}

/// Logs and health history of each container that is not well.
async fn examine(
    site: &Site<'_>,
    model: &Model,
    reasons: Vec<String>,
) -> Result<Sickness, Failure> {
    let now = Timestamp::now();
    let mut sickness = Sickness { reasons, patients: Vec::new() };
    for container in site.containers().await? {
        let look = Look {
            expected: vec![container.service.clone()],
            may_finish: model.may_finish(),
            containers: vec![seen(&container, now)],
            ..Look::default()
        };
        let Verdict::NotYet(reasons) = judge(&look) else { continue };
        let log =
            site.engine.logs_tail(&container.id, LOG_LINES).await.unwrap_or_else(|e| e.to_string());
        site.world.events.emit(Event::Note(format!("{}: last lines of its log", container.name)));
        site.world
            .events
            .emit(Event::Foreign { source: container.service.clone(), text: log.clone() });
        let history = container
            .health_log
            .iter()
            .map(|entry| format!("exit {}: {}", entry.exit_code, entry.output.trim()));
        sickness.patients.push(crate::report::release::Patient {
            container: container.name.clone(),
            complaint: reasons.join("; "),
            history: history.collect(),
            log,
        });
    }
    Ok(sickness)
}

fn changes(before: &[ContainerInfo], after: &[ContainerInfo]) -> Vec<(String, Change)> {
    let mut services: Vec<&String> =
        before.iter().chain(after).map(|container| &container.service).collect();
    services.sort();
    services.dedup();
    let ids = |side: &[ContainerInfo], service: &String| {
        let mut ids: Vec<String> =
            side.iter().filter(|c| c.service == *service).map(|c| c.id.clone()).collect();
        ids.sort();
        ids
    };
    services
        .into_iter()
        .map(|service| {
            let change = match (ids(before, service), ids(after, service)) {
                (old, new) if old == new => Change::Unchanged,
                (old, _) if old.is_empty() => Change::Created,
                (_, new) if new.is_empty() => Change::Removed,
                _ => Change::Recreated,
            };
            (service.clone(), change)
        })
        .collect()
}
