//! Prefixes that nobody gave: what the names of a report and the tracked files have in common.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::coverage::paths::candidates::{Index, Rule};
use crate::domain::coverage::paths::foreign::{is_foreign, is_system};
use crate::domain::coverage::paths::{
    NameKind, Names, Unclear, folder, folder_of, is_absolute, names_module, rest_of, unclear,
};

mod letters;
mod refuse;

/// How many prefixes are weighed at a time: those that most names suggest.
const WEIGHED: usize = 64;

/// How many names are tried with prefixes at a time. The first sixteen prefixes are tried whatever that costs.
const TRIES: usize = 1_000_000;

/// How many suggestions are counted at a time; of more, every second or tenth name is asked.
const SUGGESTIONS: usize = 200_000;

/// One way to read a name in full, and whose it is.
#[derive(Clone, Copy)]
struct Full<'w> {
    text: &'w str,
    name: usize,
    is_foreign: bool,
    /// Whether it may be mapped: what fitted by chance counts as a name that does not fit.
    is_open: bool,
}

/// What a prefix maps: name to path and the full name that leads there.
type Maps<'w, 'a> = BTreeMap<usize, (&'a str, &'w str)>;

/// A prefix and what it would map.
struct Reach<'w, 'a> {
    rule: Rule,
    maps: Maps<'w, 'a>,
    /// A name below several roots that would be several files.
    split: Option<(usize, [&'a str; 2])>,
}

/// The prefixes that are weighed, and how many names lie below each FROM.
struct Weighed<'w, 'a> {
    full: Vec<Full<'w>>,
    reaches: Vec<Reach<'w, 'a>>,
}

/// The work on one report.
pub struct Work<'w, 'a> {
    report: &'w Names<'w>,
    index: &'w Index<'a>,
    names: &'w [(&'w str, Vec<String>)],
    homes: Vec<Option<&'a str>>,
    /// Which names may still be mapped.
    open: Vec<bool>,
    /// Which fitted a prefix by chance.
    barred: BTreeSet<usize>,
    /// The full name that a tracked file was given to: two may not share a file, two spellings of one may.
    claimed: HashMap<&'a str, &'w str>,
    used: Vec<(Rule, u64)>,
    /// Whether relative names have found their folder: that in which the report lies.
    is_based: bool,
}

