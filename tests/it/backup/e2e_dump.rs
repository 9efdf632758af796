//! Backup and restore against a real `PostgreSQL` server in a real container.

use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mta_actions::actions::steps::database::back_up::{self, Origin};
use mta_actions::actions::steps::database::restore::{self, OtherServer};
use mta_actions::adapters::storage::local::Entry;
use mta_actions::domain::backup::manifest::MadeBy;
use mta_actions::failure::Outcome;
use sha2::{Digest, Sha256};

use crate::backup::stage::{Stage, origin};
use crate::kit::postgres::{PASSWORD, Postgres, docker};

/// A table that takes `pg_dump` a second or two.
fn fill(postgres: &Postgres, database: &str) {
    let sql = "CREATE TABLE big AS SELECT n, md5(n::text) || md5((n + 1)::text) || md5((n + 2)::text) AS t \
               FROM generate_series(1, 600000) n";
    postgres.sql(database, &[sql]);
}

fn is_dumping(stage: &Stage) -> bool {
    stage.files().iter().any(|path| {
        path.to_string_lossy().ends_with(".partial")
            && fs_err::metadata(path).is_ok_and(|meta| meta.len() > 200_000)
    })
}

async fn until_dumping(stage: &Stage) {
    let began = Instant::now();
    while !is_dumping(stage) {
        assert!(began.elapsed() < Duration::from_mins(1), "the dump begins");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

const WEIRD: &str = r#"we"ird db"#;

fn build_weird(postgres: &Postgres) {
    postgres.sql("shop", &[
        "CREATE ROLE \"o'wner\" LOGIN",
        "CREATE ROLE reader",
        "CREATE DATABASE \"we\"\"ird db\" OWNER \"o'wner\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'",
        "ALTER DATABASE \"we\"\"ird db\" SET search_path TO \"odd schema\", public",
        "ALTER ROLE reader IN DATABASE \"we\"\"ird db\" SET work_mem TO '7MB'",
        "REVOKE CONNECT ON DATABASE \"we\"\"ird db\" FROM PUBLIC",
        "GRANT CONNECT ON DATABASE \"we\"\"ird db\" TO reader",
    ]);
    postgres.sql(WEIRD, &[
        "CREATE EXTENSION pg_trgm",
        "CREATE SCHEMA \"odd schema\" AUTHORIZATION \"o'wner\"",
        "CREATE TABLE \"odd schema\".\"cust.omer\" (id serial PRIMARY KEY, name text NOT NULL)",
        "CREATE TABLE public.orders (id bigint GENERATED ALWAYS AS IDENTITY, customer int REFERENCES \"odd schema\".\"cust.omer\")",
        "CREATE INDEX by_name ON \"odd schema\".\"cust.omer\" USING gin (name gin_trgm_ops)",
        "ALTER TABLE public.orders OWNER TO \"o'wner\"",
        "GRANT SELECT ON public.orders TO reader",
        "INSERT INTO \"cust.omer\" (name) SELECT 'n' || n FROM generate_series(1, 1000) n",
        "INSERT INTO orders (customer) SELECT n FROM generate_series(1, 500) n",
        "SELECT lo_from_bytea(0, 'large'::bytea)",
    ]);
}

#[tokio::test]
async fn what_is_backed_up_comes_back_and_the_way_back_is_open() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("round", &[]);
    build_weird(&postgres);
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let made = stage.back_up(&server, WEIRD).await.unwrap();
    check_files(&stage, &made.entry);
    postgres.sql(WEIRD, &["DELETE FROM orders WHERE id > 100", "CREATE TABLE later (x int)"]);

    let bench = stage.bench(&server);
    let prepared =
        restore::prepare(bench, &made.entry, "20261123", OtherServer::Refused).await.unwrap();
    assert!(prepared.writes_lost.is_some_and(|rows| rows >= 400), "{prepared:?}");
    assert_eq!(
        postgres.sql(WEIRD, &["SELECT count(*) FROM orders"]),
        "100",
        "the live one is untouched"
    );
    let swapped = restore::swap(bench, &prepared).await.unwrap();
    check_restored(&postgres);
    assert_eq!(swapped.previous.as_deref(), Some("we\"ird db__prev_20261123"));
    assert_eq!(postgres.sql("we\"ird db__prev_20261123", &["SELECT count(*) FROM orders"]), "100");
    assert_eq!(
        swapped.drop_previous_sql().unwrap(),
        "DROP DATABASE \"we\"\"ird db__prev_20261123\";"
    );

    restore::swap_back(bench, &swapped).await.unwrap();
    assert_eq!(postgres.sql(WEIRD, &["SELECT count(*) FROM orders"]), "100");
    assert!(postgres.databases().contains(&"we\"ird db__new_20261123".to_owned()));
}

fn check_files(stage: &Stage, entry: &Entry) {
    let name = entry.manifest.name.as_str();
    assert!(name.starts_with("we%22ird%20db_20"), "{name}");
    let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = stage.files();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
        assert_eq!(mode(file.parent().unwrap()), 0o700);
    }
    let manifest = &entry.manifest;
    assert_eq!(manifest.rows["\"odd schema\".\"cust.omer\""], 1000);
    assert_eq!(manifest.rows["public.orders"], 500);
    assert_eq!(manifest.database.roles, ["chief", "o'wner", "reader"]);
    assert_eq!(manifest.server.major(), 15);
    assert!(entry.verify().is_ok());
    assert_eq!(stage.directory.find("latest", "shop", None).unwrap(), *entry);
    let other = stage.directory.find("latest", "other", None).unwrap_err();
    assert_eq!(other.outcome, Outcome::BadInput);
}

