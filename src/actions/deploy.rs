//! `deploy`: render, check, pull, migrate, switch, watch health, record; or return to the former release.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::Timestamp;

use crate::actions::inputs::{
    COMPOSE_FILES, DATABASE_SERVICE, DATABASES, LOCK_WAIT, PROFILES, PROJECT_NAME, STATE_DIR,
};
use crate::actions::steps::checkout::{self, Checkout};
use crate::actions::steps::former::{self, Needs};
use crate::actions::steps::images::{self, Pull};
use crate::actions::steps::migrate::{self, Migration};
use crate::actions::steps::plan::{self, Asked};
use crate::actions::steps::site::Site;
use crate::actions::steps::stage::{self, Making};
use crate::actions::steps::{aftermath, ending, first_contact, older, prune, referred, switch};
use crate::actions::{Ending, World};
use crate::domain::action::{ActionSpec, AfterCancel, OutputSpec, no_rules};
use crate::domain::health::{Policy, ServiceCommand};
use crate::domain::input::{InputSpec, Kind, Need, Secrecy, Values};
use crate::domain::release::{Image, Release, ReleaseId};
use crate::failure::{Failure, Outcome};
use crate::report::release::{Account, Note, Sickness};

/// How long a migration may take where nobody says so.
const MIGRATION_LIMIT: Duration = Duration::from_mins(30);

