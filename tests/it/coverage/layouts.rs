//! How projects lie in images, packages and shards: what reports call a file, and which file of the repository it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::kit::scene::{Ran, Scene, lcov, lines};

/// The lines of a file of the scene, as a report counts them.
fn all(last: u32) -> Vec<u32> {
    (1..=last).collect()
}

/// A repository with these files, each of so many lines, and the reports beside it; judged by its total.
fn judged(tree: &[(&str, u32)], reports: &[(&str, String)], inputs: &[(&str, &str)]) -> Ran {
    let scene = Scene::new();
    for (path, last) in tree {
        scene.write(path, &lines(1, *last));
    }
    scene.commit("tree");
    for (name, text) in reports {
        scene.write(name, text);
    }
    let names: Vec<&str> = reports.iter().map(|(name, _)| *name).collect();
    let given = names.join("\n");
    let mut with = vec![("reports", given.as_str())];
    with.extend_from_slice(inputs);
    scene.run("workflow_dispatch", &json!({}), &with)
}

#[track_caller]
fn counted(ran: &Ran, covered: &str, total: &str) {
    let found = (ran.output("covered"), ran.output("total"));
    assert_eq!(found, (covered, total), "{}\n{}", ran.log, ran.summary);
}

#[test]
fn folders_that_lie_in_one_another_in_an_image_all_count() {
    let tree = [
        ("backend/main.py", 60),
        ("backend/shop/cart.py", 60),
        ("libs/common/a.py", 100),
        ("libs/common/b.py", 100),
    ];
    let report = lcov(&[
        ("/app/main.py", &all(60), &[]),
        ("/app/shop/cart.py", &all(60), &[]),
        ("/app/common/a.py", &[], &all(100)),
        ("/app/common/b.py", &[], &all(100)),
    ]);
    let ran = judged(&tree, &[("coverage.info", report)], &[]);
    ran.expect(1, "fail").says("libs/common");
    counted(&ran, "120", "320");
}

#[test]
fn tracked_paths_count_beside_a_prefix_that_is_in_use() {
    let tree = [("web/src/a.ts", 10), ("web/src/b.ts", 10), ("tools/cli.py", 60)];
    let files = [
        ("src/a.ts", all(10), vec![]),
        ("src/b.ts", all(10), vec![]),
        ("tools/cli.py", vec![], all(60)),
    ];
    let files: Vec<(&str, &[u32], &[u32])> =
        files.iter().map(|(name, hit, missed)| (*name, &hit[..], &missed[..])).collect();
    let ran = judged(&tree, &[("coverage.info", lcov(&files))], &[]);
    ran.expect(1, "fail");
    counted(&ran, "20", "80");
    assert!(!ran.log.contains("no file of the repository"), "{}", ran.log);
}

#[test]
fn a_line_of_path_map_for_one_part_does_not_take_the_rest_out() {
    let tree = [("libs/common/a.py", 20), ("backend/main.py", 30), ("backend/shop/cart.py", 30)];
    let report = lcov(&[
        ("/app/common/a.py", &all(20), &[]),
        ("/app/main.py", &[], &all(30)),
        ("/app/shop/cart.py", &[], &all(30)),
    ]);
    let lines = [("path-map", "/app/common/=libs/common/")];
    let ran = judged(&tree, &[("coverage.info", report)], &lines);
    ran.expect(1, "fail");
    counted(&ran, "20", "80");
}

#[test]
fn measured_files_that_are_no_files_of_the_repository_do_not_make_a_total_good() {
    let tree = [("shop/a.py", 10), ("shop/b.py", 10)];
    let report = lcov(&[
        ("/app/shop/a.py", &all(10), &[]),
        ("/app/shop/b.py", &all(10), &[]),
        ("/app/lost/c.py", &[], &all(60)),
    ]);
    let ran = |inputs: &[(&str, &str)]| judged(&tree, &[("coverage.info", report.clone())], inputs);
    ran(&[]).expect(1, "error").says("/app/").says("20 of 80").says("path-map");
    // Each way that the message names.
    ran(&[("exclude", "lost/**")]).expect(0, "pass");
    counted(&ran(&[("path-map", "/app/lost/=-")]), "20", "20");
    // Where they change nothing they are told.
    ran(&[("min-total", "20")]).expect(0, "pass").says("lost/c.py");
    // Libraries, the system's and temporary files are nobody's concern.
    for name in ["/usr/lib/python3/x.py", "/app/node_modules/x/y.py", "/tmp/pytest-1/x.py"] {
        let report = lcov(&[
            ("/app/shop/a.py", &all(10), &[]),
            ("/app/shop/b.py", &all(10), &[]),
            (name, &[], &all(60)),
        ]);
        judged(&tree, &[("coverage.info", report)], &[]).expect(0, "pass");
    }
    // A report of which nothing is found is not left out either.
    let fine = lcov(&[("shop/a.py", &all(10), &[]), ("shop/b.py", &all(10), &[])]);
    let strange = lcov(&[("/srv/x/c.py", &[], &all(60))]);
    let reports = [("one.info", fine), ("two.info", strange)];
    judged(&tree, &reports, &[]).expect(1, "error").says("20 of 80");
}

