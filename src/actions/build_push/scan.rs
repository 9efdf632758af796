//! The gate between an image that was built and the tags that others pull: what scanners say of it.
//!
//! It is asked when the image has the tag of its commit alone. What cannot be found out stops the image too.

use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};

use crate::actions::build_push::registries::unless_cancelled;
use crate::actions::build_push::workshop::Workshop;
use crate::actions::build_push::{SPEC, replaced};
use crate::actions::{Ending, World};
use crate::adapters::docker::scanner::{Scanner, report};
use crate::adapters::host::checkout::Checkout;
use crate::adapters::host::files;
use crate::adapters::registry::{Client, Whole};
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::image::{Digest, Manifest, Reference, Repository};
use crate::domain::scan::{Findings, Rules, Target, judge, matters};
use crate::domain::tags::{Kind, Plan};
use crate::failure::{Failure, Outcome};
use crate::report::build_push::scan::{Before, Scanned, counts, sarif};
use crate::report::build_push::{Built, Planning};

pub mod asked;

use asked::{Scans, Source};

/// How many platforms of one image are scanned.
const MOST_PLATFORMS: usize = 30;

/// Reads and judges the reports of steps before; `None` where there are none.
///
/// # Errors
/// One is not there, or cannot be read.
pub fn of_reports(scans: &Scans, folder: &Utf8Path) -> Result<Option<Scanned>, Failure> {
    let Some(Source::Reports(paths)) = &scans.source else { return Ok(None) };
    let mut found = Findings::default();
    for path in paths {
        let findings = report("scan-report", folder, Utf8Path::new(path))?;
        found.add_all(findings).map_err(|why| {
            Failure::new(Outcome::BadInput, "`scan-report`: the reports cannot be judged")
                .why(why)
                .help("give fewer reports, or those of a smaller image")
        })?;
    }
    let baseline = scans.baseline.as_ref();
    let before = baseline.map(|path| report("scan-baseline", folder, path)).transpose()?;
    Ok(Some(Scanned {
        by: paths.join(", "),
        rules: scans.rules,
        judged: judge(scans.rules, found, before.as_ref()),
        before: baseline.map_or(Before::Left, |path| Before::Of(path.to_string())),
    }))
}

/// A scanner is asked when the image has its first tag: that may be none that others pull.
///
/// # Errors
/// The image has no tag of its commit.
pub fn check(scans: &Scans, planning: &Planning, push: bool) -> Result<(), Failure> {
    let is_judged = scans.runs_a_tool() && scans.rules.gate.is_some();
    let first = planning.first();
    let kinds = planning.plan.tags.iter().filter(|one| Some(&one.tag) == first);
    if !is_judged || !push || kinds.map(|one| one.kind).any(|kind| kind == Kind::Commit) {
        return Ok(());
    }
    let what = format!("{} would be pulled before it has passed", planning.image.familiar());
    Err(Failure::new(Outcome::BadInput, what)
        .why("a scanner is run over what was pushed, and it has no tag of its commit, which nobody pulls by itself")
        .help("add the line `{{sha}}` to `tags`: the scan stands between that tag and all others"))
}

/// Who lets images pass.
pub struct Gate<'a> {
    /// Where images are built, and scanned too.
    pub workshop: &'a Workshop<'a>,
    rules: Rules,
    scanner: Option<Scanner>,
    /// What reports of steps before say.
    reports: Option<Scanned>,
    /// How many scans there were: each writes a file of its own.
    scans: AtomicUsize,
    world: World<'a>,
}

impl<'a> Gate<'a> {
    /// Finds the scanner, if there is to be one. `reports` is what steps before have found.
    ///
    /// # Errors
    /// It is not on this machine.
    pub async fn open(
        scans: &Scans,
        reports: Option<Scanned>,
        workshop: &'a Workshop<'a>,
        world: World<'a>,
    ) -> Result<Self, Failure> {
        let scanner = match &scans.source {
            Some(Source::Tool(tool)) => {
                Some(Scanner::find(*tool, workshop.env(), workshop.running()).await?)
            }
            _ => None,
        };
        let rules = scans.rules;
        Ok(Self { workshop, rules, scanner, reports, scans: AtomicUsize::new(0), world })
    }

    /// What reports of steps before say, whatever becomes of the image.
    pub const fn reports(&self) -> Option<&Scanned> {
        self.reports.as_ref()
    }

    /// Lets an image pass that was pushed under the tag of its commit, or stops it.
    ///
    /// # Errors
    /// It does not pass, or it could not be found out.
    pub async fn pushed(
        &self,
        built: &mut Built,
        name: &Reference,
        whole: &Whole,
        client: &Client<'_>,
    ) -> Result<(), Failure> {
        let targets = targets(&built.planning.image, whole)?;
        self.judge(built, name, (&targets, client), Some(name)).await
    }

