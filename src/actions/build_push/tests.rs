//! What inputs come to as arguments of buildx: each kind of case that docker/build-push-action has a test for (35 cases of
//! its version 6), with our inputs. Where ours differs, the row says why.

use crate::actions::build_push::inputs::{Inputs, Mode};
use crate::actions::build_push::table::INPUTS;
use crate::domain::build::{Order, Secret};
use crate::domain::input::{from_json, read};
use serde_json::{Map, Value};

/// The arguments behind `buildx build` and before those of every build; or what is wrong with the inputs.
fn arguments(inputs: &[(&str, &str)]) -> Result<String, String> {
    let own = [("image", "r.io/a"), ("environment", "uat")];
    let all = own.iter().chain(inputs).map(|(name, value)| ((*name).to_owned(), (*value).into()));
    let json = Value::Object(all.collect::<Map<_, _>>()).to_string();
    let values =
        read(INPUTS, &from_json(&json).unwrap()).map_err(|faults| format!("{faults:?}"))?;
    let inputs = Inputs::read(&values).map_err(|failure| failure.why)?;
    let Mode::Build(asked, wishes) = inputs.mode else { return Err("no build".to_owned()) };
    let secret = |id: &str| Secret { id: id.to_owned(), file: format!("/t/{id}") };
    let value = |(name, value): &(String, secrecy::SecretString)| {
        format!("{name}={}", secrecy::ExposeSecret::expose_secret(value))
    };
    let order = Order {
        context: asked.images[0].context.clone(),
        build_args: wishes.build_args.iter().map(value).collect(),
        labels: wishes.labels.clone(),
        secrets: wishes.secrets.ids().map(|(_, id)| secret(id)).collect(),
        ..wishes.order.clone()
    };
    let of_every_build = ["buildx", "build", "--tag=t", "--metadata-file=/t/m"];
    let all = order.arguments("t", wishes.push, "/t/m").into_iter();
    Ok(all.filter(|one| !of_every_build.contains(&one.as_str())).collect::<Vec<_>>().join(" | "))
}

#[test]
fn what_inputs_come_to() {
    for (inputs, expected) in [
        // Nothing: the checkout is built. There the default is the commit as GitHub has it, and changes of earlier steps are
        // not in it; so there is no `{{defaultContext}}` either, and no token of git for BuildKit. `push` is on by default.
        (&[][..], "--push | ."),
        (&[("push", "false")], "."),
        (&[("context", "backend"), ("push", "false")], "backend"),
        (&[("context", "-x"), ("push", "false")], "./-x"),
        // Commas and `#` stay; a value of several lines is one of YAML, not of CSV in quotes.
        (
            &[("build-args", "MY_ARG=val1,val2,val3\nARG=val#x"), ("push", "false")],
            "--build-arg=MY_ARG=val1,val2,val3 | --build-arg=ARG=val#x | .",
        ),
        (
            &[("build-args", "LINES: |-\n  aaaa\n  bbbb"), ("push", "false")],
            "--build-arg=LINES=aaaa\nbbbb | .",
        ),
        (
            &[("labels", "title=a \"b (c-d)\"\ndescription=one, two"), ("push", "false")],
            "--label=title=a \"b (c-d)\" | --label=description=one, two | .",
        ),
        // Its `tags` are whole names, ours are made from `image`: the build has one, the others are set without it.
        (&[("tags", "7.4\nlatest"), ("push", "false")], "."),
        (
            &[("outputs", "type=local,dest=./release-out"), ("push", "false")],
            "--output=type=local,dest=./release-out | .",
        ),
        (&[("outputs", "."), ("push", "false")], "--output=. | ."),
        // A scanner looks at what the engine has.
        (&[("scan", "trivy"), ("push", "false")], "--load | ."),
        (
            &[("scan", "trivy"), ("push", "false"), ("outputs", "type=docker")],
            "--output=type=docker | .",
        ),
        (&[("scan-report", "a.json"), ("push", "false")], "."),
        (&[("outputs", "type=docker"), ("push", "false")], "--output=type=docker | ."),
        (
            &[("outputs", "type=image,compression=zstd,\"x=a,b\"")],
            "--output=type=image,compression=zstd,\"x=a,b\" | --push | .",
        ),
        (
            &[("platforms", "linux/amd64,linux/arm64"), ("file", "test/Dockerfile")],
            "--file=test/Dockerfile | --platform=linux/amd64,linux/arm64 | --push | .",
        ),
        // Secrets come in one order, whatever they are from; those of variables in files too, because a variable `PATH` or
        // `DOCKER_CONFIG` would change `docker` itself. A value of several lines is one of YAML.
        (
            &[("secrets", "A=x,y=0\nB=z"), ("push", "false")],
            "--secret=id=A,src=/t/A | --secret=id=B,src=/t/B | .",
        ),
        (&[("secrets", "A: |\n  x\n\n  y\n"), ("push", "false")], "--secret=id=A,src=/t/A | ."),
        (
            &[
                ("secret-envs", "A=X,B=Y"),
                ("secret-files", "C=a,b"),
                ("secrets", "D=d-of-test"),
                ("push", "false"),
            ],
            "--secret=id=D,src=/t/D | --secret=id=A,src=/t/A | --secret=id=B,src=/t/B | --secret=id=C,src=/t/C | .",
        ),
        (
            &[("secret-envs", "A=X\nB=Y"), ("load", "true"), ("push", "false")],
            "--secret=id=A,src=/t/A | --secret=id=B,src=/t/B | --load | .",
        ),
        (
            &[("add-hosts", "docker:10.180.0.1,foo:10.0.0.1"), ("network", "host")],
            "--add-host=docker:10.180.0.1 | --add-host=foo:10.0.0.1 | --network=host | --push | .",
        ),
        (
            &[
                ("add-hosts", "docker:10.180.0.1\nfoo:10.0.0.1"),
                ("cgroup-parent", "foo"),
                ("shm-size", "2g"),
                ("ulimit", "nofile=1024:1024\nnproc=3"),
                ("push", "false"),
            ],
            "--add-host=docker:10.180.0.1 | --add-host=foo:10.0.0.1 | --cgroup-parent=foo | --shm-size=2g | \
             --ulimit=nofile=1024:1024 | --ulimit=nproc=3 | .",
        ),
    ] {
        assert_eq!(arguments(inputs).as_deref(), Ok(expected), "{inputs:?}");
    }
}

