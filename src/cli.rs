//! The command line: hands inputs to a story and its ending to the runner.

pub mod arguments;
pub mod docs;

use std::ffi::OsString;
use std::io::{Read, Write};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::ExposeSecret;

use crate::actions::steps::ending::annotation;
use crate::actions::{self, Ending, World};
use crate::adapters::host::files;
use crate::adapters::http;
use crate::adapters::runner::environment::Environment;
use crate::adapters::runner::mask::Secret;
use crate::adapters::runner::session::{Closing, Session};
use crate::adapters::runner::terminal::Verbosity as Detail;
use crate::adapters::runner::{context, diagnostics, panic, signals};
use crate::cli::arguments::{Parsed, RECOVER, UMBRELLA, Verbosity};
use crate::domain::action::OutputSpec;
use crate::domain::input::{self, InputSpec, Masked, Origin, RawInput, Values, Why};
use crate::failure::{Failure, Outcome};

/// Runs the command line and returns the exit code. The first argument is the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    panic::guard(|| match arguments::parse(args) {
        Parsed::Text { text, exit } => show(&text, exit),
        Parsed::Docs { mode, layout, out } => {
            let wrote = docs::run(mode, (layout, &out), &files::read_optional, &|path, text| {
                files::write_atomic_with_parents(path, text.as_bytes(), 0o644)
            });
            match wrote {
                Ok(paths) => show(&format!("{} files are as the tables say\n", paths.len()), 0),
                Err(failure) => show(&format!("{failure}\n"), failure.outcome.code()),
            }
        }
        Parsed::Probe { url } => probe(&url),
        Parsed::Action { name, raw, secret_files, verbosity } => {
            act(Command { name, raw, secret_files, verbosity })
        }
    })
}

/// Asks an address as a health check does: the way to find out on a server why `health-url` is not healthy.
fn probe(url: &str) -> u8 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Ok(runtime), Ok(client)) = (runtime, http::client()) else {
        return show("the HTTP client cannot be built on this host\n", Outcome::Unavailable.code());
    };
    let answer = runtime.block_on(http::probe(&client, url, Duration::from_secs(10)));
    match answer.status {
        Some(status) if (200..300).contains(&status) => {
            show(&format!("{status} {}\n", answer.text), 0)
        }
        Some(status) => show(&format!("{status} {}\n", answer.text), Outcome::Failed.code()),
        None => show(&format!("{}\n", answer.text), Outcome::Unavailable.code()),
    }
}

/// A command that runs a story.
struct Command {
    name: String,
    raw: Vec<RawInput>,
    secret_files: Vec<(String, Utf8PathBuf)>,
    verbosity: Verbosity,
}

/// A command whose inputs are known.
struct Ready {
    name: &'static str,
    specs: Vec<InputSpec>,
    outputs: &'static [OutputSpec],
    values: Values,
}

/// Runs a story between its inputs and its reports.
fn act(command: Command) -> u8 {
    let environment = Environment::capture();
    let mut job = context::job(&environment, &current_folder());
    job.debug |= command.verbosity == Verbosity::Verbose;
    let session = Session::start(&environment, &job);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure =
                Failure::new(Outcome::Unavailable, "the system gives no event queue").why(error);
            session.alarm(&annotation("mta", &failure));
            return failure.outcome.code();
        }
    };
    runtime.block_on(async {
        let cancel = signals::cancel_token();
        panic::install(&session, &cancel);
        let detail = if job.debug { Detail::Verbose } else { Detail::Normal };
        diagnostics::install(session.shared_sink(), detail);
        let ready = match inputs(command, &environment) {
            Ok(ready) => ready,
            Err(refusal) => return refuse(&session, &refusal),
        };
        session.mask(&secrets(&ready));
        let world = World { job: &job, events: session.sink(), cancel: &cancel };
        let ending = tell(&ready, world).await;
        close(&session, ready.outputs, ending)
    })
}

async fn tell(ready: &Ready, world: World<'_>) -> Ending {
    match actions::run(ready.name, &ready.values, world).await {
        Some(ending) => ending,
        None => Ending::new(Outcome::Bug),
    }
}

fn close(session: &Session, specs: &[OutputSpec], ending: Ending) -> u8 {
    session.finish(Closing {
        specs,
        outputs: ending.outputs,
        summary: ending.summary,
        annotations: ending.annotations,
        listed: ending.listed,
        outcome: ending.outcome,
    })
}

/// Why a command was refused: every fault, for the command of that name.
struct Refusal {
    name: String,
    outputs: &'static [OutputSpec],
    faults: Vec<Failure>,
}

