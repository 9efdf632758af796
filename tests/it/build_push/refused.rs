//! What cannot be planned: each with its own message and its cure, and nothing asked of any registry.

use super::place::Place;

fn told(files: &[(&str, &str)], inputs: &[(&str, &str)]) -> String {
    let ran = Place::new(files).run(inputs);
    assert_eq!(
        (ran.code, ran.output("result"), ran.output("tags")),
        (64, "bad-input", ""),
        "{}",
        ran.log
    );
    ran.log
}

#[test]
fn inputs_that_contradict_or_lack_something() {
    let endless = "a".repeat(70_000);
    for (inputs, words) in [
        (&[][..], "`image` is missing"),
        (&[("image", "acme//shop")], "a part of its name is empty"),
        (&[("image", "acme/shop:v1")], "a tag or a digest does not belong to the name of an image"),
        (&[("image", "a/b\na/b")], "is there twice"),
        (&[("image", "a/b"), ("images", "- image: a/c")], "one of them says what is meant"),
        (&[("images", "- imagee: a/c")], "did you mean `image`?"),
        (&[("images", "- context: x")], "an entry has no `image`"),
        (&[("images", "image: a/c")], "no YAML list"),
        (&[("images", "[]")], "it is empty"),
        (&[("images", &endless)], "longer than 64 KiB"),
        (&[("image", "a/b"), ("context", "../x")], "leads out of the repository"),
        (&[("image", "a/b"), ("context", "nope")], "no folder \"nope\" to build a/b"),
        (&[("image", "a/b"), ("context", "VERSION")], "no folder \"VERSION\" to build a/b"),
        (
            &[("image", "a/b"), ("registry", "r.io"), ("username", "ada"), ("password", "xyzzy-1")],
            "set `registry` to docker.io, or leave it out",
        ),
        (&[("image", "a/b"), ("tags", "{{version}}"), ("tag-set", "release")], "tags of your own"),
        (&[("image", "a/b"), ("tag-set", "environment")], "needs `environment`"),
        (&[("image", "a/b"), ("tag-set", "release"), ("tag-class", "uat")], "has no meaning"),
        (&[("image", "a/b"), ("environment", "...")], "no letter or digit that a tag may have"),
        (&[("image", "a/b"), ("tags", "type=match,pattern=x")], "not supported yet"),
        (&[("image", "a/b"), ("username", "ada")], "`username` without `password`"),
        (&[("image", "a/b"), ("password", "x")], "`password` without `username`"),
        (
            &[("image", "a/b\nr.io/a/b"), ("username", "ada"), ("password", "xyzzy-1")],
            "the images are of several registries",
        ),
        (&[("image", "a/b"), ("version", "1.0.0")], "only with `version-from: value`"),
        (&[("image", "a/b"), ("ref", "a/b:1")], "`ref` is for `mode: exists`"),
        (&[("mode", "exists")], "`mode: exists` needs `ref`"),
        (&[("mode", "exists"), ("ref", "a/b:-x")], "its tag is invalid"),
    ] {
        let log = told(&[("VERSION", "1.0.0")], inputs);
        assert!(log.contains(words), "{inputs:?}: {words:?} is not in\n{log}");
    }
    // All faults at once.
    let log = told(&[], &[("image", "-"), ("tags", "{{x}}"), ("username", "ada")]);
    for words in ["`image`: invalid", "{{x}}", "without `password`"] {
        assert!(log.contains(words), "{words}\n{log}");
    }
}

