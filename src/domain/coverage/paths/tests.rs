use super::*;

fn tracked(paths: &[&str]) -> BTreeSet<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

struct Case<'a> {
    roots: &'a [&'a str],
    names: &'a [&'a str],
    tracked: &'a [&'a str],
}

/// "name -> path" lines and "from -> ./to (n)" lines of one report.
fn mapped(case: &Case<'_>, known: &Known, kind: NameKind) -> Result<Vec<String>, String> {
    let roots: Vec<String> = case.roots.iter().map(|root| (*root).to_owned()).collect();
    let names = Names { report: "coverage.xml", roots: &roots, files: case.names.to_vec(), kind };
    let (found, mapping) =
        map(&[names], &tracked(case.tracked), known).map_err(|error| error.to_string())?;
    let mut lines: Vec<String> =
        found[0].files.iter().map(|(name, path)| format!("{name} = {path}")).collect();
    lines.extend(
        mapping.prefixes.iter().map(|one| format!("{} -> ./{} ({})", one.from, one.to, one.files)),
    );
    lines.extend(mapping.unmapped.iter().map(|name| format!("{name}: unmapped")));
    Ok(lines)
}

#[track_caller]
fn check(case: &Case<'_>, expected: &[&str]) {
    assert_eq!(mapped(case, &Known::default(), NameKind::Path).unwrap(), expected);
}

#[test]
fn a_container_s_folder_becomes_the_top_for_all_files_alike() {
    check(
        &Case {
            roots: &[],
            names: &["/app/shop/models.py", "/app/manage.py", "/app/gone.py"],
            tracked: &["shop/models.py", "manage.py", "other/gone.py"],
        },
        &[
            "/app/manage.py = manage.py",
            "/app/shop/models.py = shop/models.py",
            "/app/ -> ./ (2)",
            "/app/gone.py: unmapped",
        ],
    );
}

#[test]
fn a_mounted_folder_becomes_that_folder() {
    check(
        &Case {
            roots: &[],
            names: &["/mnt/extra-addons/sale_x/models/a.py", "/mnt/extra-addons/crm/__init__.py"],
            tracked: &["addons/sale_x/models/a.py", "addons/crm/__init__.py", "crm/x/__init__.py"],
        },
        &[
            "/mnt/extra-addons/crm/__init__.py = addons/crm/__init__.py",
            "/mnt/extra-addons/sale_x/models/a.py = addons/sale_x/models/a.py",
            "/mnt/extra-addons/ -> ./addons/ (2)",
        ],
    );
}

#[test]
fn one_component_alone_maps_nothing() {
    check(
        &Case { roots: &[], names: &["/lib/utils.py"], tracked: &["utils.py"] },
        &["/lib/utils.py: unmapped"],
    );
    check(
        &Case { roots: &["/opt/x"], names: &["utils.py"], tracked: &["utils.py"] },
        &["utils.py: unmapped"],
    );
    // A relative name is a path as it stands.
    check(
        &Case { roots: &[], names: &["utils.py"], tracked: &["utils.py"] },
        &["utils.py = utils.py", " -> ./ (1)"],
    );
}

#[test]
fn a_library_lends_nothing() {
    for folder in [
        "/usr/lib/python3/dist-packages",
        "/v/lib/site-packages",
        "/app/node_modules",
        "/app/vendor",
        "/home/ci/.cargo/registry/src/i/x-1.0",
        "/go/pkg/mod/x@v1",
    ] {
        let name = format!("{folder}/shop/utils.py");
        check(
            &Case {
                roots: &[],
                names: &["/app/shop/models.py", &name],
                tracked: &["shop/models.py", "shop/utils.py"],
            },
            &[
                "/app/shop/models.py = shop/models.py",
                "/app/ -> ./ (1)",
                &format!("{name}: unmapped"),
            ],
        );
    }
}

#[test]
fn two_names_of_a_report_never_share_a_file() {
    check(
        &Case {
            roots: &[],
            names: &["/app/src/lib.rs", "/app/src/main.rs", "/deps/foo/src/lib.rs"],
            tracked: &["src/lib.rs", "src/main.rs"],
        },
        &[
            "/app/src/lib.rs = src/lib.rs",
            "/app/src/main.rs = src/main.rs",
            "/app/ -> ./ (2)",
            "/deps/foo/src/lib.rs: unmapped",
        ],
    );
}