#[test]
fn names_of_two_packages_lend_each_other_nothing() {
    let tree = [("packages/web/src/index.ts", 10), ("packages/api/src/index.ts", 10)];
    let reports = [
        ("web.info", lcov(&[("src/index.ts", &[], &all(10))])),
        ("api.info", lcov(&[("src/index.ts", &all(10), &[])])),
    ];
    let ran = |map: &str| judged(&tree, &reports, &[("path-map", map)]);
    ran("src/=packages/web/src/\nsrc/=packages/api/src/")
        .expect(1, "error")
        .says("two homes")
        .says("web.info => src/=packages/web/src/");
    let both = "web.info => src/=packages/web/src/\napi.info => src/=packages/api/src/";
    let bound = ran(both);
    bound.expect(1, "fail");
    counted(&bound, "10", "20");
    ran(&format!("{both}\ncli.info => src/=x/")).expect(1, "error").says("matches no report");
    ran(&format!("{both}\n/app/=x/")).expect(1, "error").says("fits no name");
    judged(&tree, &reports, &[]).expect(1, "error").says("could be");
    judged(&tree, &reports, &[("path-map", "web.info => src/")]).expect(64, "error");
}

#[test]
fn own_code_in_a_folder_of_other_people_owes_like_all_code() {
    for folder in ["vendor", "gems", "node_modules"] {
        let scene = Scene::new();
        let own = format!("{folder}/own/a.py");
        let event = scene.pull_request(|scene| {
            scene.write(&own, &lines(1, 4));
            scene.write(&format!("{folder}/other/b.py"), &lines(1, 4));
        });
        let first = ("src/a.py", &all(10)[..], &[][..]);
        scene.write("coverage.info", &lcov(&[first, (own.as_str(), &[1], &[2, 3, 4])]));
        let ran = scene.run("pull_request", &event, &[("min-total", "0")]);
        ran.expect(1, "fail").says(&own);
        assert_eq!(ran.output("patch-percent"), "25.00");
        // What no report measures in such a folder is a copy of another project.
        scene.write("coverage.info", &lcov(&[first]));
        scene.run("pull_request", &event, &[]).expect(0, "pass");
    }
}

#[test]
fn ordinary_layouts_need_no_line() {
    let whole = |names: &[&str]| {
        let all = all(10);
        let files: Vec<(&str, &[u32], &[u32])> =
            names.iter().map(|name| (*name, &all[..], &[][..])).collect();
        lcov(&files)
    };
    // An image that has all at /app.
    let tree = [("manage.py", 10), ("shop/models.py", 10), ("shop/views.py", 10)];
    let report = whole(&["/app/manage.py", "/app/shop/models.py", "/app/shop/views.py"]);
    counted(&judged(&tree, &[("c.info", report)], &[]), "30", "30");
    // Packages with names that begin in their own folders.
    let tree = [("packages/a/src/index.js", 10), ("packages/b/src/index.js", 10)];
    let reports = ["packages/a/coverage/lcov.info", "packages/b/coverage/lcov.info"]
        .map(|name| (name, whole(&["src/index.js"])));
    counted(&judged(&tree, &reports, &[]), "20", "20");
    // Shards that ran in other folders.
    let tree = [("lib/a.py", 10), ("lib/b.py", 10)];
    let reports = [
        ("1.info", whole(&["/app/lib/a.py", "/app/lib/b.py"])),
        ("2.info", whole(&["/home/ci/w/lib/a.py", "/home/ci/w/lib/b.py"])),
        ("3.info", whole(&["lib/a.py"])),
    ];
    counted(&judged(&tree, &reports, &[]), "20", "20");
    // Addons that are mounted.
    let tree = [("addons/sale_x/models/__init__.py", 10), ("addons/crm_x/models/__init__.py", 10)];
    let names =
        ["sale_x", "crm_x"].map(|addon| format!("/mnt/extra-addons/{addon}/models/__init__.py"));
    let report = whole(&[&names[0], &names[1]]);
    counted(&judged(&tree, &[("c.info", report)], &[]), "20", "20");
    // A Django project in a folder of the repository.
    let tree =
        [("server/manage.py", 10), ("server/shop/models.py", 10), ("server/shop/views.py", 10)];
    let report = whole(&["manage.py", "shop/models.py", "shop/views.py"]);
    counted(&judged(&tree, &[("server/c.info", report.clone())], &[]), "30", "30");
    counted(&judged(&tree, &[("c.info", report)], &[]), "30", "30");
}