impl<'w, 'a> Work<'w, 'a> {
    /// Nothing of which is mapped yet.
    pub fn new(
        report: &'w Names<'w>,
        index: &'w Index<'a>,
        names: &'w [(&'w str, Vec<String>)],
    ) -> Self {
        Self {
            report,
            index,
            names,
            homes: vec![None; names.len()],
            open: vec![true; names.len()],
            barred: BTreeSet::new(),
            claimed: HashMap::new(),
            used: Vec::new(),
            is_based: false,
        }
    }

    /// The file of a name.
    pub fn home(&self, name: usize) -> Option<&'a str> {
        self.homes[name]
    }

    /// The prefixes that were found, and how many names each mapped.
    pub fn used(&self) -> Vec<(Rule, u64)> {
        self.used.clone()
    }

    /// What the user says.
    pub fn give(&mut self, name: usize, path: &'a str) {
        self.homes[name] = Some(path);
        self.open[name] = false;
        let names = self.names;
        if let Some(full) = names[name].1.first() {
            self.claimed.entry(path).or_insert(full);
        }
    }

    /// What the user says is no file of the repository.
    pub fn leave_out(&mut self, name: usize) {
        self.open[name] = false;
    }

    /// Names below the checkout and below modules of Go are the files there or none.
    pub fn certain(&mut self, certain: &[(String, String)]) {
        let mut rules: Vec<Rule> =
            certain.iter().map(|(from, to)| Rule { from: folder(from), to: folder(to) }).collect();
        rules.sort_by(|a, b| b.from.len().cmp(&a.from.len()).then_with(|| a.cmp(b)));
        let has_modules = rules.iter().any(|rule| !is_absolute(&rule.from));
        let names = self.names;
        for (at, (name, full)) in names.iter().enumerate() {
            if !self.open[at] {
                continue;
            }
            let is_go = name.rsplit('.').next() == Some("go");
            // The name of a module is a prefix of Go's names only: others may have a folder that is called the same.
            let meant = |rule: &&Rule| is_absolute(&rule.from) || is_go;
            let fits = |rule: &Rule| full.iter().find(|full| rest_of(full, &rule.from).is_some());
            let found = rules.iter().filter(meant).find_map(|rule| Some((rule, fits(rule)?)));
            if let Some((rule, full)) = found {
                self.open[at] = false;
                let rest = rest_of(full, &rule.from).unwrap_or_default();
                if let Some(path) = self.index.tracked(&format!("{}{rest}", rule.to)) {
                    self.take(at, path, full);
                    self.count(rule, 1);
                }
            } else if is_go
                && has_modules
                && full.iter().all(|full| !is_absolute(full) && self.index.tracked(full).is_none())
            {
                // A module that is not ours.
                self.open[at] = false;
            }
        }
    }

    /// Prefixes, the one with most names first, until none is left.
    pub fn infer(&mut self) -> Result<(), Unclear> {
        loop {
            let weighed = self.weigh();
            let Some(best) = self.best(&weighed) else { return Ok(()) };
            let step = self.decide(&weighed, &best)?;
            self.refuse_shared(&weighed, &step)?;
            self.refuse_second_place(&step)?;
            self.barred.extend(step.barred);
            for (rule, maps) in &step.rules {
                for (name, (path, full)) in maps {
                    self.take(*name, path, full);
                }
                self.count(rule, maps.len() as u64);
            }
        }
    }

    /// The only name of a report, if two components of it or more agree with one file.
    pub fn alone(&mut self) -> Result<(), Unclear> {
        if !self.claimed.is_empty() {
            return Ok(());
        }
        let weighed = self.weigh();
        let fits = weighed.reaches.iter().flat_map(|reach| reach.maps.keys().copied());
        let ours = weighed.full.iter().filter(|full| !full.is_foreign).map(|full| full.name);
        let ours: BTreeSet<usize> = ours.chain(fits).collect();
        let Some(first) = ours.first().filter(|_| ours.len() == 1) else { return Ok(()) };
        let single = |reach: &&Reach<'_, '_>| reach.maps.keys().eq([first]);
        let mut found: Option<&Reach<'w, 'a>> = None;
        for reach in weighed.reaches.iter().filter(single) {
            if let Some(split) = reach.split {
                return Err(self.below_roots(split));
            }
            let Some(other) = found else {
                found = Some(reach);
                continue;
            };
            if let Some((name, paths)) = difference(other, reach) {
                return Err(self.ambiguous(name, paths, [&other.rule, &reach.rule]));
            }
        }
        if let Some(reach) = found {
            self.accept_all(reach);
        }
        Ok(())
    }

    /// Where a name that is no file would lie, if it looks like the project's own: it lies beside names that were mapped,
    /// or nothing of the report was mapped at all.
    pub fn would_lie(&self, name: usize) -> Option<String> {
        let full = self.names[name].1.iter().find(|full| !is_foreign(full) && !full.is_empty())?;
        if self.claimed.is_empty() {
            return Some(full.clone());
        }
        let below = self.used.iter().filter_map(|(rule, _)| {
            rest_of(full, &rule.from).map(|rest| (rule.from.len(), format!("{}{rest}", rule.to)))
        });
        if let Some((_, path)) = below.max() {
            return Some(path);
        }
        let beside = |rule: &Rule| {
            let root = root_of(&rule.from);
            !root.is_empty() && full.starts_with(root)
        };
        let relative =
            !is_absolute(full) && self.used.iter().any(|(rule, _)| !is_absolute(&rule.from));
        (relative || self.used.iter().any(|(rule, _)| beside(rule))).then(|| full.clone())
    }
}

