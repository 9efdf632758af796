//! Relative names: tracked paths as they stand, or names that begin in the folder in which their report lies.

use std::collections::BTreeSet;

use crate::domain::coverage::paths::candidates::Rule;
use crate::domain::coverage::paths::infer::{Full, Reach, Work, difference};
use crate::domain::coverage::paths::{NameKind, Unclear, is_absolute};

impl<'w, 'a> Work<'w, 'a> {
    /// Relative names that are tracked paths as they stand, and names of the package in whose folder the report lies.
    pub fn letter_by_letter(&mut self) -> Result<(), Unclear> {
        let letters = Rule { from: String::new(), to: String::new() };
        let mut weighed = self.weigh();
        let full = std::mem::take(&mut weighed.full);
        let mut literal = self.reach(&letters, &full);
        if let Some(split) = literal.split {
            return Err(self.below_roots(split));
        }
        let named: BTreeSet<&str> = literal.maps.values().map(|(path, _)| *path).collect();
        let mut own = self.own_folder(&full, &named);
        let is_relative = |reach: &&mut Reach<'w, 'a>| reach.rule.from.is_empty();
        let mut bases: Vec<&mut Reach<'w, 'a>> =
            weighed.reaches.iter_mut().filter(is_relative).collect();
        for base in &mut bases {
            base.maps.retain(|_, (path, _)| !named.contains(path));
        }
        if let Some(reach) = &own {
            let most = bases.iter().map(|base| base.maps.len()).max().unwrap_or_default();
            if reach.maps.len() * 2 < most {
                for base in bases.iter().filter(|base| base.maps.len() == most) {
                    if let Some((name, paths)) = difference(reach, base) {
                        return Err(self.ambiguous(name, paths, [&reach.rule, &base.rule]));
                    }
                }
                own = None;
            }
        }
        if let Some(reach) = own {
            let only = |one: &Reach<'_, '_>, two: &Reach<'_, '_>| {
                one.maps.keys().any(|name| !two.maps.contains_key(name))
            };
            let shared = difference(&literal, &reach);
            match (shared, only(&literal, &reach), only(&reach, &literal)) {
                (Some(_), false, true) => literal.maps.retain(|at, _| !reach.maps.contains_key(at)),
                (Some(_), true, false) => {
                    self.accept_all(&literal);
                    return Ok(());
                }
                (Some((name, paths)), ..) => {
                    return Err(self.ambiguous(name, paths, [&letters, &reach.rule]));
                }
                (None, ..) => {}
            }
            self.is_based = true;
            self.accept_all(&literal);
            self.accept_all(&reach);
            return Ok(());
        }
        if self.report.kind == NameKind::Path {
            let mut flat = self.flat_bases(&full, &literal);
            for base in &mut flat {
                base.maps.retain(|_, (path, _)| !named.contains(path));
            }
            for base in bases.into_iter().chain(&mut flat) {
                let more = base.maps.keys().any(|name| !literal.maps.contains_key(name));
                if let Some((name, paths)) = difference(&literal, base).filter(|_| more) {
                    return Err(self.ambiguous(name, paths, [&letters, &base.rule]));
                }
            }
        }
        self.accept_all(&literal);
        Ok(())
    }

    /// What folders would have of relative names without a folder of their own, if not all of these are tracked paths.
    fn flat_bases(&self, full: &[Full<'w>], literal: &Reach<'w, 'a>) -> Vec<Reach<'w, 'a>> {
        let is_flat = |one: &&Full<'w>| !one.text.contains('/') && !is_absolute(one.text);
        let unknown =
            full.iter().filter(is_flat).filter(|one| !literal.maps.contains_key(&one.name));
        let folders = self.index.folders_with(unknown.map(|one| one.text));
        let reach = |to: &str| self.reach(&Rule { from: String::new(), to: to.to_owned() }, full);
        folders.into_iter().filter(|folder| !folder.is_empty()).map(reach).collect()
    }

    /// What the folders in which the report lies have of its relative names: the one that has most, of these the innermost.
    fn own_folder(&self, full: &[Full<'w>], named: &BTreeSet<&str>) -> Option<Reach<'w, 'a>> {
        let report = self.report.report;
        let folders = report.match_indices('/').map(|(slash, _)| &report[..=slash]);
        let inside = folders.filter(|folder| !is_absolute(folder)).map(|to| {
            let mut reach = self.reach(&Rule { from: String::new(), to: to.to_owned() }, full);
            reach.maps.retain(|_, (path, _)| !named.contains(path));
            reach
        });
        inside
            .filter(|reach| !reach.maps.is_empty())
            .max_by_key(|reach| (reach.maps.len(), reach.rule.to.len()))
    }
}
