//! The inputs of `build-push`, typed; all faults at once.

use std::collections::BTreeMap;

use secrecy::SecretString;

use crate::actions::build_push::faults::{Faults, given};
use crate::actions::build_push::wishes::Wishes;
use crate::domain::build::writes_files;
use crate::domain::image::{Parts, Reference, Registry, Repository};
use crate::domain::input::{Values, nearest};
use crate::domain::shown::visible;
use crate::domain::tags::{Class, Recipe};
use crate::domain::version::Origin;
use crate::failure::{Failure, Outcome};

/// How many images one step may have.
const MOST_IMAGES: usize = 50;

/// The longest list of images, in bytes.
const LONGEST: usize = 64 * 1024;

/// What an entry of `images` may have.
const KEYS: [&str; 6] = ["image", "context", "file", "target", "version-from", "version"];

/// What the action was asked to do.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// Which part of it.
    pub mode: Mode,
    /// Who asks registries.
    pub login: Login,
}

/// What to do.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Build, push and tag.
    Build(Asked, Box<Wishes>),
    /// Say what would be tagged.
    Plan(Asked),
    /// Look for an image.
    Exists(Wanted),
}

/// What is to be planned.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The images.
    pub images: Vec<Image>,
    /// Which tags they get.
    pub recipe: Recipe,
    /// Whether no registry is asked.
    pub offline: bool,
}

/// One image.
#[derive(Clone, Debug)]
pub struct Image {
    /// What it is called, without a tag.
    pub name: Repository,
    /// The folder that is built, from the top of the repository; empty for the top.
    pub context: String,
    /// Its Dockerfile, where that is another than all have.
    pub file: Option<String>,
    /// The stage of it, where that is another than all want.
    pub target: Option<String>,
    /// Where its version stands.
    pub from: Origin,
    /// The version itself, if it is given.
    pub given: Option<String>,
}

/// The image that is looked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which.
    pub reference: Reference,
    /// Whether it is a failure if there is none.
    pub must_exist: bool,
    /// Whether more than its digest is wanted.
    pub details: bool,
}

/// Who asks registries.
#[derive(Clone, Debug)]
pub struct Login {
    /// The account and its password, and the one registry that is told them.
    pub password: Option<(Registry, String, SecretString)>,
    /// The job's own token, for ghcr.io.
    pub token: Option<SecretString>,
}

impl Inputs {
    /// Reads what the tables do not check: names, patterns, the list of images.
    ///
    /// # Errors
    /// One failure that lists every fault.
    pub fn read(values: &Values) -> Result<Self, Failure> {
        let mut faults = Faults::default();
        let mode = match values.text("mode") {
            Some("exists") => wanted(values, &mut faults).map(Mode::Exists),
            Some("plan") => asked(values, &mut faults).map(Mode::Plan),
            _ => to_build(values, &mut faults),
        };
        let registries: Vec<&Registry> = match &mode {
            Some(Mode::Exists(wanted)) => vec![wanted.reference.repository().registry()],
            Some(Mode::Plan(asked) | Mode::Build(asked, _)) => {
                asked.images.iter().map(|image| image.name.registry()).collect()
            }
            None => Vec::new(),
        };
        let password = password(values, &registries, &mut faults);
        let token = values.secret("token").cloned();
        match (mode, faults.all()) {
            (Some(mode), []) => Ok(Self { mode, login: Login { password, token } }),
            (_, [only]) => Err(refused(only.clone())),
            (_, all) => Err(refused(all.join("\n"))),
        }
    }
}

fn refused(why: String) -> Failure {
    Failure::new(Outcome::BadInput, "the inputs cannot be used")
        .why(why)
        .help("see the inputs in the README of build-push, or `mta build-push --help`")
}

fn wanted(values: &Values, faults: &mut Faults) -> Option<Wanted> {
    let Some(text) = given(values, "ref") else {
        faults.add("`mode: exists` needs `ref`, such as `ghcr.io/acme/shop:v1.4.0`");
        return None;
    };
    let reference = faults
        .keep(Reference::parse(&in_lower_case(&text)).map_err(|why| format!("`ref`: {why}")))?;
    let (must_exist, details) = (values.flag("must-exist"), values.flag("details"));
    Some(Wanted { reference, must_exist, details })
}

