use std::collections::BTreeMap;
use std::io::BufReader;

use proptest::prelude::*;

use super::*;

const HITS: Detail = Detail { hits: true };

fn of(text: &str) -> Result<Report, String> {
    read(&mut text.as_bytes(), HITS).map_err(|error| error.to_string())
}

fn report(classes: &str) -> String {
    format!(
        "<?xml version=\"1.0\" ?>\n<!DOCTYPE coverage SYSTEM \"http://x/coverage-04.dtd\">\n<coverage line-rate=\"1\" branches-valid=\"NaN\">\
         <sources><source>\n /app \n</source><source>C:\\x</source><source>/app</source><source/></sources>\
         <packages><package name=\"p\"><classes>{classes}</classes></package></packages></coverage>"
    )
}

/// A report of one class with these lines.
fn class(lines: &str) -> String {
    report(&format!(
        "<class name=\"a\" filename=\"p\\a.py\"><methods/><lines>{lines}</lines></class>"
    ))
}

fn file(text: &str) -> Measured {
    of(text).unwrap().files.remove("p/a.py").unwrap()
}

#[test]
fn lines_in_all_the_ways_that_tools_write_them() {
    for (lines, expected) in [
        ("<line number=\"1\" hits=\"0\"/><line number=\"2\" hits=\"3\"/>", vec![(1, 0), (2, 3)]),
        (
            "<line number=\"1\" hits=\"1.0\"/><line number=\"2\" hits=\"0.0\"/>",
            vec![(1, 1), (2, 0)],
        ),
        ("<line number=\"1\" hits=\"-5\"/>\n<line hits='2' number='2' />", vec![(1, 0), (2, 2)]),
        ("<line number=\"4294967295\" hits=\"18446744073709551615\"/>", vec![(u32::MAX, u64::MAX)]),
        ("<line number=\"1\" hits=\"0\"/><line number=\"1\" hits=\"4\"></line>", vec![(1, 4)]),
        (
            "<line number=\"&#49;\" hits=\"1\"/><!-- c --><line number=\"2\" hits=\"1\" branch=\"true\"/>",
            vec![(1, 1), (2, 1)],
        ),
        ("", vec![]),
    ] {
        let file = file(&class(lines));
        assert_eq!(file.hits, expected, "{lines}");
        let covered: Vec<_> = expected.iter().map(|(line, hits)| (*line, *hits > 0)).collect();
        assert_eq!(file.lines.iter().collect::<Vec<_>>(), covered, "{lines}");
    }
}

#[test]
fn the_lines_of_methods_are_passed_over_and_classes_of_a_file_join() {
    let text = report(
        "<class filename=\"p/a.py\"><methods><method><lines><line number=\"9\" hits=\"1\"/></lines></method></methods>\
         <lines><line number=\"1\" hits=\"0\"/><line number=\"2\" hits=\"0\"/></lines></class>\
         <class filename=\"p\\a.py\"><lines><line number=\"2\" hits=\"1\"/></lines></class><class filename=\"b\"/>",
    );
    let report = of(&text).unwrap();
    assert_eq!(report.files["p/a.py"].line_ratio(), Ratio::new(1, 2));
    assert!(!report.files["b"].has_lines());
    assert_eq!(report.roots, ["/app", "C:/x"]);
    assert_eq!(report.warnings, Vec::<String>::new());
}

#[test]
fn what_is_odd_is_said_once() {
    for (text, warning) in [
        (
            class("<line number=\"0\" hits=\"1\"/><line number=\"undefined\" hits=\"1\"/>"),
            "2 entries without a line that can be were left out.",
        ),
        (
            report("<class filename=\"\"><lines><line number=\"1\" hits=\"1\"/></lines></class>"),
            "1 entries without a file name were left out.",
        ),
        (
            class("<line number=\"1\" hits=\"1\"/>")
                .replace("<coverage ", "<coverage lines-valid=\"4\" lines-covered=\"3\" "),
            "Its totals say 3 of 4 lines, its lines 1 of 1: the lines count.",
        ),
    ] {
        assert_eq!(of(&text).unwrap().warnings, [warning], "{text}");
    }
    let right = class("<line number=\"1\" hits=\"1\"/>")
        .replace("<coverage ", "<coverage lines-valid=\"1\" lines-covered=\"1\" ");
    assert_eq!(of(&right).unwrap().warnings, Vec::<String>::new());
}

fn branch(attributes: &str, inner: &str) -> String {
    format!("<line number=\"1\" hits=\"1\" branch=\"true\" {attributes}>{inner}</line>")
}

