//! What is refused: names with two answers that are as good.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::coverage::paths::candidates::Rule;
use crate::domain::coverage::paths::infer::{Reach, Step, Weighed, Work, difference, range};
use crate::domain::coverage::paths::{NameKind, Unclear, folder_of, rest_of, unclear};

impl<'w, 'a> Work<'w, 'a> {
    /// Refuses names with a second answer that is as good.
    pub(super) fn refuse_rivals(
        &self,
        weighed: &Weighed<'w, 'a>,
        group: &[&Reach<'w, 'a>],
        rivals: &[&Reach<'w, 'a>],
        chosen: &BTreeMap<usize, usize>,
    ) -> Result<(), Unclear> {
        let mut known: HashMap<(&str, usize, usize), bool> = HashMap::new();
        for (name, at) in chosen {
            let reach = group[*at];
            let Some((path, full)) = reach.maps.get(name) else { continue };
            for (number, rival) in rivals.iter().enumerate() {
                let Some((theirs, _)) = rival.maps.get(name).filter(|(theirs, _)| theirs != path)
                else {
                    continue;
                };
                let folder = folder_of(full);
                let is_rival = *known
                    .entry((folder, *at, number))
                    .or_insert_with(|| is_rival(weighed, folder, reach, rival));
                if is_rival {
                    let paths = [*path, *theirs];
                    return Err(self.ambiguous(*name, paths, [&reach.rule, &rival.rule]));
                }
            }
        }
        Ok(())
    }

    /// Names that lie in FROM itself agree with a file in one component: another folder that has them too is as good if it has
    /// more of them, or if what lies below FROM comes from several folders or is one name.
    pub(super) fn refuse_flat_rivals(
        &self,
        weighed: &Weighed<'w, 'a>,
        from: &str,
        group: &[&Reach<'w, 'a>],
        chosen: &BTreeMap<usize, usize>,
    ) -> Result<(), Unclear> {
        let flat: BTreeSet<usize> = weighed.inside(from).collect();
        let Some((_, at)) = chosen.iter().find(|(name, _)| flat.contains(name)) else {
            return Ok(());
        };
        let (reach, is_mixed) = (group[*at], chosen.values().any(|other| other != at));
        let is_weak = reach.maps.keys().filter(|name| !flat.contains(name)).count() < 2;
        let mine: BTreeSet<&str> = chosen
            .iter()
            .filter_map(|(name, at)| group[*at].maps.get(name).map(|(path, _)| *path))
            .collect();
        let names = range(&weighed.full, from).filter(|full| flat.contains(&full.name));
        let folders = self.index.folders_with(names.filter_map(|full| rest_of(full.text, from)));
        for to in folders.into_iter().filter(|to| *to != reach.rule.to) {
            let mut rival =
                self.reach(&Rule { from: from.to_owned(), to: to.to_owned() }, &weighed.full);
            rival.maps.retain(|name, (path, _)| flat.contains(name) && !mine.contains(path));
            let Some((name, paths)) = difference(reach, &rival) else { continue };
            let has_more = rival.maps.keys().any(|name| !reach.maps.contains_key(name));
            let has_all = flat
                .iter()
                .all(|name| !reach.maps.contains_key(name) || rival.maps.contains_key(name));
            if has_more || (has_all && (is_mixed || is_weak)) {
                return Err(self.ambiguous(name, paths, [&reach.rule, &rival.rule]));
            }
        }
        Ok(())
    }

    /// Refuses two places of a report that would be the same files: one of them is somebody else's.
    pub(super) fn refuse_shared(
        &self,
        weighed: &Weighed<'w, 'a>,
        step: &Step<'w, 'a>,
    ) -> Result<(), Unclear> {
        let mut mine: HashMap<&str, (&str, &Rule)> = HashMap::new();
        let mut names = BTreeSet::new();
        for (rule, maps) in &step.rules {
            for (name, (path, full)) in maps {
                mine.insert(path, (full, rule));
                names.insert(*name);
            }
        }
        for reach in &weighed.reaches {
            let theirs: Vec<_> =
                reach.maps.iter().filter(|(name, _)| !names.contains(name)).collect();
            let is_mine =
                |path: &str, full: &str| mine.get(path).is_some_and(|(by, _)| *by != full);
            let shared: Vec<_> =
                theirs.iter().filter(|(_, (path, full))| is_mine(path, full)).collect();
            let Some((name, (path, _))) = shared.first() else { continue };
            let is_subset = shared.len() == theirs.len() && shared.len() < mine.len();
            if is_subset || self.supported(weighed, &reach.rule.from).is_none() {
                continue;
            }
            let Some((full, rule)) = mine.get(path) else { continue };
            let (one, two) = (full, self.names[**name].0);
            return Err(unclear::shared(self.report, [one, two], path, [rule, &reach.rule]));
        }
        Ok(())
    }

    /// Refuses a folder of the repository that stands elsewhere in the report already. What is a tracked path letter by
    /// letter says nothing about other relative names.
    pub(super) fn refuse_second_place(&self, step: &Step<'w, 'a>) -> Result<(), Unclear> {
        if self.report.kind == NameKind::Package {
            return Ok(());
        }
        let is_letters = |rule: &Rule| rule.from.is_empty() && rule.to.is_empty();
        let used = self.used.iter().map(|(rule, _)| rule).filter(|rule| !is_letters(rule));
        let places: Vec<&Rule> = used.chain(step.rules.iter().map(|(rule, _)| rule)).collect();
        for (rule, maps) in &step.rules {
            let nested = |other: &&&Rule| {
                **other != rule
                    && (other.to.starts_with(&rule.to) || rule.to.starts_with(&other.to))
            };
            let Some(other) = places.iter().find(nested) else { continue };
            let Some((name, (path, _))) = maps.first_key_value() else { continue };
            let name = self.names[*name].0;
            return Err(unclear::second_place(self.report, name, path, [rule, other]));
        }
        Ok(())
    }
}

/// Whether a name of a folder could as well be what another prefix makes of it.
fn is_rival(
    weighed: &Weighed<'_, '_>,
    folder: &str,
    reach: &Reach<'_, '_>,
    rival: &Reach<'_, '_>,
) -> bool {
    let lacks = |one: &Reach<'_, '_>, two: &Reach<'_, '_>| {
        one.maps.keys().any(|name| !two.maps.contains_key(name))
    };
    if rival.rule.from.len() > reach.rule.from.len() {
        // It agrees in fewer components: that is an answer only if it explains all that the first does.
        return !lacks(reach, rival);
    }
    let inside = |one: &Reach<'_, '_>, two: &Reach<'_, '_>| {
        weighed
            .inside(folder)
            .any(|name| one.maps.contains_key(&name) && !two.maps.contains_key(&name))
    };
    let is_poorer = inside(reach, rival) && !inside(rival, reach);
    // The first leads to a folder that holds the other's: its names show that all of it lies there.
    let is_part = rival.rule.from == reach.rule.from
        && rival.rule.to.starts_with(&reach.rule.to)
        && lacks(reach, rival)
        && !lacks(rival, reach);
    !is_poorer && !is_part
}
