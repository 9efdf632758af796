//! What is deleted is ours, what is restored is meant: on a real `PostgreSQL` server and a real directory.

use mta_actions::actions::steps::database::back_up;
use mta_actions::actions::steps::database::restore::{self, OtherServer};
use mta_actions::actions::steps::database::which;

use crate::backup::stage::Stage;
use crate::kit::postgres::{Postgres, docker};

#[tokio::test]
async fn what_killed_runs_left_is_swept_and_nothing_that_is_not_ours() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("sweep", &[]);
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let bench = stage.bench(&server);
    let made = stage.back_up(&server, "shop").await.unwrap();
    let name = made.entry.manifest.name.clone();
    let folder = made.entry.dump.parent().unwrap();
    let foreign = [
        folder.join("before-migration-DO-NOT-DELETE.dump"),
        folder.join("shop_20260101T000000Z.dump"),
        folder.join(".mine.dump.partial"),
        folder.join("notes.txt"),
        stage.directory.root().join("globals.sql"),
    ];
    for file in &foreign {
        fs_err::write(file, "of a person").unwrap();
    }
    // Killed while it was written; killed between its two names; killed before the dump had its name.
    fs_err::write(folder.join(".shop_20260101T000000Z.dump.partial"), "half").unwrap();
    let waiting = folder.join(name.partial_manifest_file());
    fs_err::rename(folder.join(name.manifest_file()), &waiting).unwrap();
    fs_err::write(folder.join(".shop_20260103T000000Z.manifest.json.partial"), "{}").unwrap();
    let alive = stage.directory.begin("shop", "2026-01-02T00:00:00Z".parse().unwrap()).unwrap();
    postgres
        .background("PGAPPNAME=mta-backup-killed psql -U chief -d shop -c 'SELECT pg_sleep(600)'");
    postgres.until("the session of a killed run is there", || postgres.our_sessions() == "1");
    back_up::sweep(bench, &["shop".to_owned()]).await.unwrap();
    assert_eq!(postgres.our_sessions(), "0");
    assert_eq!(stage.directory.find("latest", "shop", None).unwrap(), made.entry, "it was whole");
    assert_eq!(stage.files().len(), foreign.len() + 2 + 1, "{:?}", stage.files());
    drop(alive);
    assert_eq!(stage.files().len(), foreign.len() + 2, "{:?}", stage.files());
    let listed: Vec<_> = stage.directory.others().unwrap().into_iter().map(|o| o.path).collect();
    let shown = [&foreign[4], &foreign[0], &foreign[3], &foreign[1]];
    assert_eq!(listed.iter().collect::<Vec<_>>(), shown);
}

#[tokio::test]
async fn a_dump_whose_manifest_fits_it_no_more_is_left_where_it_is() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("unfit", &[]);
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let made = stage.back_up(&server, "shop").await.unwrap();
    let (dump, name) = (made.entry.dump, made.entry.manifest.name);
    let folder = dump.parent().unwrap();
    fs_err::rename(folder.join(name.manifest_file()), folder.join(name.partial_manifest_file()))
        .unwrap();
    fs_err::write(&dump, "other bytes").unwrap();
    back_up::sweep(stage.bench(&server), &["shop".to_owned()]).await.unwrap();
    assert!(stage.directory.find("latest", "shop", None).is_err());
    assert_eq!(stage.directory.others().unwrap()[0].path, dump);
}

#[tokio::test]
async fn the_newest_is_the_one_made_last_whatever_the_clock_said() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("latest", &[]);
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let mut first = stage.back_up(&server, "shop").await.unwrap().entry;
    let path = first.dump.with_file_name(first.manifest.name.manifest_file());
    first.manifest.started = "2037-01-01T00:00:00Z".parse().unwrap();
    fs_err::write(&path, serde_json::to_vec(&first.manifest).unwrap()).unwrap();
    let second = stage.back_up(&server, "shop").await.unwrap().entry;
    assert_eq!((first.manifest.sequence, second.manifest.sequence), (1, 2));
    assert_eq!(stage.directory.find("latest", "shop", None).unwrap(), second);
    first.manifest.sequence = 0;
    fs_err::write(&path, serde_json::to_vec(&first.manifest).unwrap()).unwrap();
    assert_eq!(
        stage.directory.find("latest", "shop", None).unwrap(),
        second,
        "of before the count"
    );
}

#[tokio::test]
async fn a_backup_of_another_server_or_database_is_refused_unless_that_is_meant() {
    if !docker() {
        return;
    }
    let (old, new) = (Postgres::start("old", &[]), Postgres::start("new", &[]));
    old.sql("shop", &["CREATE DATABASE gone", "CREATE TABLE t AS SELECT 1 AS n"]);
    let stage = Stage::new().await;
    let server = stage.server(&old).await;
    let shop = stage.back_up(&server, "shop").await.unwrap().entry;
    let gone = stage.back_up(&server, "gone").await.unwrap().entry;
    let before = new.databases();
    let there = stage.server(&new).await;
    let bench = stage.bench(&there);
    let failure = restore::prepare(bench, &shop, "1", OtherServer::Refused).await.unwrap_err();
    assert!(failure.why.contains("another server: its system identifier is 7"), "{failure}");
    old.sql("shop", &["DROP DATABASE gone"]);
    let here = stage.bench(&server);
    let failure = restore::prepare(here, &gone, "1", OtherServer::Refused).await.unwrap_err();
    assert!(failure.why.contains("has no database gone; it has postgres, shop"), "{failure}");
    assert_eq!(new.databases(), before);

    let prepared = restore::prepare(bench, &shop, "1", OtherServer::Allowed).await.unwrap();
    restore::swap(bench, &prepared).await.unwrap();
    assert_eq!(new.sql("shop", &["SELECT n FROM t"]), "1");
    let latest = stage.directory.find("latest", "shop", None).unwrap_err();
    assert!(latest.why.contains("there are backups of gone, shop"), "{latest}");
    assert_eq!(stage.directory.find("latest", "shop", Some("shop")).unwrap(), shop);
}

#[tokio::test]
async fn databases_of_ours_bear_a_mark_and_those_of_others_keep_their_comment() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("mark", &[]);
    postgres.sql("shop", &["COMMENT ON DATABASE shop IS 'our shop'", "CREATE TABLE t (n int)"]);
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let bench = stage.bench(&server);
    let entry = stage.back_up(&server, "shop").await.unwrap().entry;
    let comments = || {
        let sql = "SELECT datname || '=' || coalesce(shobj_description(oid, 'pg_database'), '') \
                   FROM pg_database WHERE datname LIKE 'shop%' ORDER BY 1";
        let text = postgres.sql("template1", &[sql]);
        text.lines().map(|line| line.split(",\"of").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let prepared = restore::prepare(bench, &entry, "1", OtherServer::Refused).await.unwrap();
    assert_eq!(comments(), ["shop=our shop", r#"shop__new_1=mta {"kind":"new""#]);
    let swapped = restore::swap(bench, &prepared).await.unwrap();
    assert_eq!(comments(), ["shop=our shop", r#"shop__prev_1=mta {"kind":"previous""#]);
    let which = which::find(bench, &[]).await.unwrap();
    assert_eq!((which.full, which.empty), (vec!["shop".to_owned()], vec![]));
    restore::swap_back(bench, &swapped).await.unwrap();
    assert_eq!(comments(), ["shop=our shop", r#"shop__new_1=mta {"kind":"taken-back""#]);
}