#[test]
fn names_below_a_source_folder_lie_there() {
    let tree = ["src/shop/a.py", "shop/a.py", "src/b.py"];
    check(
        &Case { roots: &["/app/src"], names: &["shop/a.py", "b.py"], tracked: &tree },
        &["b.py = src/b.py", "shop/a.py = src/shop/a.py", "/app/ -> ./ (2)"],
    );
    check(
        &Case { roots: &["src"], names: &["shop/a.py"], tracked: &tree },
        &["shop/a.py = src/shop/a.py", " -> ./ (1)"],
    );
    check(
        &Case {
            roots: &["/app/one", "/app/two"],
            names: &["x/a.py", "x/b.py"],
            tracked: &["one/x/a.py", "two/x/b.py"],
        },
        &["x/a.py = one/x/a.py", "x/b.py = two/x/b.py", "/app/ -> ./ (2)"],
    );
}

#[test]
fn what_cannot_be_told_apart_is_an_error_with_the_candidates() {
    let twice = mapped(
        &Case { roots: &[], names: &["/app/shop/a.py"], tracked: &["shop/a.py", "old/shop/a.py"] },
        &Known::default(),
        NameKind::Path,
    );
    assert_eq!(
        twice.unwrap_err(),
        "`coverage.xml` names `/app/shop/a.py`, which could be `shop/a.py` or `old/shop/a.py`"
    );
    let roots = mapped(
        &Case {
            roots: &["/app/one", "/app/two"],
            names: &["x/a.py"],
            tracked: &["one/x/a.py", "two/x/a.py"],
        },
        &Known::default(),
        NameKind::Path,
    );
    assert!(roots.unwrap_err().ends_with("could be `one/x/a.py` or `two/x/a.py`"));
    let depths = mapped(
        &Case {
            roots: &["/app/src"],
            names: &["shop/a.py"],
            tracked: &["src/shop/a.py", "shop/a.py"],
        },
        &Known::default(),
        NameKind::Path,
    );
    assert!(depths.is_err());
    // The folder that has all of the files wins over one that has some.
    check(
        &Case {
            roots: &[],
            names: &["/app/shop/a.py", "/app/shop/b.py"],
            tracked: &["shop/a.py", "shop/b.py", "old/shop/a.py"],
        },
        &["/app/shop/a.py = shop/a.py", "/app/shop/b.py = shop/b.py", "/app/ -> ./ (2)"],
    );
}

#[test]
fn relative_names_are_paths_at_the_top_unless_the_report_lies_elsewhere() {
    let case =
        Case { roots: &[], names: &["src/a.js"], tracked: &["src/a.js", "frontend/src/a.js"] };
    check(&case, &["src/a.js = src/a.js", " -> ./ (1)"]);
    let names = Names {
        report: "frontend/coverage/lcov.info",
        roots: &[],
        files: vec!["src/a.js"],
        kind: NameKind::Path,
    };
    assert!(map(&[names], &tracked(case.tracked), &Known::default()).is_err());
    // Where the report lies and what it names agree: then that decides. Elsewhere the names alone do not: `src/b.js` may
    // be generated.
    let (names, tree) =
        (["src/a.js", "src/b.js"], ["src/a.js", "frontend/src/a.js", "frontend/src/b.js"]);
    let mapped = |report: &str| {
        let names = Names { report, roots: &[], files: names.to_vec(), kind: NameKind::Path };
        map(&[names], &tracked(&tree), &Known::default()).map(|(found, _)| found[0].files.clone())
    };
    assert_eq!(mapped("frontend/lcov.info").unwrap()["src/a.js"], "frontend/src/a.js");
    let help = mapped("lcov.info").unwrap_err().help;
    assert!(help.contains("`lcov.info => ./=frontend/`"), "{help}");
}

