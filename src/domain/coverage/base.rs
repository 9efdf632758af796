//! What a change is compared with: the decision, from the event and the commit that is checked out. What needs git or
//! the network is left in the [`Plan`] for `adapters::git` to carry out.
//!
//! | event | base |
//! |---|---|
//! | `pull_request*` | the first parent of HEAD if HEAD is the merge commit of that pull request, else the merge base |
//! | `merge_group` | `base_sha` of the group |
//! | `push` | `before`; for a new branch or one that was rewritten a merge base; nothing for tags and deleted branches |
//! | others | nothing |
//! | none (by hand, other CI) | the merge base with `--base`, `origin/HEAD`, `main` or `master`, compared with the working tree |
//!
//! A field of the event that is missing or malformed is an error: taken as "no patch" it would pass an untested change.
//! So is a base that cannot be found where no event says that nothing changed, as in a shallow checkout of another CI.
//!
//! Without a patch, and judged by the totals alone, are:
//! - events on a commit as it is (`schedule`, `workflow_dispatch` and others): its change was judged when it was made;
//! - the push of a tag: its commit was pushed before, or is with a branch;
//! - the first push of the default branch, which nothing comes before, and the push that deletes a branch;
//! - `base: none`, which says so on purpose, on every event.
//!
//! A base that is named and holds the judged commit is an error on every event, and so is the usual base by hand: the
//! commit would be compared with itself, and nothing in it would owe a test. By hand the working tree is judged, so there
//! it is an error only if that changes nothing. A new branch without commits of its own, and one that was set back, have
//! an empty change that is theirs.

use serde_json::Value;

use crate::domain::job::Job;

/// The id of a commit, tree or blob: 40 or 64 hex digits, lower case, not all zero.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha(String);

impl Sha {
    /// Reads an id.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let real = hex && matches!(text.len(), 40 | 64) && text.bytes().any(|byte| byte != b'0');
        real.then(|| Self(text.to_owned()))
    }

    /// All its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first seven digits, as git shows it.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

impl std::fmt::Display for Sha {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The commit that is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its id.
    pub sha: Sha,
    /// Its parents as the commit itself names them, also those that a shallow clone does not have.
    pub parents: Vec<Sha>,
}

/// Something to find a merge base with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Point {
    /// A commit.
    Sha(Sha),
    /// A branch of the server.
    Branch(String),
    /// What a person typed: a branch, a tag, a commit.
    Typed(String),
    /// The first of these that the repository has.
    AnyOf(&'static [&'static str]),
}

/// What it means that HEAD itself is the merge base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// The wrong commit was checked out. The words say what to check out.
    Refuse(&'static str),
    /// Only what the working tree changes is judged, and that must be something.
    WorkingTree,
    /// There is no change, and that is fine.
    Fine,
}

/// What to compare with, as far as it can be said without asking git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// This commit.
    Exact {
        /// The commit.
        sha: Sha,
        /// What it is: "the first parent of the merge commit 1a2b3c4".
        words: String,
    },
    /// The merge base of HEAD and another commit.
    MergeBase {
        /// The other.
        with: Point,
        /// What it is: "a new branch".
        why: String,
        /// What if it is HEAD.
        inside: Inside,
        /// The commit that is proposed, where HEAD may be a merge of it: the other may not hold it either.
        proposed: Option<Sha>,
    },
    /// A branch that may have been rewritten: the merge base of HEAD and what the branch was; where the server has lost
    /// that, the merge base with the default branch.
    Rewritten {
        /// What the branch was.
        before: Sha,
        /// The default branch; none if this is the default branch itself.
        default_branch: Option<String>,
        /// What if the merge base is HEAD.
        inside: Inside,
    },
    /// There is no patch to judge.
    NoPatch {
        /// Why, as a sentence without its full stop.
        why: String,
    },
}

/// Why there is no plan. Never the same as a plan without patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: String,
}

/// What the user says about the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// Nothing: the event decides.
    Nothing,
    /// This branch, tag or commit.
    Base(&'a str),
    /// That only totals are to be judged.
    TotalsOnly,
}

