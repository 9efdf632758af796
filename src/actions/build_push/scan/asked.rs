//! How images are scanned, as the inputs say it.

use camino::{Utf8Path, Utf8PathBuf};

use crate::actions::build_push::faults::Faults;
use crate::domain::input::Values;
use crate::domain::known::join;
use crate::domain::scan::{Rules, Severity, Tool};

/// How many reports one step may read.
const MOST_REPORTS: usize = 20;

/// How images are scanned, as the inputs say it.
#[derive(Clone, Debug)]
pub struct Scans {
    /// Who says what is in an image; `None` where nobody does.
    pub source: Option<Source>,
    /// What the gate wants.
    pub rules: Rules,
    /// An earlier report: what is in it is not new.
    pub baseline: Option<Utf8PathBuf>,
    /// Where the findings go as SARIF.
    pub sarif: Option<Utf8PathBuf>,
}

/// Who says what is in an image.
#[derive(Clone, Debug)]
pub enum Source {
    /// A scanner that is run.
    Tool(Tool),
    /// Reports of steps before.
    Reports(Vec<String>),
}

impl Scans {
    /// Whether they can be those of so many images.
    pub fn check(&self, images: usize, faults: &mut Faults) {
        if images > 1 && matches!(self.source, Some(Source::Reports(_))) {
            faults.add("`scan-report` is about one image, and there are several: use `scan`, or a step for each");
        }
    }

    /// Whether a scanner is run, and no report of steps before is read.
    pub const fn runs_a_tool(&self) -> bool {
        matches!(self.source, Some(Source::Tool(_)))
    }

    /// Reads them.
    pub fn read(values: &Values, faults: &mut Faults) -> Self {
        let tool = values.text("scan").and_then(Tool::parse);
        let reports = values.list("scan-report");
        let rules = Rules {
            gate: values.text("scan-gate").filter(|word| *word != "off").and_then(Severity::parse),
            only_new: values.flag("scan-new-only"),
            ignores_unfixed: values.flag("scan-ignore-unfixed"),
        };
        let (baseline, sarif) = (values.path("scan-baseline"), values.path("sarif-file"));
        if tool.is_some() && !reports.is_empty() {
            faults.add("`scan` and `scan-report` are both given: one of them says what is found");
        }
        if tool.is_none() && reports.is_empty() {
            for (name, is_given) in [
                ("scan-gate", rules.gate.is_some()),
                ("scan-new-only", rules.only_new),
                ("scan-ignore-unfixed", rules.ignores_unfixed),
                ("scan-baseline", baseline.is_some()),
                ("sarif-file", sarif.is_some()),
            ] {
                if is_given {
                    faults.add(format!("`{name}` has no meaning without `scan` or `scan-report`"));
                }
            }
        }
        for (name, is_given) in
            [("scan-new-only", rules.only_new), ("scan-ignore-unfixed", rules.ignores_unfixed)]
        {
            if is_given && rules.gate.is_none() && (tool.is_some() || !reports.is_empty()) {
                faults.add(format!(
                    "`{name}` has no meaning without `scan-gate`: nothing is stopped"
                ));
            }
        }
        if reports.len() > MOST_REPORTS {
            faults.add(format!("`scan-report` has more than {MOST_REPORTS} lines"));
        }
        if !reports.is_empty() && rules.only_new && baseline.is_none() {
            faults.add("`scan-new-only` with `scan-report` needs `scan-baseline`: the report of the image that is replaced");
        }
        if tool.is_some() && baseline.is_some() {
            faults.add("`scan-baseline` is for `scan-report`: with `scan` the image that is replaced is scanned itself");
        }
        if let Some(path) = sarif
            && leads_out(path)
        {
            faults.add(format!("`sarif-file` {path} leads out of the repository"));
        }
        let source = match tool {
            Some(tool) => Some(Source::Tool(tool)),
            None if reports.is_empty() => None,
            None => Some(Source::Reports(reports.to_vec())),
        };
        Self { source, rules, baseline: baseline.cloned(), sarif: sarif.cloned() }
    }
}

/// Whether a path is not below the folder from which it is.
fn leads_out(path: &Utf8Path) -> bool {
    let inside = join("", path.as_str());
    inside.is_empty() || inside.starts_with('/') || inside == ".." || inside.starts_with("../")
}
