//! Whether a text was drawn by a machine or written by a person: how probable it is that random characters look so
//! much like words.

use super::text::distinct;

/// Pairs of letters that are frequent in names and words.
const PAIRS: &[u8] = b"thheinerantionreateseoftitisarndtolengstseitrorediceliasvemameracotadestloemtiurslachetntypaceodatabuilserstirostomeet";

/// How improbable it may be, as a power of ten.
const LIMIT: f64 = -4.0;

/// The same for a text without a digit.
const LIMIT_WITHOUT_DIGIT: f64 = -2.5;

/// Shorter texts say too little.
const SHORTEST: usize = 12;

/// Whether a text is random.
pub(super) fn is_random(value: &str) -> bool {
    let bytes = value.as_bytes();
    let has_letter = bytes.iter().any(u8::is_ascii_alphabetic);
    if bytes.len() < SHORTEST || !value.is_ascii() || !has_letter {
        return false;
    }
    let has_digit = bytes.iter().any(u8::is_ascii_digit);
    score(bytes) >= if has_digit { LIMIT } else { LIMIT_WITHOUT_DIGIT }
}

/// The logarithm, to base ten, of the probability that random characters are as regular as these.
fn score(bytes: &[u8]) -> f64 {
    let alphabet = Alphabet::of(bytes);
    different(bytes, alphabet.size)
        + digits(bytes, alphabet.digits)
        + changes(bytes, &alphabet)
        + pairs(bytes)
}

/// What characters are drawn from: the smallest usual set that has them all.
struct Alphabet {
    size: f64,
    /// The share of digits.
    digits: f64,
    /// The share of neighbours that are of different kinds: digit, small letter, capital.
    changes: f64,
}

impl Alphabet {
    fn of(bytes: &[u8]) -> Self {
        let has = |fits: fn(&u8) -> bool| bytes.iter().any(fits);
        let of = |size: f64, digits: f64, changes: f64| Self { size, digits, changes };
        if bytes.iter().all(u8::is_ascii_digit) {
            of(10.0, 1.0, 0.0)
        } else if bytes.iter().all(u8::is_ascii_hexdigit) {
            of(16.0, 0.625, 0.47)
        } else if has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) {
            of(62.0, 0.16, 0.62)
        } else {
            of(36.0, 0.28, 0.4)
        }
    }
}

/// Few different characters.
fn different(bytes: &[u8], size: f64) -> f64 {
    let count = number(bytes.len());
    let missing = (1.0 - 1.0 / size).powf(count);
    let expected = size * (1.0 - missing);
    let variance = size * missing * (1.0 - missing) * (count / (count + size)) + 0.25;
    tail((expected - number(distinct(bytes))) / variance.sqrt())
}

/// Few digits.
fn digits(bytes: &[u8], share: f64) -> f64 {
    let count = number(bytes.len());
    let found = number(bytes.iter().filter(|byte| byte.is_ascii_digit()).count());
    tail((count * share - found) / (count * share * (1.0 - share) + 0.25).sqrt())
}

/// Few changes between kinds of characters.
fn changes(bytes: &[u8], alphabet: &Alphabet) -> f64 {
    let kind = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
    let neighbours = bytes.iter().zip(bytes.iter().skip(1));
    let found = number(neighbours.filter(|(a, b)| kind(**a) != kind(**b)).count());
    let (count, share) = (number(bytes.len()), alphabet.changes);
    tail((count * share - found) / (count * share * (1.0 - share) + 0.25).sqrt())
}

/// Many pairs of letters that words have.
fn pairs(bytes: &[u8]) -> f64 {
    let neighbours = bytes.iter().zip(bytes.iter().skip(1));
    let letters = neighbours.filter(|(a, b)| a.is_ascii_alphabetic() && b.is_ascii_alphabetic());
    let (mut all, mut known) = (0_usize, 0_usize);
    for (a, b) in letters {
        let pair = [a.to_ascii_lowercase(), b.to_ascii_lowercase()];
        all += 1;
        known += usize::from(PAIRS.chunks_exact(2).any(|other| other == pair));
    }
    let (all, share) = (number(all), 0.085);
    tail((number(known) - all * share) / (all * share * (1.0 - share) + 0.5).sqrt())
}

/// The logarithm of the probability to be so many standard deviations off, on one side.
fn tail(deviations: f64) -> f64 {
    if deviations <= 0.0 { 0.0 } else { -deviations * deviations / 2.0 * std::f64::consts::LOG10_E }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn drawn_by_a_machine() {
        for value in [
            "9f86d081884c7d659a2feaa0c55ad015",
            "q8ZsK2vXw7RtYp4LmN0bHc",
            "51e1a0f7c2d39b8846aa0f1c",
            "3Kf9-xQ2m_Zr7Tb1Wd5Yh8Ns",
            "hG5vQx9ZtR2kLw8PmNs4Yb7C",
            "0b1f6d2e-77aa-4c39-9d1e-5f2b8c04a6e1",
        ] {
            assert!(is_random(value), "{value} {}", score(value.as_bytes()));
        }
    }

    #[test]
    fn written_by_a_person() {
        for value in [
            "short1",
            "aaaaaaaaaaaaaaaaaaaa",
            "kubernetes-dashboard-token",
            "MyApplicationSecretName",
            "projects/shop/secrets/latest",
            "authorization_code",
            "00000000000000000000000000000000",
            "production-database-1",
            "com.example.service.TokenProvider",
            "AccessTokenRepository",
            "12345678901234567890",
        ] {
            assert!(!is_random(value), "{value} {}", score(value.as_bytes()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_has_a_score(text in any::<String>()) {
            prop_assert!(score(text.as_bytes()) <= 0.0);
        }

        #[test]
        fn what_is_drawn_is_nearly_always_random(text in "[0-9a-f]{32}") {
            prop_assert!(score(text.as_bytes()) > -14.0);
        }
    }
}