#[test]
fn what_inputs_of_newer_builders_come_to() {
    for (inputs, expected) in [
        // What is not said is left to BuildKit, and the address of the run is not added. The flag of its own says the same as
        // `--attest type=provenance`, and `disabled=true` where it is `false`.
        (&[("provenance", "false"), ("push", "false")][..], "--provenance=false | ."),
        (&[("provenance", "true"), ("push", "false")], "--provenance=true | ."),
        (
            &[("provenance", "mode=max"), ("sbom", "true"), ("push", "false")],
            "--provenance=mode=max | --sbom=true | .",
        ),
        (&[("provenance", "builder-id=foo"), ("push", "false")], "--provenance=builder-id=foo | ."),
        (
            &[
                ("attests", "type=provenance,mode=min"),
                ("sbom", "generator=r.io/x"),
                ("push", "false"),
            ],
            "--sbom=generator=r.io/x | --attest=type=provenance,mode=min | .",
        ),
        (
            &[
                (
                    "annotations",
                    "a=www\nindex:b=xxx\nmanifest:c=y,z\nmanifest-descriptor[linux/amd64]:d=zzz",
                ),
                ("outputs", "out"),
                ("push", "false"),
            ],
            "--annotation=a=www | --annotation=index:b=xxx | --annotation=manifest:c=y,z | \
             --annotation=manifest-descriptor[linux/amd64]:d=zzz | --output=out | .",
        ),
        (
            &[("allow", "network.host, security.insecure"), ("push", "false")],
            "--allow=network.host | --allow=security.insecure | .",
        ),
        (
            &[("no-cache-filters", "a,b"), ("pull", "true"), ("ssh", "default,x=/k")],
            "--no-cache-filter=a | --no-cache-filter=b | --ssh=default | --ssh=x=/k | --pull | --push | .",
        ),
        (&[("no-cache", "true")], "--no-cache | --push | ."),
        (&[("buildx-args", "--debug\n--label=a=b, c")], "--push | --debug | --label=a=b, c | ."),
    ] {
        assert_eq!(arguments(inputs).as_deref(), Ok(expected), "{inputs:?}");
    }
}

#[test]
fn what_inputs_cannot_come_to() {
    for (inputs, words) in [
        // There the word for all replaces the line; here nothing that is written is left out.
        (
            &[("attests", "type=provenance,mode=min"), ("provenance", "mode=max")][..],
            "`type=provenance` in `attests` are both given",
        ),
        // Of a name and by digest: what is pushed has the name and the tag that the action reads back.
        (
            &[("outputs", "type=image,\"name=r.io/a:1,r.io/a:2\",push-by-digest=true")],
            "leave `name` out",
        ),
        (&[("outputs", "type=local,dest=out")], "set `push: false`"),
        (&[("outputs", "out"), ("push", "false"), ("load", "true")], "leave `load` out"),
        (&[("annotations", "indx:a=b")], "is none of"),
        (&[("add-hosts", "docker")], "wants `name:address`"),
        (&[("ulimit", "nofile")], "wants `name=soft:hard`"),
        (&[("attests", "sbom")], "wants `type=...`"),
        (&[("shm-size", "much")], "wants a size"),
        (&[("secret-envs", "A")], "wants `name=VARIABLE`"),
        (&[("secret-files", "A=")], "wants `name=path`"),
        (&[("secrets", "A=a-of-test"), ("secret-envs", "A=X")], "given twice"),
        (&[("buildx-args", "--tag=x")], "what `image`"),
    ] {
        let told = arguments(inputs).unwrap_err();
        assert!(told.contains(words), "{inputs:?}: {told}");
    }
}