impl<'a> Asked<'a> {
    /// What the input says. A branch that is called `none` is `refs/heads/none`.
    pub fn read(input: Option<&'a str>) -> Self {
        match input {
            None => Self::Nothing,
            Some("none") => Self::TotalsOnly,
            Some(base) => Self::Base(base),
        }
    }
}

const CHECK_OUT: &str = "check out the merge commit of the pull request: `actions/checkout` without `ref` on \
                         `pull_request`, `ref: refs/pull/<number>/merge` on `pull_request_target`";
const CHECK_OUT_GROUP: &str =
    "check out the commit of the merge group: `actions/checkout` without `ref`";
const CHECK_OUT_PUSH: &str =
    "check out the commit that was pushed: `actions/checkout` without `ref`";
const NO_BASE_PUSH: &str = "leave the input `base` out on a push: what was pushed is compared with the branch before the push";
const NO_BASE_AS_IS: &str = "leave the input `base` out on this event, or set `base: none`: then the totals are judged alone";
const OTHER_BASE: &str =
    "set the input `base` to the branch that the change is to go into, or leave it out";
const LOCAL: &[&str] = &["origin/HEAD", "origin/main", "origin/master", "main", "master"];

/// Events that run on a commit as it is. Others (`issue_comment`, `workflow_run`) may well be about a change.
const WITHOUT_CHANGE: &[&str] = &[
    "schedule",
    "workflow_dispatch",
    "repository_dispatch",
    "release",
    "deployment",
    "create",
    "delete",
];

/// Decides what HEAD is compared with.
pub fn plan(job: &Job, head: &Head, asked: Asked<'_>) -> Result<Plan, Refusal> {
    let event = Event { name: &job.event_name, json: &job.event };
    let pull_request = job.event_name.starts_with("pull_request");
    match asked {
        Asked::Nothing => {}
        Asked::Base(base) => return event.named(job, head, base),
        Asked::TotalsOnly => {
            return Ok(Plan::NoPatch { why: "the input `base` is none".to_owned() });
        }
    }
    match job.event_name.as_str() {
        _ if !job.on_runner => Ok(local()),
        _ if pull_request => event.pull_request(head),
        "merge_group" => event.merge_group(head),
        "push" => event.push(head),
        other if WITHOUT_CHANGE.contains(&other) => {
            Ok(Plan::NoPatch { why: format!("the event `{other}` changes nothing") })
        }
        other => Err(Refusal {
            what: format!("the event `{other}` does not say what the change is"),
            help: "give the input `base`, such as `base: main`; or run the gate on `pull_request`"
                .to_owned(),
        }),
    }
}

fn local() -> Plan {
    let why = "the usual base of a checkout".to_owned();
    let with = Point::AnyOf(LOCAL);
    Plan::MergeBase { with, why, inside: Inside::WorkingTree, proposed: None }
}

/// The event's payload.
struct Event<'a> {
    name: &'a str,
    json: &'a Value,
}