fn to_build(values: &Values, faults: &mut Faults) -> Option<Mode> {
    let asked = asked(values, faults);
    if asked.as_ref().is_some_and(|asked| asked.offline) {
        faults.add("`offline` is for `mode: plan`: to push, the registry has to be asked");
    }
    let wishes = Wishes::read(values, asked.as_ref().map(|asked| &asked.recipe), faults);
    let has_several = asked.as_ref().is_some_and(|asked| asked.images.len() > 1);
    if has_several && wishes.order.outputs.iter().any(|line| writes_files(line)) {
        faults.add(
            "`outputs` has a place for the files of one image: give several images a step each",
        );
    }
    let asked = asked?;
    wishes.scan.check(asked.images.len(), faults);
    Some(Mode::Build(asked, Box::new(wishes)))
}

fn asked(values: &Values, faults: &mut Faults) -> Option<Asked> {
    if given(values, "ref").is_some() {
        faults.add("`ref` is for `mode: exists`; the other modes take `image`");
    }
    let images = images(values, faults);
    let recipe = recipe(values, faults);
    Some(Asked { images: images?, recipe: recipe?, offline: values.flag("offline") })
}

/// The name of an image in lower case, as registries want it: `ghcr.io/${{ github.repository }}` may have capitals. A
/// tag keeps its own.
fn in_lower_case(text: &str) -> String {
    let name = Parts::of(text).name;
    text.strip_prefix(name)
        .map_or_else(|| text.to_owned(), |rest| format!("{}{rest}", name.to_lowercase()))
}

fn images(values: &Values, faults: &mut Faults) -> Option<Vec<Image>> {
    let before = faults.all().len();
    let entries = match (values.list("image"), given(values, "images")) {
        ([], None) => {
            faults.add("`image` is missing: the name of the image, such as `ghcr.io/acme/shop`");
            return None;
        }
        ([], Some(list)) => {
            faults.keep(entries(&list).map_err(|why| format!("`images`: {why}")))?
        }
        (names, None) => {
            names.iter().map(|name| BTreeMap::from([("image".to_owned(), name.clone())])).collect()
        }
        (_, Some(_)) => {
            faults.add("`image` and `images` are both given: one of them says what is meant");
            return None;
        }
    };
    if entries.len() > MOST_IMAGES {
        faults.add(format!("more than {MOST_IMAGES} images"));
        return None;
    }
    let shared = Shared {
        context: values.path("context").map(ToString::to_string),
        from: given(values, "version-from"),
        given: given(values, "version"),
    };
    let images: Vec<Option<Image>> =
        entries.iter().map(|entry| image(entry, &shared, faults)).collect();
    let images: Vec<Image> = images.into_iter().flatten().collect();
    let names: Vec<&Repository> = images.iter().map(|image| &image.name).collect();
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        faults.add(format!("the image {} is there twice", twice.1));
    }
    (faults.all().len() == before).then_some(images)
}

/// What counts for images that do not say it themselves.
struct Shared {
    context: Option<String>,
    from: Option<String>,
    given: Option<String>,
}

