//! What only this machine knows: whose a file is, which networks and volumes the engine has.

use std::collections::BTreeSet;

use crate::adapters::docker::endpoint::Endpoint;
use crate::adapters::docker::engine::Engine;
use crate::adapters::host::checkout::Checkout;
use crate::adapters::host::process::{self, ChildEnv};
use crate::domain::compose::rules;
use crate::domain::env_file::rules::{Owner, permissions};
use crate::domain::finding::Finding;
use crate::domain::validation::project::Checked;
use crate::failure::Failure;

/// Which of the external networks and volumes the engine has.
///
/// # Errors
/// Where the engine does not answer: what was not asked is not there for nobody.
pub async fn engine(checked: &Checked) -> Result<rules::Engine, Failure> {
    let endpoint = Endpoint::find(&ChildEnv::from_process())?;
    let engine = Engine::connect(&endpoint).await?;
    let mut there = rules::Engine { networks: BTreeSet::new(), volumes: BTreeSet::new() };
    for name in &checked.networks {
        if engine.network_exists(name).await? {
            there.networks.insert(name.clone());
        }
    }
    for name in &checked.volumes {
        if engine.volume_exists(name).await? {
            there.volumes.insert(name.clone());
        }
    }
    Ok(there)
}

/// Files with secrets that others on this host can read.
pub fn rights(checkout: &Checkout, checked: &Checked) -> Vec<Finding> {
    let own = process::own_user();
    let one = |path: &str| {
        let rights = checkout.rights(path)?;
        let owner = if rights.owner == own || own == 0 { Owner::Own } else { Owner::Other };
        permissions(path, rights.mode, owner)
    };
    checked.private.iter().filter_map(|private| one(&private.path)).collect()
}