    /// Lets an image pass that was only built, or stops it.
    ///
    /// # Errors
    /// It does not pass, or it could not be found out.
    pub async fn local(
        &self,
        built: &mut Built,
        name: &Reference,
        client: &Client<'_>,
    ) -> Result<(), Failure> {
        let targets = [Target::Local(name.to_string())];
        self.judge(built, name, (&targets, client), None).await
    }

    async fn judge(
        &self,
        built: &mut Built,
        name: &Reference,
        (targets, client): (&[Target], &Client<'_>),
        pushed: Option<&Reference>,
    ) -> Result<(), Failure> {
        let Some(scanner) = &self.scanner else { return Ok(()) };
        // Until it has passed, it has not.
        built.is_stopped = true;
        let found = self.scan(scanner, &name.familiar(), targets).await?;
        let (before, replaced) = if matters(self.rules, &found) {
            self.before(scanner, (built, &found), client, pushed.is_some()).await?
        } else {
            (Before::Left, None)
        };
        let judged = judge(self.rules, found, replaced.as_ref());
        built.is_stopped = !judged.has_passed();
        let result = Scanned { by: scanner.name(), rules: self.rules, judged, before };
        let failure = built.is_stopped.then(|| result.failure(&name.familiar(), pushed));
        built.scan = Some(result);
        failure.map_or(Ok(()), Err)
    }

    /// What the image has that is replaced.
    async fn before(
        &self,
        scanner: &Scanner,
        (built, found): (&Built, &Findings),
        client: &Client<'_>,
        is_pushed: bool,
    ) -> Result<(Before, Option<Findings>), Failure> {
        match self.replaced(&built.planning.image, &built.planning.plan, client).await {
            Ok(Replaced::Nothing(why)) => Ok((Before::Nothing(why), None)),
            Ok(Replaced::Image(name, digest, _)) if built.digest.as_ref() == Some(&digest) => {
                Ok((Before::Of(name), Some(found.clone())))
            }
            Ok(Replaced::Image(name, _, targets)) => {
                let findings = self.scan(scanner, &name, &targets).await?;
                Ok((Before::Of(name), Some(findings)))
            }
            // A fork may not be able to ask. Nothing is let off then.
            Err(failure) if !is_pushed => Ok((Before::Nothing(failure.what), None)),
            // Its image is pushed already.
            Err(failure) => Err(failure.ending(Outcome::Unavailable)),
        }
    }

    /// Scans all platforms of an image.
    async fn scan(
        &self,
        scanner: &Scanner,
        name: &str,
        targets: &[Target],
    ) -> Result<Findings, Failure> {
        let mut found = Findings::default();
        for target in targets {
            let number = self.scans.fetch_add(1, Ordering::Relaxed);
            let file = self.workshop.file(&format!("scan-{number}.json"));
            let title = format!("scan {name} by {}", scanner.name());
            self.world.events.emit(Event::PhaseStarted { name: title });
            let mut on_line = |line: &str| {
                let (source, text) = (scanner.program().to_owned(), line.to_owned());
                self.world.events.emit(Event::Foreign { source, text });
            };
            let running = self.workshop.running();
            let findings = scanner.scan(target, &file, running, &mut on_line).await;
            self.world.events.emit(Event::PhaseEnded);
            found.add_all(findings?).map_err(|why| {
                Failure::new(Outcome::Unavailable, format!("the scan of {name} cannot be judged"))
                    .why(why)
                    .help("build it on a smaller base image")
            })?;
        }
        Ok(found)
    }

    /// The image that is replaced.
    async fn replaced(
        &self,
        image: &Repository,
        plan: &Plan,
        client: &Client<'_>,
    ) -> Result<Replaced, Failure> {
        let Some(tag) = replaced::floating(plan) else {
            return Ok(Replaced::Nothing("no tag moves from image to image".to_owned()));
        };
        let name = image.tagged(tag.clone());
        let whole = unless_cancelled(self.world, replaced::at(&name, client)).await?;
        let Some(whole) = whole else {
            return Ok(Replaced::Nothing(format!("there is no {}", name.familiar())));
        };
        let targets = targets(image, &whole)?;
        Ok(Replaced::Image(name.familiar(), whole.found.digest, targets))
    }
}

/// What an image replaces.
enum Replaced {
    /// Nothing, for this reason.
    Nothing(String),
    /// An image: its name, its digest, and what of it is scanned.
    Image(String, Digest, Vec<Target>),
}

/// What is scanned of an image: each of its platforms, by its digest.
fn targets(image: &Repository, whole: &Whole) -> Result<Vec<Target>, Failure> {
    let digests: Vec<&Digest> = match &whole.manifest {
        Manifest::Image { .. } => vec![&whole.found.digest],
        Manifest::Index(children) => {
            let images = children.iter().filter(|child| !child.is_attached);
            images.map(|child| &child.part.digest).collect()
        }
    };
    if digests.is_empty() || digests.len() > MOST_PLATFORMS {
        let what = format!("{} cannot be scanned", image.at(whole.found.digest.clone()).familiar());
        return Err(Failure::new(Outcome::Unavailable, what)
            .why(format!(
                "it is an index of {} images, and 1 to {MOST_PLATFORMS} are scanned",
                digests.len()
            ))
            .help("build fewer `platforms` in one step"));
    }
    let target = |digest: &Digest| Target::Pushed(image.at(digest.clone()).to_string());
    Ok(digests.into_iter().map(target).collect())
}

/// Adds to an ending what scans have found: outputs, the file, and a warning where nobody was stopped.
pub fn tell(scans: &Scans, all: &[Built], mut ending: Ending, world: World<'_>) -> Ending {
    if scans.source.is_none() {
        ending.outputs.set("scan-result", "off");
        return ending;
    }
    let name = |built: &Built| built.planning.image.familiar();
    let scanned: Vec<(String, &Scanned)> =
        all.iter().filter_map(|built| Some((name(built), built.scan.as_ref()?))).collect();
    ending.outputs.set("scan-result", answer(&scanned, all.len()));
    if scanned.is_empty() {
        return ending;
    }
    let only: Vec<&Scanned> = scanned.iter().map(|(_, scanned)| *scanned).collect();
    ending.outputs.set("vulnerabilities", counts(&only).to_string());
    if ending.annotations.is_empty() {
        let warnings = scanned.iter().filter_map(|(image, one)| one.warning(SPEC.name, image));
        ending.annotations.extend(warnings.take(1));
    }
    if let Some(path) = &scans.sarif {
        match leave(path, &sarif(&scanned), world) {
            Ok(path) => ending.outputs.set("sarif-file", path.into_string()),
            Err(error) => ending.annotations.push(Annotation {
                level: Level::Warning,
                title: format!("{}: `sarif-file` was not written", SPEC.name),
                message: format!("{path}: {error}"),
                place: None,
            }),
        }
    }
    ending
}

/// What the gate says of all images; nothing where that is not known of one of them.
fn answer(scanned: &[(String, &Scanned)], images: usize) -> &'static str {
    let all = || scanned.iter().map(|(_, one)| one.word());
    match all().next() {
        Some(_) if all().any(|one| one == "failed") => "failed",
        Some(first) if scanned.len() == images => first,
        _ => "",
    }
}