fn image(entry: &BTreeMap<String, String>, shared: &Shared, faults: &mut Faults) -> Option<Image> {
    let own = |key: &str| {
        entry.get(key).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let name = in_lower_case(&own("image").unwrap_or_default());
    let name = faults.keep(Repository::parse(&name).map_err(|why| format!("`image`: {why}")));
    let context = own("context").or_else(|| shared.context.clone()).unwrap_or_default();
    let inside = crate::domain::known::join("", &context);
    if inside.starts_with('/') || inside == ".." || inside.starts_with("../") {
        faults.add(format!("`context` \"{}\" leads out of the repository", visible(&context)));
    }
    let is_given = own("version").is_some() && own("version-from").is_none();
    let from = if is_given {
        Some("value".to_owned())
    } else {
        own("version-from").or_else(|| shared.from.clone())
    };
    let from = faults.keep(Origin::parse(from.as_deref().unwrap_or("auto")));
    // What an entry says itself counts before what is said for all.
    let shared_given = shared.given.clone().filter(|_| own("version-from").is_none());
    let given = own("version").or(shared_given);
    if given.is_some() && from.as_ref().is_some_and(|from| *from != Origin::Value) {
        faults.add("`version` counts only with `version-from: value`");
    }
    let (file, target) = (own("file"), own("target"));
    Some(Image { name: name?, context: inside, file, target, from: from?, given })
}

/// The entries of `images`.
fn entries(text: &str) -> Result<Vec<BTreeMap<String, String>>, String> {
    if text.len() > LONGEST {
        return Err("it is longer than 64 KiB".to_owned());
    }
    let entries: Vec<BTreeMap<String, String>> = serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map(|place| format!(" (line {})", place.line()));
        format!("it is no YAML list of `image: name` and texts{}", line.unwrap_or_default())
    })?;
    if entries.is_empty() {
        return Err("it is empty".to_owned());
    }
    for entry in &entries {
        if let Some(key) = entry.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let hint =
                nearest(key, KEYS.into_iter()).map(|near| format!("; did you mean `{near}`?"));
            let known = KEYS.join("`, `");
            let hint = hint.unwrap_or_default();
            return Err(format!("`{}` is not known{hint} An image has `{known}`", visible(key)));
        }
        if !entry.contains_key("image") {
            return Err("an entry has no `image`".to_owned());
        }
    }
    Ok(entries)
}

fn recipe(values: &Values, faults: &mut Faults) -> Option<Recipe> {
    let (class, environment) = (given(values, "tag-class"), given(values, "environment"));
    let (set, lines) = (values.text("tag-set"), values.list("tags"));
    if !lines.is_empty() {
        if set.is_some() || class.is_some() {
            faults.add("`tags` are tags of your own: leave `tag-set` and `tag-class` out");
        }
        return faults
            .keep(Recipe::patterns(&lines.join("\n")).map_err(|failure| in_one_line(&failure)));
    }
    let named = class.clone().or(environment);
    match (set, named) {
        (Some("release"), _) if class.is_some() => {
            faults.add("`tag-class` has no meaning with `tag-set: release`");
            None
        }
        (Some("environment"), None) => {
            faults.add("`tag-set: environment` needs `environment` or `tag-class`");
            None
        }
        (Some("release"), _) | (None, None) => Some(Recipe::Release),
        (_, Some(name)) => faults
            .keep(Class::parse(&name).map_err(|failure| in_one_line(&failure)))
            .map(Recipe::Class),
        (Some(_), None) => None,
    }
}

fn in_one_line(failure: &Failure) -> String {
    format!("{}: {}", failure.what, failure.why)
}

/// The account and its password, and whom they are told.
fn password(
    values: &Values,
    registries: &[&Registry],
    faults: &mut Faults,
) -> Option<(Registry, String, SecretString)> {
    let named = given(values, "registry");
    let named = named.and_then(|text| {
        faults.keep(Registry::parse(&text).map_err(|why| format!("`registry`: {why}")))
    });
    let (username, password) = match (given(values, "username"), values.secret("password")) {
        (None, None) => return None,
        (Some(username), Some(password)) => (username, password.clone()),
        (Some(_), None) => {
            faults.add("`username` without `password`");
            return None;
        }
        (None, Some(_)) => {
            faults.add("`password` without `username`");
            return None;
        }
    };
    if username.contains(':') {
        faults.add("`username` has a colon, which no user name may have");
    }
    let registry = match (named, registries) {
        (Some(named), of) if !of.is_empty() && !of.iter().any(|of| of.is_same(&named)) => {
            let of = of.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            faults.add(format!("`registry` is {named}, and no image is of it: set `registry` to {of}, or leave it out"));
            return None;
        }
        (Some(named), _) => named,
        (None, [first, others @ ..]) if others.iter().all(|other| other == first) => {
            (*first).clone()
        }
        (None, []) => return None,
        (None, _) => {
            faults.add("the images are of several registries: `registry` says for which `username` and `password` are");
            return None;
        }
    };
    Some((registry, username, password))
}
