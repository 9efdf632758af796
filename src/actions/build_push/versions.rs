//! The versions of images: what git says of the commit, and the files of the checkout.

use crate::actions::World;
use crate::actions::build_push::inputs::Image;
use crate::actions::build_push::wishes::Wishes;
use crate::adapters::git::GitError;
use crate::adapters::git::repo::{Access, Repo};
use crate::adapters::git::tags::Tags;
use crate::adapters::host::checkout::Checkout;
use crate::adapters::host::process::ChildEnv;
use crate::domain::event::Event;
use crate::domain::known::{Entry, join};
use crate::domain::shown::visible;
use crate::domain::tags::GitRef;
use crate::domain::version::{Git, Looked, Origin, Request, look};
use crate::failure::{Failure, Outcome};

/// What versions are looked for in.
pub struct Versions {
    checkout: Checkout,
    tags: Tags,
    started_by: Option<String>,
    default_branch: Option<String>,
}

impl Versions {
    /// Opens the checkout.
    ///
    /// # Errors
    /// There is no folder to look in.
    pub async fn open(world: World<'_>) -> Result<Self, Failure> {
        let top = &world.job.workspace;
        let checkout = Checkout::new(top).map_err(|error| {
            Failure::new(Outcome::BadInput, format!("the checkout {top} cannot be read"))
                .why(error)
                .help("check the repository out before: `- uses: actions/checkout`")
        })?;
        let started_by = match GitRef::parse(&world.job.git_ref) {
            GitRef::Tag(tag) => Some(tag.to_owned()),
            _ => None,
        };
        let (tags, noted) = of_git(world).await;
        let named = world.job.event["repository"]["default_branch"].as_str();
        let default_branch = named.map(str::to_owned).or(noted);
        Ok(Self { checkout, tags, started_by, default_branch })
    }

    /// The default branch of the repository, as GitHub or the clone has it.
    pub fn default_branch(&self) -> Option<&str> {
        self.default_branch.as_deref()
    }

    /// The version of one image, and where it was found.
    ///
    /// # Errors
    /// It cannot be known, or several disagree; there is none in the file that is named; or no such folder.
    pub fn of(&self, image: &Image) -> Result<Looked, Failure> {
        if !matches!(self.entry(&image.context), Entry::Folder) {
            let what = format!(
                "no folder \"{}\" to build {}",
                visible(&image.context),
                image.name.familiar()
            );
            return Err(Failure::new(Outcome::BadInput, what)
                .why("`context` is the folder that is built, from the top of the repository")
                .help("check `context`, and that the repository was checked out before"));
        }
        let folder = if image.from == Origin::Auto { image.context.as_str() } else { "" };
        let git = Git {
            started_by: self.started_by.as_deref(),
            tags: &self.tags.here,
            earlier: &self.tags.earlier,
            is_shallow: self.tags.is_shallow,
        };
        let request = Request { from: &image.from, folder, given: image.given.as_deref(), git };
        look(&request, &|path| self.entry(path))
    }

    /// The Dockerfile of an image, from the top of the repository.
    ///
    /// # Errors
    /// It is not there.
    pub fn dockerfile(&self, image: &Image, wishes: &Wishes) -> Result<String, Failure> {
        let named = image.file.as_deref().unwrap_or(&wishes.order.file);
        let file = match named {
            "" => join(&image.context, "Dockerfile"),
            named => join("", named),
        };
        let why = match self.entry(&file) {
            Entry::Text(_) => return Ok(file),
            Entry::Unreadable(why) => why,
            Entry::Folder => "it is a folder".to_owned(),
            _ => "there is no such file".to_owned(),
        };
        let what = format!("no Dockerfile {} to build {}", visible(&file), image.name.familiar());
        let help = if named.is_empty() {
            "set `file` to where it is, or `context` to its folder"
        } else {
            "`file` is a path from the top of the repository, whatever `context` is"
        };
        Err(Failure::new(Outcome::BadInput, what).why(why).help(help))
    }

    /// What stands at a path of the checkout, which it does not leave.
    fn entry(&self, path: &str) -> Entry {
        if path.starts_with('/') || path.starts_with("..") {
            return Entry::Unreadable("it is outside of the checkout".to_owned());
        }
        self.checkout.entry(path)
    }
}

/// The tags of the commit and the default branch; none where there is no repository, or git cannot be asked: what needs
/// them says so.
async fn of_git(world: World<'_>) -> (Tags, Option<String>) {
    let access =
        Access { env: ChildEnv::from_process(), cancel: world.cancel.clone(), credentials: None };
    let asked = async {
        let repo = Repo::open(&world.job.workspace, access).await?;
        Ok::<_, GitError>((repo.tags().await?, repo.default_branch().await?))
    };
    asked.await.unwrap_or_else(|error| {
        world.events.emit(Event::Debug(format!("no tags of the commit: {error}")));
        (Tags::default(), None)
    })
}
