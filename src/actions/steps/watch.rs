//! A release that is up is watched until it is healthy, cannot become healthy, or its time is over.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::actions::steps::site::Site;
use crate::adapters::docker::changes::Changes;
use crate::adapters::docker::container::ContainerInfo;
use crate::adapters::docker::exec::{self, ExecCommand, Finished};
use crate::adapters::http;
use crate::domain::compose::model::Model;
use crate::domain::event::Event;
use crate::domain::health::{
    Container, Judge, Look, Policy, Probe, ServiceCommand, Verdict, patients,
};
use crate::failure::Failure;
use crate::report::release::{Patient, Sickness};

/// How many lines of a container's log are shown.
const LOG_LINES: u32 = 100;

/// Changes come in bursts (`die`, then `start`): the look comes when one is over.
const BURST: Duration = Duration::from_millis(100);

/// Looks until all is well (`None`), or it cannot become well or the time is over (what is wrong).
///
/// A look comes with each interval, and at once when the engine tells of a change. `before` are the containers at the
/// start of the story.
pub async fn watch(
    site: &Site<'_>,
    model: &Model,
    policy: &Policy,
    before: &[ContainerInfo],
) -> Result<Option<Vec<String>>, Failure> {
    let began = Instant::now();
    let mut judge = Judge::new(before.iter().map(seen));
    let mut changes = site.engine.changes(site.project.as_str()).await;
    pause(site, policy.delay).await;
    let mut number = 0_u64;
    loop {
        number += 1;
        changes.forget();
        let verdict = match look(site, model, policy).await {
            Ok(look) => judge.judge(&look),
            Err(failure) => Verdict::NotYet { missing: vec![failure.to_string()], rest: None },
        };
        let spent = began.elapsed();
        let after = format!("after {} s, at look {number}", spent.as_secs());
        let (missing, rest) = match verdict {
            Verdict::Healthy => {
                site.note(format!("healthy {after}"));
                return Ok(None);
            }
            Verdict::Sick(reasons) => {
                let said = reasons.join("; ");
                site.note(format!("not healthy {after}, and it will not pass by itself: {said}"));
                return Ok(Some(reasons));
            }
            Verdict::NotYet { missing, rest } => (missing, rest),
        };
        let said = missing.join("; ");
        let budget = policy.budget().as_secs();
        site.world.events.emit(Event::Waiting(format!(
            "look {number}, {} s of {budget} s: {said}",
            spent.as_secs()
        )));
        let Some(time) = policy.pause(spent, rest) else {
            site.note(format!("not healthy {after}: {said}"));
            return Ok(Some(missing));
        };
        until_next(site, time, &mut changes).await;
        if site.world.cancel.is_cancelled() {
            return Ok(Some(missing));
        }
    }
}

async fn until_next(site: &Site<'_>, time: Duration, changes: &mut Changes) {
    tokio::select! {
        () = pause(site, time) => {}
        () = changes.next() => tokio::time::sleep(BURST).await,
    }
}

async fn pause(site: &Site<'_>, time: Duration) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = site.world.cancel.cancelled() => {}
    }
}

async fn look(site: &Site<'_>, model: &Model, policy: &Policy) -> Result<Look, Failure> {
    let containers = site.containers().await?;
    let url = match &policy.url {
        Some(url) => Some(ask(site, url, policy.timeout).await),
        None => None,
    };
    let command = match &policy.command {
        Some(command) => Some(run(site, command, &containers, policy.timeout).await),
        None => None,
    };
    Ok(Look { url, command, ..glance(model, &containers) })
}

/// A look at the containers alone.
fn glance(model: &Model, containers: &[ContainerInfo]) -> Look {
    Look {
        now: Timestamp::now(),
        expected: model.expected(),
        may_finish: model.may_finish(),
        depends_on: model.depends_on(),
        containers: containers.iter().map(seen).collect(),
        ..Look::default()
    }
}

fn seen(container: &ContainerInfo) -> Container {
    Container {
        id: container.id.clone(),
        service: container.service.clone(),
        name: container.name.clone(),
        state: container.state.clone(),
        health: container.health.clone(),
        failures: container.failing_streak,
        restarts: container.restart_count,
        started_at: container.started_at,
        exit_code: container.exit_code,
        oom_killed: container.oom_killed,
        restart_policy: container.restart_policy.name.clone(),
        restart_limit: container.restart_policy.maximum_retry_count,
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
pub async fn examine(
    site: &Site<'_>,
    model: &Model,
    reasons: Vec<String>,
) -> Result<Sickness, Failure> {
    let containers = site.containers().await?;
    let look = glance(model, &containers);
    let mut sickness = Sickness { reasons, patients: Vec::new() };
    for (patient, complaint) in patients(&look) {
        let Some(container) = containers.iter().find(|c| c.id == patient.id) else { continue };
        let log =
            site.engine.logs_tail(&container.id, LOG_LINES).await.unwrap_or_else(|e| e.to_string());
        site.note(format!("{}: last lines of its log", container.name));
        site.world
            .events
            .emit(Event::Foreign { source: container.service.clone(), text: log.clone() });
        let history = container
            .health_log
            .iter()
            .map(|entry| format!("exit {}: {}", entry.exit_code, entry.output.trim()));
        sickness.patients.push(Patient {
            container: container.name.clone(),
            complaint,
            history: history.collect(),
            log,
        });
    }
    Ok(sickness)
}