#[test]
fn a_report_speaks_of_the_package_in_whose_folder_it_lies() {
    let mapped = |report: &str, files: &[&str], tracked_files: &[&str]| {
        let names = Names { report, roots: &[], files: files.to_vec(), kind: NameKind::Path };
        let (found, _) = map(&[names], &tracked(tracked_files), &Known::default())?;
        Ok::<_, Unclear>(found[0].files.values().cloned().collect::<Vec<_>>())
    };
    let both = ["packages/a/src/index.js", "packages/b/src/index.js"];
    for package in ["packages/a", "packages/b"] {
        let report = format!("{package}/coverage/lcov.info");
        let found = mapped(&report, &["src/index.js"], &both);
        assert_eq!(found.unwrap(), [format!("{package}/src/index.js")]);
    }
    // Another package has more of the names, and is not meant.
    let more = [&both[..], &["packages/a/src/util.js"]].concat();
    let names = ["src/index.js", "src/util.js"];
    let found = mapped("packages/b/coverage/lcov.info", &names, &more);
    assert_eq!(found.unwrap(), ["packages/b/src/index.js"]);
    // Far more of the names: then where the report lies says nothing, and neither may be taken.
    let many: Vec<String> = (0..9).map(|n| format!("src/m{n}.js")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).chain(["src/index.js"]).collect();
    let of_a: Vec<String> = many.iter().map(|name| format!("packages/a/{name}")).collect();
    let all: Vec<&str> = of_a.iter().map(String::as_str).chain([both[1]]).collect();
    let found = mapped("packages/b/coverage/lcov.info", &many, &all).unwrap_err();
    assert!(found.what.contains("could be"));
    assert_eq!(mapped("coverage/lcov.info", &many, &all).unwrap().len(), 10);
    assert!(mapped("coverage/lcov.info", &["src/index.js"], &both).is_err());
}

#[test]
fn two_spellings_of_a_name_are_one_file() {
    check(
        &Case {
            roots: &[],
            names: &["./src/a.py", "src/a.py", "src//a.py"],
            tracked: &["src/a.py"],
        },
        &["./src/a.py = src/a.py", "src//a.py = src/a.py", "src/a.py = src/a.py", " -> ./ (3)"],
    );
}

#[test]
fn a_module_of_go_is_a_prefix_of_go_files_only() {
    let case = Case {
        roots: &[],
        names: &["api/util.py", "api/b.go"],
        tracked: &["api/util.py", "svc/util.py", "svc/b.go"],
    };
    let known = Known { given: vec![], certain: vec![("api".to_owned(), "svc".to_owned())] };
    assert_eq!(
        mapped(&case, &known, NameKind::Path).unwrap(),
        ["api/b.go = svc/b.go", "api/util.py = api/util.py", " -> ./ (1)", "api/ -> ./svc/ (1)",]
    );
}

#[test]
fn a_file_of_another_project_with_two_components_of_ours_maps_nothing() {
    check(
        &Case {
            roots: &[],
            names: &[
                "/opt/odoo/addons/sale/models/sale_order.py",
                "/opt/odoo/addons/sale/models/__init__.py",
                "/opt/odoo/addons/sale/wizard/a.py",
                "/opt/odoo/addons/sale/wizard/b.py",
                "/usr/local/cargo/registry/src/index/thiserror-2.0.0/src/error.rs",
                "/rustc/abc/library/std/src/error.rs",
                "/usr/lib/python3.12/json/encoder.py",
                "/usr/src/app/src/index.js",
                "/usr/src/app/src/cart.js",
            ],
            tracked: &[
                "my_sale/models/sale_order.py",
                "src/error.rs",
                "json/encoder.py",
                "src/index.js",
                "src/cart.js",
            ],
        },
        &[
            "/usr/src/app/src/cart.js = src/cart.js",
            "/usr/src/app/src/index.js = src/index.js",
            "/usr/src/app/ -> ./ (2)",
            "/opt/odoo/addons/sale/models/__init__.py: unmapped",
            "/opt/odoo/addons/sale/models/sale_order.py: unmapped",
            "/opt/odoo/addons/sale/wizard/a.py: unmapped",
            "/opt/odoo/addons/sale/wizard/b.py: unmapped",
            "/rustc/abc/library/std/src/error.rs: unmapped",
            "/usr/lib/python3.12/json/encoder.py: unmapped",
            "/usr/local/cargo/registry/src/index/thiserror-2.0.0/src/error.rs: unmapped",
        ],
    );
}

