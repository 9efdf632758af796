//! Reports that the tools themselves wrote (`tests/fixtures/coverage`), read as a gate reads them: the integers are those
//! of the tools, two formats of one run say the same, and half a report is none.

mod damage;
mod fixtures;
mod same_run;
mod totals;
