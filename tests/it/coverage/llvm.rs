//! LLVM's segments, turned into lines, against LLVM's own lines of the same run: `fixtures/coverage/llvm-cpp`.

use std::collections::BTreeMap;
use std::path::Path;

use mta_actions::domain::coverage::formats::json;
use mta_actions::domain::coverage::report::Detail;

/// `while (1)`: llvm-cov leaves constant conditions out of LCOV, and its JSON does not mark them.
const CONSTANT: [(u32, bool); 2] = [(33, false); 2];

#[derive(Default, Debug, PartialEq)]
struct File {
    lines: Vec<(u32, u64)>,
    arms: Vec<(u32, bool)>,
}

fn text(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/coverage/llvm-cpp");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn lcov() -> BTreeMap<String, File> {
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    let mut name = String::new();
    for line in text("lcov.info").lines() {
        let Some((kind, rest)) = line.split_once(':') else { continue };
        let fields: Vec<&str> = rest.split(',').collect();
        let file = files.entry(name.clone()).or_default();
        match kind {
            "SF" => rest.clone_into(&mut name),
            "DA" => file.lines.push((fields[0].parse().unwrap(), fields[1].parse().unwrap())),
            "BRDA" => {
                let taken = !["-", "0"].contains(&fields[3]);
                file.arms.push((fields[0].parse().unwrap(), taken));
            }
            _ => {}
        }
    }
    files.remove("");
    files
}

#[test]
fn lines_hits_and_arms_are_llvms_own() {
    let report = json::read(&mut text("export.json").as_bytes(), Detail { hits: true }).unwrap();
    let read = report.files.iter().map(|(name, file)| {
        let file = File { lines: file.hits.clone(), arms: file.arms.iter().collect() };
        (name.clone(), file)
    });
    let mut expected = lcov();
    let file = expected.get_mut("/src/program.cpp").unwrap();
    assert_eq!((file.lines.len(), file.arms.len()), (49, 38));
    file.arms.extend(CONSTANT);
    let mut read: BTreeMap<_, _> = read.collect();
    for file in read.values_mut().chain(expected.values_mut()) {
        file.arms.sort_unstable();
    }
    assert_eq!(read, expected);
}