fn check_restored(postgres: &Postgres) {
    let one = |sql: &str| postgres.sql(WEIRD, &[sql]);
    assert_eq!(one("SELECT count(*) FROM orders"), "500");
    assert_eq!(one("SELECT to_regclass('later') IS NULL"), "t");
    assert_eq!(one("SELECT nextval('\"cust.omer_id_seq\"')"), "1001");
    assert_eq!(
        one("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'orders'"),
        "o'wner"
    );
    assert_eq!(
        one("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"),
        "o'wner"
    );
    assert_eq!(one("SELECT datcollate FROM pg_database WHERE datname = current_database()"), "C");
    assert_eq!(one("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_name'"), "1");
    assert_eq!(one("SELECT count(*) FROM pg_constraint WHERE contype = 'f'"), "1");
    assert_eq!(one("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'"), "1");
    assert_eq!(one("SELECT count(*) FROM pg_largeobject_metadata"), "1");
    assert_eq!(one("SHOW search_path"), "\"odd schema\", public");
    assert_eq!(one("SELECT has_table_privilege('reader', 'orders', 'SELECT')"), "t");
    assert_eq!(one("SELECT has_database_privilege('reader', current_database(), 'CONNECT')"), "t");
    assert_eq!(one("SELECT has_database_privilege('public', current_database(), 'CONNECT')"), "f");
    let per_role = "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'reader'::regrole \
                    AND setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(one(per_role), "{work_mem=7MB}");
}

#[tokio::test]
async fn a_damaged_backup_is_refused_before_anything_is_touched() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("damage", &[]);
    postgres
        .sql("shop", &["CREATE TABLE t AS SELECT n, md5(n::text) FROM generate_series(1, 5000) n"]);
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let entry = stage.back_up(&server, "shop").await.unwrap().entry;
    let whole = fs_err::read(&entry.dump).unwrap();
    let before = postgres.databases();
    let mut spoilt: Vec<Vec<u8>> =
        [0, 5, whole.len() / 2, whole.len() - 1].map(|length| whole[..length].to_vec()).to_vec();
    for position in [0, 6, 40, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[position] ^= 1;
        spoilt.push(flipped);
    }
    for bytes in spoilt {
        fs_err::write(&entry.dump, &bytes).unwrap();
        let failure = restore::prepare(stage.bench(&server), &entry, "1", OtherServer::Refused)
            .await
            .unwrap_err();
        assert!(failure.what.ends_with("is damaged"), "{failure}");
        assert_eq!(postgres.databases(), before);
    }
    fs_err::remove_file(&entry.dump).unwrap();
    assert!(
        restore::prepare(stage.bench(&server), &entry, "1", OtherServer::Refused).await.is_err()
    );
    assert_eq!(postgres.databases(), before);
}

#[tokio::test]
async fn an_archive_of_a_newer_version_is_refused_before_anything_is_touched() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("newer", &[]);
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let mut entry = stage.back_up(&server, "shop").await.unwrap().entry;
    let mut bytes = fs_err::read(&entry.dump).unwrap();
    bytes[6] = 16;
    fs_err::write(&entry.dump, &bytes).unwrap();
    entry.manifest.sha256 = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    let before = postgres.databases();
    let failure = restore::prepare(stage.bench(&server), &entry, "1", OtherServer::Refused)
        .await
        .unwrap_err();
    assert!(
        failure.why.contains("archive has version 1.16, pg_restore 15 reads up to 1.14"),
        "{failure}"
    );
    assert_eq!(postgres.databases(), before);
}