/// Writes the file below the workspace, never out of it by a link.
fn leave(path: &Utf8Path, text: &str, world: World<'_>) -> std::io::Result<Utf8PathBuf> {
    let checkout = Checkout::new(&world.job.workspace)?;
    let there = path
        .ancestors()
        .skip(1)
        .find(|folder| folder.as_str().is_empty() || checkout.top().join(folder).exists());
    if there.is_some_and(|folder| !checkout.holds(folder.as_str())) {
        return Err(std::io::Error::other("it is behind a link that leads out of the repository"));
    }
    let path = checkout.top().join(path);
    files::write_atomic_with_parents(&path, text.as_bytes(), 0o644)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::registry::Found;
    use crate::domain::image::MediaType;
    use serde_json::json;

    fn whole(media_type: MediaType, manifest: &serde_json::Value) -> Whole {
        let bytes = manifest.to_string().into_bytes();
        let manifest = Manifest::parse(&media_type, &bytes).unwrap();
        Whole { found: Found { digest: Digest::of(&bytes), media_type }, bytes, manifest }
    }

    fn part(text: &str) -> serde_json::Value {
        json!({"digest": Digest::of(text.as_bytes()).to_string(), "size": 1})
    }

    #[test]
    fn each_platform_is_scanned_and_nothing_that_is_attached() {
        let image = Repository::parse("r.io/acme/shop").unwrap();
        let told = |whole: &Whole| {
            let all = targets(&image, whole).map_err(|failure| failure.why)?;
            let digest = |target: Target| match target {
                Target::Pushed(name) | Target::Local(name) => name,
            };
            Ok::<_, String>(all.into_iter().map(digest).collect::<Vec<_>>())
        };
        let name = |text: &str| format!("r.io/acme/shop@{}", Digest::of(text.as_bytes()));
        let one = whole(MediaType::OciManifest, &json!({"config": part("c"), "layers": []}));
        assert_eq!(told(&one).unwrap(), [format!("r.io/acme/shop@{}", one.found.digest)]);
        let mut attached = part("attested");
        attached["annotations"] = json!({"vnd.docker.reference.digest": part("amd64")["digest"]});
        let index = json!({"manifests": [part("amd64"), attached, part("arm64")]});
        let index = whole(MediaType::OciIndex, &index);
        assert_eq!(told(&index).unwrap(), [name("amd64"), name("arm64")]);
        let none = whole(MediaType::OciIndex, &json!({"manifests": []}));
        assert!(told(&none).unwrap_err().contains("an index of 0 images"));
        let parts: Vec<_> = (0..31).map(|number| part(&number.to_string())).collect();
        let many = whole(MediaType::OciIndex, &json!({"manifests": parts}));
        assert!(told(&many).unwrap_err().contains("an index of 31 images"));
    }
}
