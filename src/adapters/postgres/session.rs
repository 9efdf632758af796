//! A session: one `psql` that stays open, for what has to happen in one transaction.

use serde_json::Value;

use super::Server;
use crate::adapters::docker::exec::{Exec, Piece};
use crate::failure::{Failure, Outcome};

/// An open session. It ends when it is dropped: `psql` reads the end of its input.
pub struct Session {
    exec: Exec,
    database: String,
    unread: Vec<u8>,
    messages: String,
    count: u32,
}

impl Server<'_> {
    /// Opens a session in a database.
    pub async fn session(&self, database: &str) -> Result<Session, Failure> {
        let args = ["-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1"];
        let command = self.command("psql", &args, Some(database));
        let exec = Exec::start(self.engine, &command).await?;
        let mut session = Session {
            exec,
            database: database.to_owned(),
            unread: Vec::new(),
            messages: String::new(),
            count: 0,
        };
        session.run("SET search_path TO pg_catalog").await?;
        Ok(session)
    }
}

impl Session {
    /// Runs statements; what they print comes back. The first error ends the session.
    pub async fn run(&mut self, sql: &str) -> Result<String, Failure> {
        self.count += 1;
        let mark = format!("mta-end-of-answer-{}", self.count);
        let text = format!("{sql};\n\\echo {mark}\n");
        // A `psql` that has given up reads no more: why is in its messages, not in the error of the pipe.
        let sent = self.exec.write(text.as_bytes()).await;
        match self.answer(&format!("{mark}\n")).await? {
            Some(answer) => Ok(answer),
            None => Err(self.gave_up(sent.err(), sql).await),
        }
    }

    /// Runs a query that gives one JSON value.
    pub async fn json(&mut self, sql: &str) -> Result<Value, Failure> {
        let answer = self.run(sql).await?;
        serde_json::from_str(&answer).map_err(|error| {
            Failure::new(Outcome::Bug, format!("psql gave an answer that is no JSON: {answer}"))
                .why(error)
        })
    }

    /// What comes before the mark; `None` if the output ends without it.
    async fn answer(&mut self, mark: &str) -> Result<Option<String>, Failure> {
        loop {
            if let Some(before) = self.unread.strip_suffix(mark.as_bytes()) {
                let answer = String::from_utf8_lossy(before).into_owned();
                self.unread.clear();
                return Ok(Some(answer));
            }
            match self.exec.next().await? {
                Some(Piece::Out(bytes)) => self.unread.extend(bytes),
                Some(Piece::Err(bytes)) => self.messages.push_str(&String::from_utf8_lossy(&bytes)),
                None => return Ok(None),
            }
        }
    }

    async fn gave_up(&mut self, sent: Option<Failure>, sql: &str) -> Failure {
        if let (Some(failure), true) = (sent, self.messages.is_empty()) {
            return failure;
        }
        let code = match self.exec.exit_code().await {
            Ok(code) => code.to_string(),
            Err(failure) => return failure,
        };
        let first: String = sql.chars().take(120).collect();
        Failure::new(
            Outcome::Failed,
            format!("psql failed in the database {} at: {first}", self.database),
        )
        .why(format!("exit code {code}: {}", self.messages.trim()))
    }
}