#[test]
fn branches_of_one_report_and_of_two() {
    let conditions = |one: &str, two: &str| {
        let of = |number, percent| {
            format!("<condition number=\"{number}\" type=\"jump\" coverage=\"{percent}%\"/>")
        };
        format!("<conditions>{}{}</conditions>", of(0, one), of(1, two))
    };
    let half = "condition-coverage=\"50% (1/2)\"";
    let two = "condition-coverage=\"50% (2/4)\"";
    for (one, other, single, joined) in [
        (branch(half, ""), branch(half, ""), (1, 2), (1, 2)),
        (
            branch(&format!("{half} missing-branches=\"5\""), ""),
            branch(&format!("{half} missing-branches=\"exit\""), ""),
            (1, 2),
            (2, 2),
        ),
        (
            branch(&format!("{half} missing-branches=\"5\""), ""),
            branch(&format!("{half} missing-branches=\"5\""), ""),
            (1, 2),
            (1, 2),
        ),
        (
            branch(two, &conditions("100", "0")),
            branch(two, &conditions("0", "100")),
            (2, 4),
            (4, 4),
        ),
        (
            branch(two, &conditions("100", "0")),
            branch(two, &conditions("100", "0")),
            (2, 4),
            (2, 4),
        ),
        (branch(two, &conditions("100", "100")), branch(two, ""), (2, 4), (2, 4)),
        (branch("condition-coverage=\"50%\"", ""), branch(half, ""), (0, 0), (1, 2)),
    ] {
        let (mut first, second) = (file(&class(&one)), file(&class(&other)));
        assert_eq!(first.branch_ratio(), Ratio::new(single.0, single.1), "{one}");
        first.merge(&second);
        assert_eq!(first.branch_ratio(), Ratio::new(joined.0, joined.1), "{one} {other}");
        let within = file(&class(&format!("{one}{other}")));
        assert_eq!(within.branch_ratio(), first.branch_ratio(), "{one} {other}");
    }
}

#[test]
fn what_is_no_report_is_an_error_with_its_place() {
    for (text, error) in [
        ("<html><packages/></html>", "1:1: the root is `<html>`, not `<coverage>`"),
        (
            "<coverage/>",
            "1:1: `<coverage>` has neither `<packages>` nor `<sources>`: this is no Cobertura report",
        ),
        ("<coverage>\n<packages>", "2:11: the file ends inside `<packages>`"),
        ("<coverage>\n<packages></sources>", "2:11: `</sources>` where `</packages>` must come"),
        (
            "<!DOCTYPE a [<!ENTITY x \"y\">]>\n<coverage>&x;</coverage>",
            "2:11: entities are not supported: `&x;`",
        ),
    ] {
        assert_eq!(of(text).unwrap_err(), error);
    }
    for (lines, what) in [
        ("<line hits=\"1\"/>", "`<line>` has no `number`"),
        ("<line number=\"1\"/>", "`<line>` has no `hits`"),
        ("<line number=\"x\" hits=\"1\"/>", "`x` is no line"),
        ("<line number=\"1\" hits=\"x\"/>", "`x` is no count"),
        (
            "<line number=\"1\" hits=\"1\" condition-coverage=\"9% (3/2)\"/>",
            "`condition-coverage=\"9% (3/2)\"` is no count of branches",
        ),
    ] {
        let found = of(&class(&format!(
            "<line number=\"7\" hits=\"1\"/>\n<line number=\"8\" hits=\"1\"/>{lines}"
        )))
        .unwrap_err();
        assert_eq!(found, format!("6:28: {what}"));
    }
    let empty = of("<coverage><packages/></coverage>").unwrap();
    assert!(empty.files.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_what_a_naive_reader_has(
        classes in proptest::collection::vec((0_u8..3, proptest::collection::vec((1_u32..300, 0_u64..3, 0_usize..7), 0..20)), 0..5),
        piece in 1_usize..40,
        cut in any::<prop::sample::Index>(),
    ) {
        let mut model: BTreeMap<String, BTreeMap<u32, bool>> = BTreeMap::new();
        let mut text = String::new();
        for (name, lines) in &classes {
            text.push_str(&format!("<class filename=\"f{name}\"><lines>\n"));
            let known = model.entry(format!("f{name}")).or_default();
            for (line, hits, kind) in lines {
                let end = ["/>", " />", "></line>", " branch=\"false\"/>", " branch=\"False\" />", " branch=\"true\" />", " x=\"&lt;\"/>\n"][*kind];
                text.push_str(&format!("  <line number=\"{line}\" hits=\"{hits}\"{end}\n"));
                *known.entry(*line).or_default() |= *hits > 0;
            }
            text.push_str("</lines></class>");
        }
        let text = report(&text);
        let whole = of(&text).unwrap();
        let found: BTreeMap<_, BTreeMap<_, _>> =
            whole.files.iter().map(|(name, file)| (name.clone(), file.lines.iter().collect())).collect();
        prop_assert_eq!(found, model);
        let pieces = read(&mut BufReader::with_capacity(piece, text.as_bytes()), HITS).unwrap();
        prop_assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
        prop_assert!(of(&text[..cut.index(text.len())]).is_err());
    }

    #[test]
    fn no_mutation_makes_it_panic(at in any::<prop::sample::Index>(), new in "[-0-9<>/\"(%) a-z]{0,9}") {
        let mut text = class(&format!("<line number=\"1\" hits=\"2\"/>{}", branch("condition-coverage=\"50% (1/2)\" missing-branches=\"3\"", "")));
        let at = at.index(text.len());
        text.insert_str(at, &new);
        let _ = of(&text);
    }
}