#[test]
fn what_is_given_and_what_is_certain_come_first() {
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let given = |line: &str| Given::read(line).unwrap();
    let case = Case {
        roots: &[],
        names: &["/app/shop/a.py", "/w/repo/x.py", "/v/site-packages/p/b.py"],
        tracked: &["shop/a.py", "old/shop/a.py", "x.py", "p/b.py"],
    };
    let known = Known {
        given: vec![given("/app=old"), given("/v/site-packages/=.")],
        certain: vec![pair("/w/repo", "")],
    };
    assert_eq!(
        mapped(&case, &known, NameKind::Path).unwrap(),
        [
            "/app/shop/a.py = old/shop/a.py",
            "/v/site-packages/p/b.py = p/b.py",
            "/w/repo/x.py = x.py",
            "/app/ -> ./old/ (1)",
            "/v/site-packages/ -> ./ (1)",
            "/w/repo/ -> ./ (1)",
        ]
    );
}

#[test]
fn packages_lie_in_several_folders_and_modules_apart() {
    let case = Case {
        roots: &[],
        names: &["a/org/x/F.java", "a/org/x/G.kt", "b/org/x/F.java"],
        tracked: &[
            "a/src/main/java/org/x/F.java",
            "a/src/main/kotlin/org/x/G.kt",
            "b/src/main/java/org/x/F.java",
        ],
    };
    assert_eq!(
        mapped(&case, &Known::default(), NameKind::Package).unwrap()[..3],
        [
            "a/org/x/F.java = a/src/main/java/org/x/F.java",
            "a/org/x/G.kt = a/src/main/kotlin/org/x/G.kt",
            "b/org/x/F.java = b/src/main/java/org/x/F.java",
        ]
    );
    // Without a way to tell the modules apart it is an error: one could be either.
    let apart = Case { names: &["m/org/x/F.java"], ..case };
    assert!(mapped(&apart, &Known::default(), NameKind::Package).is_err());
    let plain = Case {
        names: &["org/x/F.java", "org/x/G.kt"],
        tracked: &["src/main/java/org/x/F.java", "src/main/kotlin/org/x/G.kt"],
        roots: &[],
    };
    assert_eq!(mapped(&plain, &Known::default(), NameKind::Package).unwrap().len(), 4);
}

#[test]
fn windows_and_odd_names() {
    check(
        &Case {
            roots: &[],
            names: &["C:\\proj\\src\\A.cs", "C:\\proj\\src\\B.cs", "D:/x/A.cs", ""],
            tracked: &["src/A.cs", "src/B.cs"],
        },
        &[
            "C:\\proj\\src\\A.cs = src/A.cs",
            "C:\\proj\\src\\B.cs = src/B.cs",
            "C:/proj/ -> ./ (2)",
            ": unmapped",
            "D:/x/A.cs: unmapped",
        ],
    );
}

#[test]
fn many_files_take_no_time_to_speak_of() {
    let paths: Vec<String> =
        (0..20_000).map(|n| format!("pkg{}/mod{}/index.js", n % 100, n)).collect();
    let names: Vec<String> = paths.iter().map(|path| format!("/build/{path}")).collect();
    let tracked: BTreeSet<String> = paths.into_iter().collect();
    let names = Names {
        report: "r",
        roots: &[],
        files: names.iter().map(String::as_str).collect(),
        kind: NameKind::Path,
    };
    let (found, _) = map(&[names], &tracked, &Known::default()).unwrap();
    assert_eq!(found[0].files.len(), 20_000);
}

#[test]
fn names_that_a_thousand_folders_have_are_mapped_too() {
    let addon =
        |number: u32| ["", "own_"].map(|own| format!("addons/a{number}/models/{own}__init__.py"));
    let tracked: BTreeSet<String> = (0..1_000).flat_map(addon).collect();
    let names: Vec<String> = tracked
        .iter()
        .filter_map(|path| path.strip_prefix("addons/"))
        .map(|rest| format!("/mnt/extra-addons/{rest}"))
        .collect();
    let files = names.iter().map(String::as_str).collect();
    let report = Names { report: "c.xml", roots: &[], files, kind: NameKind::Path };
    let (found, mapping) = map(&[report], &tracked, &Known::default()).unwrap();
    assert_eq!((found[0].files.len(), mapping.unmapped.len()), (2_000, 0));
    assert_eq!(mapping.prefixes.len(), 1);
}