/// What one prefix of names becomes.
struct Step<'w, 'a> {
    rules: Vec<(Rule, Maps<'w, 'a>)>,
    /// Names that fit a prefix by chance: a single file is never mapped alone.
    barred: Vec<usize>,
}

impl<'w, 'a> Weighed<'w, 'a> {
    /// The names below a prefix, without those in other people's folders that it does not map.
    fn below(&self, from: &str, is_mapped: impl Fn(usize) -> bool) -> BTreeSet<usize> {
        let counts = |full: &&Full<'w>| !full.is_foreign || is_mapped(full.name);
        range(&self.full, from).filter(counts).map(|full| full.name).collect()
    }

    /// The names that lie in a folder itself.
    fn inside<'s>(&'s self, folder: &'s str) -> impl Iterator<Item = usize> + use<'s, 'w, 'a> {
        range(&self.full, folder)
            .filter(move |full| folder_of(full.text).len() == folder.len())
            .map(|full| full.name)
    }
}

/// The full names below a prefix.
fn range<'w, 's>(full: &'s [Full<'w>], from: &'s str) -> impl Iterator<Item = &'s Full<'w>> {
    let first = full.partition_point(|one| one.text < from);
    let last = first + full[first..].partition_point(|one| one.text.starts_with(from));
    full[first..last].iter().filter(move |one| rest_of(one.text, from).is_some())
}

impl<'w, 'a> Work<'w, 'a> {
    fn ambiguous(&self, name: usize, paths: [&str; 2], rules: [&Rule; 2]) -> Unclear {
        unclear::ambiguous(self.report, self.names[name].0, paths, rules)
    }

    fn below_roots(&self, (name, paths): (usize, [&str; 2])) -> Unclear {
        let (written, full) = &self.names[name];
        unclear::below_roots(self.report, written, full, paths)
    }

    fn parted(&self, name: usize, rules: [&Rule; 2], folder: &str) -> Unclear {
        unclear::parted(self.report, self.names[name].0, rules, folder)
    }

    fn take(&mut self, name: usize, path: &'a str, full: &'w str) {
        self.homes[name] = Some(path);
        self.open[name] = false;
        self.claimed.insert(path, full);
    }

    fn accept_all(&mut self, reach: &Reach<'w, 'a>) {
        for (name, (path, full)) in &reach.maps {
            self.take(*name, path, full);
        }
        self.count(&reach.rule, reach.maps.len() as u64);
    }

    fn count(&mut self, rule: &Rule, files: u64) {
        match self.used.iter_mut().find(|(used, _)| used == rule) {
            Some((_, count)) => *count += files,
            None if files > 0 => self.used.push((rule.clone(), files)),
            None => {}
        }
    }

    /// The prefixes that most names suggest, and what each would map.
    fn weigh(&self) -> Weighed<'w, 'a> {
        let names = self.names;
        let mut full: Vec<Full<'w>> = Vec::new();
        for (at, (_, texts)) in names.iter().enumerate().filter(|(at, _)| self.open[*at]) {
            for text in texts.iter().filter(|text| !text.is_empty() && !is_system(text)) {
                let is_open = !self.barred.contains(&at);
                full.push(Full { text, name: at, is_foreign: is_foreign(text), is_open });
            }
        }
        if !full.iter().any(|one| one.is_open) {
            return Weighed { full, reaches: Vec::new() };
        }
        full.sort_unstable_by_key(|one| (one.text, one.name));
        let mut reaches = Vec::new();
        let mut tries = 0;
        for rule in self.suggested(&full) {
            if reaches.len() >= 16 && tries > TRIES {
                break;
            }
            tries += range(&full, &rule.from).count();
            let reach = self.reach(&rule, &full);
            if !reach.maps.is_empty() {
                reaches.push(reach);
            }
        }
        if self.report.kind == NameKind::Package {
            // A folder that bears a module's name is that module.
            let modules: BTreeSet<String> = reaches
                .iter()
                .filter(|reach: &&Reach<'_, '_>| names_module(&reach.rule))
                .map(|reach| reach.rule.from.clone())
                .collect();
            reaches
                .retain(|reach| !modules.contains(&reach.rule.from) || names_module(&reach.rule));
        }
        Weighed { full, reaches }
    }

