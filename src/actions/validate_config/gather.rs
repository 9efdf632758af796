//! Reads what the decisions ask for, until they ask for nothing more.

use std::collections::{BTreeMap, BTreeSet};

use crate::actions::World;
use crate::actions::validate_config::inputs::Inputs;
use crate::actions::validate_config::secrets::Scanned;
use crate::actions::validate_config::{facts, secrets};
use crate::adapters::git::GitError;
use crate::adapters::git::listing::{Folder, Listing};
use crate::adapters::host::checkout::Checkout;
use crate::adapters::host::process::ChildEnv;
use crate::domain::compose::rules::Mode;
use crate::domain::compose::rules::files::UNREADABLE;
use crate::domain::finding::{Finding, Span};
use crate::domain::known::Known;
use crate::domain::odoo::module::Installable;
use crate::domain::validation::addons::Facts;
use crate::domain::validation::project::{self, Checked, Request};
use crate::failure::{Failure, Outcome};
use crate::report::findings::shown::Files;

/// How often the decisions may ask for more: each time they see one file deeper.
const ROUNDS: usize = 64;

/// What was found, and what it was found in.
pub struct Gathered {
    /// Everything that is wrong, before levels are applied.
    pub findings: Vec<Finding>,
    /// What was looked at, for people.
    pub scope: Vec<String>,
    /// What could not be checked, as sentences.
    pub not_checked: Vec<String>,
    /// The Odoo modules: folder, version, whether it can be installed.
    pub modules: Vec<(String, String, Installable)>,
    known: Known,
}

impl Gathered {
    /// The files as they may be shown.
    pub fn files(&self) -> Files {
        Files::new(self.known.texts(), &self.findings)
    }

    /// Adds the secrets that were found, with the texts that they stand in.
    fn add_secrets(&mut self, scanned: Scanned, checkout: &Checkout) {
        for finding in &scanned.findings {
            let path = finding.span.file.as_ref();
            if self.known.entry(path).is_none() {
                self.known.tell(path, checkout.entry(path));
            }
        }
        let plural = if scanned.files == 1 { "" } else { "s" };
        self.scope.push(format!("{} file{plural} for secrets", scanned.files));
        if scanned.binary > 0 {
            self.scope.push(format!("not {} binary ones", scanned.binary));
        }
        self.findings.extend(scanned.findings);
        self.findings.extend(scanned.unreadable.into_iter().map(|(path, why)| {
            let what =
                format!("`{path}` cannot be read, so it was not looked at for secrets: {why}");
            Finding::new(&UNREADABLE, Span::file(&path), what)
        }));
    }
}

/// Reads and decides.
pub async fn all(inputs: &Inputs, world: World<'_>) -> Result<Gathered, Failure> {
    let checkout = Checkout::new(&inputs.folder).map_err(|error| {
        Failure::new(Outcome::BadInput, format!("the folder {} cannot be read", inputs.folder))
            .why(error)
            .help("let `actions/checkout` run before")
    })?;
    let folder =
        Folder { path: &inputs.folder, env: ChildEnv::from_process(), cancel: world.cancel };
    let listing = folder.listing().await.map_err(git_failed)?;
    let mut gathered = Gathered {
        findings: Vec::new(),
        scope: Vec::new(),
        not_checked: Vec::new(),
        modules: Vec::new(),
        known: Known::default(),
    };
    match &listing {
        Some(Listing { tracked, .. }) => gathered.known.tell_tracked(tracked.clone()),
        None => gathered
            .not_checked
            .push("what git tracks and ignores: this folder is in no repository".to_owned()),
    }
    let mut request = request(inputs);
    request.files = secrets::paths(checkout.top(), listing.as_ref());
    let mut checked = decide(&request, (&folder, &checkout), &mut gathered.known).await?;
    let has_externals = !checked.networks.is_empty() || !checked.volumes.is_empty();
    if inputs.mode == Mode::Deploy && has_externals {
        request.engine = Some(facts::engine(&checked).await?);
        checked = decide(&request, (&folder, &checkout), &mut gathered.known).await?;
    }
    if inputs.mode == Mode::Deploy {
        gathered.findings.extend(facts::rights(&checkout, &checked));
    }
    gathered.findings.append(&mut checked.findings);
    gathered.scope.append(&mut checked.scope);
    gathered.modules = checked.modules;
    if inputs.scan_secrets {
        gathered.add_secrets(secrets::scan(checkout.top(), &request.files)?, &checkout);
    }
    Ok(gathered)
}

fn request(inputs: &Inputs) -> Request {
    let environment = match inputs.mode {
        Mode::Deploy => ChildEnv::from_process().texts(),
        Mode::PullRequest => BTreeMap::new(),
    };
    Request {
        compose_files: inputs.compose_files.clone(),
        env_file: inputs.env_file.clone(),
        env_example: inputs.env_example.clone(),
        required: inputs.required.clone(),
        mode: inputs.mode,
        environment,
        engine: None,
        files: BTreeSet::new(),
        odoo: Facts {
            addons_paths: inputs.addons_paths.clone(),
            series: inputs.odoo_series.clone(),
            ..Facts::default()
        },
    }
}

/// Decides as often as the decision asks for more.
async fn decide(
    request: &Request,
    (folder, checkout): (&Folder<'_>, &Checkout),
    known: &mut Known,
) -> Result<Checked, Failure> {
    for _ in 0..ROUNDS {
        let checked = project::check(request, known);
        let (wanted, ignored) = (known.wanted(), known.wanted_ignored());
        if wanted.is_empty() && ignored.is_empty() {
            return Ok(checked);
        }
        for path in wanted {
            known.tell(&path, checkout.entry(&path));
        }
        if !ignored.is_empty() {
            let yes = folder.ignored(&ignored).await.map_err(git_failed)?;
            for path in &ignored {
                known.tell_ignored(path, yes.contains(path));
            }
        }
    }
    Err(Failure::new(
        Outcome::Failed,
        format!("the compose files lead to more than {ROUNDS} rounds of files"),
    )
    .help("files include or extend each other too deeply"))
}

fn git_failed(error: GitError) -> Failure {
    let outcome = match error {
        GitError::NotFound | GitError::TooOld(_) | GitError::Process(_) => Outcome::Unavailable,
        _ => Outcome::Failed,
    };
    Failure::new(outcome, "git could not say which files it tracks and ignores")
        .why(error)
        .help("try `git status` in this folder")
}