/// One report with these names, mapped with lines of `path-map`.
fn with_lines(
    reports: &[(&str, &[&str])],
    tree: &[&str],
    lines: &[&str],
) -> Result<Vec<BTreeMap<String, String>>, Unclear> {
    let given = lines.iter().map(|line| Given::read(line).unwrap()).collect();
    let known = Known { given, certain: vec![] };
    let all: Vec<Names<'_>> = reports
        .iter()
        .map(|(report, files)| Names {
            report,
            roots: &[],
            files: files.to_vec(),
            kind: NameKind::Path,
        })
        .collect();
    Ok(map(&all, &tracked(tree), &known)?.0.into_iter().map(|found| found.files).collect())
}

#[test]
fn several_prefixes_stand_side_by_side_nested_ones_too() {
    check(
        &Case {
            roots: &[],
            names: &[
                "/app/main.py",
                "/app/shop/a.py",
                "/app/shop/b.py",
                "/app/common/x.py",
                "/app/common/y.py",
            ],
            tracked: &[
                "backend/main.py",
                "backend/shop/a.py",
                "backend/shop/b.py",
                "libs/common/x.py",
                "libs/common/y.py",
            ],
        },
        &[
            "/app/common/x.py = libs/common/x.py",
            "/app/common/y.py = libs/common/y.py",
            "/app/main.py = backend/main.py",
            "/app/shop/a.py = backend/shop/a.py",
            "/app/shop/b.py = backend/shop/b.py",
            "/app/ -> ./backend/ (3)",
            "/app/common/ -> ./libs/common/ (2)",
        ],
    );
    // Which of the two lies over the other cannot be seen where both have the file.
    let both = [
        "backend/shop/a.py",
        "backend/shop/b.py",
        "backend/common/x.py",
        "libs/common/x.py",
        "libs/common/y.py",
    ];
    let names = ["/app/shop/a.py", "/app/shop/b.py", "/app/common/x.py", "/app/common/y.py"];
    let error = with_lines(&[("c.xml", &names)], &both, &[]).unwrap_err();
    assert!(error.what.contains("could be `backend/common/x.py` or `libs/common/x.py`"), "{error}");
    // What the message says settles it.
    let found = with_lines(&[("c.xml", &names)], &both, &["c.xml => /app/=libs/"]).unwrap();
    assert_eq!((found[0].len(), found[0]["/app/common/x.py"].as_str()), (4, "libs/common/x.py"));
}

#[test]
fn tracked_paths_stand_beside_a_prefix() {
    check(
        &Case {
            roots: &[],
            names: &["tools/cli.py", "src/a.ts", "src/b.ts"],
            tracked: &["tools/cli.py", "web/src/a.ts", "web/src/b.ts"],
        },
        &[
            "src/a.ts = web/src/a.ts",
            "src/b.ts = web/src/b.ts",
            "tools/cli.py = tools/cli.py",
            " -> ./ (1)",
            " -> ./web/ (2)",
        ],
    );
}

#[test]
fn a_library_that_has_our_names_lends_nothing() {
    // It has more of them than our own folder: neither is believed.
    let tree = ["src/lib.rs", "src/main.rs", "src/util.rs"];
    let names =
        ["/app/src/lib.rs", "/app/src/main.rs", "/deps/foo/src/lib.rs", "/deps/foo/src/util.rs"];
    let error = with_lines(&[("r", &names)], &tree, &[]).unwrap_err();
    assert!(error.what.contains("would both be `src/lib.rs`"), "{error}");
    let found = with_lines(&[("r", &names)], &tree, &["r => /deps/foo/=-"]).unwrap();
    assert_eq!(found[0].len(), 2);
    // A folder of ours that our own prefix has already does not stand in another place.
    let names = ["/app/src/lib.rs", "/app/src/main.rs", "/deps/src/util.rs", "/deps/src/x.rs"];
    let tree = ["src/lib.rs", "src/main.rs", "src/util.rs", "src/x.rs"];
    let error = with_lines(&[("r", &names)], &tree, &[]).unwrap_err();
    assert!(error.help.contains("`r => /deps/=-`"), "{error:?}");
    // A single file of it is not mapped at all.
    let found = with_lines(&[("r", &names[..3])], &tree, &[]).unwrap();
    assert_eq!(found[0].len(), 2);
}