/// What `deploy` is to the outside.
pub const SPEC: ActionSpec = ActionSpec {
    name: "deploy",
    about: "Deploys a Docker Compose stack on this host; returns to the former release by itself when it does not become healthy.",
    long_about: "Renders and checks the compose files, pulls the images, backs the database up and migrates it, \
        brings the new release up and watches its health. If it does not become healthy, the former release comes \
        back: its images, its files, its environment.",
    inputs: &[
        COMPOSE_FILES,
        PROJECT_NAME,
        InputSpec {
            name: "env",
            kind: Kind::Map(Secrecy::ByKey),
            need: Need::Optional,
            doc: "The stack's `.env`, as `KEY=value` lines; added to a `.env` of the checkout, and stronger than it. Never printed, stored with mode 0600.",
            examples: &[
                "TAG=${{ github.sha }}\nPOSTGRES_PASSWORD=${{ secrets.POSTGRES_PASSWORD }}",
            ],
        },
        InputSpec {
            name: "secret-files",
            kind: Kind::Map(Secrecy::All),
            need: Need::Optional,
            doc: "Files with secrets that the compose file mounts, as `path=content` lines or a YAML map; the path is relative to the first compose file's folder. Content of several lines is given as one line of JSON, `path: toJSON(secrets.NAME)` in an expression; see \"Secrets\" in the README of the repository.",
            examples: &[
                "secrets/db_password: ${{ toJSON(secrets.DB_PASSWORD) }}",
                "secrets/db_password=${{ secrets.DB_PASSWORD }}",
            ],
        },
        PROFILES,
        InputSpec {
            name: "remove-orphans",
            kind: Kind::Bool,
            need: Need::Default("false"),
            doc: "Whether containers of the project go whose service is not in the compose files, also those that `mta` did not make. Its own go in any case.",
            examples: &["true"],
        },
        InputSpec {
            name: "pull",
            kind: Kind::Choice(&["always", "missing", "never"]),
            need: Need::Default("always"),
            doc: "When to pull images.",
            examples: &["missing"],
        },
        InputSpec {
            name: "migrate-service",
            kind: Kind::Text,
            need: Need::Optional,
            doc: "The service in whose new image `migrate-command` runs.",
            examples: &["app"],
        },
        InputSpec {
            name: "migrate-command",
            kind: Kind::Command,
            need: Need::Optional,
            doc: "Command that migrates the database, run once in the new image before the switch. No shell: use `sh -c '...'` for one.",
            examples: &["python manage.py migrate --noinput"],
        },
        InputSpec {
            name: "migrate-timeout",
            kind: Kind::Duration,
            need: Need::Default("30m"),
            doc: "How long `migrate-command` may take. Then it is ended with its container, nothing is switched, and the database may be half migrated.",
            examples: &["2h"],
        },
        InputSpec {
            name: "database-service",
            doc: "The Compose service that runs PostgreSQL. With it, its databases are backed up before `migrate-command` runs.",
            ..DATABASE_SERVICE
        },
        DATABASES,
        InputSpec {
            name: "keep-last",
            kind: Kind::Integer { min: 1, max: 100_000 },
            need: Need::Default("7"),
            doc: "How many backups made before migrations to keep of each database. What the action `backup` makes is counted apart.",
            examples: &["7"],
        },
        InputSpec {
            name: "health-url",
            kind: Kind::Text,
            need: Need::Optional,
            doc: "Address that must answer with a status from 200 to 299. A redirect is not healthy.",
            examples: &["http://localhost:8069/web/health"],
        },
        InputSpec {
            name: "health-service",
            kind: Kind::Text,
            need: Need::Optional,
            doc: "The service in whose container `health-command` runs.",
            examples: &["app"],
        },
        InputSpec {
            name: "health-command",
            kind: Kind::Command,
            need: Need::Optional,
            doc: "Command that must exit with 0 inside `health-service`.",
            examples: &["python manage.py check --deploy"],
        },
        InputSpec {
            name: "health-delay",
            kind: Kind::Duration,
            need: Need::Default("0s"),
            doc: "How long to wait before the first look.",
            examples: &["10s"],
        },
        InputSpec {
            name: "health-interval",
            kind: Kind::Duration,
            need: Need::Default("2s"),
            doc: "Time between two looks while nothing changes. When a container of the stack changes, a look comes at once.",
            examples: &["2s"],
        },
        InputSpec {
            name: "health-retries",
            kind: Kind::Integer { min: 1, max: 10_000 },
            need: Need::Default("75"),
            doc: "How many intervals a release has to become healthy: with the defaults 150 s. What does not pass by itself (a crash loop, a health check that has failed) ends it at once.",
            examples: &["75"],
        },
        InputSpec {
            name: "health-timeout",
            kind: Kind::Duration,
            need: Need::Default("5s"),
            doc: "How long one request or command of a look may take.",
            examples: &["5s"],
        },
        LOCK_WAIT,
        STATE_DIR,
        InputSpec {
            name: "dry-run",
            kind: Kind::Bool,
            need: Need::Default("false"),
            doc: "Show what would change, and stop.",
            examples: &["true"],
        },
    ],
    examples: &[&["health-url"], &["compose-files", "project-name", "dry-run"]],
    outputs: &[
        OutputSpec {
            name: "result",
            doc: "How it ended: `done`, `failed`, `rolled-back`, `needs-person`, `bad-input`, `bug` or `unavailable`.",
        },
        OutputSpec {
            name: "release",
            doc: "The release that runs now. After `rolled-back`: the former one, which came back.",
        },
        OutputSpec {
            name: "previous-release",
            doc: "The release that ran before this run; empty for the first. After `rolled-back`: the same as `release`.",
        },
        OutputSpec {
            name: "failed-release",
            doc: "The release that this run tried and that did not become the current one; empty otherwise.",
        },
    ],
    outcomes: &[
        Outcome::Done,
        Outcome::Failed,
        Outcome::RolledBack,
        Outcome::NeedsPerson,
        Outcome::BadInput,
        Outcome::Bug,
        Outcome::Unavailable,
    ],
    icon: "upload-cloud",
    color: "blue",
    after_cancel: AfterCancel::Recover,
    rules: no_rules,
};

/// Deploys.
pub async fn run(values: &Values, world: World<'_>) -> Ending {
    let mut account = Account::new("deploy");
    let result = deploy(values, world, &mut account).await;
    ending::of(world.events, SPEC.outputs, &account, result)
}

