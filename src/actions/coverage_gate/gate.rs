//! The story of `mode: gate`: read, find out what changed, compare, judge, tell.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::actions::coverage_gate::change::{self, Checkout};
use crate::actions::coverage_gate::findings::Findings;
use crate::actions::coverage_gate::inputs::Inputs;
use crate::actions::coverage_gate::publish;
use crate::actions::coverage_gate::reports::{self, no_verdict};
use crate::actions::coverage_gate::told::Told;
use crate::actions::coverage_gate::{baseline, ending, links, stale};
use crate::actions::{Ending, World};
use crate::adapters::host::files;
use crate::domain::coverage::counts::Counts;
use crate::domain::coverage::judge::{Baseline, Evidence, judge};
use crate::domain::coverage::paths::Known;
use crate::domain::coverage::project::{self, Project, Read};
use crate::domain::coverage::regression::{self, Sides};
use crate::domain::coverage::report::Detail;
use crate::domain::coverage::rules::LostFiles;
use crate::domain::event::{Event, Level};
use crate::domain::input::Values;
use crate::failure::Failure;
use crate::report::coverage::verdict;

/// Judges and tells. A failure here is the verdict `error`.
pub async fn run(values: &Values, world: World<'_>) -> Result<Ending, Failure> {
    let inputs = Inputs::read(values, folder(world))?;
    let found = match find_out(&inputs, world).await {
        Ok(found) => found,
        Err(failure) => {
            let told = publish::not_judged(&inputs, world, &failure).await;
            return Ok(ending::of_error(&failure, told));
        }
    };
    note(world, verdict::headline(&found.assessment));
    let mut told = publish::files(&inputs, world, &found);
    keep(&inputs, world, &found, &mut told).await;
    publish::comment(&inputs, world, &mut told).await;
    Ok(ending::of(&found, told))
}

/// Where relative paths of the inputs begin.
fn folder(world: World<'_>) -> Utf8PathBuf {
    let workspace = &world.job.workspace;
    let current = || files::canonical(Utf8Path::new(".")).ok();
    if world.job.on_runner { None } else { current() }.unwrap_or_else(|| workspace.clone())
}

/// From reports and git to a verdict.
async fn find_out(inputs: &Inputs, world: World<'_>) -> Result<Findings, Failure> {
    let reads = reports::read_all(inputs, &world.job.workspace)?;
    let checkout = change::open(inputs, world).await?;
    if let Some(checkout) = checkout.as_ref().filter(|_| world.job.on_runner) {
        stale::refuse_committed(&reads, checkout, &world.job.workspace).await?;
    }
    let mut judged = change::find(inputs, world, checkout.as_ref()).await?;
    let mut project = join(inputs, reads, checkout.as_ref())?;
    stale::refuse_deleted(&project, &judged.change)?;
    if let Some(checkout) = &checkout {
        stale::refuse_older(&project, &judged.change, checkout, world)?;
    }
    if let Some(checkout) = checkout.as_ref().filter(|_| world.job.on_runner) {
        stale::refuse_edited(&project, &judged.change, checkout).await?;
    }
    if let Some(checkout) = &checkout {
        change::add_told(&mut judged.change, &project, checkout);
    }
    for source in &project.sources {
        note(world, verdict::source(source));
    }
    let mut counts = project.counts(Detail { hits: inputs.html });
    let baseline: Baseline = baseline::find(inputs, world, checkout.as_ref(), &judged).await?;
    let carried = carry(inputs, &mut counts, &baseline);
    let evidence = Evidence {
        project: &project,
        counts: &counts,
        change: &judged.change,
        baseline: &baseline,
        scope: &inputs.scope,
        carried: &carried,
    };
    let assessment =
        judge(evidence, &inputs.rules).map_err(|error| no_verdict(error.what).help(error.help))?;
    let links = Box::pin(links::find(world, checkout.as_ref(), &assessment)).await;
    Ok(Findings { assessment, project, checkout, judged, counts, links })
}

/// Adds what no report mentions as the baseline has it, where that is asked for. The answer: which files.
fn carry(
    inputs: &Inputs,
    counts: &mut BTreeMap<String, Counts>,
    baseline: &Baseline,
) -> Vec<String> {
    let Baseline::Found { files, diff, .. } = baseline else { return Vec::new() };
    if inputs.rules.lost_files != LostFiles::Carry {
        return Vec::new();
    }
    let carried =
        regression::carried(Sides { base: files, head: counts, diff, scope: &inputs.scope });
    let names = carried.keys().cloned().collect();
    counts.extend(carried);
    names
}

/// Names of the reports become files of the checkout.
fn join(
    inputs: &Inputs,
    reads: Vec<Read>,
    checkout: Option<&Checkout>,
) -> Result<Project, Failure> {
    let nothing = BTreeSet::new();
    let mut known = Known { given: inputs.path_map.clone(), certain: Vec::new() };
    if let Some(checkout) = checkout {
        known.certain.push((checkout.repo.top().to_string(), String::new()));
        known.certain.extend(checkout.go_modules.iter().cloned());
    }
    let tracked = checkout.map_or(&nothing, |checkout| &checkout.tracked);
    let project = project::join(reads, tracked, &known, &inputs.scope)
        .map_err(|error| no_verdict(error.what).why(error.why).help(error.help))?;
    if let Some(checkout) = checkout.filter(|_| project.is_mapped) {
        stale::refuse_beyond_the_end(&project, checkout)?;
    }
    Ok(project)
}

/// Writes the baseline and the badge where this run is to. What cannot be written is told and fails nothing: the verdict
/// stands.
async fn keep(inputs: &Inputs, world: World<'_>, found: &Findings, told: &mut Told) {
    let Some(checkout) = &found.checkout else { return };
    if !found.project.is_mapped || !baseline::is_base_push(inputs, world, &checkout.repo.head().sha)
    {
        return;
    }
    if let Some(why) = baseline::is_unfit(inputs, &found.assessment) {
        let what = "baseline and badge are not written";
        told.say(
            Level::Notice,
            what,
            format!("{why}\nLater runs compare with the last one that was"),
        );
        return;
    }
    if baseline::is_kept(inputs) {
        match baseline::write(inputs, checkout, &found.counts).await {
            Ok(place) => note(
                world,
                format!("the baseline of {} is in {place}", checkout.repo.head().sha.short()),
            ),
            Err(failure) => told.warn("the baseline was not written", &failure),
        }
    }
    if let Err(failure) = publish::badge_branch(inputs, checkout, &found.assessment).await {
        told.warn("the badge was not written", &failure);
    }
}

fn note(world: World<'_>, text: String) {
    world.events.emit(Event::Note(text));
}
