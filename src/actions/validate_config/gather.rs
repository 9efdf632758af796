//! Gives the decisions a checkout to look at, and asks git and the engine what only they know.

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
use crate::domain::known::{IfIgnored, Known};
use crate::domain::odoo::module::Installable;
use crate::domain::validation::addons::Facts;
use crate::domain::validation::project::{self, Checked, Request};
use crate::failure::{Failure, Outcome};
use crate::report::findings::shown::Files;

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
    /// How many files were looked at.
    pub count: usize,
    known: Known,
}

impl Gathered {
    /// The files as they may be shown.
    pub fn files(&self) -> Files {
        let texts = self.known.texts();
        Files::new(texts.iter().map(|(path, text)| (path.as_str(), text)), &self.findings)
    }

    /// Adds the secrets that were found, with the texts that they stand in.
    fn add_secrets(&mut self, scanned: Scanned) {
        for finding in &scanned.findings {
            // Read, so that its line can be shown.
            self.known.entry(&finding.span.file);
        }
        self.count = self.count.max(scanned.files);
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
    let reader = checkout.clone();
    let tracked = listing.as_ref().map(|listing| listing.tracked.clone());
    let known = Known::new(move |path| reader.entry(path), tracked);
    let mut request = request(inputs);
    request.files = secrets::paths(checkout.top(), listing.as_ref());
    let Checked { findings, left_out, open, externals, scope, modules, private } =
        project::check(&request, &known);
    let count = known.texts().len();
    let not_checked = left_out;
    let mut gathered = Gathered { findings, scope, not_checked, modules, count, known };
    gathered.not_checked.extend(unnamed(listing.as_ref()));
    if listing.is_none() {
        let what = "what git tracks and ignores: this folder is in no repository";
        gathered.not_checked.push(what.to_owned());
    }
    gathered.findings.extend(settled(open, (&folder, listing.as_ref())).await?);
    if inputs.mode == Mode::Deploy {
        gathered.findings.extend(facts::rights(&checkout, &private));
        if !externals.is_empty() {
            gathered.findings.extend(facts::missing(&externals).await?);
        }
    }
    if inputs.scan_secrets {
        gathered.add_secrets(secrets::scan(checkout.top(), &request.files)?);
    }
    Ok(gathered)
}

/// Files that cannot be named, and so not be read.
fn unnamed(listing: Option<&Listing>) -> Option<String> {
    let names: Vec<&str> = listing?.unnamed.iter().map(String::as_str).collect();
    let shown = names.get(..3).unwrap_or(&names).join(", ");
    let (files, have) = if names.len() == 1 { ("file", "has") } else { ("files", "have") };
    (!names.is_empty()).then(|| {
        format!("{} {files} whose name {have} bytes that are no UTF-8: {shown}", names.len())
    })
}

/// What is found, now that git says which paths it ignores.
async fn settled(
    open: Vec<IfIgnored>,
    (folder, listing): (&Folder<'_>, Option<&Listing>),
) -> Result<Vec<Finding>, Failure> {
    let paths: BTreeSet<&str> = open.iter().map(|one| one.path.as_str()).collect();
    let paths: Vec<String> = paths.into_iter().map(str::to_owned).collect();
    let ignored = if listing.is_none() || paths.is_empty() {
        BTreeSet::new()
    } else {
        folder.ignored(&paths).await.map_err(git_failed)?
    };
    Ok(open.into_iter().filter_map(|one| one.settle(&ignored)).collect())
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
        profiles: inputs.profiles.clone(),
        required: inputs.required.clone(),
        mode: inputs.mode,
        environment,
        files: BTreeSet::new(),
        odoo: Facts {
            addons_paths: inputs.addons_paths.clone(),
            series: inputs.odoo_series.clone(),
            ..Facts::default()
        },
    }
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
