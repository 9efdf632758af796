//! The build steps of the teams that this is built for: their files and names, and exactly the tags that they list.

use super::place::{Place, tags};
use crate::kit::scene::Ran;

fn planned(place: &Place, inputs: &[(&str, &str)]) -> Ran {
    let inputs: Vec<(&str, &str)> = inputs.iter().copied().chain([("offline", "true")]).collect();
    let ran = place.run(&inputs);
    assert_eq!(ran.code, 0, "{}", ran.log);
    ran
}

/// Odoo on UAT and PROD, the version in a file: the tags of its registry section.
#[test]
fn an_odoo_stack_for_uat_and_prod() {
    let place = Place::new(&[("VERSION", "0.1.0\n"), ("Dockerfile", "FROM odoo:17\n")]);
    for environment in ["uat", "prod"] {
        let inputs = [
            ("image", "acme/odoo-shop"),
            ("environment", environment),
            ("version-from", "VERSION"),
        ];
        let ran = planned(&place, &inputs);
        let expected = [
            format!("acme/odoo-shop:{environment}-latest"),
            format!("acme/odoo-shop:{environment}-v0.1.0"),
            format!("acme/odoo-shop:{environment}-0123456"),
        ];
        assert_eq!(ran.output("tags").lines().collect::<Vec<_>>(), expected);
        assert_eq!(ran.output("version"), "0.1.0");
        assert_eq!(ran.output("version-source"), "VERSION:1");
        assert_eq!(ran.output("primary-ref"), expected[2]);
    }
}

/// The same team later: `VERSION` has a comment, and the environment has another name than its tags.
#[test]
fn an_odoo_stack_whose_environment_has_a_longer_name() {
    let place = Place::new(&[("VERSION", "# raised with each release\n1.2.3\n")]);
    let inputs =
        [("image", "acme/odoo-shop"), ("environment", "UAT (Brussels)"), ("tag-class", "uat")];
    let ran = planned(&place, &inputs);
    assert_eq!(tags(&ran), ["uat-latest", "uat-v1.2.3", "uat-0123456"]);
    assert_eq!(ran.output("version-source"), "VERSION:2");
}

/// Django and a frontend in one pipeline, each with its own version, on GHCR.
const MONOREPO: [(&str, &str); 4] = [
    ("backend/config/__init__.py", "\"\"\"Settings.\"\"\"\n\n__version__ = \"2.3.0\"\n"),
    ("backend/requirements.txt", "django==5.1\n"),
    (
        "frontend/package.json",
        "{\n  \"name\": \"web\",\n  \"version\": \"1.4.0\",\n  \"dependencies\": {\"vue\": \"3.5.0\"}\n}\n",
    ),
    ("docker-compose.yml", "services: {}\n"),
];

const IMAGES: &str = "
- image: ghcr.io/acme/backend
  context: backend
  version-from: backend/config/__init__.py
- image: ghcr.io/acme/frontend
  context: frontend
  version-from: frontend/package.json
";

#[test]
fn a_backend_and_a_frontend_with_a_version_each() {
    let ran = planned(&Place::new(&MONOREPO), &[("images", IMAGES), ("tag-set", "release")]);
    assert_eq!(
        ran.output("tags").lines().collect::<Vec<_>>(),
        [
            "ghcr.io/acme/backend:2.3.0",
            "ghcr.io/acme/backend:2.3.0-0123456",
            "ghcr.io/acme/backend:latest",
            "ghcr.io/acme/backend:main",
            "ghcr.io/acme/frontend:1.4.0",
            "ghcr.io/acme/frontend:1.4.0-0123456",
            "ghcr.io/acme/frontend:latest",
            "ghcr.io/acme/frontend:main",
        ]
    );
    ran.says("backend/config/__init__.py:3").says("frontend/package.json:3");
}

/// Their development images have the version alone.
#[test]
fn development_images_by_version() {
    let images = IMAGES
        .replace("ghcr.io/acme/backend", "backend-dev")
        .replace("ghcr.io/acme/frontend", "frontend-dev");
    let ran = planned(&Place::new(&MONOREPO), &[("images", &images), ("tags", "{{version}}")]);
    assert_eq!(
        ran.output("tags").lines().collect::<Vec<_>>(),
        ["backend-dev:2.3.0", "frontend-dev:1.4.0"]
    );
}

