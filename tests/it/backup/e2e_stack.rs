//! Deploy, backup and rollback of a stack with a database, by the real binary.

use crate::kit::shop::{deployed, done, orders, sql};
use crate::kit::stack::{Ran, Stack, docker, docker_out, eventually};

#[test]
fn a_backup_is_made_listed_and_brought_back() {
    if !docker() {
        return;
    }
    let stack = deployed();
    let backup = stack.run("backup", &[]);
    done(&backup);
    let name = &backup.outputs["backup"];
    assert!(name.starts_with("shop_20"), "{name}");
    let size = fs_err::metadata(&backup.outputs["path"]).unwrap().len();
    assert_eq!(backup.outputs["size"], size.to_string());
    assert!(backup.summary.contains(&format!("| `shop` | `{name}` |")), "{}", backup.summary);
    let list = stack.run("backup", &[("mode", "list")]);
    done(&list);
    assert!(list.summary.contains(&format!("| `{name}` | `shop` |")), "{}", list.summary);
    let releases = fs_err::read_dir(stack.state("releases")).unwrap();
    let release = releases.last().unwrap().unwrap().file_name().into_string().unwrap();
    for (place, row) in [
        (&list.summary, format!("| `{release}` | ")),
        (&list.log, format!("{release}: a kept release, ")),
    ] {
        let line = place.lines().find(|line| line.contains(&row)).unwrap_or_default();
        assert!(line.contains("KiB") && line.contains("runs"), "{line:?}: {}", list.log);
    }

    sql(&stack, "DELETE FROM orders WHERE n > 4");
    let refused = stack.run("rollback", &[("backup", "latest")]);
    assert_eq!((refused.code, orders(&stack).as_str()), (64, "4"), "{}", refused.log);
    let inputs = [("backup", "latest"), ("confirm-data-loss", "true")];
    let back = stack.run("rollback", &inputs);
    done(&back);
    assert_eq!(back.outputs["backup"], *name);
    assert_eq!(orders(&stack), "10");
    let kept = sql(
        &stack,
        "SELECT string_agg(datname, ',') FROM pg_database WHERE datname LIKE 'shop\\_\\_prev\\_%'",
    );
    assert!(kept.starts_with("shop__prev_") && !kept.contains(','), "{kept}");
    let drop = format!("DROP DATABASE \"{kept}\";");
    let lines = back.log.lines().filter(|line| *line == drop);
    assert_eq!(lines.count(), 1, "it is told once, on a line of its own: {}", back.log);
    let note = back.log.lines().find(|line| line.contains("is kept as")).unwrap();
    let (said, _) = note.split_once(" The database as it was").unwrap();
    assert!(said.contains("since the backup"), "{note}");
    let words = [(said, "LOST."), (&kept, "KEPT"), (name, "BACKUP")];
    insta::assert_snapshot!(head(&stack, &back, &words), @r#"
    ### ✅ rollback `PROJECT`: done

    - The database `shop` is live from the backup `BACKUP`
    - Runs on, the same as before: release `RELEASE`, commit `0123456`
    - LOST. The database as it was before the restore is kept as `KEPT`. When it is no longer needed, in `psql` of the service `db`: `DROP DATABASE "KEPT";`

    | Service | Image | What happened |
    | --- | --- | --- |
    | `app` | `mta-test/python:3` | unchanged |
    | `db` | `mta-test/postgres:15` | unchanged |
    "#);
    eventually("the application runs again", || stack.containers().contains_key("app"));
}

#[test]
fn what_does_not_exist_is_refused_by_name_and_nothing_is_touched() {
    if !docker() {
        return;
    }
    let stack = deployed();
    done(&stack.run("backup", &[]));
    let before = stack.containers();
    let absent = stack.run("backup", &[("database-service", "nosuch")]);
    assert_eq!(absent.code, 64, "{}", absent.log);
    assert!(absent.log.contains("has app, db"), "{}", absent.log);
    let missing = stack.run("backup", &[("databases", "shop, nosuch")]);
    assert_eq!(missing.code, 64, "{}", missing.log);
    assert!(missing.log.contains("names nosuch"), "{}", missing.log);
    assert!(missing.log.contains("it has postgres, shop"), "{}", missing.log);
    let inputs = [("backup", "shop_20200101T000000Z"), ("confirm-data-loss", "true")];
    let unknown = stack.run("rollback", &inputs);
    assert_eq!(unknown.code, 64, "{}", unknown.log);
    assert!(unknown.log.contains("these exist: shop_20"), "{}", unknown.log);
    let no_postgres = stack.run("backup", &[("database-service", "app")]);
    assert_eq!(no_postgres.code, 1, "{}", no_postgres.log);
    assert_eq!((stack.containers(), orders(&stack).as_str()), (before, "10"));
}

#[test]
fn a_release_that_is_unhealthy_on_the_restored_data_gets_the_former_data_back() {
    if !docker() {
        return;
    }
    let stack = deployed();
    done(&stack.run("backup", &[]));
    sql(&stack, "DELETE FROM orders WHERE n > 4");
    let broken = stack.state("releases");
    let release = fs_err::read_dir(&broken).unwrap().next().unwrap().unwrap().path();
    let model = fs_err::read_to_string(release.join("compose.json")).unwrap();
    fs_err::write(release.join("compose.json"), model.replace("\"true\"", "\"false\"")).unwrap();
    let inputs = [("backup", "latest"), ("confirm-data-loss", "true")];
    let ran = stack.run("rollback", &inputs);
    assert_eq!(ran.code, 4, "the same release is the former one, and as unhealthy: {}", ran.log);
    assert!(ran.log.contains("shop is now the restored database"), "{}", ran.log);
    assert!(ran.log.contains("shop is the former database again"), "{}", ran.log);
    assert_eq!(orders(&stack), "4", "{}", ran.log);
}

#[test]
fn a_restore_that_was_killed_after_the_swap_is_undone_by_the_next_run() {
    if !docker() {
        return;
    }
    let stack = deployed();
    done(&stack.run("backup", &[]));
    sql(&stack, "DELETE FROM orders WHERE n > 4");
    let release =
        fs_err::read_dir(stack.state("releases")).unwrap().next().unwrap().unwrap().path();
    let model = fs_err::read_to_string(release.join("compose.json")).unwrap();
    fs_err::write(release.join("compose.json"), model.replace("\"true\"", "\"false\"")).unwrap();
    let inputs = [("backup", "latest"), ("confirm-data-loss", "true")];
    let mut child =
        stack.command("rollback", &inputs).stdout(std::process::Stdio::null()).spawn().unwrap();
    eventually("the swap", || orders(&stack) == "10");
    child.kill().unwrap();
    child.wait().unwrap();

    fs_err::write(release.join("compose.json"), model).unwrap();
    // The database's container is gone as well: it is made again first.
    docker_out(&["rm", "-f", &stack.containers()["db"]]);
    let recovered = stack.run("recover", &[]);
    done_recovering(&recovered);
    assert!(recovered.log.contains("`db` does not run: starting it"), "{}", recovered.log);
    assert_eq!(
        orders(&stack),
        "4",
        "the data of before the rollback is live again: {}",
        recovered.log
    );
    done_recovering(&stack.run("recover", &[]));
    assert_eq!(orders(&stack), "4");
}

#[test]
fn all_databases_are_backed_up_and_an_empty_one_is_no_backup() {
    if !docker() {
        return;
    }
    let stack = deployed();
    sql(&stack, "CREATE DATABASE prod");
    let empty = stack.run("backup", &[]);
    assert_eq!((empty.code, empty.outputs["result"].as_str()), (1, "failed"), "{}", empty.log);
    assert!(empty.log.contains("the database prod has not a single table"), "{}", empty.log);
    assert!(empty.outputs["backup"].starts_with("shop_20"), "the other one is there");
    let allowed = stack.run("backup", &[("allow-empty", "true")]);
    done(&allowed);
    let names: Vec<_> = allowed.outputs["backup"].lines().collect();
    assert_eq!(
        names.iter().map(|name| name.split_once('_').unwrap().0).collect::<Vec<_>>(),
        ["shop", "prod"]
    );
    assert!(allowed.log.contains("the database postgres is empty and not the only one"));
    done(&stack.run("backup", &[("databases", "shop")]));
    let inputs = [("backup", "latest"), ("confirm-data-loss", "true")];
    let unclear = stack.run("rollback", &inputs);
    assert_eq!(unclear.code, 64, "{}", unclear.log);
    assert!(unclear.log.contains("there are backups of prod, shop"), "{}", unclear.log);
    done(&stack.run("rollback", &[&inputs[..], &[("databases", "shop")]].concat()));
}

#[test]
fn a_database_that_a_restore_kept_goes_after_a_day_and_a_newer_backup() {
    if !docker() {
        return;
    }
    let stack = deployed();
    done(&stack.run("backup", &[]));
    done(&stack.run("rollback", &[("backup", "latest"), ("confirm-data-loss", "true")]));
    let kept = || {
        sql(
            &stack,
            "SELECT string_agg(datname, ',') FROM pg_database WHERE datname LIKE 'shop\\_\\_%'",
        )
    };
    let name = kept();
    assert!(name.starts_with("shop__prev_"), "{name}");
    done(&stack.run("backup", &[]));
    let list = stack.run("backup", &[("mode", "list")]);
    assert!(list.summary.contains(&format!("| `{name}` | ")), "{}", list.summary);
    assert!(list.summary.contains("what was live before a backup was restored"));
    assert_eq!(kept(), name, "it is not a day old");

    let aged = format!(
        "COMMENT ON DATABASE {name} IS 'mta {{\"kind\":\"previous\",\"of\":\"shop\",\"project\":\"{}\",\"since\":\"2026-01-01T00:00:00Z\"}}'",
        stack.project
    );
    sql(&stack, &aged);
    sql(&stack, "CREATE DATABASE shop__prev_of_a_person");
    let ran = stack.run("backup", &[("databases", "shop")]);
    done(&ran);
    assert!(ran.log.contains(&format!("dropped the database {name}")), "{}", ran.log);
    assert_eq!(kept(), "shop__prev_of_a_person");
}

/// The summary of a rollback without its times, and with words for what is another in each run.
fn head(stack: &Stack, ran: &Ran, words: &[(&str, &str)]) -> String {
    let own = [(stack.project.as_str(), "PROJECT"), (&ran.outputs["release"], "RELEASE")];
    let head = ran.summary.split("| Phase |").next().unwrap().trim().to_owned();
    own.iter().chain(words).fold(head, |text, (from, to)| text.replace(from, to))
}

fn done_recovering(ran: &Ran) {
    assert_eq!(ran.code, 0, "{}", ran.log);
}