impl Event<'_> {
    /// The base that the input names. Whatever holds the judged commit already is not what it is to go into.
    fn named(&self, job: &Job, head: &Head, base: &str) -> Result<Plan, Refusal> {
        let is_pull_request = job.on_runner && self.name.starts_with("pull_request");
        let proposed = match self.commit("/pull_request/head/sha") {
            Ok(_) if is_pull_request => Some(self.proposed(head)?),
            _ => None,
        };
        let inside = match self.name {
            _ if !job.on_runner => Inside::WorkingTree,
            "push" => Inside::Refuse(NO_BASE_PUSH),
            name if WITHOUT_CHANGE.contains(&name) => Inside::Refuse(NO_BASE_AS_IS),
            _ => Inside::Refuse(OTHER_BASE),
        };
        let why = format!("the input `base` names `{base}`");
        Ok(Plan::MergeBase { with: Point::Typed(base.to_owned()), why, inside, proposed })
    }

    fn pull_request(&self, head: &Head) -> Result<Plan, Refusal> {
        let base = self.commit("/pull_request/base/sha")?;
        if head.sha == base {
            let what = format!("HEAD ({}) is the base of the pull request", head.sha.short());
            return Err(Refusal { what, help: CHECK_OUT.to_owned() });
        }
        let proposed = self.proposed(head)?;
        // Such a commit lies in the history of the base only after the pull request was merged, and is its change then too.
        if let [first, second] = &head.parents[..]
            && *second == proposed
        {
            let words = format!("the first parent of the merge commit {}", head.sha.short());
            return Ok(Plan::Exact { sha: first.clone(), words });
        }
        let why = "HEAD is not the merge commit of the pull request".to_owned();
        let (with, inside) = (Point::Sha(base), Inside::Refuse(CHECK_OUT));
        Ok(Plan::MergeBase { with, why, inside, proposed: None })
    }

    /// The newest commit of the pull request, which HEAD must be or have as a parent: else something else was tested,
    /// such as a base branch that went on, or an older commit.
    fn proposed(&self, head: &Head) -> Result<Sha, Refusal> {
        let proposed = self.commit("/pull_request/head/sha")?;
        if head.sha == proposed || head.parents.contains(&proposed) {
            return Ok(proposed);
        }
        let what = format!(
            "HEAD ({}) is neither the pull request's commit {} nor a merge of it",
            head.sha.short(),
            proposed.short()
        );
        Err(Refusal { what, help: CHECK_OUT.to_owned() })
    }

    fn merge_group(&self, head: &Head) -> Result<Plan, Refusal> {
        let base = self.commit("/merge_group/base_sha")?;
        if head.sha == self.commit("/merge_group/head_sha")? && head.sha != base {
            return Ok(Plan::Exact { sha: base, words: "the base of the merge group".to_owned() });
        }
        let why = "HEAD is not the commit of the merge group".to_owned();
        let (with, inside) = (Point::Sha(base), Inside::Refuse(CHECK_OUT_GROUP));
        Ok(Plan::MergeBase { with, why, inside, proposed: None })
    }

    fn push(&self, head: &Head) -> Result<Plan, Refusal> {
        let name = self.text("/ref")?;
        let Some(branch) = name.strip_prefix("refs/heads/") else {
            return Ok(Plan::NoPatch { why: format!("{name} is not a branch") });
        };
        let (before, after) = (self.commit_or_none("/before")?, self.commit_or_none("/after")?);
        let Some(after) = after else {
            return Ok(Plan::NoPatch { why: format!("the branch `{branch}` was deleted") });
        };
        let default = self.text("/repository/default_branch")?;
        let other = (branch != default).then(|| default.to_owned());
        let Some(before) = before else { return Ok(new_branch(branch, other)) };
        let forced = self.flag("/forced")?;
        if head.sha == before {
            let what = format!("HEAD ({}) is what the branch was before the push", before.short());
            return Err(Refusal { what, help: CHECK_OUT_PUSH.to_owned() });
        }
        if forced == Some(false) && head.sha == after {
            let words = format!("`{branch}` before the push");
            return Ok(Plan::Exact { sha: before, words });
        }
        // A branch that was set back adds nothing; an older commit that was checked out would hide what it adds.
        let inside = if head.sha == after { Inside::Fine } else { Inside::Refuse(CHECK_OUT_PUSH) };
        Ok(Plan::Rewritten { before, default_branch: other, inside })
    }

    fn text(&self, pointer: &str) -> Result<&str, Refusal> {
        let text = self.json.pointer(pointer).and_then(Value::as_str);
        text.filter(|text| !text.is_empty()).ok_or_else(|| self.malformed(pointer))
    }

    fn commit(&self, pointer: &str) -> Result<Sha, Refusal> {
        Sha::parse(self.text(pointer)?).ok_or_else(|| self.malformed(pointer))
    }

    /// A commit; all zeros mean that there is none.
    fn commit_or_none(&self, pointer: &str) -> Result<Option<Sha>, Refusal> {
        let text = self.text(pointer)?;
        let none = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte == b'0');
        if none { Ok(None) } else { self.commit(pointer).map(Some) }
    }

    /// Whether; unknown where the event does not say it.
    fn flag(&self, pointer: &str) -> Result<Option<bool>, Refusal> {
        match self.json.pointer(pointer) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(self.malformed(pointer)),
        }
    }

    fn malformed(&self, pointer: &str) -> Refusal {
        let field = pointer.trim_start_matches('/').replace('/', ".");
        let found = match self.json.pointer(pointer) {
            None => "missing".to_owned(),
            Some(value) => format!("{:.80}", value.to_string()),
        };
        Refusal {
            what: format!("the field `{field}` of the event `{}` is {found}", self.name),
            help: "say what to compare with by the input `base`".to_owned(),
        }
    }
}

