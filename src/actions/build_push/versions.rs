//! The versions of images: what git says of the commit, and the files of the checkout.

use crate::actions::World;
use crate::actions::build_push::inputs::Image;
use crate::adapters::git::repo::{Access, Repo};
use crate::adapters::git::tags::Tags;
use crate::adapters::host::checkout::Checkout;
use crate::adapters::host::process::ChildEnv;
use crate::domain::event::Event;
use crate::domain::known::Entry;
use crate::domain::tags::GitRef;
use crate::domain::version::{Found, Git, Origin, Request, find};
use crate::failure::{Failure, Outcome};

/// What versions are looked for in.
pub struct Versions {
    checkout: Checkout,
    tags: Tags,
    started_by: Option<String>,
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
        Ok(Self { checkout, tags: tags(world).await, started_by })
    }

    /// The version of one image, and where it was found.
    ///
    /// # Errors
    /// There is none, it cannot be known, or several disagree.
    pub fn of(&self, image: &Image) -> Result<Found, Failure> {
        let folder = if image.from == Origin::Auto { image.context.as_str() } else { "" };
        let git = Git {
            started_by: self.started_by.as_deref(),
            tags: &self.tags.here,
            earlier: &self.tags.earlier,
            is_shallow: self.tags.is_shallow,
        };
        let request = Request { from: &image.from, folder, given: image.given.as_deref(), git };
        find(&request, &|path| self.entry(path))
    }

    /// What stands at a path of the checkout, which it does not leave.
    fn entry(&self, path: &str) -> Entry {
        if path.starts_with('/') || path.starts_with("..") {
            return Entry::Unreadable("it is outside of the checkout".to_owned());
        }
        self.checkout.entry(path)
    }
}

/// The tags of the commit; none where there is no repository, or git cannot be asked: what needs them says so.
async fn tags(world: World<'_>) -> Tags {
    let access =
        Access { env: ChildEnv::from_process(), cancel: world.cancel.clone(), credentials: None };
    let tags = match Repo::open(&world.job.workspace, access).await {
        Ok(repo) => repo.tags().await,
        Err(error) => Err(error),
    };
    tags.unwrap_or_else(|error| {
        world.events.emit(Event::Debug(format!("no tags of the commit: {error}")));
        Tags::default()
    })
}