fn refuse(session: &Session, refusal: &Refusal) -> u8 {
    let mut ending = Ending::new(Outcome::BadInput);
    if refusal.outputs.iter().any(|output| output.name == "verdict") {
        // What was not checked is no answer of the check.
        ending.outputs.set("verdict", "error");
    }
    let list: Vec<String> = refusal
        .faults
        .iter()
        .map(|fault| format!("- {}", crate::report::markdown::plain(&fault.to_string())))
        .collect();
    ending.summary.push(format!(
        "### ❌ {}: bad-input\n\nNothing was touched.\n\n{}\n",
        refusal.name,
        list.join("\n")
    ));
    ending.annotations =
        refusal.faults.iter().map(|fault| annotation(&refusal.name, fault)).collect();
    close(session, refusal.outputs, ending)
}

/// Inputs from the action, from flags, from files and from the environment, typed.
fn inputs(command: Command, environment: &Environment) -> Result<Ready, Refusal> {
    let mut name = command.name;
    let mut raw = command.raw;
    let mut faults: Vec<Failure> = Vec::new();
    if let Some(json) = environment.get("MTA_INPUTS") {
        match input::from_json(json) {
            Ok(more) => raw.extend(more),
            Err(fault) => faults.push(fault.into()),
        }
    }
    if name == UMBRELLA {
        match arguments::umbrella(raw) {
            Ok((spec, rest)) => (name, raw) = (spec.name.to_owned(), rest),
            Err(fault) => return Err(Refusal { name, outputs: &[], faults: vec![fault.into()] }),
        }
    } else if name == RECOVER {
        raw = arguments::known_only(raw);
    }
    raw.extend(from_environment(&name, environment));
    for (input, path) in &command.secret_files {
        match secret_file(input, path) {
            Ok(secret) => raw.push(secret),
            Err(failure) => faults.push(failure),
        }
    }
    let spec = actions::ALL.iter().find(|spec| spec.name == name);
    let (known, outputs) =
        spec.map_or((actions::recover::NAME, &[][..]), |spec| (spec.name, spec.outputs));
    let specs = arguments::inputs(&name);
    match input::read(&specs, &raw) {
        Ok(values) if faults.is_empty() => Ok(Ready { name: known, specs, outputs, values }),
        Ok(_) => Err(Refusal { name, outputs, faults }),
        Err(more) => {
            faults.extend(more.into_iter().map(Failure::from));
            Err(Refusal { name, outputs, faults })
        }
    }
}

fn from_environment(name: &str, environment: &Environment) -> Vec<RawInput> {
    let secret = arguments::secret_inputs(name);
    secret
        .iter()
        .filter_map(|spec| {
            let value = environment.get(&input::environment_name(spec.name))?.to_owned();
            Some(RawInput { name: spec.name.to_owned(), value, origin: Origin::Environment })
        })
        .collect()
}

fn secret_file(input: &str, path: &Utf8Path) -> Result<RawInput, Failure> {
    let mut value = String::new();
    let read = if path == "-" {
        std::io::stdin().read_to_string(&mut value).map(|_| value)
    } else {
        files::read(path)
    };
    match read {
        Ok(value) => Ok(RawInput { name: input.to_owned(), value, origin: Origin::Flag }),
        Err(error) => Err(Failure::new(
            Outcome::BadInput,
            format!("the file {path} of --{input}-file cannot be read"),
        )
        .why(error)
        .help("name a file that holds the secret, or `-` for standard input")),
    }
}

fn secrets(ready: &Ready) -> Vec<Secret> {
    let masked = input::masks(&ready.specs, &ready.values);
    masked
        .into_iter()
        .filter_map(|Masked { value, why, .. }| match why {
            Why::Secret => Some(Secret::new(value.expose_secret())),
            Why::Key(key) => Secret::by_key(&key, value.expose_secret()),
        })
        .collect()
}

fn current_folder() -> Utf8PathBuf {
    files::canonical(Utf8Path::new(".")).unwrap_or_else(|_| Utf8PathBuf::from("/"))
}

/// Prints text that was asked for to standard output, and what is wrong with the arguments to standard error.
fn show(text: &str, exit: u8) -> u8 {
    // A reader that is gone (`mta --help | head -1`) is no failure.
    let _ = match exit {
        0 => std::io::stdout().lock().write_all(text.as_bytes()),
        _ => std::io::stderr().lock().write_all(text.as_bytes()),
    };
    exit
}
