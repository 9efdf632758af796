//! Keeps the results of an image's steps for later builds, where the inputs and the builder say.

use camino::{Utf8Path, Utf8PathBuf};

use crate::actions::World;
use crate::actions::build_push::builder::Chosen;
use crate::actions::build_push::wishes::Wishes;
use crate::adapters::host::files;
use crate::adapters::registry::{Client, Error};
use crate::domain::build::cache::Of;
use crate::domain::build::{Cache, Means, Names};
use crate::domain::event::{Annotation, Event, Level};
use crate::domain::image::{Repository, Tag};
use crate::domain::tags::{Fate, GitRef, Kind, clean};
use crate::failure::{Failure, Outcome};
use crate::report::build_push::{Asking, Planning};

/// What the names of folders begin with that are ours: they are removed when newer ones take their place.
const MARK: &str = "mta-buildcache-";

/// How results are kept while an image is built.
pub struct Keeping {
    /// Arguments of the build.
    pub means: Means,
    after: After,
}

/// What is done when the image is there.
enum After {
    Nothing,
    /// The more general names of a cache in the registry are set.
    Names(Tag, Vec<Tag>),
    /// A folder takes the place of another.
    Folder {
        new: Utf8PathBuf,
        at: Utf8PathBuf,
    },
}

/// What a cache is of.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// The image and its tags.
    pub planning: &'a Planning,
    /// Caches that the registry has; `None` if it was not asked.
    pub caches: Option<&'a [Tag]>,
    /// The default branch, if it is known.
    pub default_branch: Option<&'a str>,
}

impl Keeping {
    /// Decides.
    ///
    /// # Errors
    /// The folder for it cannot be made.
    pub fn of(
        about: About<'_>,
        wishes: &Wishes,
        chosen: &Chosen,
        world: World<'_>,
    ) -> Result<Self, Failure> {
        let (image, push) = (&about.planning.image, wishes.push);
        let only = |means| Self { means, after: After::Nothing };
        Ok(match wishes.caching.cache {
            Cache::Off => {
                only(Means { from: wishes.caching.from.clone(), to: wishes.caching.to.clone() })
            }
            Cache::Auto if !chosen.is_full => only(inline(about, push)),
            Cache::Inline => only(inline(about, push)),
            Cache::Gha => only(Means::gha(image)),
            Cache::Local => local(image, &wishes.caching.folder, world)?,
            Cache::Auto | Cache::Registry => {
                let Some(names) = names(about, world) else { return Ok(only(Means::default())) };
                Self {
                    means: Means::registry(image, &names, about.caches, push),
                    after: if push {
                        After::Names(names.written, names.also)
                    } else {
                        After::Nothing
                    },
                }
            }
        })
    }

    /// What is left to do when the image is there. That results could not be kept costs the next build time, and fails
    /// nothing.
    pub async fn finish(&self, image: &Repository, client: &Client<'_>, world: World<'_>) {
        let kept = match &self.after {
            After::Nothing => Ok(()),
            After::Names(written, also) => set(image, (written, also), client).await,
            After::Folder { new, at } => replaced(new, at).map_err(|error| error.to_string()),
        };
        if let Err(why) = kept {
            world.events.emit(Event::Annotated(Annotation {
                level: Level::Notice,
                title: "build-push: the results of the steps are not kept".to_owned(),
                message: format!("{why}\nThe next build takes longer for it; the image is whole"),
                place: None,
            }));
        }
    }
}

fn names(about: About<'_>, world: World<'_>) -> Option<Names> {
    let version = about.planning.found.as_ref().map(|found| found.version.as_str());
    let number;
    let branch = match GitRef::parse(&world.job.git_ref) {
        GitRef::Branch(branch) => Some(branch),
        GitRef::PullRequest(of) => {
            number = format!("pr-{of}");
            Some(number.as_str())
        }
        GitRef::Tag(_) | GitRef::Other => None,
    };
    Names::of(Of { version, branch, default_branch: about.default_branch })
}

/// From the tags that move, which are of the build before, as far as they are there.
fn inline(about: About<'_>, push: bool) -> Means {
    let rank = |kind| match kind {
        Kind::Latest | Kind::Series => 0,
        Kind::Version => 1,
        _ => 2,
    };
    let is_there = |tag: &Tag| match &about.planning.asking {
        Asking::Listed(listed) => listed.contains(tag),
        Asking::Left | Asking::Failed(_) => true,
    };
    let tags = about.planning.plan.tags.iter().filter(|one| is_there(&one.tag));
    let mut tags: Vec<_> = tags.filter(|one| one.fate == Fate::Set && rank(one.kind) < 2).collect();
    tags.sort_by_key(|one| rank(one.kind));
    let tags: Vec<Tag> = tags.into_iter().take(1).map(|one| one.tag.clone()).collect();
    Means::inline(&about.planning.image, &tags, push)
}

fn local(image: &Repository, folder: &str, world: World<'_>) -> Result<Keeping, Failure> {
    let name = clean(&image.familiar()).map(|name| name.to_string()).unwrap_or_default();
    let folder = world.job.workspace.join(folder);
    let [at, new] = ["", "new-"].map(|kind| folder.join(format!("{MARK}{kind}{name}")));
    files::create_dir_shared(&folder).and_then(|()| files::remove_tree(&new)).map_err(|error| {
        Failure::new(Outcome::Unavailable, "there is no place for what the steps come to")
            .why(error)
            .help("point `cache-folder` to a folder that this user may write")
    })?;
    let is_there = files::kind(&at.join("index.json")).ok().flatten().is_some();
    Ok(Keeping {
        means: Means::local(is_there.then_some(at.as_str()), new.as_str()),
        after: After::Folder { new, at },
    })
}

fn replaced(new: &Utf8Path, at: &Utf8Path) -> std::io::Result<()> {
    files::remove_tree(at)?;
    files::rename(new, at)
}

async fn set(
    image: &Repository,
    (written, also): (&Tag, &[Tag]),
    client: &Client<'_>,
) -> Result<(), String> {
    let name = image.tagged(written.clone());
    let whole = match client.manifest(&name).await {
        Err(Error::Absent { .. }) => {
            return Err(format!(
                "{} was not written; the log of the build says why",
                name.familiar()
            ));
        }
        whole => whole.map_err(|error| error.to_string())?,
    };
    for tag in also {
        client.tag(&image.tagged(tag.clone()), &whole).await.map_err(|error| error.to_string())?;
    }
    Ok(())
}