/// The story. What it learns goes into the account, also when it fails.
async fn deploy(values: &Values, world: World<'_>, account: &mut Account) -> Result<(), Failure> {
    let wishes = Wishes::read(values)?;
    let checkout = checkout::read(values, world.job)?;
    let site = Site::open(values, world, "deploy").await?;
    let result = steps(&site, &wishes, &checkout, account).await;
    let result = result.map_err(|failure| aftermath::of(&site, account, failure));
    stage::clean_up(&site);
    if let Err(failure) = &result {
        prune::after_failure(&site, account, failure).await;
    }
    account.phases = site.phases.times();
    result
}

async fn steps(
    site: &Site<'_>,
    wishes: &Wishes,
    checkout: &Checkout,
    account: &mut Account,
) -> Result<(), Failure> {
    account.project = site.project.to_string();
    if !wishes.dry_run {
        former::settle_and_go_on(site, account, wishes.needs()).await?;
    }
    let before = site.containers().await?;

    site.phases.begin("render and check the compose files");
    let rendered = stage::render(site, checkout).await?;
    stage::check(site, &rendered.model, &wishes.services())?;
    referred::check(site, checkout, &rendered).await?;
    first_contact::check(site, checkout, &rendered.model, &before).await?;
    older::tell(site, account).await?;
    stage::spare_live_data(site, checkout, &rendered.model, &before).await?;
    if wishes.dry_run {
        let asked = Asked { pull: wishes.pull, remove_orphans: wishes.remove_orphans };
        account.plan = Some(plan::preview(site, checkout, &rendered, asked).await?);
        return Ok(());
    }

    site.phases.begin("get the images");
    images::obtain(site, &rendered, checkout, wishes.pull).await?;
    let former = former::release(site).await?;
    account.previous.clone_from(&former);
    account.running.clone_from(&former);
    let state = site.store.state()?;
    let making = wishes.making(site, images::resolve(site, &rendered).await?)?;
    let release = stage::write(site, checkout, rendered.model, making)?;
    account.tried = Some(release.clone());
    site.go_on()?;

    let again = former::runs_already(site, &release, former.as_ref());
    if let Some(former) = former.filter(|_| again) {
        account.notes.push(nothing_new(&former));
    }
    site.store.save_state(&state.clone().begin(release.id.clone()))?;
    migrate::run(site, &release, wishes.migration.as_ref(), account).await?;

    site.phases.begin("bring the release up");
    let switched = match switch::bring_up(site, &release, &before).await {
        Ok(switched) => switched,
        Err(failure) if site.world.cancel.is_cancelled() => return Err(failure),
        Err(failure) => return former::come_back(site, account, failure).await,
    };
    account.changes = switched.changes;
    let Some(sickness) = switched.verdict else {
        let id = release.id.clone();
        let state = if again { state.replace_current(id) } else { state.commit(id) };
        site.store.save_state(&state).map_err(|failure| former::not_recorded(&failure))?;
        account.running = Some(release);
        prune::old_releases(site).await;
        return Ok(());
    };
    site.phases.begin("return to the former release");
    let failure = unhealthy(&release, &sickness);
    account.sickness = Some(sickness);
    former::come_back(site, account, failure).await
}

/// A deploy of what runs already, told to the reader: `rollback` goes on to mean the release before both.
fn nothing_new(former: &Release) -> Note {
    let text = format!(
        "this is what release {} runs already, so a rollback still returns to the one before it",
        former.id
    );
    Note { text, command: None }
}