#[test]
fn modules_of_java_and_of_go() {
    let line = |number: u32| format!("<line nr=\"{number}\" mi=\"0\" ci=\"1\" mb=\"0\" cb=\"0\"/>");
    let ten: String = (1..=10).map(line).collect();
    let group = |name: &str| {
        format!(
            "<group name=\"{name}\"><package name=\"org/x\"><sourcefile name=\"F.java\">{ten}</sourcefile></package></group>"
        )
    };
    let report = format!("<report name=\"r\">{}{}</report>", group("core"), group("api"));
    let tree = [("core/src/main/java/org/x/F.java", 10), ("api/src/main/java/org/x/F.java", 10)];
    counted(&judged(&tree, &[("jacoco.xml", report)], &[]), "20", "20");

    let scene = Scene::new();
    scene.write("go.mod", "module example.com/shop\n");
    scene.write("cart/cart.go", &lines(1, 10));
    scene.commit("go");
    scene.write(
        "cover.out",
        "mode: set\nexample.com/shop/cart/cart.go:1.1,10.2 4 1\nexample.com/other/cart/cart.go:1.1,10.2 9 0\n",
    );
    let ran =
        scene.run("workflow_dispatch", &json!({}), &[("reports", "cover.out"), ("min-total", "0")]);
    ran.expect(0, "pass").says("example.com/shop/");
    assert_eq!(ran.output("total-percent"), "100.00");
}

/// Fifty layouts that are drawn: each file that is counted has its own number of lines, or nothing is judged. The rules themselves are drawn ten thousand times beside the code.
#[test]
fn drawn_layouts_through_git_are_counted_as_they_are_or_refused() {
    let scene = Scene::new();
    let mut seed: u64 = 1;
    let mut draw = |end: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % end
    };
    let mut judged = 0;
    for _ in 0..50 {
        scene.git(&["rm", "-rqf", "--ignore-unmatch", "backend", "libs", "web"]);
        let mut tree: BTreeMap<String, u32> = BTreeMap::new();
        for number in 0..6 + u32::try_from(draw(10)).unwrap() {
            let top = ["backend", "libs", "web"][draw(3)];
            let folder = ["", "/common", "/shop", "/src/api"][draw(4)];
            let file = ["a.py", "b.py", "main.py"][draw(3)];
            tree.insert(format!("{top}{folder}/{file}"), 2 + number * number);
        }
        for (path, last) in &tree {
            scene.write(path, &lines(1, *last));
        }
        scene.commit("tree");
        let root = ["/app/", "/srv/x/", ""][draw(3)];
        let mut names: BTreeMap<String, (String, u32)> = BTreeMap::new();
        for (folder, place) in [(["", "backend/"][draw(2)], ""), ("libs/common/", "common/")] {
            for (path, last) in &tree {
                if let Some(rest) = path.strip_prefix(folder) {
                    names.insert(format!("{root}{place}{rest}"), (path.clone(), *last));
                }
            }
        }
        let hit: Vec<Vec<u32>> = names.values().map(|(_, last)| all(*last - 1)).collect();
        let missed: Vec<[u32; 1]> = names.values().map(|(_, last)| [*last]).collect();
        let both = hit.iter().zip(&missed).map(|(hit, missed)| (&hit[..], &missed[..]));
        let files: Vec<(&str, &[u32], &[u32])> = names
            .keys()
            .zip(both)
            .map(|(name, (hit, missed))| (name.as_str(), hit, missed))
            .collect();
        if files.is_empty() {
            continue;
        }
        scene.write("coverage.info", &lcov(&files));
        let ran = scene.run("workflow_dispatch", &json!({}), &[("min-total", "0")]);
        if ran.output("verdict") == "error" {
            continue;
        }
        judged += 1;
        let text = fs_err::read_to_string(ran.output("uncovered-json")).unwrap();
        let told: Value = serde_json::from_str(&text).unwrap();
        let truth: BTreeSet<(&str, u64)> =
            names.values().map(|(path, last)| (path.as_str(), u64::from(*last))).collect();
        let found: BTreeSet<(&str, u64)> = told["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| (file["path"].as_str().unwrap(), file["total"].as_u64().unwrap()))
            .collect();
        let is_told = ran.summary.contains("no file of the repository");
        assert!(found.is_subset(&truth) && (found == truth || is_told), "{names:#?}\n{found:#?}");
    }
    assert!(judged > 15, "{judged} of 50");
}