#[test]
fn code_that_git_tracks_in_a_folder_of_other_people_is_ours() {
    let tree = ["vendor/own/a.py", "vendor/own/b.py", "src/c.py"];
    let names =
        ["/app/vendor/own/a.py", "/app/vendor/own/b.py", "/app/vendor/other/x.py", "/app/src/c.py"];
    let found = with_lines(&[("r", &names)], &tree, &[]).unwrap();
    assert_eq!(found[0].len(), 3);
    let found = with_lines(&[("r", &names[..2])], &tree, &[]).unwrap();
    assert_eq!(found[0].len(), 2);
}

#[test]
fn lines_hold_for_the_reports_that_they_name() {
    let tree = ["packages/web/src/index.ts", "packages/api/src/index.ts", "packages/api/src/db.ts"];
    let reports: [(&str, &[&str]); 2] =
        [("web/lcov.info", &["src/index.ts"]), ("api/lcov.info", &["src/index.ts", "src/db.ts"])];
    let plain = ["src/=packages/web/src/", "src/=packages/api/src/"];
    let error = with_lines(&reports, &tree, &plain).unwrap_err();
    assert!(error.what.contains("two homes"), "{error}");
    assert!(error.help.contains("`web/lcov.info => src/=packages/web/src/`"), "{}", error.help);
    let bound = ["web/** => src/=packages/web/src/", "api/** => src/=packages/api/src/"];
    let found = with_lines(&reports, &tree, &bound).unwrap();
    assert_eq!(found[0]["src/index.ts"], "packages/web/src/index.ts");
    assert_eq!(found[1]["src/index.ts"], "packages/api/src/index.ts");
    // A line for this report goes before one for all; the order of lines says nothing.
    for lines in [[bound[0], plain[1]], [plain[1], bound[0]]] {
        assert_eq!(with_lines(&reports, &tree, &lines).unwrap(), found);
    }
    for (line, says) in [
        ("cli/** => src/=packages/web/src/", "matches no report"),
        ("/app/=packages/web/", "fits no name"),
        ("api/** => src/db.ts=packages/web/src/", "fits no name"),
    ] {
        let lines = [bound[0], bound[1], line];
        let error = with_lines(&reports, &tree, &lines).unwrap_err();
        assert!(error.what.contains(says), "{line}: {error}");
    }
}

#[test]
fn a_line_for_a_part_leaves_the_rest_to_be_found() {
    let tree = [
        "backend/a.py",
        "libs/common/x.py",
        "libs/common/y.py",
        "backend/s/b.py",
        "backend/s/c.py",
    ];
    let names = ["/app/a.py", "/app/s/b.py", "/app/s/c.py", "/app/common/x.py", "/app/common/y.py"];
    let found = with_lines(&[("r", &names)], &tree, &["/app/common/=libs/common/"]).unwrap();
    assert_eq!(found[0].len(), 5);
    // One name alone, and a name that is left out.
    let lines = ["/app/a.py=backend/s/b.py", "/app/common/=-"];
    let found = with_lines(&[("r", &names[..1]), ("s", &names[3..])], &tree, &lines).unwrap();
    assert_eq!((found[0]["/app/a.py"].as_str(), found[1].len()), ("backend/s/b.py", 0));
}

#[test]
fn names_that_look_like_ours_and_are_no_files_are_told() {
    let tree = tracked(&["backend/a.py", "backend/s/b.py", "backend/s/c.py"]);
    let files = vec![
        "/app/s/b.py",
        "/app/s/c.py",
        "/app/gen/x.py",
        "/tmp/t.py",
        "/usr/lib/p/x.py",
        "/app/node_modules/a/b.js",
    ];
    let names = Names { report: "r", roots: &[], files, kind: NameKind::Path };
    let (found, _) = map(&[names], &tree, &Known::default()).unwrap();
    let expected = BTreeMap::from([("/app/gen/x.py".to_owned(), "backend/gen/x.py".to_owned())]);
    assert_eq!(found[0].stray, expected);
}