/// Flask on Docker Hub: `main` is pushed with every commit, and a tag `v1.2.3` is a release.
#[test]
fn a_service_that_is_released_by_a_git_tag() {
    let lines = "type=edge,value=latest\n{{sha}}\ntype=semver,pattern={{version}}\ntype=semver,pattern={{major}}.{{minor}}";
    let inputs = [("image", "acme/flask-api"), ("version-from", "git"), ("tags", lines)];
    let ran = planned(&Place::new(&[("app.py", "")]).at("refs/tags/v1.2.3"), &inputs);
    assert_eq!(tags(&ran), ["1.2.3", "1.2", "0123456"]);
    assert_eq!(ran.output("version-source"), "tag v1.2.3");
    let inputs = [("image", "acme/flask-api"), ("tags", "type=edge,value=latest\n{{sha}}")];
    let ran = planned(&Place::new(&[("app.py", "")]), &inputs);
    assert_eq!((tags(&ran).join(" ").as_str(), ran.output("version")), ("latest 0123456", ""));
}

/// A stack whose image is built on its server, from Odoo's own: the series stands in the manifest of the module.
#[test]
fn an_odoo_module_by_its_manifest() {
    let manifest =
        "{\n    'name': 'Shop',\n    'version': '17.0.1.2.3',\n    'depends': ['sale'],\n}\n";
    let place = Place::new(&[("addons/shop/__manifest__.py", manifest)]);
    let from = ("version-from", "addons/shop/__manifest__.py");
    let ran = planned(&place, &[("image", "acme/odoo"), ("environment", "staging"), from]);
    assert_eq!(tags(&ran), ["staging-latest", "staging-v17.0.1.2.3", "staging-0123456"]);
    assert_eq!(ran.output("version-source"), "addons/shop/__manifest__.py:3");
}

/// The same repository has the same plan.
#[test]
fn a_plan_is_the_same_for_the_same_repository() {
    let place = Place::new(&MONOREPO);
    let plan = || planned(&place, &[("images", IMAGES)]).outputs;
    assert_eq!(plan(), plan());
}

/// The lines that most workflows of docker/metadata-action have, where no file says a version.
#[test]
fn the_usual_lines_make_what_they_can() {
    let lines = "type=ref,event=branch\ntype=ref,event=pr\ntype=semver,pattern={{version}}\n\
                 type=semver,pattern={{major}}.{{minor}}\ntype=sha";
    let inputs = [("image", "ghcr.io/Acme/Shop"), ("tags", lines)];
    let of = |git_ref: &str| {
        let ran = planned(&Place::new(&[("app.py", "")]).at(git_ref), &inputs);
        assert!(
            ran.output("tags").lines().all(|tag| tag.starts_with("ghcr.io/acme/shop:")),
            "{}",
            ran.log
        );
        tags(&ran).join(" ")
    };
    assert_eq!(of("refs/heads/main"), "main sha-0123456");
    assert_eq!(of("refs/pull/7/merge"), "pr-7 sha-0123456");
    assert_eq!(of("refs/tags/v1.2.3"), "1.2.3 1.2 sha-0123456");
}

/// A pull request gets the tag of its commit, and needs no version for it.
#[test]
fn a_pull_request_of_an_environment() {
    let place = Place::new(&[("app.py", "")]).at("refs/pull/7/merge");
    let ran = planned(&place, &[("image", "acme/shop"), ("environment", "uat")]);
    assert_eq!(tags(&ran), ["uat-0123456"]);
    ran.says("what is built is a pull request");
}

/// What counts for one image counts before what is said for all.
#[test]
fn an_image_says_its_version_itself() {
    let images = "- image: acme/one\n- image: acme/two\n  version-from: VERSION\n- image: acme/three\n  version: 3.0.0\n";
    let inputs = [
        ("images", images),
        ("version-from", "value"),
        ("version", "1.0.0"),
        ("tags", "{{version}}"),
    ];
    let ran = planned(&Place::new(&[("VERSION", "2.0.0")]), &inputs);
    assert_eq!(tags(&ran), ["1.0.0", "2.0.0", "3.0.0"]);
}