#[tokio::test]
async fn a_dump_that_is_killed_leaves_nothing() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("kill", &[]);
    fill(&postgres, "shop");
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let kill = async {
        until_dumping(&stage).await;
        let killed = postgres
            .exec_beside(&[
                "sh",
                "-c",
                "kill -9 $(grep -lx pg_dump /proc/[0-9]*/comm | cut -d/ -f3)",
            ])
            .await;
        assert!(killed.status.success(), "{}", String::from_utf8_lossy(&killed.stderr));
    };
    let (result, ()) = tokio::join!(stage.back_up(&server, "shop"), kill);
    let failure = result.unwrap_err();
    assert!(failure.what.starts_with("pg_dump failed"), "{failure}");
    assert_eq!(stage.files(), Vec::<PathBuf>::new());
    postgres.until("no session of ours", || postgres.our_sessions() == "0");
}

#[tokio::test]
async fn a_cancelled_backup_leaves_no_file_no_session_and_no_process() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("cancel", &[]);
    fill(&postgres, "shop");
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let cancel = async {
        until_dumping(&stage).await;
        assert!(postgres.processes().contains("pg_dump"), "the dump runs");
        stage.cancel.cancel();
    };
    let (result, ()) = tokio::join!(stage.back_up(&server, "shop"), cancel);
    assert_eq!(result.unwrap_err().what, "the backup was cancelled");
    assert_eq!(stage.files(), Vec::<PathBuf>::new());
    postgres.until("no session of ours", || postgres.our_sessions() == "0");
    postgres.until("no client of ours", || {
        let processes = postgres.processes();
        !processes.contains("pg_dump") && !processes.contains("psql")
    });
}

#[tokio::test]
async fn a_restore_that_fails_half_way_leaves_the_live_database_alone() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("half", &[]);
    postgres.sql("shop", &[
        "CREATE TABLE fine AS SELECT generate_series(1, 100) AS n",
        "CREATE FUNCTION ok(int) RETURNS bool LANGUAGE sql AS $$ SELECT current_setting('app.ok', true) IS NOT DISTINCT FROM 'yes' $$",
        "SET app.ok = 'yes'; CREATE TABLE picky (n int CHECK (ok(n))); INSERT INTO picky VALUES (1)",
    ]);
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let entry = stage.back_up(&server, "shop").await.unwrap().entry;
    let before = postgres.databases();
    let failure = restore::prepare(stage.bench(&server), &entry, "1", OtherServer::Refused)
        .await
        .unwrap_err();
    assert!(failure.why.contains("violates check constraint"), "{failure}");
    assert_eq!(postgres.databases(), before);
    assert_eq!(postgres.sql("shop", &["SELECT count(*) FROM fine"]), "100");
}

#[tokio::test]
async fn what_the_server_lacks_is_named_before_anything_is_touched() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("lacks", &["max_prepared_transactions=2", "wal_level=logical"]);
    postgres.sql(
        "shop",
        &[
            "CREATE ROLE \"gone away\"",
            "CREATE TABLE t (n int)",
            "GRANT SELECT ON t TO \"gone away\"",
        ],
    );
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let entry = stage.back_up(&server, "shop").await.unwrap().entry;
    let before = postgres.databases();
    let refused = async |why: &str| {
        let failure = restore::prepare(stage.bench(&server), &entry, "1", OtherServer::Refused)
            .await
            .unwrap_err();
        assert!(failure.why.contains(why), "{failure}");
        assert_eq!(postgres.databases(), before);
    };
    postgres.sql("shop", &["DROP OWNED BY \"gone away\"", "DROP ROLE \"gone away\""]);
    refused("the server lacks roles: \"gone away\"").await;
    postgres.sql("shop", &["CREATE ROLE \"gone away\""]);
    postgres.sql("shop", &["BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'two-phase'"]);
    refused("the prepared transaction 'two-phase'").await;
    postgres.sql("shop", &["COMMIT PREPARED 'two-phase'"]);
    postgres.sql("shop", &["SELECT pg_create_logical_replication_slot('feed', 'test_decoding')"]);
    refused("the logical replication slot feed").await;
    postgres.sql("shop", &["SELECT pg_drop_replication_slot('feed')"]);
    restore::prepare(stage.bench(&server), &entry, "1", OtherServer::Refused).await.unwrap();
}