/// `https://user:password@host/`
fn has_login(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

fn unhealthy(release: &Release, sickness: &Sickness) -> Failure {
    Failure::new(Outcome::Failed, format!("release {} did not become healthy", release.id))
        .why(sickness.reasons.join("; "))
}

/// The inputs of a deploy, checked against each other.
struct Wishes {
    pull: Pull,
    migration: Option<Migration>,
    database_service: Option<String>,
    health: Policy,
    remove_orphans: bool,
    dry_run: bool,
}

impl Wishes {
    fn read(values: &Values) -> Result<Self, Failure> {
        let text = |name: &str| values.text(name).map(ToOwned::to_owned);
        let together = |input: &str, service: &str| {
            Failure::new(
                Outcome::BadInput,
                format!("the inputs `{input}` and `{service}` go together"),
            )
            .why("one of the two is missing, so it is not clear where the command runs")
            .help("give both, or neither")
        };
        let pair = |command: &str, service: &str| match (values.list(command), text(service)) {
            ([], None) => Ok(None),
            (argv @ [_, ..], Some(service)) => Ok(Some((argv.to_vec(), service))),
            _ => Err(together(command, service)),
        };
        let database_service = text("database-service");
        let migration = pair("migrate-command", "migrate-service")?.map(|(argv, service)| {
            let keep = values.number("keep-last").and_then(|keep| usize::try_from(keep).ok());
            Migration {
                argv,
                service,
                database_service: database_service.clone(),
                databases: values.list("databases").to_vec(),
                keep_last: keep.and_then(NonZeroUsize::new).unwrap_or(NonZeroUsize::MAX),
                limit: values.duration("migrate-timeout").unwrap_or(MIGRATION_LIMIT),
            }
        });
        let command = pair("health-command", "health-service")?
            .map(|(argv, service)| ServiceCommand { service, argv });
        if let Some(url) = values.text("health-url").filter(|url| has_login(url)) {
            let host = url.rsplit('@').next().unwrap_or_default();
            return Err(Failure::new(
                Outcome::BadInput,
                format!("the input `health-url` has a login before `@{host}`"),
            )
            .why("addresses are shown in logs and kept with the release")
            .help("use a health check that needs no login, or `health-command`"));
        }
        let defaults = Policy::default();
        let health = Policy {
            delay: values.duration("health-delay").unwrap_or(defaults.delay),
            interval: values.duration("health-interval").unwrap_or(defaults.interval),
            retries: values.number("health-retries").unwrap_or(defaults.retries),
            timeout: values.duration("health-timeout").unwrap_or(defaults.timeout),
            url: text("health-url"),
            command,
        };
        let pull = Pull::read(values.text("pull"));
        Ok(Self {
            pull,
            migration,
            database_service,
            health,
            remove_orphans: values.flag("remove-orphans"),
            dry_run: values.flag("dry-run"),
        })
    }

    /// A migration of a database needs what an earlier run left of it put right.
    fn needs(&self) -> Needs {
        let database = self.migration.as_ref().and_then(|wish| wish.database_service.as_ref());
        if database.is_some() { Needs::Database } else { Needs::Application }
    }

    /// The services that inputs name, to be checked against the compose files.
    fn services(&self) -> Vec<(&'static str, &str)> {
        let migrate = self.migration.as_ref().map(|m| ("migrate-service", m.service.as_str()));
        let health = self.health.command.as_ref().map(|c| ("health-service", c.service.as_str()));
        let database =
            self.database_service.as_deref().map(|service| ("database-service", service));
        [migrate, health, database].into_iter().flatten().collect()
    }

    fn making(&self, site: &Site<'_>, images: BTreeMap<String, Image>) -> Result<Making, Failure> {
        let job = site.world.job;
        let now = Timestamp::now();
        let sha = job.sha.get(..7).unwrap_or_default();
        let run = if job.run_id.is_empty() {
            String::new()
        } else {
            format!("{}.{}", job.run_id, job.run_attempt)
        };
        Ok(Making {
            id: ReleaseId::new(now, &[sha, &run]).unlike(&site.store.releases()?),
            now,
            images,
            health: self.health.clone(),
            database_service: self.database_service.clone(),
            remove_orphans: self.remove_orphans,
        })
    }
}
