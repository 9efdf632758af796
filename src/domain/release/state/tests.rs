use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn id(text: &str) -> ReleaseId {
    ReleaseId::try_from(text.to_owned()).unwrap()
}

fn ids(texts: &[&str]) -> Vec<ReleaseId> {
    texts.iter().map(|text| id(text)).collect()
}

fn after(commits: &[&str]) -> State {
    commits.iter().fold(State::default(), |state, name| state.begin(id(name)).commit(id(name)))
}

#[test]
fn previous_goes_back_again_after_a_rollback_and_never_forward() {
    let state = after(&["v1", "v2", "v3"]);
    assert_eq!(state.previous(), Some(&id("v2")));
    let state = state.begin(id("v2")).commit(id("v2"));
    assert_eq!(state.previous(), Some(&id("v1")));
    let state = state.begin(id("v1")).commit(id("v1"));
    assert_eq!(state.previous(), None);
}

#[test]
fn a_deploy_after_a_rollback_has_what_ran_as_its_former_release() {
    let state = after(&["v1", "v2"]).commit(id("v1"));
    let state = state.begin(id("v3")).commit(id("v3"));
    assert_eq!(state.previous(), Some(&id("v1")));
    assert_eq!(state.lineage, [id("v1"), id("v3")]);
}

#[test]
fn a_pending_release_that_is_given_up_changes_nothing_else() {
    let state = after(&["v1", "v2"]);
    let restore = Restore { service: "db".into(), database: "shop".into(), id: "1".into() };
    let migrated = Migrated {
        service: "app".into(),
        database_service: None,
        backups: Vec::new(),
        ended: true,
    };
    assert_eq!(state.clone().begin(id("v3")).migrating(migrated).abandon(), state);
    let restoring = state.clone().restoring(Some(restore));
    assert!(restoring.clone().begin(id("v3")).abandon() == restoring && restoring.is_unsettled());
    assert!(!state.is_unsettled() && state.begin(id("v3")).is_unsettled());
}

#[test]
fn a_redeploy_takes_the_place_of_what_runs() {
    let known = ids(&["v1", "v2", "v2b"]);
    let state = after(&["v1", "v2"]).begin(id("v2b")).replace_current(id("v2b"));
    assert_eq!((state.current.clone(), state.pending.clone()), (Some(id("v2b")), None));
    assert_eq!(state.lineage, [id("v1"), id("v2b")]);
    assert_eq!(state.previous(), Some(&id("v1")));
    assert_eq!(state.expendable(&known), [id("v2")], "at once, however few there are");
    assert!(state.failed(&known).is_empty(), "it did not fail");
    assert_eq!(
        state.target("v2", &known).unwrap_err(),
        "there is no release of that id; these exist: v2b (current), v1"
    );
    assert_eq!(state.among(&known[..1], &[]).replaced, BTreeSet::new(), "deleted and forgotten");
}

#[test]
fn what_is_in_the_lineage_keeps_its_place_and_nothing_is_replaced() {
    // v3 is like v1; back to v1 by its id.
    let state = after(&["v1", "v2", "v3"]).replace_current(id("v1"));
    assert_eq!(state.lineage, ids(&["v1", "v2", "v3"]));
    assert_eq!((state.previous(), state.replaced.len()), (None, 0));
    let first = State::default().replace_current(id("v1"));
    assert_eq!(first, State::default().commit(id("v1")));
}

#[test]
fn a_target_is_named_in_each_way_or_refused_with_the_list() {
    let known = ids(&["v1", "v2", "v3", "other"]);
    let state = after(&["other", "v1", "v2", "v3"]);
    assert_eq!(state.target("previous", &known), Ok(id("v2")));
    assert_eq!(state.target("2", &known), Ok(id("v1")));
    assert_eq!(state.target("other", &known), Ok(id("other")));
    assert_eq!(
        state.target("4", &known).unwrap_err(),
        "there are not that many earlier releases; these exist: v3 (current), v2, v1, other"
    );
    assert_eq!(
        state.target("v9", &known[..1]).unwrap_err(),
        "there is no release of that id; these exist: v1"
    );
    assert_eq!(
        state.target("previous", &known[..1]).unwrap_err(),
        "release v2 is no longer on this host; these exist: v1"
    );
    assert_eq!(
        State::default().target("previous", &[]).unwrap_err(),
        "there is no release before the current one; no release of this project exists on this host"
    );
}

