use super::*;

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

fn all() -> Order {
    Order {
        context: "-x".into(),
        file: "docker/Dockerfile.uat".into(),
        target: "runtime".into(),
        platforms: texts(&["linux/amd64", "linux/arm64"]),
        build_args: texts(&["VERSION=1.4.0", "LIST=a,b", "--push=1"]),
        build_contexts: texts(&["docs=../docs"]),
        cache_from: texts(&["type=registry,ref=r.io/a:cache"]),
        cache_to: texts(&["type=registry,ref=r.io/a:cache,mode=max"]),
        labels: texts(&["a=b c"]),
        annotations: texts(&["index:a=b c"]),
        attestations: Attestations {
            provenance: "mode=max".into(),
            sbom: "true".into(),
            others: texts(&["type=x"]),
        },
        outputs: texts(&["type=image,compression=zstd"]),
        secrets: vec![
            Secret { id: "npmrc".into(), file: "/t/s/0".into() },
            Secret { id: "odd".into(), file: "a,\"b\"".into() },
        ],
        ssh: texts(&["default"]),
        builder: "wide".into(),
        sandbox: Sandbox {
            network: "host".into(),
            add_hosts: texts(&["db:10.0.0.1"]),
            allow: texts(&["network.host"]),
            cgroup_parent: "builds".into(),
            shm_size: "2g".into(),
            ulimits: texts(&["nofile=1024:1024"]),
        },
        no_cache: true,
        no_cache_filters: texts(&["tests"]),
        pull: true,
        load: true,
        more: texts(&["--debug"]),
    }
}

#[test]
fn what_is_not_asked_for_is_no_argument() {
    let plain = Order::default().arguments("r.io/a:1", false, "/t/m.json");
    assert_eq!(plain, ["buildx", "build", "--tag=r.io/a:1", "--metadata-file=/t/m.json", "."]);
    let pushed = Order { context: "backend".into(), ..Order::default() };
    let pushed = pushed.arguments("r.io/a:1", true, "/t/m.json");
    assert_eq!(pushed[4..], ["--push", "backend"]);
    let plain = Order::default().plain_arguments("r.io/a:1", Plain::Legacy);
    assert_eq!(plain, ["build", "--tag=r.io/a:1", "--force-rm", "."]);
}

#[test]
fn every_wish_is_an_argument_and_none_is_taken_for_another() {
    insta::assert_snapshot!(all().arguments("r.io/a:1", true, "/t/m.json").join("\n"), @r#"
    buildx
    build
    --add-host=db:10.0.0.1
    --allow=network.host
    --annotation=index:a=b c
    --build-arg=VERSION=1.4.0
    --build-arg=LIST=a,b
    --build-arg=--push=1
    --build-context=docs=../docs
    --cache-from=type=registry,ref=r.io/a:cache
    --cache-to=type=registry,ref=r.io/a:cache,mode=max
    --cgroup-parent=builds
    --file=docker/Dockerfile.uat
    --label=a=b c
    --no-cache-filter=tests
    --output=type=image,compression=zstd
    --platform=linux/amd64,linux/arm64
    --provenance=mode=max
    --sbom=true
    --attest=type=x
    --secret=id=npmrc,src=/t/s/0
    --secret=id=odd,"src=a,""b"""
    --shm-size=2g
    --ssh=default
    --tag=r.io/a:1
    --target=runtime
    --ulimit=nofile=1024:1024
    --builder=wide
    --load
    --metadata-file=/t/m.json
    --network=host
    --no-cache
    --pull
    --push
    --debug
    ./-x
    "#);
}

/// Nothing of it is an argument that `docker build` does not know: what cannot be had was refused before.
#[test]
fn the_same_without_buildx() {
    insta::assert_snapshot!(all().plain_arguments("r.io/a:1", Plain::BuildKit).join("\n"), @r#"
    build
    --add-host=db:10.0.0.1
    --build-arg=VERSION=1.4.0
    --build-arg=LIST=a,b
    --build-arg=--push=1
    --cgroup-parent=builds
    --file=docker/Dockerfile.uat
    --label=a=b c
    --platform=linux/amd64,linux/arm64
    --secret=id=npmrc,src=/t/s/0
    --secret=id=odd,"src=a,""b"""
    --shm-size=2g
    --ssh=default
    --tag=r.io/a:1
    --target=runtime
    --ulimit=nofile=1024:1024
    --network=host
    --no-cache
    --pull
    --progress=plain
    ./-x
    "#);
}
