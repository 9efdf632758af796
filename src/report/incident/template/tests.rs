use super::*;
use crate::report::chat::samples::{Sample, reason};
use proptest::prelude::*;

fn read(source: &str) -> Result<Template, String> {
    Template::read(Part::Body, source)
}

fn rendered(part: Part, source: &str, sample: &Sample) -> String {
    let hide = |text: &str| text.replace("hunter2", "***");
    let variables = Variables::new(sample.failing(), ("**ours**", "`news`"), hide);
    Template::read(part, source).unwrap().render(&variables, OUTPUT).unwrap()
}

#[test]
fn a_template_says_what_is_known() {
    let mut sample = Sample::new("nightly", "main", &["test", "e2e"]);
    sample.reasons = vec![reason("test", "FAILED a_b", &["> FAILED a_b"])];
    let source = "{{ workflow }} on {{ branch }} ({{ short_sha }}, #{{ run_number }}, {{ failed_runs }})\n\
        {% for stage in stages %}- {{ stage.name }}: {{ stage.error }}{% if stage.exit_code %} ({{ stage.exit_code }}){% endif %}\n\
        {% endfor %}{{ excerpt }}{{ report }} {{ news }}\n[log]({{ log_url }})";
    insta::assert_snapshot!(rendered(Part::Body, source, &sample), @r###"
nightly on main (aaaaaaa, #43, 3)
- test: FAILED a\_b (2)
- e2e: 
```text
> FAILED a_b
```
**ours** `news`
[log](https://github.example.test/acme/app/actions/runs/543/job/9#step:2:1)
"###);
    assert_eq!(rendered(Part::Title, "  {{ stage }}\n fails ", &sample), "test fails");
    assert_eq!(rendered(Part::Comment, "{{ news }}", &sample), "`news`");
}

#[test]
fn secrets_in_the_authors_own_words_are_hidden_and_tags_stay() {
    let hide = |text: &str| text.replace("stage", "***");
    for (source, hidden) in [
        ("a stage {{ stage }} stage", "a *** {{ stage }} ***"),
        (
            "{# stage #}stage{% if stage %}stage{% endif %}",
            "{# stage #}***{% if stage %}***{% endif %}",
        ),
        ("x{{ stage }}", "x{{ stage }}"),
        ("{{ \"}} stage\" }} stage", "{{ \"}} stage\" }} ***"),
        ("no word of it", "no word of it"),
    ] {
        assert_eq!(read(source).unwrap().hiding(hide).source, hidden);
        assert_eq!(read(source).unwrap().hiding(str::to_owned).source, source);
    }
}

#[test]
fn a_value_is_harmless_whatever_is_done_to_it() {
    let hostile = "@acme #7 </details> `*x*` | <!-- mta:failure hunter2\n# head";
    let sample = Sample::new(hostile, hostile, &[hostile]);
    for source in [
        "{{ workflow }}",
        "`{{ branch }}",
        "{{ branch ~ \"\" }}",
        "{{ branch[0:80] }}",
        "{% for stage in stages %}{{ stage.name }}{% endfor %}",
        "| {{ stage }} |",
        "<!-- {{ branch }}",
    ] {
        let text = rendered(Part::Body, &format!("x{source}"), &sample);
        let values = text.trim_start_matches("x<!-- ");
        for part in ["@acme", "#7", "</", "<!--", "hunter2", "\n", " `", "*x*\\`", " | <"] {
            assert!(!values.contains(part), "{part} in {text}");
        }
    }
    let address = "see a://b,@acme/admins or www.x.test now `y";
    let sample_of_address = Sample::new(address, address, &[address]);
    let text = rendered(Part::Body, "`{{ branch }}`", &sample_of_address);
    assert_eq!(text.matches('`').count(), 2, "{text}");
    assert!(!text.contains("://") && !text.contains("www.") && !text.contains("@a"), "{text}");
    let title = rendered(Part::Title, "{{ workflow }}", &sample);
    assert!(!title.contains("@a") && !title.contains("#7") && !title.contains('\n'), "{title}");
}

#[test]
fn what_is_wrong_is_said_to_its_author() {
    for (source, says) in [
        ("{{ brnch }}", "there is no variable `brnch`; the variables are: workflow, branch"),
        ("{% if not workflow %}{{ secrets }}{% endif %}x", "`secrets`"),
        ("{{ stages[0].nme }}", "line 1"),
        ("{{ stage[0].x }}", "line 1"),
        ("{{ branch", "line 1"),
        ("a\n{% if branch %}", "line"),
        ("{{ stages }}", "go through a list"),
        ("{{ branch|safe }}", "line 1"),
        ("{{ branch|upper }}", "line 1"),
        ("{{ branch.upper() }}", "line 1"),
        ("{% include 'x' %}", "the tag `include`"),
        ("{%- set x = 1 %}", "the tag `set`"),
        ("{%+ with x = branch ~ branch %}{% endwith %}", "the tag `with`"),
        ("{# {{ \" #}{% set x = branch %}{# \" }} #}{{ x }}", "the tag `set`"),
        ("{{ branch * 9 }}", "multiplied"),
        ("{{ '\\'' * 9 }}", "multiplied"),
        ("<!-- mta:memory", "found again"),
        ("{{ '<!-- mta:' ~ 'x' }}", "found again"),
        ("  \n ", "empty text"),
        ("{% if environment %}x{% endif %}", "empty text"),
        (&"x".repeat(LONGEST + 1), "at most 10000"),
    ] {
        let why = read(source).unwrap_err();
        assert!(why.contains(says), "{source}: {why}");
    }
    for source in ["{{ '*' }} * {# ** {{ a * b }} #} {{ \"}}\" }}", "{% raw %}"] {
        assert_eq!(read(source).is_ok(), !source.contains("raw"), "{source}");
    }
}

#[test]
fn a_template_is_bounded() {
    let many: Vec<String> = (0..60).map(|number| format!("{number}{}", "x".repeat(90))).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let sample = Sample::new("w", "main", &many);
    let variables = Variables::new(sample.failing(), ("", ""), str::to_owned);
    let nested = |depth: usize, inner: &str| {
        let (open, close) = ("{% for a in stages %}", "{% endfor %}");
        read(&format!("x{}{inner}{}", open.repeat(depth), close.repeat(depth))).unwrap()
    };
    let render = |template: &Template| template.render(&variables, OUTPUT).unwrap_err();
    assert!(render(&nested(5, "")).contains("more than 100000 steps"));
    assert!(render(&nested(2, "{{ a.name }}")).contains("more than 60000 bytes"));
    let long = read(&format!("{{{{ branch{} }}}}", " ~ report".repeat(900))).unwrap();
    let report = "r".repeat(30_000);
    let variables = Variables::new(sample.failing(), (&report, ""), str::to_owned);
    assert!(long.render(&variables, OUTPUT).unwrap_err().contains("more than"));
}

#[test]
fn the_readme_lists_all_variables_and_no_others() {
    let readme = include_str!("../../../../actions/create-failure-issue/README.md");
    let (_, table) = readme.split_once("| variable | what |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let listed: Vec<&str> = rows
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|cell| cell.split(','))
        .map(|name| name.trim().trim_matches('`'))
        .collect();
    assert_eq!(listed, VARIABLES);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_template_is_read_to_its_end(source in "(\\{\\{|\\}\\}|\\{%|%\\}|\\{#|#\\}|['\"\\\\*|~.\\[\\]()-]|if |for |in |endif|endfor|branch|stages|stage|[ -~é\n]){0,60}") {
        if let Ok(template) = read(&source) {
            let sample = Sample::new("<b>@a", "<b>@a", &["<b>@a"]);
            let variables = Variables::new(sample.failing(), ("", ""), str::to_owned);
            if let (Ok(text), false) = (template.render(&variables, OUTPUT), source.contains(['@', '<'])) {
                prop_assert!(!text.contains("@a") && !text.contains("<b"), "{}", text);
            }
        }
    }
}
