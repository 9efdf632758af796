//! `backup` with `mode: list` by hand: there is no step summary, so the terminal has to have all of it.

use crate::kit::mta::mta;

#[test]
fn by_hand_the_list_names_what_is_not_ours_and_what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let list = || {
        let mut command = mta();
        command.args(["backup", "--mode", "list", "--project-name", "shop"]);
        command.arg("--directory").arg(path("backups")).arg("--state-dir").arg(path("state"));
        let output = command.env_clear().env("HOME", folder.path()).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(output.status.success(), "{said}");
        said
    };
    assert_eq!(list(), "there is no backup\ndone\n");
    let database = path("backups/shop");
    fs_err::create_dir(&database).unwrap();
    fs_err::write(database.join("before-the-upgrade.sql"), [0; 2048]).unwrap();
    fs_err::write(database.join("broken.manifest.json"), "{").unwrap();
    let said = list();
    let lines: Vec<&str> = said.lines().collect();
    let [none, broken, others, "done"] = lines[..] else { panic!("{said}") };
    assert_eq!(none, "there is no backup");
    let file = |name: &str| database.join(name).display().to_string();
    let broken_file = format!("cannot be read: {}: ", file("broken.manifest.json"));
    assert!(broken.starts_with(&broken_file), "{broken}");
    let foreign = format!("{}: not ours, 2.0 KiB, left alone", file("before-the-upgrade.sql"));
    assert_eq!(others, foreign);
}