fn new_branch(branch: &str, default: Option<String>) -> Plan {
    match default {
        Some(default) => Plan::MergeBase {
            with: Point::Branch(default),
            why: format!("`{branch}` is a new branch"),
            inside: Inside::Fine,
            proposed: None,
        },
        None => Plan::NoPatch { why: format!("`{branch}` is new, and it is the default branch") },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sha(digit: char) -> Sha {
        Sha::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn text(digit: char) -> String {
        digit.to_string().repeat(40)
    }

    fn job(event_name: &str, event: Value) -> Job {
        let on_runner = !event_name.is_empty();
        Job { event_name: event_name.to_owned(), event, on_runner, ..Job::default() }
    }

    /// HEAD is commit f.
    fn planned(job: &Job, parents: &[char]) -> Result<Plan, Refusal> {
        let parents = parents.iter().copied().map(sha).collect();
        plan(job, &Head { sha: sha('f'), parents }, Asked::Nothing)
    }

    fn pull_request(base: char) -> Value {
        json!({"pull_request": {"base": {"sha": text(base)}, "head": {"sha": text('d')}}})
    }

    fn push(before: char, after: char) -> Value {
        json!({"ref": "refs/heads/topic", "before": text(before), "after": text(after), "forced": false,
               "repository": {"default_branch": "main"}})
    }

    fn with(mut event: Value, pointer: &str, value: Value) -> Value {
        *event.pointer_mut(pointer).unwrap() = value;
        event
    }

    #[test]
    fn a_pull_request_has_its_first_parent_only_if_head_is_its_merge_commit() {
        for name in ["pull_request", "pull_request_target", "pull_request_review"] {
            let job = job(name, pull_request('b'));
            let exact = Plan::Exact {
                sha: sha('a'),
                words: "the first parent of the merge commit fffffff".to_owned(),
            };
            assert_eq!(planned(&job, &['a', 'd']), Ok(exact));
            for parents in [&['a'][..], &['a', 'b'], &[]] {
                let refusal = planned(&job, parents).unwrap_err();
                assert!(refusal.what.contains("is neither the pull request's commit ddddddd"));
                let head =
                    Head { sha: sha('f'), parents: parents.iter().copied().map(sha).collect() };
                assert!(plan(&job, &head, Asked::Base("main")).is_err(), "a base does not mend it");
            }
            for parents in [&['d', 'a'][..], &['a', 'd', 'c'], &['d']] {
                let plan = planned(&job, parents);
                let inside = Inside::Refuse(CHECK_OUT);
                assert!(
                    matches!(&plan, Ok(Plan::MergeBase { with: Point::Sha(with), inside: got, .. })
                        if *with == sha('b') && *got == inside),
                    "{parents:?}: {plan:?}"
                );
            }
        }
    }

    #[test]
    fn a_checkout_of_the_base_branch_is_refused() {
        let job = job("pull_request_target", pull_request('f'));
        let refusal = planned(&job, &['a', 'd']).unwrap_err();
        assert!(refusal.what.contains("is the base of the pull request"), "{refusal:?}");
        assert!(refusal.help.contains("refs/pull/<number>/merge"));
    }

    #[test]
    fn a_merge_group_names_its_base() {
        let event = json!({"merge_group": {"base_sha": text('b'), "head_sha": text('f')}});
        let words = "the base of the merge group".to_owned();
        let group = job("merge_group", event.clone());
        assert_eq!(planned(&group, &['b']), Ok(Plan::Exact { sha: sha('b'), words }));
        for (field, value) in [("head_sha", 'e'), ("base_sha", 'f')] {
            let event = with(event.clone(), &format!("/merge_group/{field}"), json!(text(value)));
            let plan = planned(&job("merge_group", event), &['b']);
            let refuses = matches!(plan, Ok(Plan::MergeBase { inside: Inside::Refuse(_), .. }));
            assert!(refuses, "{field}");
        }
    }

    #[test]
    fn a_push_is_compared_with_what_the_branch_was() {
        let exact = Plan::Exact { sha: sha('b'), words: "`topic` before the push".to_owned() };
        assert_eq!(planned(&job("push", push('b', 'f')), &['b']), Ok(exact));
        let rewritten = |default: Option<&str>, inside| {
            let default_branch = default.map(ToOwned::to_owned);
            Ok(Plan::Rewritten { before: sha('b'), default_branch, inside })
        };
        let (main, wrong) = (Some("main"), Inside::Refuse(CHECK_OUT_PUSH));
        let forced = with(push('b', 'f'), "/forced", json!(true));
        let plan_of = |event: Value| planned(&job("push", event), &['b']);
        assert_eq!(plan_of(forced.clone()), rewritten(main, Inside::Fine));
        assert_eq!(plan_of(push('b', 'e')), rewritten(main, wrong));
        let mut unsaid = push('b', 'f');
        unsaid.as_object_mut().unwrap().remove("forced");
        assert_eq!(plan_of(unsaid), rewritten(main, Inside::Fine));
        let itself = with(forced, "/ref", json!("refs/heads/main"));
        assert_eq!(plan_of(itself), rewritten(None, Inside::Fine));
        let stale = planned(&job("push", push('f', 'e')), &['b']).unwrap_err();
        assert!(stale.what.contains("before the push"), "{stale:?}");
    }

    #[test]
    fn a_new_branch_starts_at_the_default_branch() {
        let plan = planned(&job("push", push('0', 'f')), &['a']).unwrap();
        assert!(matches!(
            plan,
            Plan::MergeBase { with: Point::Branch(name), inside: Inside::Fine, .. } if name == "main"
        ));
    }

    #[test]
    fn what_has_no_patch_says_why() {
        let tag = with(push('0', 'f'), "/ref", json!("refs/tags/v1"));
        let new_default = with(push('0', 'f'), "/ref", json!("refs/heads/main"));
        for (name, event, words) in [
            ("push", tag, "refs/tags/v1 is not a branch"),
            ("push", new_default, "`main` is new, and it is the default branch"),
            ("push", push('b', '0'), "the branch `topic` was deleted"),
            ("schedule", json!({}), "the event `schedule` changes nothing"),
            ("workflow_dispatch", Value::Null, "the event `workflow_dispatch` changes nothing"),
        ] {
            let plan = planned(&job(name, event), &['b']);
            assert_eq!(plan, Ok(Plan::NoPatch { why: words.to_owned() }));
        }
    }

    #[test]
    fn an_event_that_does_not_say_what_changed_needs_a_base() {
        for name in ["issue_comment", "workflow_run", "some_new_event"] {
            let refusal = planned(&job(name, Value::Null), &['b']).unwrap_err();
            assert!(refusal.help.contains("`base`"), "{name}: {refusal:?}");
        }
    }

    #[test]
    fn a_malformed_event_is_never_no_patch() {
        let pull = pull_request('b');
        let group = json!({"merge_group": {"base_sha": text('b'), "head_sha": text('f')}});
        let cases = [
            ("pull_request", Value::Null, "pull_request.base.sha"),
            ("pull_request", json!({"pull_request": null}), "pull_request.base.sha"),
            ("pull_request", with(pull.clone(), "/pull_request/base/sha", json!(7)), "base.sha"),
            (
                "pull_request",
                with(pull.clone(), "/pull_request/base/sha", json!("main")),
                "base.sha",
            ),
            ("pull_request", with(pull, "/pull_request/head/sha", json!(text('0'))), "head.sha"),
            ("merge_group", with(group, "/merge_group/base_sha", json!("")), "base_sha"),
            ("push", json!({}), "`ref`"),
            ("push", with(push('b', 'f'), "/before", json!("-x")), "before"),
            ("push", with(push('b', 'f'), "/before", json!("000")), "before"),
            ("push", with(push('b', 'f'), "/after", json!([])), "after"),
            ("push", with(push('b', 'f'), "/forced", json!("false")), "forced"),
            ("push", with(push('0', 'f'), "/repository", json!(null)), "default_branch"),
        ];
        for (name, event, field) in cases {
            let refusal = planned(&job(name, event.clone()), &['b']).unwrap_err();
            assert!(refusal.what.contains(field), "{event}: {refusal:?}");
        }
    }

    #[test]
    fn locally_the_usual_branches_are_tried_and_an_input_wins_everywhere() {
        let plan_of = |name: &str| {
            let job = job(name, Value::Null);
            plan(&job, &Head { sha: sha('f'), parents: vec![] }, Asked::Base("develop"))
        };
        for (name, inside) in [
            ("", Inside::WorkingTree),
            ("push", Inside::Refuse(NO_BASE_PUSH)),
            ("schedule", Inside::Refuse(NO_BASE_AS_IS)),
            ("pull_request", Inside::Refuse(OTHER_BASE)),
            ("merge_group", Inside::Refuse(OTHER_BASE)),
            ("issue_comment", Inside::Refuse(OTHER_BASE)),
        ] {
            let why = "the input `base` names `develop`".to_owned();
            let with = Point::Typed("develop".to_owned());
            let planned = Plan::MergeBase { with, why, inside, proposed: None };
            assert_eq!(plan_of(name), Ok(planned), "{name}");
        }
        let plan = planned(&job("", Value::Null), &[]).unwrap();
        assert!(matches!(
            plan,
            Plan::MergeBase { with: Point::AnyOf(_), inside: Inside::WorkingTree, .. }
        ));
    }

    #[test]
    fn a_named_base_may_not_hold_the_proposed_commit() {
        let job = job("pull_request", pull_request('b'));
        let head = Head { sha: sha('f'), parents: vec![sha('a'), sha('d')] };
        let planned = plan(&job, &head, Asked::Base("main")).unwrap();
        assert!(
            matches!(&planned, Plan::MergeBase { proposed: Some(it), .. } if *it == sha('d')),
            "{planned:?}"
        );
    }

    #[test]
    fn only_totals_are_judged_on_purpose() {
        let why = "the input `base` is none".to_owned();
        for name in ["", "push", "pull_request", "merge_group", "schedule", "issue_comment"] {
            let job = job(name, Value::Null);
            let head = Head { sha: sha('f'), parents: vec![] };
            let planned = plan(&job, &head, Asked::read(Some("none")));
            assert_eq!(planned, Ok(Plan::NoPatch { why: why.clone() }), "{name}");
        }
        assert_eq!(Asked::read(Some("refs/heads/none")), Asked::Base("refs/heads/none"));
        assert_eq!(Asked::read(None), Asked::Nothing);
    }

    #[test]
    fn ids_are_whole_and_lower_case() {
        assert_eq!(sha('a').short(), "aaaaaaa");
        assert!(Sha::parse(&"a".repeat(64)).is_some());
        for wrong in ["", "abc", &"A".repeat(40), &"0".repeat(40), &"g".repeat(40), &"a".repeat(41)]
        {
            assert_eq!(Sha::parse(wrong), None, "{wrong}");
        }
    }
}
