//! A compose file with its env file behind the byte 255: read, filled, joined and judged by every rule.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use libfuzzer_sys::fuzz_target;
use mta_actions_fuzz::domain::compose::rules::Mode;
use mta_actions_fuzz::domain::known::{Entry, Known};
use mta_actions_fuzz::domain::validation::addons::Facts;
use mta_actions_fuzz::domain::validation::project::{Request, check};

fuzz_target!(|data: &[u8]| {
    let at = data.iter().position(|byte| *byte == 0xff).unwrap_or(data.len());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (compose, env) = (text(&data[..at]), text(data.get(at + 1..).unwrap_or_default()));
    let mut known = Known::default();
    known.tell_tracked(BTreeSet::new());
    known.tell("compose.yaml", Entry::Text(compose.into()));
    known.tell(".env", Entry::Text(env.into()));
    let request = Request {
        compose_files: vec!["compose.yaml".to_owned()],
        env_file: ".env".to_owned(),
        env_example: None,
        required: Vec::new(),
        mode: Mode::Deploy,
        environment: BTreeMap::new(),
        engine: None,
        files: BTreeSet::new(),
        odoo: Facts::default(),
    };
    for _ in 0..3 {
        let checked = check(&request, &known);
        assert!(checked.findings.iter().all(|one| !one.message.is_empty()), "a finding without words");
        for path in known.wanted() {
            known.tell(&path, Entry::Absent);
        }
    }
});
