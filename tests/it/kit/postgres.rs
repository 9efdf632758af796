//! A `PostgreSQL` server in a container of its own, removed at the end of the test.

use std::process::{Command, Output};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use mta_actions::domain::event::{Event, Sink};

use crate::kit::owner;

pub const IMAGE: &str = "mta-test/postgres:15";
pub const PASSWORD: &str = "correct-horse-battery-7";

/// Keeps what it is told.
#[derive(Default)]
pub struct Heard(pub Mutex<Vec<Event>>);

impl Sink for Heard {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

/// Whether the tests of this file can run. Says so in one line when the machine is known to have no engine.
pub fn docker() -> bool {
    if std::env::var("MTA_TEST_DOCKER").is_ok_and(|value| value == "absent") {
        println!("SKIPPED: no Docker engine here (MTA_TEST_DOCKER=absent)");
        return false;
    }
    true
}

pub struct Postgres {
    pub name: String,
}

impl Postgres {
    /// Starts a server with settings on its command line and waits until it answers.
    pub fn start(test: &str, settings: &[&str]) -> Self {
        let name = format!("{}-{test}", owner::mark());
        let mut run = Command::new("docker");
        run.args(["run", "-d", "--rm", "--name", &name, "--tmpfs", "/var/lib/postgresql/data"]);
        run.args(["--label", &format!("{}={}", owner::LABEL, owner::mark())]);
        run.args([
            "-e",
            "POSTGRES_PASSWORD",
            "-e",
            "POSTGRES_USER=chief",
            "-e",
            "POSTGRES_DB=shop",
        ]);
        run.env("POSTGRES_PASSWORD", PASSWORD).args([IMAGE, "postgres", "-c", "fsync=off"]);
        for setting in settings {
            run.args(["-c", setting]);
        }
        let done = run.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let server = Self { name };
        // The entry point answers once during its set-up and goes away again: only process 1 being `postgres` counts.
        let ready =
            "test \"$(cat /proc/1/comm)\" = postgres && psql -U chief -d shop -c 'select 1'";
        server.until("the server answers", || server.exec(&["sh", "-c", ready]).status.success());
        server
    }

    pub fn exec(&self, argv: &[&str]) -> Output {
        Command::new("docker")
            .args(["exec", "-e", "PGPASSWORD", &self.name])
            .args(argv)
            .env("PGPASSWORD", PASSWORD)
            .output()
            .unwrap()
    }

    /// Like [`Postgres::exec`] beside work of the same task. While a test waits for one program in a thread that should
    /// read the output of another, the engine may wait with the first until the second's output is read: for ever.
    pub async fn exec_beside(&self, argv: &[&str]) -> Output {
        tokio::process::Command::new("docker")
            .args(["exec", "-e", "PGPASSWORD", &self.name])
            .args(argv)
            .env("PGPASSWORD", PASSWORD)
            .output()
            .await
            .unwrap()
    }

    /// Starts something in the container that goes on by itself.
    pub fn background(&self, script: &str) {
        let done = Command::new("docker")
            .args(["exec", "-d", &self.name, "sh", "-c", script])
            .status()
            .unwrap();
        assert!(done.success());
    }

    /// Runs statements, each in a transaction of its own; their answer without alignment.
    pub fn sql(&self, database: &str, statements: &[&str]) -> String {
        let database = format!("dbname='{database}'");
        let mut argv = vec![
            "psql",
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "chief",
            "-d",
            &database,
        ];
        for statement in statements {
            argv.extend(["-c", statement]);
        }
        let done = self.exec(&argv);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    pub fn databases(&self) -> Vec<String> {
        let all = self.sql("template1", &["SELECT datname FROM pg_database ORDER BY datname"]);
        all.lines().map(str::to_owned).collect()
    }

    /// Sessions that `mta` has open.
    pub fn our_sessions(&self) -> String {
        self.sql(
            "template1",
            &["SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'mta-%'"],
        )
    }

    /// Command lines of the processes in the container.
    pub fn processes(&self) -> String {
        let done =
            Command::new("docker").args(["top", &self.name, "-eo", "pid,args"]).output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    }

    pub fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(
                began.elapsed() < Duration::from_mins(1),
                "never: {what}\n{}",
                self.processes()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "-f", "-v", &self.name]).output();
    }
}
