//! A first look at a line: which pairs of bytes it has. A form whose letters are not among them cannot fit, and most of
//! several hundred forms are done with that way, for each line of a log that may have fifty thousand.

/// Bits of a set; two pairs may share one, so that a set only ever says "perhaps" or "no".
const BITS: usize = 1024;

/// The most pairs that are asked for.
const MOST: usize = 8;

/// The pairs of a line.
pub struct Pairs([u64; BITS / 64]);

impl Pairs {
    /// All pairs of a text.
    pub fn of(text: &str) -> Self {
        let mut set = [0; BITS / 64];
        for pair in text.as_bytes().windows(2) {
            let bit = bit(pair);
            set[bit / 64] |= 1 << (bit % 64);
        }
        Self(set)
    }

    /// Whether the text may hold what the pairs were taken from.
    pub fn may_hold(&self, wanted: &Wanted) -> bool {
        wanted.0.iter().all(|bit| self.0[bit / 64] & (1 << (bit % 64)) != 0)
    }
}

/// Pairs that a text must have.
pub struct Wanted(Vec<usize>);

impl Wanted {
    /// Those of a word.
    pub fn of_word(word: &str) -> Self {
        Self(word.as_bytes().windows(2).take(MOST).map(bit).collect())
    }

    /// Those of a form: pairs of letters with no sign between them.
    pub fn of_form(form: &str) -> Self {
        let plain = form
            .as_bytes()
            .windows(2)
            .filter(|pair| !pair.iter().any(|byte| b"*#\\".contains(byte)));
        Self(plain.take(MOST).map(bit).collect())
    }
}

fn bit(pair: &[u8]) -> usize {
    (usize::from(pair[0]) * 37 + usize::from(pair[1]) * 101) % BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_holds_is_never_denied() {
        let line = "make: *** [Makefile:2: all] Error 12";
        let pairs = Pairs::of(line);
        for start in 0..line.len() {
            for end in start..=line.len() {
                assert!(pairs.may_hold(&Wanted::of_word(&line[start..end])));
            }
        }
        assert!(pairs.may_hold(&Wanted::of_form("make: \\*\\*\\* [*] Error #")));
        assert!(!pairs.may_hold(&Wanted::of_word("ninja")));
        assert!(!pairs.may_hold(&Wanted::of_form("ninja: *")));
    }
}
