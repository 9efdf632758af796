//! How `build-push` ends: outputs, summary and annotations.

use crate::actions::build_push::SPEC;
use crate::actions::steps::ending::annotation;
use crate::actions::{Ending, World};
use crate::domain::event::{Annotation, Event, Level};
use crate::failure::{Failure, Outcome};
use crate::report::build_push::{
    Asking, Built, Looked, Planning, json, json_of_builds, summary, summary_of_builds,
};
use crate::report::markdown;

/// The ending of what could not be done; the first failure decides how.
pub fn of_failures(failures: &[Failure]) -> Ending {
    let outcome = failures.first().map_or(Outcome::Bug, |failure| failure.outcome);
    let mut ending = Ending::new(outcome);
    // A paragraph below belongs to its item where it is moved in.
    let item = |failure| format!("- {}\n", markdown::failure(failure).replace("\n\n", "\n\n  "));
    let list: Vec<String> = failures.iter().map(item).collect();
    ending.summary.push(format!("### ❌ {}: {}\n\n{}", SPEC.name, outcome.word(), list.concat()));
    ending.annotations = failures.iter().map(|failure| annotation(SPEC.name, failure)).collect();
    ending
}

/// The ending of plans.
pub fn of_plan(plannings: &[Planning], world: World<'_>) -> Ending {
    let mut ending = Ending::new(Outcome::Done);
    for planning in plannings {
        planning.lines().into_iter().for_each(|line| world.events.emit(Event::Note(line)));
        if let Asking::Failed(failure) = &planning.asking {
            ending.annotations.push(Annotation {
                level: Level::Warning,
                title: format!("{}: not known which tags are there", SPEC.name),
                message: failure.to_string(),
                place: None,
            });
        }
        ending.annotations.extend(taken(planning));
    }
    // The same registry fails alike for each of its images.
    ending.annotations.dedup();
    of_all(&mut ending, plannings);
    ending.outputs.set("json", json(plannings));
    ending.summary = summary(plannings);
    ending
}

/// What plans and builds have in common.
fn of_all(ending: &mut Ending, plannings: &[Planning]) {
    ending.outputs.set("tags", lines(plannings, Planning::set));
    ending.outputs.set("kept", lines(plannings, Planning::kept));
    if let Some(first) = plannings.first() {
        ending.outputs.set("primary-ref", first.primary().unwrap_or_default());
        if let Some(found) = &first.found {
            ending.outputs.set("version", found.version.as_str());
            ending.outputs.set("version-source", found.source.to_string());
        }
    }
}

fn lines<T>(all: &[T], of: impl Fn(&T) -> Vec<String>) -> String {
    all.iter().flat_map(of).collect::<Vec<_>>().join("\n")
}

/// The ending of builds, and what kept one of them from its end.
pub fn of_built(all: &[Built], failure: Option<&Failure>, world: World<'_>) -> Ending {
    let mut ending = Ending::new(failure.map_or(Outcome::Done, |failure| failure.outcome));
    for built in all {
        built.lines().into_iter().for_each(|line| world.events.emit(Event::Note(line)));
    }
    let plannings: Vec<Planning> = all.iter().map(|built| built.planning.clone()).collect();
    of_all(&mut ending, &plannings);
    let tags = lines(all, Built::tags);
    let primary = plannings.first().and_then(Planning::primary);
    let primary = primary.filter(|primary| tags.lines().any(|tag| tag == primary));
    ending.outputs.set("primary-ref", primary.unwrap_or_default());
    ending.outputs.set("tags", tags);
    ending.outputs.set("refs", lines(all, Built::refs));
    if let Some(first) = all.first() {
        let digest = first.digest.as_ref().map(ToString::to_string).unwrap_or_default();
        ending.outputs.set("digest", digest);
        ending.outputs.set("ref", first.pulled().unwrap_or_default());
        ending.outputs.set("size", first.size.map(|size| size.to_string()).unwrap_or_default());
    }
    ending.outputs.set("json", json_of_builds(all));
    ending.summary = summary_of_builds(all, failure);
    ending.annotations.extend(failure.map(|failure| annotation(SPEC.name, failure)));
    ending
}

/// A version that was pushed before is most likely one that nobody raised.
fn taken(planning: &Planning) -> Option<Annotation> {
    let taken = planning.taken();
    (!taken.is_empty()).then(|| Annotation {
        level: Level::Notice,
        title: format!("{}: this version is there already", SPEC.name),
        message: format!(
            "{} would move to what is built now; raise the version if it is a new one",
            taken.join(", ")
        ),
        place: planning.place(),
    })
}

/// The ending of a look for an image.
pub fn of_looked(
    looked: &Looked,
    must_exist: bool,
    lack: Option<&Failure>,
    world: World<'_>,
) -> Ending {
    let is_missing = must_exist && looked.found.is_none();
    world.events.emit(Event::Note(looked.sentence()));
    let outcome = if is_missing { Outcome::Failed } else { Outcome::Done };
    let mut ending = Ending::new(lack.map_or(outcome, |lack| lack.outcome));
    ending.outputs.set("exists", looked.found.is_some().to_string());
    if let Some((digest, media_type)) = &looked.found {
        ending.outputs.set("digest", digest.to_string());
        ending.outputs.set("media-type", media_type.as_str());
    }
    if let Some((_, pulled)) = &looked.details {
        ending.outputs.set("platforms", looked.platforms().unwrap_or_default());
        ending.outputs.set("size", pulled.to_string());
    }
    ending.summary.push(looked.section(must_exist));
    if let Some(lack) = lack {
        ending.summary.push(format!("{}\n", markdown::failure(lack)));
        ending.annotations.push(annotation(SPEC.name, lack));
    }
    if is_missing {
        let failure = Failure::new(Outcome::Failed, looked.sentence())
            .why("`must-exist` is true")
            .help("push it before, or check the name and the tag");
        ending.annotations.push(annotation(SPEC.name, &failure));
    }
    ending
}