    fn suggested(&self, full: &[Full<'w>]) -> Vec<Rule> {
        let index = self.index;
        let all: usize =
            full.iter().map(|one| index.rules(one.text).size_hint().1.unwrap_or(0)).sum();
        let mut votes: HashMap<(&str, &str), usize> = HashMap::new();
        for one in full.iter().filter(|one| one.is_open).step_by(all / SUGGESTIONS + 1) {
            for rule in index.rules(one.text) {
                if !rule.0.is_empty() || !(rule.1.is_empty() || self.is_based) {
                    *votes.entry(rule).or_default() += 1;
                }
            }
        }
        let mut rules: Vec<_> = votes.into_iter().collect();
        rules.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        rules.truncate(WEIGHED);
        let owned = |((from, to), _): ((&str, &str), usize)| Rule {
            from: from.to_owned(),
            to: to.to_owned(),
        };
        rules.into_iter().map(owned).collect()
    }

    /// What a prefix would map of the names that are open.
    fn reach(&self, rule: &Rule, full: &[Full<'w>]) -> Reach<'w, 'a> {
        let mut reach = Reach { rule: rule.clone(), maps: BTreeMap::new(), split: None };
        let mut buffer = rule.to.clone();
        for one in range(full, &rule.from).filter(|one| one.is_open) {
            buffer.truncate(rule.to.len());
            buffer.push_str(rest_of(one.text, &rule.from).unwrap_or_default());
            let Some(path) = self.index.tracked(&buffer) else { continue };
            if self.claimed.get(path).is_some_and(|by| *by != one.text) {
                continue;
            }
            match reach.maps.get(&one.name) {
                Some((other, _)) if *other != path => reach.split = Some((one.name, [other, path])),
                _ => {
                    reach.maps.insert(one.name, (path, one.text));
                }
            }
        }
        reach
    }

    /// The names of a FROM that most of what lies below it supports, if it is enough.
    fn supported(&self, weighed: &Weighed<'w, 'a>, from: &str) -> Option<BTreeSet<usize>> {
        let enough = match self.report.kind {
            NameKind::Path => 2,
            NameKind::Package => 1,
        };
        let of = weighed
            .reaches
            .iter()
            .filter(|reach| reach.rule.from == from && reach.maps.len() >= enough);
        let union: BTreeSet<usize> = of.flat_map(|reach| reach.maps.keys().copied()).collect();
        (union.len() >= enough
            && union.len() * 2 > weighed.below(from, |name| union.contains(&name)).len())
        .then_some(union)
    }

    /// The FROM that most names support; of equals the longest.
    fn best(&self, weighed: &Weighed<'w, 'a>) -> Option<String> {
        let from: BTreeSet<&str> =
            weighed.reaches.iter().map(|reach| reach.rule.from.as_str()).collect();
        let supported = from
            .into_iter()
            .filter_map(|from| Some((self.supported(weighed, from)?.len(), from.len(), from)));
        supported.max().map(|(.., from)| from.to_owned())
    }

    /// What becomes of the names of a FROM.
    fn decide(&self, weighed: &Weighed<'w, 'a>, from: &str) -> Result<Step<'w, 'a>, Unclear> {
        let mut group: Vec<&Reach<'w, 'a>> =
            weighed.reaches.iter().filter(|reach| reach.rule.from == from).collect();
        let is_package = self.report.kind == NameKind::Package;
        group.sort_by(|a, b| b.maps.len().cmp(&a.maps.len()).then_with(|| a.rule.cmp(&b.rule)));
        let mut chosen: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, reach) in group.iter().enumerate() {
            if let Some(split) = reach.split {
                return Err(self.below_roots(split));
            }
            for name in reach.maps.keys() {
                chosen.entry(*name).or_insert(at);
            }
        }
        let others = weighed.reaches.iter().filter(|reach| reach.rule.from != from);
        let rivals: Vec<&Reach<'w, 'a>> = group.iter().copied().chain(others).collect();
        self.refuse_rivals(weighed, &group, &rivals, &chosen)?;
        self.refuse_flat_rivals(weighed, from, &group, &chosen)?;
        if is_package {
            let rules = group.iter().enumerate().map(|(at, reach)| {
                let mine = reach.maps.iter().filter(|(name, _)| chosen.get(name) == Some(&at));
                (reach.rule.clone(), mine.map(|(name, home)| (*name, *home)).collect())
            });
            return Ok(Step { rules: rules.collect(), barred: Vec::new() });
        }
        self.by_folder(weighed, from, &group, &chosen)
    }

    /// Each folder below a FROM goes to one TO: that of most of its names, unless two or more would go elsewhere.
    fn by_folder(
        &self,
        weighed: &Weighed<'w, 'a>,
        from: &str,
        group: &[&Reach<'w, 'a>],
        chosen: &BTreeMap<usize, usize>,
    ) -> Result<Step<'w, 'a>, Unclear> {
        let mut folders: BTreeMap<&str, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
        let mut totals: BTreeMap<usize, usize> = BTreeMap::new();
        for (name, at) in chosen {
            let Some((_, full)) = group[*at].maps.get(name) else { continue };
            let rest = &full[from.len()..];
            let first = rest.find('/').map_or("", |slash| &rest[..=slash]);
            folders.entry(first).or_default().entry(*at).or_default().push(*name);
            *totals.entry(*at).or_default() += 1;
        }
        let main = totals.iter().max_by_key(|(at, total)| (**total, std::cmp::Reverse(**at)));
        let main = main.map_or(0, |(at, _)| *at);
        let mut step = Step { rules: Vec::new(), barred: Vec::new() };
        for (folder, homes) in folders {
            let most =
                homes.iter().max_by_key(|(at, names)| (names.len(), std::cmp::Reverse(**at)));
            let Some((most, _)) = most else { continue };
            for (at, names) in &homes {
                let reach = group[*at];
                let rule = Rule {
                    from: format!("{from}{folder}"),
                    to: format!("{}{folder}", reach.rule.to),
                };
                if at != most && names.len() > 1 {
                    return Err(self.parted(
                        names[0],
                        [&group[*most].rule, &reach.rule],
                        &rule.from,
                    ));
                }
                let maps: BTreeMap<_, _> =
                    names.iter().filter_map(|name| Some((*name, *reach.maps.get(name)?))).collect();
                let few = maps.len() * 2
                    <= weighed.below(&rule.from, |name| maps.contains_key(&name)).len()
                    && !folder.is_empty();
                if at != most
                    || totals.get(at) == Some(&1)
                    || (*at != main && (few || names.len() == 1))
                {
                    step.barred.extend(names);
                } else {
                    step.rules.push((if *at == main { reach.rule.clone() } else { rule }, maps));
                }
            }
        }
        Ok(step)
    }
}

/// The first name that two prefixes map to different files, and these files.
fn difference<'a>(one: &Reach<'_, 'a>, two: &Reach<'_, 'a>) -> Option<(usize, [&'a str; 2])> {
    one.maps.iter().find_map(|(name, (path, _))| {
        let (theirs, _) = two.maps.get(name).filter(|(theirs, _)| theirs != path)?;
        Some((*name, [*path, *theirs]))
    })
}

/// What names of one machine have in common that belong together: `/app/`, `/home/ci/`, `C:/work/`; empty for relative ones.
fn root_of(from: &str) -> &str {
    let is_shared = ["/home/", "/Users/"].iter().any(|shared| from.starts_with(shared))
        || from.as_bytes().get(1) == Some(&b':');
    let depth = if is_shared { 2 } else { 1 } + usize::from(from.starts_with('/'));
    let slash = from.match_indices('/').map(|(slash, _)| slash).nth(depth - 1);
    if is_absolute(from) { slash.map_or(from, |slash| &from[..=slash]) } else { "" }
}
