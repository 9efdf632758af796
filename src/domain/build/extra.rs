//! Lines of inputs that are handed on to buildx, and which of them cannot be: further arguments, and annotations. Pure.

use std::collections::BTreeMap;

use crate::domain::shown::visible;

/// Arguments that the action gives itself, or that build nothing, and what to write instead.
const OURS: [(&str, &str); 19] = [
    ("--push", "`push`"),
    ("--load", "`load`"),
    ("--tag", "`image`, `environment` and `tags`"),
    ("--output", "`outputs`"),
    ("--file", "`file`"),
    ("--target", "`target`"),
    ("--builder", "`builder`"),
    ("--cache-from", "`cache-from`"),
    ("--cache-to", "`cache-to`"),
    ("--metadata-file", ""),
    ("--progress", ""),
    ("--iidfile", ""),
    ("--quiet", ""),
    ("--detach", ""),
    ("--call", ""),
    ("--check", ""),
    ("--print", ""),
    ("--invoke", ""),
    ("--help", ""),
];

/// To what an annotation can belong.
const LEVELS: [&str; 4] = ["manifest", "index", "manifest-descriptor", "index-descriptor"];

/// The line of `annotations` that stands for all labels.
const LABELS: &str = "labels";

/// Why a line of the input `buildx-args` cannot be handed on; `None` where it can.
pub fn argument_fault(line: &str) -> Option<String> {
    let told = |why: &str| Some(format!("`buildx-args` has the line \"{}\": {why}", visible(line)));
    let name = line.split_once('=').map_or(line, |(name, _)| name);
    let is_long =
        name.strip_prefix("--").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('-'));
    if !line.starts_with('-') {
        return told("an argument begins with `--`; its value stands behind it, as `--name=value`");
    }
    if !is_long || name.contains(char::is_whitespace) {
        return told("write it out in one piece, as `--name=value`");
    }
    let (_, input) = OURS.iter().find(|(ours, _)| *ours == name)?;
    if input.is_empty() {
        told("the action sets it itself, or nothing would be built")
    } else {
        told(&format!("that is what {input} is for"))
    }
}

/// Why a line of the input `annotations` is none; `None` where it is one: `name=value`, or with that to which it belongs:
/// `index:name=value`, `manifest[linux/amd64],index:name=value`.
pub fn annotation_fault(line: &str) -> Option<String> {
    let told = |why: &str| format!("`annotations` has the line \"{}\", and {why}", visible(line));
    if let Some(levels) = of_labels(line) {
        let levels = levels.strip_suffix(':')?;
        return wrong_level(levels).map(|why| told(&why));
    }
    let Some((key, _)) = line.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
        return Some(told("wants `name=value`"));
    };
    let (levels, name) = key.split_once(':')?;
    if name.is_empty() {
        return Some(told("wants `name=value` behind the colon"));
    }
    wrong_level(levels).map(|why| told(&why))
}

/// To what all labels belong, with the colon: `index:` of `index:labels`, nothing of `labels`; `None` for another line.
fn of_labels(line: &str) -> Option<&str> {
    let levels = line.strip_suffix(LABELS)?;
    (levels.is_empty() || levels.ends_with(':') && !levels.contains('=')).then_some(levels)
}

/// What is wrong with that to which an annotation belongs.
fn wrong_level(levels: &str) -> Option<String> {
    let is_known = |level: &str| {
        let level = level.split_once('[').filter(|(_, rest)| rest.ends_with(']'));
        level.is_some_and(|(level, _)| LEVELS.contains(&level))
    };
    let mut levels = levels.split(',');
    let wrong = levels.find(|level| !LEVELS.contains(level) && !is_known(level))?;
    Some(format!("\"{}\" is none of {}", visible(wrong), LEVELS.join(", ")))
}

/// Annotations as buildx takes them: a line that is `labels` stands for all labels, of two of one name the later one.
pub fn annotations(lines: &[String], labels: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    for line in lines {
        let Some(levels) = of_labels(line) else {
            all.push(line.clone());
            continue;
        };
        let mut last: BTreeMap<&str, &str> = BTreeMap::new();
        last.extend(labels.iter().filter_map(|label| label.split_once('=')));
        all.extend(last.into_iter().map(|(name, value)| format!("{levels}{name}={value}")));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_the_action_gives_itself() {
        for line in ["--debug", "--no-cache-filter=a", "--label=a=b c", "--policy=x", "--pushed=1"]
        {
            assert_eq!(argument_fault(line), None, "{line}");
        }
        for (line, words) in [
            ("--push", "what `push` is for"),
            ("--push=false", "what `push` is for"),
            ("--tag=r.io/a:1", "`image`"),
            ("--output=type=local", "`outputs`"),
            ("--cache-to=type=gha", "`cache-to`"),
            ("--builder=x", "`builder`"),
            ("--metadata-file=x", "itself"),
            ("--progress=tty", "itself"),
            ("--check", "nothing would be built"),
            ("-t", "write it out"),
            ("-tr.io/a:1", "write it out"),
            ("--", "write it out"),
            ("-", "write it out"),
            ("--label a=b", "in one piece"),
            ("other", "begins with `--`"),
        ] {
            let fault = argument_fault(line).unwrap_or_default();
            assert!(fault.contains(words), "{line}: {fault}");
        }
    }

    #[test]
    fn annotations_and_to_what_they_belong() {
        for line in [
            "a=b",
            "org.opencontainers.image.title=A: b",
            "a=",
            "index:a=b=c",
            "manifest,index:a=b",
            "manifest-descriptor[linux/amd64]:a=b",
            "manifest[linux/amd64],index-descriptor:a=b",
        ] {
            assert_eq!(annotation_fault(line), None, "{line}");
        }
        for (line, words) in [
            ("a", "wants `name=value`"),
            ("=b", "wants `name=value`"),
            ("index:=b", "behind the colon"),
            ("indx:a=b", "\"indx\" is none of manifest, index"),
            ("manifest[linux/amd64:a=b", "is none of"),
        ] {
            let fault = annotation_fault(line).unwrap_or_default();
            assert!(fault.contains(words), "{line}: {fault}");
        }
    }

    #[test]
    fn one_line_stands_for_all_labels() {
        let lines = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let labels = lines(&["a=1", "b=x,y", "a=2"]);
        let told = annotations(
            &lines(&["c=labels", "labels", "index:labels", "d=e:labels", "manifest:f=labels"]),
            &labels,
        );
        assert_eq!(
            told,
            [
                "c=labels",
                "a=2",
                "b=x,y",
                "index:a=2",
                "index:b=x,y",
                "d=e:labels",
                "manifest:f=labels",
            ]
        );
        for line in ["labels", "index:labels", "manifest[linux/amd64],index:labels", "d=e:labels"] {
            assert_eq!(annotation_fault(line), None, "{line}");
        }
        for line in ["label", "xlabels", "pod:labels", ":labels"] {
            assert!(annotation_fault(line).is_some(), "{line}");
        }
    }
}
