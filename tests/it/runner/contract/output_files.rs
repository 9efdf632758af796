//! Outputs and summaries, read back with the runner's grammar.

use mta_actions::adapters::runner::{outputs, summary};
use mta_actions::domain::action::{OutputSpec, OutputValues};
use mta_actions::report::summary::LIMIT;
use proptest::prelude::*;

use super::texts::{config, hostile};
use crate::kit::runner::files::{SUMMARY_LIMIT, read_pairs};

const SPECS: &[OutputSpec] = &[
    OutputSpec { name: "result", doc: "" },
    OutputSpec { name: "log", doc: "" },
    OutputSpec { name: "unset", doc: "" },
];

fn written(log: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let mut values = OutputValues::default();
    values.set("result", "done");
    values.set("log", log);
    outputs::write(&path, SPECS, &values).unwrap();
    fs_err::read(path).unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_output_reads_back_as_it_was_set(value in hostile()) {
        let read = read_pairs(&written(&value));
        prop_assert_eq!(read.fault.clone(), None);
        prop_assert_eq!(read.pairs.len(), 3);
        prop_assert_eq!(read.get("result"), Some("done"));
        prop_assert_eq!(read.get("log"), Some(value.as_str()));
        prop_assert_eq!(read.get("unset"), Some(""));
    }
}

#[test]
fn a_summary_is_always_small_enough_to_be_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary");
    for _ in 0..3 {
        let rows = "| ä | b |\n".repeat(100_000);
        summary::append(&path, &[format!("| x | y |\n| --- | --- |\n{rows}")]).unwrap();
        let size = fs_err::metadata(&path).unwrap().len();
        assert!(size <= LIMIT as u64 && LIMIT < SUMMARY_LIMIT, "{size}");
    }
    let text = fs_err::read_to_string(&path).unwrap();
    assert!(text.trim_end().ends_with("rows omitted"), "{}", &text[text.len() - 100..]);
}
