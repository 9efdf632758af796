//! Our reader of Python literals against `ast.literal_eval`: what it takes, and what it makes of it.
//!
//! `MTA_LITERAL_SEED` says which texts are made; without it they are always the same.

use mta_actions::domain::odoo::literal::{self, Problem};

use crate::kit::python;

mod made;
mod shown;

/// Answers one line of JSON for each: the value in a form that does not depend on the order of sets, or `null`.
const PYTHON: &str = r#"
import ast, json, sys, warnings
warnings.simplefilter("ignore")
sys.setrecursionlimit(20000)
def shown(v):
    t = type(v)
    if t in (list, tuple):
        return t.__name__ + "(" + ",".join(map(shown, v)) + ")"
    if t is set:
        return "set(" + ",".join(sorted(map(shown, v))) + ")"
    if t is dict:
        return "dict(" + ",".join(shown(k) + ":" + shown(x) for k, x in v.items()) + ")"
    if t is str:
        return "str(" + ",".join(str(ord(c)) for c in v) + ")"
    if t is bytes:
        return "bytes(" + ",".join(map(str, v)) + ")"
    if t is float:
        return "float(" + v.hex() + ")"
    if t is complex:
        return "complex(" + v.real.hex() + "," + v.imag.hex() + ")"
    if t is int:
        return "int(" + hex(v) + ")"
    return repr(v)
sys.set_int_max_str_digits(4300)
for line in sys.stdin:
    try:
        answer = shown(ast.literal_eval(json.loads(line)))
    except Exception:
        answer = None
    print(json.dumps(answer))
"#;

#[test]
fn the_same_texts_have_the_same_values_in_python() {
    compare(20_000);
}

#[test]
#[ignore = "deep: a million texts"]
fn deep_the_same_texts_have_the_same_values_in_python() {
    compare(1_000_000);
}

fn compare(count: usize) {
    let seed = std::env::var("MTA_LITERAL_SEED").map_or(0, |number| number.parse().unwrap());
    let cases = made::cases(count, seed);
    let python = python::Wanted::Only(3, 11);
    let Some(answers) = python::answers::<Option<String>>(python, PYTHON, &cases) else { return };
    let (mut accepted, mut limits, mut different) = (0, 0, Vec::new());
    for (case, theirs) in cases.iter().zip(answers) {
        let read = literal::parse(case);
        if read.as_ref().is_err_and(|error| error.problem == Problem::Limit) {
            limits += 1;
            continue;
        }
        accepted += usize::from(theirs.is_some());
        let ours = read.as_ref().ok().map(shown::shown);
        if ours != theirs {
            different
                .push(format!("{case:?}\n  ours:   {read:?}\n  {ours:?}\n  python: {theirs:?}"));
        }
    }
    eprintln!(
        "{} texts, {accepted} literals, {limits} beyond our limits, {} different",
        cases.len(),
        different.len()
    );
    different.sort_by_key(String::len);
    different.truncate(15);
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(accepted * 4 > cases.len() && accepted < cases.len());
}
