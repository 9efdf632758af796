//! A compose file with its env file behind the byte 255: read, filled, joined and judged by every rule.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use mta_actions_fuzz::domain::compose::rules::Mode;
use mta_actions_fuzz::domain::known::{Entry, Known};
use mta_actions_fuzz::domain::validation::addons::Facts;
use mta_actions_fuzz::domain::validation::project::{Request, check};

fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|byte| *byte == 0xff).unwrap_or(data.len());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (compose, env) = (text(&data[..at]), text(data.get(at + 1..).unwrap_or_default()));
    let (compose, env): (Arc<str>, Arc<str>) = (compose.into(), env.into());
    let reader = move |path: &str| match path {
        "compose.yaml" => Entry::Text(Arc::clone(&compose)),
        ".env" => Entry::Text(Arc::clone(&env)),
        _ => Entry::Absent,
    };
    let known = Known::new(reader, Some(BTreeSet::new()));
    let request = Request {
        compose_files: vec!["compose.yaml".to_owned()],
        env_file: None,
        env_example: None,
        profiles: Vec::new(),
        required: Vec::new(),
        mode: Mode::Deploy,
        environment: BTreeMap::new(),
        files: BTreeSet::new(),
        odoo: Facts::default(),
    };
    let checked = check(&request, &known);
    assert!(checked.findings.iter().all(|one| !one.message.is_empty()), "a finding without words");
});
