//! Where the result of a build goes beside the registry, and which of it goes together. Pure.

use crate::domain::shown::visible;

/// What cannot be in the input `outputs`, each with what to write instead. One build has one place where its result goes,
/// because older builders have no more: the registry, the engine, or files.
pub fn faults(outputs: &[String], push: bool, load: bool) -> Vec<String> {
    let mut faults: Vec<String> =
        outputs.iter().filter_map(|line| Some(told(line, &fault(line, push)?))).collect();
    if load && !outputs.is_empty() {
        faults.push(
            "`load` is `type=docker` in `outputs`: write it there, and leave `load` out".to_owned(),
        );
    }
    if push && outputs.len() > 1 {
        faults.push(
            "`outputs` has several lines, and `push` is on: what is pushed has one".to_owned(),
        );
    }
    faults
}

/// Whether a line writes files, which the next image of a step would write over.
pub fn writes_files(line: &str) -> bool {
    !line.contains('=') || attributes(line).iter().any(|(name, _)| name == "dest")
}

fn told(line: &str, why: &str) -> String {
    format!("`outputs` has the line \"{}\": {why}", visible(line))
}

fn fault(line: &str, push: bool) -> Option<String> {
    let attributes = attributes(line);
    let of = |name: &str| {
        let found = attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let is_folder = !line.contains('=');
    let kind = if is_folder { "local" } else { of("type").unwrap_or_default() };
    let dest = if is_folder { Some(line) } else { of("dest") };
    if dest == Some("-") {
        return Some("the output of the build is its log; name a file".to_owned());
    }
    match kind {
        "image" | "registry" => of_image(kind, &of, push),
        "" => Some("it wants `type=...`, or is a folder".to_owned()),
        "local" | "tar" | "oci" if dest.is_none_or(str::is_empty) => {
            Some(format!("`type={kind}` wants `dest=...`"))
        }
        "local" | "tar" | "oci" | "docker" | "cacheonly" if push => Some(
            "with `push: true` the result goes to the registry: set `push: false`, or build it in a step of its own"
                .to_owned(),
        ),
        "local" | "tar" | "oci" | "docker" | "cacheonly" => None,
        _ => Some("its type is not known: `local`, `tar`, `oci`, `docker`, `image`, `registry` or `cacheonly`".to_owned()),
    }
}

/// What is wrong with an image that goes to a registry, of which the action itself says the name.
fn of_image<'a>(kind: &str, of: &impl Fn(&str) -> Option<&'a str>, push: bool) -> Option<String> {
    if of("name").is_some() {
        return Some("leave `name` out: `image` and the tags say it".to_owned());
    }
    if of("push-by-digest").is_some_and(|value| value != "false") {
        return Some(
            "leave `push-by-digest` out: what is pushed has a tag, and the output `ref` its digest"
                .to_owned(),
        );
    }
    let pushes = kind == "registry" || of("push").is_some_and(|value| value != "false");
    (pushes && !push).then(|| "`push: false` pushes nothing; set `push: true`".to_owned())
}

/// The fields of a line of CSV, each `name=value`; a field in quotes may have commas.
fn attributes(line: &str) -> Vec<(String, String)> {
    let (mut fields, mut is_quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            letter => fields.last_mut().into_iter().for_each(|field| field.push(letter)),
        }
    }
    let pairs = fields.iter().map(|field| field.split_once('=').unwrap_or((field.as_str(), "")));
    pairs.map(|(name, value)| (name.trim().to_lowercase(), value.trim().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &[&str], push: bool, load: bool) -> Vec<String> {
        faults(&lines.iter().map(ToString::to_string).collect::<Vec<_>>(), push, load)
    }

    #[test]
    fn what_can_be_had() {
        for line in [
            "out",
            ".",
            "type=local,dest=out",
            "type=tar,dest=out.tar",
            "type=oci,dest=image.tar,compression=zstd",
            "type=docker",
            "type=docker,dest=image.tar",
            "type=cacheonly",
            "type=image",
        ] {
            assert_eq!(all(&[line], false, false), [""; 0], "{line}");
        }
        assert_eq!(all(&["out", "type=docker"], false, false), [""; 0]);
        for line in [
            "type=image,compression=zstd",
            "type=registry,oci-mediatypes=true",
            "type=image,push=true",
        ] {
            assert_eq!(all(&[line], true, false), [""; 0], "{line}");
        }
        assert_eq!(all(&[], true, true), [""; 0]);
    }

    #[test]
    fn what_cannot_is_told_with_what_to_write() {
        for (line, push, words) in [
            ("out", true, "set `push: false`"),
            ("type=local,dest=out", true, "set `push: false`"),
            ("type=docker", true, "set `push: false`"),
            ("-", false, "name a file"),
            ("type=tar,dest=-", false, "name a file"),
            ("type=oci", false, "wants `dest=...`"),
            ("dest=out", false, "wants `type=...`"),
            ("type=zip,dest=out", false, "not known"),
            ("type=image,\"name=r.io/a:1,r.io/a:2\"", true, "leave `name` out"),
            ("type=image,push-by-digest=true", true, "`ref` its digest"),
            ("type=image,push=true", false, "set `push: true`"),
            ("type=registry", false, "set `push: true`"),
        ] {
            let told = all(&[line], push, false);
            assert!(told.len() == 1 && told[0].contains(words), "{line}: {told:?}");
        }
        assert!(all(&["out"], false, true)[0].contains("leave `load` out"));
        assert!(all(&["type=image", "type=registry"], true, false)[0].contains("several lines"));
        for (line, expected) in
            [("out", true), ("type=oci,dest=o.tar", true), ("type=docker", false)]
        {
            assert_eq!(writes_files(line), expected, "{line}");
        }
        let comma = attributes("type=image,\"name=a,b\",push=true");
        assert_eq!(comma[1], ("name".to_owned(), "a,b".to_owned()));
    }
}
