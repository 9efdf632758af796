//! Lines of inputs that are handed on to buildx, and which of them cannot be: further arguments, and annotations. Pure.

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
    let Some((key, _)) = line.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
        return Some(told("wants `name=value`"));
    };
    let (levels, name) = key.split_once(':')?;
    if name.is_empty() {
        return Some(told("wants `name=value` behind the colon"));
    }
    let is_known = |level: &str| {
        let level = level.split_once('[').filter(|(_, rest)| rest.ends_with(']'));
        level.is_some_and(|(level, _)| LEVELS.contains(&level))
    };
    let mut levels = levels.split(',');
    let wrong = levels.find(|level| !LEVELS.contains(level) && !is_known(level))?;
    Some(told(&format!("\"{}\" is none of {}", visible(wrong), LEVELS.join(", "))))
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
}
