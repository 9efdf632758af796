//! What is known of the database when a run ends after its migration had begun: told at every such ending, with the
//! commands that bring it back.

use crate::actions::steps::site::Site;
use crate::domain::release::Migrated;
use crate::failure::{Failure, Outcome};
use crate::report::release::{Account, Note};

/// The failure of a run that has begun to migrate: never "nothing was changed", and with what is known of the database.
pub fn of(site: &Site<'_>, account: &Account, failure: Failure) -> Failure {
    let Some(migrated) = &account.migrated else { return failure };
    let notes = notes(site, migrated, account.migrate_command.as_deref());
    let told: Vec<_> = notes.iter().map(Note::line).collect();
    let outcome = match failure.outcome {
        Outcome::Failed | Outcome::Unavailable | Outcome::BadInput => Outcome::NeedsPerson,
        other => other,
    };
    let parts = [failure.help.trim_end_matches('.'), &told.join(" ")].map(ToOwned::to_owned);
    let help = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ");
    failure.ending(outcome).help(help)
}

/// What is known of the database, and the commands that bring it back, each in a note of its own.
pub fn notes(site: &Site<'_>, migrated: &Migrated, command: Option<&str>) -> Vec<Note> {
    let by = command.map(|command| format!(" by `{command}`")).unwrap_or_default();
    let service = &migrated.service;
    let known = if migrated.ended {
        format!("The database was migrated{by} in the new image of the service `{service}`.")
    } else {
        format!(
            "The database may be half migrated{by} in the new image of the service `{service}`: it had begun and did not \
             come to a good end."
        )
    };
    let mut notes = vec![Note { text: known, command: None }];
    let Some(database) =
        migrated.database_service.as_deref().filter(|_| !migrated.backups.is_empty())
    else {
        let why = match &migrated.database_service {
            None => "the input `database-service` was not given",
            Some(_) => "the database did not run yet, or had no table",
        };
        notes.push(Note { text: format!("No backup was made before: {why}."), command: None });
        return notes;
    };
    for backup in &migrated.backups {
        let flags = [("database-service", database), ("backup", backup), ("confirm-data-loss", "")];
        notes.push(Note {
            text: format!("What it was before is the backup {backup}. To bring it back:"),
            command: Some(site.command("rollback", &flags)),
        });
    }
    notes
}
