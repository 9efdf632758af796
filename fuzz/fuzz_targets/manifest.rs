//! A Python file read as an Odoo manifest.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mta_actions_fuzz::domain::odoo::module::read;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let manifest = read("m/__manifest__.py", &text);
    assert!(manifest.depends.len() <= data.len(), "more names than bytes");
});