#[test]
fn versions_that_are_not_there_or_not_clear() {
    let image = ("image", "a/b");
    for (files, from, words) in [
        (&[][..], "auto", "no version was found in the top of the repository"),
        (&[("VERSION", "")], "VERSION", "no version in VERSION"),
        (&[("VERSION", "next")], "auto", "is no version"),
        (
            &[("VERSION", "1.0.0"), ("package.json", "{\"version\": \"1.1.0\"}")],
            "auto",
            "VERSION:1 says 1.0.0",
        ),
        (&[("app.py", "__version__ = read()\n")], "app.py", "is computed at runtime"),
        (&[], "git", "the commit has no"),
        (&[], "../VERSION", "outside of the repository"),
        (&[], "x.bin", "no version in x.bin"),
        (&[], "value", "takes the input `version`"),
    ] {
        let log = told(files, &[image, ("version-from", from)]);
        assert!(log.contains(words), "{from}: {words:?} is not in\n{log}");
        assert!(log.contains("What to do: "), "{log}");
    }
    // Of every image.
    let images = "- image: a/b\n  version-from: one\n- image: a/c\n  version-from: two\n";
    let log = told(&[], &[("images", images)]);
    assert!(log.contains("no version in one") && log.contains("no version in two"), "{log}");
}

#[test]
fn what_cannot_be_built_is_told_before_anything_is_asked() {
    let files = [("VERSION", "1.4.0\n"), ("Dockerfile", "FROM scratch\n")];
    for (inputs, words) in [
        (&[("platforms", "linux/amd64, toaster")][..], "`platforms`"),
        (&[("labels", "no-value")], "wants `name=value`"),
        (&[("no-cache", "true"), ("no-cache-filters", "a")], "`no-cache-filters` are both given"),
        (&[("build-contexts", "=docs")], "wants `name=path`"),
        (&[("secrets", "a,b=word-of-the-test")], "which no secret may have"),
        (&[("push", "false"), ("immutable", "error")], "no tag moves"),
        (&[("buildx-args", "--push=false")], "that is what `push` is for"),
        (&[("annotations", "indx:a=b")], "\"indx\" is none of manifest"),
        (&[("annotations", "indx:labels")], "\"indx\" is none of manifest"),
        (&[("builder", "--bootstrap")], "wants a name as `docker buildx ls` lists it"),
        (&[("builder", "a b")], "wants a name as `docker buildx ls` lists it"),
        (&[("outputs", "type=local,dest=out")], "set `push: false`"),
        (&[("secret-envs", "a=MTA_TEST_NOT_THERE")], "no variable MTA_TEST_NOT_THERE"),
        (
            &[
                ("images", "- image: a/b\n- image: a/c"),
                ("image", ""),
                ("push", "false"),
                ("outputs", "o"),
            ],
            "give several images a step each",
        ),
        (&[("offline", "true")], "`offline` is for `mode: plan`"),
        (&[("file", "docker/Dockerfile")], "`file` is a path from the top of the repository"),
        (&[("file", "../Dockerfile")], "outside of the checkout"),
        (&[("images", "- image: a/b\n  file: no"), ("image", "")], "no Dockerfile no to build a/b"),
    ] {
        let own = [("mode", "build"), ("image", "acme/shop"), ("environment", "uat")];
        let given = own.iter().filter(|(name, _)| inputs.iter().all(|(one, _)| one != name));
        let inputs: Vec<_> = given.chain(inputs).copied().collect();
        let ran = Place::new(&files).run(&inputs);
        assert_eq!((ran.code, ran.output("tags")), (64, ""), "{}", ran.log);
        ran.says(words);
        assert!(!ran.summary.contains("word-of-the-test"), "{}", ran.summary);
    }
}

#[test]
fn without_docker_it_is_told_what_to_install() {
    let files = [("VERSION", "1.4.0\n"), ("Dockerfile", "FROM scratch\n")];
    let inputs = [
        ("mode", "build"),
        ("push", "false"),
        ("image", "acme/shop"),
        ("environment", "uat"),
        ("build-args", "API_TOKEN=word-of-the-test"),
    ];
    let place = Place::new(&files);
    let ran = place.run_with(&inputs, &[("PATH", "/nonexistent")]);
    assert_eq!((ran.code, ran.output("result")), (75, "unavailable"), "{}", ran.log);
    ran.says("Docker's plugin buildx was not found").says("install it");
    ran.says("whoever has the image can read `API_TOKEN`");
    let shown: Vec<&str> =
        ran.log.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
    assert!(!shown.iter().any(|line| line.contains("word-of-the-test")), "{}", ran.log);
}