#[test]
fn what_failed_is_refused_and_listed_last() {
    let known = ids(&["v1", "v2", "v3", "v4"]);
    let state = after(&["v1"]).begin(id("v2")).abandon().begin(id("v3")).commit(id("v3"));
    let state = state.begin(id("v4"));
    assert_eq!(state.failed(&known), [&id("v2")], "what is pending may become healthy yet");
    let state = state.abandon();
    assert_eq!(
        state.target("v2", &known).unwrap_err(),
        "that release never became healthy, so there is no way back to it; \
         these exist: v3 (current), v1, v4 (failed), v2 (failed)"
    );
    assert_eq!(state.target("v1", &known), Ok(id("v1")));
    let back = state.begin(id("v1")).abandon();
    assert_eq!(back.target("v1", &known), Ok(id("v1")), "it was healthy once");
}

#[test]
fn what_is_needed_is_never_expendable() {
    let names: Vec<_> = (10..30).map(|n| format!("r{n}")).collect();
    let known: Vec<_> = names.iter().map(|n| id(n)).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let state = after(&names).commit(id("r11")).begin(id("r12"));
    let gone = state.expendable(&known);
    assert_eq!(gone.len(), 20 - KEEP_RELEASES - 3);
    for needed in ["r10", "r11", "r12", "r20", "r29"] {
        assert!(!gone.contains(&id(needed)), "{needed}");
    }
    assert!(state.expendable(&known[..KEEP_RELEASES]).is_empty());
}

#[test]
fn failures_push_out_older_failures_and_nothing_else() {
    let mut known = ids(&["a1", "a2"]);
    let mut state = after(&["a1", "a2"]);
    for number in 10..22 {
        let failed = id(&format!("f{number}"));
        known.push(failed.clone());
        state = state.begin(failed).abandon();
    }
    let gone = state.expendable(&known);
    assert_eq!(gone.len(), 12 - KEEP_FAILED);
    assert!(gone.iter().all(|id| id.as_str().starts_with('f')), "{gone:?}");
    assert!(!gone.contains(&id("f21")) && gone.contains(&id("f18")));
}

#[test]
fn a_state_of_an_older_version_counts_as_good_what_may_be() {
    let old = r#"{"version": 1, "current": "v3", "pending": "v4", "lineage": ["v1", "v3"]}"#;
    let old: State = serde_json::from_str(old).unwrap();
    let known = ids(&["v1", "v2", "v3", "v4", "x1", "x2"]);
    let state = old.among(&known, &ids(&["x1", "x2", "v3"]));
    for good in ["v1", "v2", "v3", "v4"] {
        assert_eq!(state.target(good, &known), Ok(id(good)), "{good}");
    }
    assert_eq!(state.failed(&known), [&id("x2"), &id("x1")]);
    // From now on what is new has to prove itself, also when it is read again.
    let known = ids(&["v1", "v2", "v3", "v4", "v5"]);
    let text = serde_json::to_string(&state.abandon().begin(id("v5")).abandon()).unwrap();
    let state = serde_json::from_str::<State>(&text).unwrap().among(&known, &[]);
    assert_eq!(state.failed(&known), [&id("v5")]);
}

