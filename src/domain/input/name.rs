//! How names of inputs are compared: without case, `-` and `_` alike, and the nearest one for a mistyped one.

/// How like two names must be for one to be suggested for the other: from 0 to 1, Damerau-Levenshtein.
const NEAR: f64 = 0.6;

/// Whether two spellings name the same input.
pub fn same_name(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

/// Most characters of a name that is compared, and most names that it is compared with: the cost is their product.
const LONGEST: usize = 100;
const MOST: usize = 1_000;

/// The name most like a mistyped one, if any is near. Names of more than `LONGEST` bytes are like none, and no more
/// than `MOST` are looked at.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let name = plain(name);
    known
        .filter(|known| known.len() <= LONGEST)
        .take(MOST)
        .map(|known| (known, strsim::normalized_damerau_levenshtein(&plain(known), &name)))
        .filter(|(_, likeness)| *likeness >= NEAR)
        .max_by(|one, other| one.1.total_cmp(&other.1))
        .map(|(known, _)| known)
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace('_', "-")
}