#[tokio::test]
async fn a_swap_wins_against_clients_that_come_back_at_once() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("swap", &[]);
    postgres.sql("shop", &["CREATE TABLE t AS SELECT 1 AS generation"]);
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let entry = stage.back_up(&server, "shop").await.unwrap().entry;
    for _ in 0..8 {
        postgres.background("while :; do psql -X -U chief -d shop -c 'SELECT pg_sleep(0.2)'; done");
    }
    let busy = "SELECT count(*) >= 4 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.2)%' AND datname = 'shop'";
    for round in 1..=3 {
        postgres.until("the clients are busy", || postgres.sql("template1", &[busy]) == "t");
        let prepared = restore::prepare(
            stage.bench(&server),
            &entry,
            &round.to_string(),
            OtherServer::Refused,
        )
        .await
        .unwrap();
        let swapped = restore::swap(stage.bench(&server), &prepared).await.unwrap();
        assert_eq!(swapped.previous, Some(format!("shop__prev_{round}")));
        if round == 2 {
            restore::swap_back(stage.bench(&server), &swapped).await.unwrap();
        }
    }
    let open = "SELECT bool_and(datallowconn) FROM pg_database WHERE datname LIKE 'shop%'";
    assert_eq!(postgres.sql("template1", &[open]), "t", "no flag stays behind");
}

#[tokio::test]
async fn old_backups_of_the_same_action_go() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("keep", &[]);
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let bench = stage.bench(&server);
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(stage.back_up(&server, "shop").await.unwrap());
    }
    let other = Origin { project: "other".into(), ..origin() };
    let foreign = back_up::back_up(bench, "shop", &other).await.unwrap().entry.manifest.name;
    back_up::retain(bench, &made[2..], NonZeroUsize::new(2).unwrap()).unwrap();
    let left: Vec<_> =
        stage.directory.entries().unwrap().0.into_iter().map(|entry| entry.manifest.name).collect();
    let names: Vec<_> = made.iter().map(|made| made.entry.manifest.name.clone()).collect();
    assert_eq!(left, [foreign, names[2].clone(), names[1].clone()]);

    let by_deploy = Origin { made_by: MadeBy::Deploy, ..origin() };
    back_up::back_up(bench, "shop", &by_deploy).await.unwrap();
    back_up::retain(bench, &made[2..], NonZeroUsize::MIN).unwrap();
    let makers = stage.directory.entries().unwrap().0.into_iter().filter(|entry| {
        entry.manifest.project == "shop" && entry.manifest.made_by == MadeBy::Deploy
    });
    assert_eq!(makers.count(), 1, "what another action made takes no place and is not deleted");
}

#[tokio::test]
async fn the_password_is_used_and_is_in_no_command_line() {
    if !docker() {
        return;
    }
    let postgres = Postgres::start("secret", &[]);
    fill(&postgres, "shop");
    let script = "sed -i 's/trust/scram-sha-256/' \"$PGDATA/pg_hba.conf\" && kill -HUP 1";
    assert!(postgres.exec(&["sh", "-c", script]).status.success());
    let without = "env -u PGPASSWORD psql -w -U chief -d shop -c 'SELECT 1'";
    postgres.until("the server asks for a password", || {
        !postgres.exec(&["sh", "-c", without]).status.success()
    });
    let stage = Stage::new().await;
    let server = stage.server(&postgres).await;
    let looked = std::sync::atomic::AtomicBool::new(false);
    let look = async {
        let began = Instant::now();
        while !looked.load(std::sync::atomic::Ordering::Relaxed) {
            assert!(began.elapsed() < Duration::from_mins(2), "the backup and its check go on");
            for line in command_lines() {
                assert!(!line.contains(PASSWORD), "{line}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let work = async {
        let entry = stage.back_up(&server, "shop").await.unwrap().entry;
        restore::prepare(stage.bench(&server), &entry, "1", OtherServer::Refused).await.unwrap();
        looked.store(true, std::sync::atomic::Ordering::Relaxed);
        entry
    };
    let (entry, ()) = tokio::join!(work, look);
    let manifest = fs_err::read_to_string(entry.dump.with_extension("manifest.json")).unwrap();
    assert!(!manifest.contains(PASSWORD));
    assert!(!format!("{:?}", stage.heard.0.lock().unwrap()).contains(PASSWORD));
}

/// Command lines of every process of the machine, those in containers included.
fn command_lines() -> Vec<String> {
    let processes = fs_err::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| fs_err::read(entry.path().join("cmdline")).ok());
    lines.map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
}