/// What a run does.
#[derive(Clone, Debug)]
enum Act {
    /// Deploys a release of this content; it becomes healthy.
    Deploy(u8),
    /// Deploys one that does not.
    Fail(u8),
    /// Is killed while one is brought up.
    Kill(u8),
    /// Rolls back to `previous`, else to one of those that exist; it becomes healthy.
    Back(Option<prop::sample::Index>),
    /// The same, and it does not.
    FailBack(prop::sample::Index),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..4u8).prop_map(Act::Deploy),
        3 => (0..4u8).prop_map(Act::Fail),
        1 => (0..4u8).prop_map(Act::Kill),
        2 => prop::option::of(any::<prop::sample::Index>()).prop_map(Act::Back),
        1 => any::<prop::sample::Index>().prop_map(Act::FailBack),
    ]
}

/// A host on which runs follow one another; it remembers by itself what was healthy.
#[derive(Default)]
struct Host {
    state: State,
    known: Vec<ReleaseId>,
    contents: BTreeMap<ReleaseId, u8>,
    healthy: BTreeSet<ReleaseId>,
}

impl Host {
    fn load(&self) -> State {
        let text = serde_json::to_string(&self.state).unwrap();
        serde_json::from_str::<State>(&text).unwrap().among(&self.known, &[])
    }

    fn write(&mut self, content: u8) -> ReleaseId {
        let id = id(&format!("r{:05}", self.contents.len()));
        self.contents.insert(id.clone(), content);
        self.known.push(id.clone());
        id
    }

    fn becomes_healthy(&mut self, state: State, id: ReleaseId) {
        let current = state.current.clone();
        let same = current.as_ref().is_some_and(|now| self.contents[now] == self.contents[&id]);
        self.healthy.insert(id.clone());
        self.state = if same { state.replace_current(id) } else { state.commit(id) };
        self.healthy.retain(|id| !self.state.replaced.contains(id));
    }

    fn act(&mut self, act: &Act) {
        self.state = self.load().abandon();
        let state = self.load();
        match act {
            Act::Deploy(content) => {
                let id = self.write(*content);
                self.becomes_healthy(state.begin(id.clone()), id);
            }
            Act::Fail(content) => self.state = state.begin(self.write(*content)).abandon(),
            Act::Kill(content) => self.state = state.begin(self.write(*content)),
            Act::Back(to) => {
                let to = to.as_ref().filter(|_| !self.known.is_empty());
                let to = to.map_or("previous", |to| to.get(&self.known).as_str());
                if let Ok(id) = state.target(to, &self.known) {
                    self.becomes_healthy(state.begin(id.clone()), id);
                }
            }
            Act::FailBack(to) if !self.known.is_empty() => {
                let to = to.get(&self.known).as_str().to_owned();
                if let Ok(id) = state.target(&to, &self.known) {
                    self.state = state.begin(id).abandon();
                }
            }
            Act::FailBack(_) => {}
        }
        let here = self.healthy.iter().rev().filter(|id| self.known.contains(id));
        let ten: Vec<_> = here.take(KEEP_RELEASES).cloned().collect();
        let gone = self.load().expendable(&self.known);
        self.known.retain(|id| !gone.contains(id));
        for kept in ten {
            assert!(self.known.contains(&kept), "{kept} was pushed out");
        }
    }

    fn check(&self) {
        let state = self.load();
        let content = |id: &ReleaseId| self.contents[id];
        if let Some(current) = &state.current {
            assert!(self.healthy.contains(current) && self.known.contains(current));
        }
        if let Some(previous) = state.previous() {
            assert!(self.healthy.contains(previous), "{previous} never was healthy");
            let current = state.current.as_ref().unwrap();
            assert_ne!(content(previous), content(current), "a way back to the same");
        }
        for id in &self.known {
            let is_target = state.target(id.as_str(), &self.known).is_ok();
            assert_eq!(is_target, self.healthy.contains(id), "{id}");
        }
        assert!(state.failed(&self.known).len() <= KEEP_FAILED);
    }
}

proptest! {
    #[test]
    fn whatever_happens_previous_is_good_and_different_and_ten_good_ones_stay(
        acts in prop::collection::vec(act(), 1..60)
    ) {
        let mut host = Host::default();
        for act in &acts {
            host.act(act);
            host.check();
        }
    }
}
